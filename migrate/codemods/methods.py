"""`x.cuda()`, `x.is_cuda` and other attributes that name CUDA on an object whose type nobody declares."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.codemods.names import covered_names
from migrate.codemods.plan import used_names
from migrate.codemods.templates import filled, method_edits, method_word, predicate_edits
from migrate.codemods.view import View, dotted_of, guarded, judge
from migrate.model import Draft, Safety
from migrate.naming import OPTIONS
from migrate.syntax import Use

_ARGUMENTS = frozenset({"device", "non_blocking", "memory_format", "async", "async_"})
_POSITIONAL = 2
_PLATFORMS = frozenset({"platform", "platforms"})


def find(view: View) -> Iterator[Draft]:
    """Findings for the steps of chains that no import explains."""
    used = used_names(view)
    for use in view.index.uses:
        first = _unexplained(view, use, used)
        for number in range(first, len(use.steps)):
            step = use.steps[number]
            if step.kind == "name" and view.mentions(step.text):
                yield _step(view, use, number)


def _unexplained(view: View, use: Use, used: frozenset[str]) -> int:
    """Number of the first step that the codemod for names has not dealt with."""
    for name in sorted(use.meaning.names):
        if name.partition(".")[0] == "torch":
            verdict = judge(view.table, dotted_of(use, name), used)
            names = covered_names(use, name, verdict)
            if verdict.rule or view.mentions(".".join([name, *(step.text for step in names[1:])])):
                return len(names)
    return 0


def _step(view: View, use: Use, number: int) -> Draft:
    step, source = use.steps[number], view.table.source
    called = number + 1 < len(use.steps) and use.steps[number + 1].kind == "call"
    if number > 0 and step.text == source.method and called:
        return _call(view, use, number)
    if number > 0 and step.text == source.predicate:
        return _predicate(view, use, number, called)
    if number > 0 and (why := view.table.sites.attributes.get(step.text)):
        return guarded(view, use.place, step.start, step.end, editing=False) or Draft(
            f"attribute:{step.text}", step.start, step.end, "manual", why
        )
    if number > 0 and step.text == source.method and number == len(use.steps) - 1 and _is_value(use):
        return guarded(view, use.place, step.start, step.end, editing=False) or Draft(
            "method:cuda", step.start, step.end, "manual", "a bound method or a flag? rename it if it moves a tensor"
        )
    if number > 1 and step.text == source.method and use.steps[number - 1].text == "torch":
        why = "torch as another module of the project imports it: use torch itself"
        return Draft(f"api:{source.module}", use.start, step.end, "manual", why)
    return Draft("left:identifier", step.start, step.end, "left", _identifier_reason(use, number))


def _is_value(use: Use) -> bool:
    """Whether `x.cuda` without a call is handed on as a value, and x is no bag of options."""
    if use.site.kind not in ("argument", "assign", "return"):
        return False
    return not any(step.text in OPTIONS for step in use.steps[:-1]) and not use.meaning.names


def _identifier_reason(use: Use, number: int) -> str:
    root = sorted(name.partition(".")[0] for name in use.meaning.names if name and not name.startswith("."))
    if root and not use.soft:
        return f"a name of {root[0]}, not of torch" if root[0] != "torch" else "part of what the finding before it says"
    return "a name of the project" if number == 0 else "an attribute of the project"


def _call(view: View, use: Use, number: int) -> Draft:
    step, call = use.steps[number], use.steps[number + 1]
    rule_id = f"method:{step.text}"
    problem = _foreign(view, use, number)
    edits, why = method_edits(view, step, call)
    if why and not problem:
        problem = "manual", why
    if draft := guarded(view, use.place, step.start, step.end, editing=problem is None):
        return draft
    if problem:
        return Draft(rule_id, step.start, step.end, problem[0], problem[1])
    rule = view.table.rule("api", f"torch.nn.Module.{step.text}")
    review = rule.review if rule and call.arguments else None
    method = method_word(view.table)
    message = review or f".{step.text}() → .{method if method.endswith(')') else f'{method}()'}"
    return Draft(rule_id, step.start, step.end, "review" if review else "safe", message, edits, needs_import=True)


def _foreign(view: View, use: Use, number: int) -> tuple[Safety, str] | None:
    """Why a `.cuda()` call may not be torch's: safety and message, or None."""
    before = use.steps[:number]
    receiver = view.scan.text[use.start : use.steps[number].start].rstrip().removesuffix(".").rstrip()
    receiver = "(" * (receiver.count(")") - receiver.count("(")) + receiver  # a name starts within its parentheses
    owner = view.owners.of(use, receiver, use.place) or view.owners.like(receiver)
    if owner:
        method = view.table.source.method
        return "manual", f"{owner} defines its own {method}(): port the class, then this call"
    arguments = use.steps[number + 1].arguments
    odd = [argument.keyword for argument in arguments if argument.keyword and argument.keyword not in _ARGUMENTS]
    if odd or sum(not argument.keyword for argument in arguments) > _POSITIONAL:
        return (
            "manual",
            f"torch's {use.steps[number].text}() takes no {odd[0] if odd else 'such arguments'}: whose is it?",
        )
    imported = [name for name in use.meaning.names if name.partition(".")[0] != "torch"]
    if imported and not use.soft and all(step.kind == "name" for step in before):
        name = sorted(imported)[0]
        if name in view.table.sites.packages or "." not in name:
            return "left", f"a function of {name}, not of torch"
        return "manual", f"is {name} a tensor, a module, or a package with a function of this name?"
    return None


def _predicate(view: View, use: Use, number: int, called: bool) -> Draft:
    step = use.steps[number]
    if draft := guarded(view, use.place, step.start, step.end):
        return draft
    rule_id = f"method:{step.text}"
    receiver = ".".join(part.text for part in use.steps[:number] if part.kind == "name")
    stored = f"{receiver}.{step.text}" in view.scan.stored
    if stored or (use.site.kind == "store" and number == len(use.steps) - 1):
        return Draft("left:identifier", step.start, step.end, "left", "an attribute that the project sets itself")
    if use.steps[number - 1].text in OPTIONS - {"self", "cls"}:
        return Draft("left:identifier", step.start, step.end, "left", "an option of the project")
    asked = next((part.text for part in reversed(use.steps[:number]) if part.kind == "name"), "")
    if asked.lower().rpartition("_")[2] in _PLATFORMS and not called:
        why = f"asked of {asked!r}, which is no tensor: does it know {view.table.target.title}?"
        return Draft(rule_id, step.start, step.end, "manual", why)
    if called:
        why = f"{step.text} is called here, and torch's is no method: a class of the project?"
        return Draft(rule_id, step.start, step.end, "manual", why)
    if step.text in view.scan.overriding.values() and len(use.steps[:number]) == 1 and use.steps[0].text == "self":
        return Draft(rule_id, step.start, step.end, "manual", "the class defines it itself: write its twin")
    edits, why = predicate_edits(view, use, number)
    if why:
        return Draft(rule_id, step.start, step.end, "manual", why)
    word = filled(view.table, view.table.target.words.predicate)
    return Draft(rule_id, step.start, step.end, "safe", f".{step.text} → .{word}", edits, needs_import=True)

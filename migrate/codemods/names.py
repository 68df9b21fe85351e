"""Dotted names: `torch.cuda.X`, its aliases, and every other torch name that the table has a row for."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.advice import advice
from migrate.callsites import ASKING
from migrate.codemods.plan import Plan, used_names
from migrate.codemods.templates import applies, call_edits, filled, is_starred
from migrate.codemods.view import Verdict, View, components, dotted_of, guarded, judge
from migrate.model import Draft, Edit, Rule, Safety
from migrate.syntax import Step, Use

Names = tuple[Step, ...]
_SETTINGS = "torch.backends."  # assigning to these is what they are for


def find(view: View, plan: Plan) -> Iterator[Draft]:
    """Findings for the uses of names that an import, or an assumption about a snippet, explains."""
    used = used_names(view)
    for use in view.index.uses:
        for name in sorted(use.meaning.names):
            if name.partition(".")[0] != "torch":
                continue
            verdict = judge(view.table, dotted_of(use, name), used)
            names = covered_names(use, name, verdict)
            if verdict.rule or view.mentions(".".join([name, *(step.text for step in names[1:])])):
                yield from _judged(view, plan, use, name, verdict, names)
                break


def covered_names(use: Use, name: str, verdict: Verdict) -> Names:
    """The leading steps of a chain that the row covers, up to a name; without a row, its plain names."""
    if verdict.rule is None:
        return use.prefix
    steps = use.steps[: max(verdict.covered - len(components(name)) + 1, 1)]
    while len(steps) > 1 and steps[-1].kind != "name":
        steps = steps[:-1]
    return steps


def _judged(view: View, plan: Plan, use: Use, name: str, verdict: Verdict, names: Names) -> Iterator[Draft]:
    rule = verdict.rule
    start, end = use.start, names[-1].end
    dotted = ".".join([name, *(step.text for step in names[1:] if step.kind == "name")])
    rule_id = rule.id if rule else f"api:{dotted}"
    written = any(view.mentions(step.text) for step in names)
    if rule and rule.status in ("same", "harmless"):
        if written:
            reason = advice(rule, dotted, view.table) if rule.message else f"{dotted} works there as it is"
            yield Draft(rule_id, start, end, "left", reason)
    elif rule and rule.is_template and not applies(rule, use, names):
        if is_starred(use, names):
            why = f"see whether the starred arguments hold the device: {view.table.target.words.device!r} is no default"
            yield guarded(view, use.place, start, end, editing=False) or Draft(rule_id, start, end, "manual", why)
        elif written:
            yield Draft(rule_id, start, end, "left", "says which device it is for")
    elif draft := guarded(view, use.place, start, end, editing=verdict.new is not None):
        yield draft
    elif problem := _unsure(use, names, dotted):
        yield Draft(rule_id, start, end, "manual", problem)
    elif verdict.new is None:
        yield Draft(rule_id, start, end, "manual", advice(rule, dotted, view.table))
    elif use.site.callee in ASKING and names[-1] is use.steps[-1] and (draft := _asked(view, use, dotted, verdict)):
        yield draft
    else:
        yield from _renamed(view, plan, use, name, verdict, names)


def _asked(view: View, use: Use, dotted: str, verdict: Verdict) -> Draft | None:
    """`getattr(torch.cuda, "cudart")`: the name that is asked for has to exist there too."""
    if use.site.position != "0" or not use.site.siblings or dotted not in view.table.sites.modules:
        return None
    name = f"{dotted}.{use.site.siblings[0]}"
    found = judge(view.table, name)
    if found.new == f"{verdict.new}.{use.site.siblings[0]}" or (found.rule and found.rule.status == "same"):
        return None
    rule_id = found.rule.id if found.rule else f"api:{name}"
    why = f"{name} → {found.new}: rename both" if found.new else advice(found.rule, name, view.table)
    return Draft(rule_id, use.start, use.steps[-1].end, "manual", why)


def _unsure(use: Use, names: Names, dotted: str) -> str:
    """Why a name must not be touched even though the table knows it."""
    if not use.meaning.certain:
        return use.meaning.why
    if use.site.kind == "store" and not use.soft and names[-1] is use.steps[-1] and not dotted.startswith(_SETTINGS):
        return f"the file replaces {dotted} at run time: it is a shim of its own"
    return ""


def _renamed(view: View, plan: Plan, use: Use, name: str, verdict: Verdict, names: Names) -> Iterator[Draft]:
    rule, new = verdict.rule, verdict.new
    assert rule is not None
    assert new is not None
    start, end = use.start, names[-1].end
    edits, problem = _name_edits(view, plan, use, name, names, new.split("."))
    inside: tuple[Edit, ...] = ()
    if not problem:
        inside, problem = call_edits(view, rule, use, names)
    if problem:
        yield Draft(rule.id, start, end, "manual", problem)
        return
    if not edits and not inside and not any(view.mentions(step.text) for step in names):
        return  # the import, or the assignment of the alias, says it all
    dynamic = use.site.callee in ASKING and use.site.position == "0" and not use.site.siblings
    safety: Safety = "review" if rule.review or rule.status == "differs" or dynamic else "safe"
    asked = rule.review or rule.message if safety == "review" else None
    message = asked or f"{rule.key} → {filled(view.table, rule.to or new)}"
    yield Draft(rule.id, start, end, safety, message, (*edits, *inside), needs_import=is_vendors(rule))


def is_vendors(rule: Rule) -> bool:
    """Whether what a row renames to exists only with the vendor's package: torch's own names are parts of the old."""
    return not set((rule.to or "").split(".")) <= set(rule.key.split("."))


def _name_edits(
    view: View, plan: Plan, use: Use, name: str, names: Names, new: list[str]
) -> tuple[tuple[Edit, ...], str]:
    """Edits for the names of a chain, given the full new name, or why there can be none."""
    binding = plan.of(use)
    local = names[0].text
    if use.soft:
        base = (judge(view.table, name).new or name).split(".")
    elif binding and binding.new:
        base, local = binding.new.split("."), binding.local
    elif binding and binding.verdict.new is None and (binding.verdict.rule is None or binding.verdict.rule.message):
        return (), f"the import of {binding.name.dotted} stays: {binding.problem or 'it has no counterpart'}"
    elif binding:
        return (), binding.problem
    else:
        base = name.split(".")
    written = [step for step in names if step.kind == "name"]
    if new[: len(base)] != base or len(new) - len(base) != len(written) - 1:
        return _spelled_out(view, use, names, new)
    pairs = zip(written, [local, *new[len(base) :]], strict=True)
    return tuple(Edit(step.start, step.end, text) for step, text in pairs if step.text != text), ""


def _spelled_out(view: View, use: Use, names: Names, new: list[str]) -> tuple[tuple[Edit, ...], str]:
    """Write the whole chain anew, from whatever the file calls torch."""
    whole, expression = ".".join(new), view.table.target.expression
    if expression and not expression.is_device and whole.startswith(f"{expression.meaning}."):
        return (Edit(use.start, names[-1].end, expression.root + whole.removeprefix(expression.meaning)),), ""
    if any(mark in view.scan.text[use.start : names[-1].end] for mark in "#\r\n\\("):
        return (), f"becomes {whole}, but the name is spread over several lines"
    if new[0] == "torch":
        torch = torch_here(use)
        if not torch:
            return (), f"becomes {whole}, but torch itself is not imported here"
        whole = ".".join([torch, *new[1:]])
    return (Edit(use.start, names[-1].end, whole),), ""


def torch_here(use: Use) -> str:
    """What torch itself is called where a chain stands, or ""."""
    if use.meaning.names == {"torch"}:
        return use.steps[0].text
    for scope in use.place.scope.chain():
        for local, imported in scope.imports.items():
            if imported == {"torch"} and local not in scope.bound:
                return local
    return ""

"""Identifiers that only mention CUDA: parameters, keywords, definitions, names of other modules. They stay."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.advice import advice
from migrate.codemods.plan import Plan
from migrate.codemods.templates import filled
from migrate.codemods.view import View, guarded
from migrate.model import Draft, Edit, Rule, Safety
from migrate.naming import says
from migrate.syntax import Import, Word


def find(view: View, plan: Plan) -> Iterator[Draft]:
    """Findings for the words of the index that are neither used, imported from torch nor literals."""
    for word in view.index.words:
        if word.role != "integer" and view.mentions(word.text):
            yield _word(view, word)
    yield from _integers(view, [word for word in view.index.words if word.role == "integer"])
    planned = {id(binding.name) for binding in plan.bindings}
    for statement in view.index.imports:
        yield from _other_imports(view, statement, planned)


def _integers(view: View, ranks: list[Word]) -> Iterator[Draft]:
    """A rank as a device is CUDA only by convention: said once a file."""
    if ranks:
        first, device = ranks[0], view.table.target.words.device
        more = f" ({len(ranks)} places)" if len(ranks) > 1 else ""
        why = f'a bare number: old torch needs f"{device}:{{{first.text}}}", new takes the current accelerator{more}'
        yield Draft("device:integer", first.start, first.end, "manual", why)


def _word(view: View, word: Word) -> Draft:
    start, end, source = word.start, word.end, view.table.source
    if word.role == "definition" and word.text in (source.method, source.predicate) and word.place.owner:
        target = view.table.target.words
        twin = filled(view.table, target.method if word.text == source.method else target.predicate)
        why = (
            f"{word.place.owner} defines its own {word.text}: nothing calls it once callers say {twin}; write the twin"
        )
        return Draft("method:override", start, end, "manual", why)
    if word.role == "keyword" and (rule := _variable(view, word)):
        if rule.to and _is_environment(view, word):
            safety: Safety = "review" if rule.review else "safe"
            message = rule.review or f"{word.text} → {rule.to}"
            edits = (Edit(start, end, rule.to),)
            return guarded(view, word.place, start, end) or Draft(rule.id, start, end, safety, message, edits)
        doubt = "" if _is_environment(view, word) else "an environment variable? "
        return Draft(f"env:{word.text}", start, end, "manual", doubt + advice(rule, word.text, view.table))
    if word.role == "keyword" and any(callee.startswith("torch.") for callee in word.callees):
        why = f"a keyword of {sorted(word.callees)[0]} that names CUDA: see what the vendor's torch takes"
        return guarded(view, word.place, start, end, editing=False) or Draft(
            f"keyword:{word.text}", start, end, "manual", why
        )
    return Draft("left:identifier", start, end, "left", f"a {word.role} of the project")


def _variable(view: View, word: Word) -> Rule | None:
    """The row of a variable; a pattern counts only where the keyword is one for sure."""
    table = view.table
    return table.rule_for("env", word.text) if _is_environment(view, word) else table.rule("env", word.text)


def _is_environment(view: View, word: Word) -> bool:
    """Whether a keyword becomes a variable: of `os.environ.update(…)`, of `dict(os.environ, …)`."""
    return any(says(part, view.table.sites.env_names) for part in word.function.split("."))


def _other_imports(view: View, statement: Import, planned: set[int]) -> Iterator[Draft]:
    """Modules and names of others that mention CUDA."""
    names = [name for name in statement.names if id(name) not in planned and view.mentions(name.dotted + name.local)]
    if not names and not (statement.star and view.mentions(statement.module)):
        return
    start = statement.module_start if statement.module_start else names[0].start
    end = max([statement.module_end, *(name.end for name in names)])
    yield Draft("left:import", start, end, "left", f"a module or name of {_owner(statement)}, not of torch")


def _owner(statement: Import) -> str:
    module = statement.module or statement.names[0].dotted
    return "the project" if module.startswith(".") else module.partition(".")[0]

"""Binding first: decide what each import of a CUDA name becomes, before any use of it is touched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from migrate.bindings import home_of
from migrate.codemods.templates import call_edits
from migrate.codemods.view import Verdict, View, components, guarded, judge
from migrate.model import Rule
from migrate.syntax import Import, ImportedName, Use


@dataclass(frozen=True, slots=True)
class Binding:
    """What an imported name stands for after the migration.

    `new` is None where the import stays as it is; `local` is the name that uses are to be written with.
    """

    statement: Import
    name: ImportedName
    verdict: Verdict
    new: str | None
    local: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The fate of every import of a name under torch; of those that bind one name in one scope, all alike."""

    bindings: tuple[Binding, ...]
    by_name: Mapping[tuple[int, str], Binding]  # (identity of the scope, local name)

    def of(self, use: Use) -> Binding | None:
        """The planned import behind the root of a chain."""
        home = home_of(use.place.scope, use.steps[0].text)
        return self.by_name.get((id(home), use.steps[0].text)) if home else None


def used_names(view: View) -> frozenset[str]:
    """Every dotted name the file uses under torch, for rows that go together with another."""
    names: set[str] = set()
    for use in view.index.uses:
        for root in use.meaning.names:
            parts = [root]
            for step in use.prefix[1:]:
                parts.append(step.text)
                names.add(".".join(parts))
            names.add(root)
    names.update(name.dotted for statement in view.index.imports for name in statement.names)
    return frozenset(names)


def plan_bindings(view: View, used: frozenset[str]) -> Plan:
    """Decide on every import under torch that a row of the table speaks of."""
    planned: list[Binding] = []
    for statement in view.index.imports:
        bindings = [_binding(view, statement, name, used) for name in statement.names if _concerns(view, name, used)]
        problem = _statement_problem(view, statement, bindings)
        planned += [_staying(binding, problem) if problem and binding.new else binding for binding in bindings]
    alike: dict[tuple[int, str], list[Binding]] = {}
    for binding in planned:
        home = binding.statement.place.scope.home(binding.name.local)
        alike.setdefault((id(home), binding.name.local), []).append(binding)
    for key, group in alike.items():
        if len({(binding.new, binding.local) for binding in group}) > 1:
            why = f"{key[1]!r} is imported twice, and one of the imports stays"
            alike[key] = [_staying(binding, binding.problem or why) for binding in group]
    return Plan(
        tuple(binding for group in alike.values() for binding in group),
        {key: group[-1] for key, group in alike.items()},
    )


def _staying(binding: Binding, problem: str) -> Binding:
    return replace(binding, new=None, local=binding.name.local, problem=problem)


def _concerns(view: View, name: ImportedName, used: frozenset[str]) -> bool:
    if not name.dotted.startswith("torch."):
        return False
    return view.mentions(name.dotted) or judge(view.table, name.dotted, used).rule is not None


def _binding(view: View, statement: Import, name: ImportedName, used: frozenset[str]) -> Binding:
    verdict = judge(view.table, name.dotted, used)
    if verdict.covered < len(components(name.dotted)):
        verdict = Verdict(None, verdict.covered)  # an import needs a row of its own
    if not statement.module and not name.aliased:  # `import torch.cuda` binds torch, which stays torch
        return Binding(statement, name, verdict, "torch", name.local)
    if verdict.new is None:
        return Binding(statement, name, verdict, None, name.local)
    if verdict.rule and verdict.new != name.dotted:
        why = _homeless(view, statement, verdict.rule, verdict.new) or _uncallable(view, statement, name, verdict.rule)
        if why:
            return Binding(statement, name, verdict, None, name.local, why)
    local, leaf = name.local, verdict.new.rpartition(".")[2]
    if not name.aliased and leaf != local and _can_rename(view, statement, name, leaf):
        local = leaf
    found = view.resolve(statement.place, name.local)
    if not found.certain:
        return Binding(statement, name, verdict, None, name.local, found.why)
    return Binding(statement, name, verdict, verdict.new, local)


def imported_from(view: View, module: str) -> str:
    """What an import of a module, or from it, names where the file has been migrated; "" if that is not known."""
    return view.table.modules.get(module, "" if "." in module else module)


def _homeless(view: View, statement: Import, rule: Rule, new: str) -> str:
    """Why no import can give a new name, or "": it is in a class, or in what nobody has said to be a module."""
    home = new.rpartition(".")[0] if statement.module else new
    if home == statement.module or imported_from(view, home):
        return ""
    target = view.table.target
    line = target.import_line if target.import_line and target.package != "torch" else "import torch"
    why = f"{home} is not known to be a module: `{line}` and write {new}" + ("()" if rule.is_template else "")
    return f"{why}. {rule.review}" if rule.review else why


def _uncallable(view: View, statement: Import, name: ImportedName, rule: Rule) -> str:
    """Why the calls of a function that takes other arguments there cannot all follow its import, or ""."""
    if not rule.is_template:
        return ""
    home = statement.place.scope.home(name.local)
    if home.kind == "module" and name.local in view.repository.exported:
        return f"other files import {name.local} from here, and their calls take other arguments there"
    for use in view.index.uses:
        if use.steps[0].text == name.local and home_of(use.place.scope, name.local) is home:
            _, problem = call_edits(view, rule, use, use.steps[:1])
            if problem:
                return problem
    return ""


def _can_rename(view: View, statement: Import, name: ImportedName, new: str) -> bool:
    """Whether every use of a local name can follow: all are seen, and the new name is free."""
    home = statement.place.scope.home(name.local)
    if any(word.text == name.local and word.role == "name" for word in view.index.words):
        return False
    if home.kind == "module" and name.local in view.repository.exported:
        return False
    if re.search(rf"[\"'][^\"'\n]*\b{re.escape(name.local)}\b", view.scan.text):  # __all__, getattr, annotations
        return False
    scopes = {id(use.place.scope): use.place.scope for use in view.index.uses}.values()
    return not any(place.binds(new) for scope in (home, *scopes) for place in scope.chain())


def _statement_problem(view: View, statement: Import, bindings: list[Binding]) -> str:
    """Why a whole `from` statement must stay: one of its names cannot move with the others."""
    if not any(binding.new for binding in bindings):
        return ""
    if any(not _is_harmless(binding) for binding in bindings) and guarded(
        view, statement.place, statement.start, statement.end
    ):
        return "its import stays"
    if not statement.module:
        return ""
    stuck = [binding for binding in bindings if binding.verdict.new is None and _needs_work(binding.verdict)]
    if stuck:
        return f"{stuck[0].name.dotted} has no counterpart, so the import stays as a whole"
    homes = {new.rpartition(".")[0] for new in _destinations(statement, bindings)}
    if len(homes) > 1:
        return f"its names would come from several modules ({', '.join(sorted(homes))}): split it by hand"
    return ""


def _is_harmless(binding: Binding) -> bool:
    return binding.verdict.rule is not None and binding.verdict.rule.status == "harmless"


def _needs_work(verdict: Verdict) -> bool:
    return verdict.rule is None or verdict.rule.status in ("missing", "unknown", "differs")


def _destinations(statement: Import, bindings: list[Binding]) -> Iterator[str]:
    moved = {id(binding.name): binding.new for binding in bindings if binding.new}
    for name in statement.names:
        yield moved.get(id(name)) or name.dotted

"""Import statements: CUDA names under torch, CUDA-only packages, and the vendor's own import line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrate.advice import advice
from migrate.codemods.plan import Binding, Plan, imported_from
from migrate.codemods.plugin import plugin_draft
from migrate.codemods.reach import dominates, spot_at
from migrate.codemods.view import View, component_edits, guarded
from migrate.model import Draft, Edit, Rule, Safety
from migrate.source import ImportStatement
from migrate.syntax import Import, ImportedName

Torch = Sequence[ImportStatement]  # those that bind torch itself


def find(view: View, plan: Plan) -> Iterator[Draft]:
    """Findings for every import statement of the index."""
    yield from _packages(view)
    planned: dict[int, list[Binding]] = {}
    for binding in plan.bindings:
        planned.setdefault(id(binding.statement), []).append(binding)
    beside = _torch_imports(view)
    for statement in view.index.imports:
        bindings = planned.get(id(statement), [])
        if bindings:
            yield from _torch_names(view, statement, bindings, beside)
        elif statement.star and statement.module == view.table.source.module:
            why = "a star import hides which names are used: import them by name"
            yield Draft("import:star", statement.start, statement.end, "manual", why)


# -- names under torch --------------------------------------------------------------------------------


def _torch_names(view: View, statement: Import, bindings: Sequence[Binding], beside: Torch) -> Iterator[Draft]:
    harmless = all(binding.verdict.rule and binding.verdict.rule.status == "harmless" for binding in bindings)
    if not harmless and (draft := guarded(view, statement.place, statement.start, statement.end)):
        yield draft
        return
    module = _module_edits(view, statement, bindings)
    for number, binding in enumerate(bindings):
        rule, name = binding.verdict.rule, binding.name
        rule_id = rule.id if rule else f"api:{name.dotted}"
        start = name.start if number else statement.module_start or name.start
        end = name.end
        stays = (
            binding.verdict.new == name.dotted and not binding.problem
        )  # its calls gain the device, it has no other name
        if rule and (stays or rule.status in ("harmless", "same")):
            if view.mentions(name.dotted):
                message = rule.message or "works there as it is"
                yield Draft(rule_id, start, end, "left", message)
        elif binding.problem or binding.verdict.new is None:
            why = binding.problem or advice(rule, name.dotted, view.table)
            yield Draft(rule_id, start, end, "manual", why)
        else:
            yield _rewritten(view, statement, binding, start, module, beside)
            module = ()


def _rewritten(
    view: View,
    statement: Import,
    binding: Binding,
    start: int,
    module: tuple[Edit, ...],
    beside: Torch,
) -> Draft:
    rule, name = binding.verdict.rule, binding.name
    assert rule is not None
    new = binding.verdict.new or ""
    edits: tuple[Edit, ...] = ()
    if statement.module:
        edits = (*module, *_leaf_edits(binding))
    elif name.aliased:
        edits = component_edits(view.scan.text, name.name_start, name.name_end, imported_from(view, new))
    else:
        edits = _plain_edits(view, statement, name, beside)
    safety: Safety = "review" if rule.review else "safe"
    message = rule.review or f"{name.dotted} → {_shown(view, statement, new)}"
    return Draft(rule.id, start, name.end, safety, message, edits, needs_import=True)


def _shown(view: View, statement: Import, new: str) -> str:
    home, _, leaf = new.rpartition(".")
    return f"{imported_from(view, home)}.{leaf}" if statement.module else imported_from(view, new) or new


def _leaf_edits(binding: Binding) -> tuple[Edit, ...]:
    name, new = binding.name, binding.verdict.new or ""
    leaf = new.rpartition(".")[2]
    if leaf == name.dotted.rpartition(".")[2]:
        return ()
    if name.aliased and name.local == leaf:
        return (Edit(name.start, name.end, leaf),)
    if not name.aliased and binding.local != leaf:
        leaf = f"{leaf} as {binding.local}"
    return (Edit(name.name_start, name.name_end, leaf),)


def _module_edits(view: View, statement: Import, bindings: Sequence[Binding]) -> tuple[Edit, ...]:
    moved = next((binding.verdict.new for binding in bindings if binding.new and binding.verdict.new), None)
    if not statement.module or moved is None:
        return ()
    new = moved.rpartition(".")[0]
    if new == statement.module:
        return ()
    return component_edits(view.scan.text, statement.module_start, statement.module_end, imported_from(view, new))


def _torch_imports(view: View) -> Torch:
    """Each `import torch` of the file."""
    return [
        other
        for other in view.scan.imports
        if any(alias.name == "torch" and not alias.asname for alias in other.node.names)
        and not getattr(other.node, "module", None)
    ]


def _is_bound(view: View, statement: Import, beside: Torch) -> bool:
    """Whether one of these imports binds torch where a statement of the same scope stands."""
    place = statement.place
    same = [other for other in beside if other.place.scope is place.scope and other.place.nesting == place.nesting]
    if place.nesting == "plain" or not same:
        return bool(same)
    here = spot_at(view, statement.start)
    spots = [spot_at(view, view.scan.offset(other.node.lineno, other.node.col_offset)) for other in same]
    return any(spot.block == here.block or dominates(spot, here) for spot in spots)


def _plain_edits(view: View, statement: Import, name: ImportedName, beside: Torch) -> tuple[Edit, ...]:
    """`import torch.cuda` becomes the vendor's import if torch is imported anyway, else `import torch`."""
    alone = len(statement.names) == 1
    target = view.table.target
    if alone and _is_bound(view, statement, beside) and target.needs_import and not imports_vendor(view):
        return (Edit(statement.start, statement.end, target.import_line),)
    at = statement.names.index(name)
    if at and any(other.dotted == "torch" and not other.aliased for other in statement.names):
        return (Edit(statement.names[at - 1].end, name.end, ""),)
    return (Edit(name.name_start + len("torch"), name.name_end, ""),)


# -- packages -----------------------------------------------------------------------------------------


def _packages(view: View) -> Iterator[Draft]:
    """Packages that are CUDA-only, or that need no change from some version on: said at their first import."""
    seen: set[str] = set()
    for statement in view.index.imports:
        modules = [statement.module] if statement.module else [name.dotted for name in statement.names]
        for module in [*modules, *(name.dotted for name in statement.names)]:
            key = _package(view, module)
            rule = view.table.rule("package", key) if key else None
            named = view.mentions(statement.module.partition(".")[2])
            if key and rule and (named or key not in seen or rule.status == "renamed"):
                seen.update([] if named else [key])
                yield _package_draft(view, statement, rule)


def _package(view: View, dotted: str) -> str | None:
    if dotted.partition(".")[0] in view.repository.modules:
        return None
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        key = view.table.sites.packages.get(".".join(parts[:length]))
        if key:
            return key
    return None


def _package_draft(view: View, statement: Import, rule: Rule) -> Draft:
    start, end = statement.start, statement.end
    if rule.status == "renamed":
        return plugin_draft(view, statement, rule)
    if rule.status in ("native", "harmless"):
        return Draft(rule.id, start, end, "left", rule.message or "")
    if draft := guarded(view, statement.place, start, end, editing=False):
        return draft
    why = advice(rule, rule.key, view.table)
    if view.mentions(statement.module.partition(".")[2]):
        why = f"a module for CUDA by its name: see what {rule.key} for {view.table.target.title} has in its place"
    return Draft(rule.id, start, end, "manual", why)


def imports_vendor(view: View) -> bool:
    """Whether the file imports the vendor's package itself, outside functions and branches."""
    package = view.table.target.package
    top = [statement for statement in view.scan.imports if statement.place.scope.kind == "module"]
    below = all(statement.place.nesting == "branch" for statement in top)  # the whole file is below a condition
    for statement in top:
        if statement.place.nesting == "branch" and not below:
            continue
        names = [alias.name for alias in statement.node.names]
        if package in (name.partition(".")[0] for name in [getattr(statement.node, "module", None) or "", *names]):
            return True
    return False

"""An API of the vendor's own that is gone: what became of its names, its calls and its imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from migrate.codemods.enclosing import around
from migrate.codemods.names import torch_here
from migrate.codemods.view import View, component_edits, dotted_of
from migrate.extras import Retired
from migrate.model import Draft, Edit, Rule
from migrate.syntax import Step, Use

_TAKES_PLACE = (ast.Expr, ast.Assign)


@dataclass(frozen=True, slots=True)
class _Found:
    """What became of a use or an import; `removed` is the statement that goes as a whole."""

    draft: Draft
    root: str = ""
    removed: ast.stmt | None = None


def find(view: View, retired: Retired) -> Iterator[Draft]:
    """Findings for the uses and the imports of the modules that are gone, and for what else names them."""
    found = [item for use in view.index.uses if (item := _use(view, retired, use))]
    uses = _with_rests(view, found, set())
    stuck = {item.root for item, draft in zip(found, uses, strict=True) if not draft.edits}
    stuck |= {word.text for word in view.index.words if word.role == "name"}
    gone = {id(item.removed) for item, draft in zip(found, uses, strict=True) if item.removed and draft.edits}
    drafts = [*uses, *_with_rests(view, list(_imports(view, retired, stuck)), gone)]
    yield from drafts
    spans = {(start, end) for start, end in _named(view) if not any(d.start <= start and end <= d.end for d in drafts)}
    yield from (Draft("left:identifier", *span, "left", "a name or a text of the project") for span in sorted(spans))


def _named(view: View) -> Iterator[tuple[int, int]]:
    """Everything else that names the modules."""
    yield from ((item.start, item.end) for item in view.index.literals if view.mentions(item.value))
    yield from (span for span in view.scan.docstrings if view.mentions(view.scan.text[span[0] : span[1]]))
    yield from ((word.start, word.end) for word in view.index.words if view.mentions(word.text))
    for use in view.index.uses:
        yield from ((step.start, step.end) for step in use.steps if step.kind == "name" and view.mentions(step.text))
    for statement in view.index.imports:
        if any(view.mentions(name.dotted) for name in statement.names):
            yield statement.start, statement.end


# -- uses -----------------------------------------------------------------------------------------------


def _use(view: View, retired: Retired, use: Use) -> _Found | None:
    name = next((name for name in sorted(use.meaning.names) if _concerns(view, retired, use, name)), None)
    if name is None:
        return None
    parts = _original(retired, dotted_of(use, name)).split(".")
    keys = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    rule = next((rule for key in keys if (rule := view.table.rule("api", key.removesuffix("()")))), None)
    root = use.steps[0].text
    if rule is None:
        why = f"{'.'.join(parts)} is not in the table: {retired.title} is gone, see what took its place"
        return _Found(Draft(f"api:{'.'.join(parts)}", use.start, use.prefix[-1].end, "manual", why), root)
    shorter = len(parts) - len(rule.key.split("."))
    length = len(dotted_of(use, name).split(".")) - shorter - len(name.split(".")) + 1
    steps = use.steps[:length]
    if length < 1 or not use.meaning.certain or [step.kind for step in steps] != ["name"] * length:
        return _Found(Draft(rule.id, use.start, use.prefix[-1].end, "manual", rule.message or use.meaning.why), root)
    draft, removed = _judged(view, rule, use, steps)
    return _Found(draft, root, removed)


def _concerns(view: View, retired: Retired, use: Use, name: str) -> bool:
    """Whether a chain is one of a retired module, or of the one that holds the same names and lost this one."""
    dotted = dotted_of(use, name)
    if any(f"{dotted}.".startswith(f"{module}.") for module in retired.modules):
        return True
    leaf = dotted.removeprefix(f"{retired.alike}.").partition(".")[0].removesuffix("()")
    rule = view.table.rule("api", f"{retired.modules[0]}.{leaf}")
    return dotted.startswith(f"{retired.alike}.") and rule is not None and rule.to != f"{retired.alike}.{leaf}"


def _original(retired: Retired, dotted: str) -> str:
    if f"{dotted}.".startswith(f"{retired.alike}."):
        return retired.modules[0] + dotted.removeprefix(retired.alike)
    return dotted


def _judged(view: View, rule: Rule, use: Use, steps: Sequence[Step]) -> tuple[Draft, ast.stmt | None]:
    """The finding for a name that has a row, and the statement that goes."""
    start, end = use.start, steps[-1].end
    call = use.steps[len(steps)] if len(use.steps) > len(steps) and use.steps[len(steps)].kind == "call" else None
    if rule.to is None:
        return _dropped(view, rule, use, end, call if len(use.steps) == len(steps) + 1 else None)
    torch, (name, brace, inside) = torch_here(use), rule.to.partition("(")
    name = f"{torch}{name.removeprefix('torch')}"
    draft = Draft(rule.id, start, end, "safe", f"{rule.key} → {rule.to}")
    if not torch:
        return replace(draft, safety="manual", message=f"becomes {rule.to}, but torch is not imported here"), None
    if not brace:
        return replace(draft, edits=component_edits(view.scan.text, start, end, name)), None
    if call is None or call.arguments:
        return replace(draft, safety="manual", message=f"becomes {rule.to}: see what its arguments mean there"), None
    return replace(draft, edits=(Edit(start, call.end + 1, f"{name}({inside}"),)), None


def _dropped(view: View, rule: Rule, use: Use, end: int, call: Step | None) -> tuple[Draft, ast.stmt | None]:
    """A call that is not needed any more: its statement goes, or it becomes its first argument."""
    manual = Draft(rule.id, use.start, end, "manual", rule.message or "")
    statement = next((node for node in around(view, use.start)[::-1] if isinstance(node, ast.stmt)), None)
    if call is None or not isinstance(statement, _TAKES_PLACE) or rule.drop not in ("statement", "argument"):
        return manual, None
    value = statement.value
    if not isinstance(value, ast.Call) or view.scan.offset(value.lineno, value.col_offset) != use.start:
        return manual, None
    review = replace(manual, end=call.end + 1, safety="review")
    first = call.arguments[0] if call.arguments and not call.arguments[0].star else None
    if isinstance(statement, ast.Expr):
        return review, statement
    if rule.drop == "statement" or first is None or first.keyword or len(statement.targets) != 1:
        return manual, None
    given = view.scan.text[first.start : first.end].strip()
    if ast.unparse(statement.targets[0]) == given:
        return review, statement
    return replace(review, edits=(Edit(use.start, call.end + 1, given),)), None


# -- imports --------------------------------------------------------------------------------------------


def _imports(view: View, retired: Retired, stuck: frozenset[str] | set[str]) -> Iterator[_Found]:
    """What becomes of the imports of modules that are gone: the first of a block loads the plug-in, the others go."""
    line = view.table.target.import_line
    loaded = [
        id(body)
        for body in _blocks(view)
        if any(isinstance(node, ast.Import) and ast.unparse(node) == line for node in body)
    ]
    top = id(getattr(view.scan.module.node, "body", None))
    for statement in view.index.imports:
        names = [name for name in statement.names if _is_retired(retired, name.dotted)]
        if not names and not (statement.star and _is_retired(retired, statement.module)):
            continue
        draft = Draft(f"import:{retired.package}", statement.start, statement.end, "safe", f"{retired.title} is gone")
        left = sorted(name.local for name in names if name.local in stuck)
        whole = len(names) == len(statement.names) and not statement.star
        if left or not whole:
            why = f"{retired.title} is gone: see to the uses of {', '.join(left) or 'its names'} first"
            yield _Found(replace(draft, safety="manual", message=why))
            continue
        node = next((node for node in around(view, statement.start)[::-1] if isinstance(node, ast.stmt)), None)
        body = next((id(body) for body in _blocks(view) if any(node is other for other in body)), 0)
        if body in loaded or top in loaded:
            yield _Found(draft, removed=node)
        else:
            loaded.append(body)
            yield _Found(replace(draft, edits=(Edit(statement.start, statement.end, line),)))


def _is_retired(retired: Retired, dotted: str) -> bool:
    return any(f"{dotted}.".startswith(f"{module}.") for module in retired.modules)


def _blocks(view: View) -> Iterator[list[ast.stmt]]:
    for node in (view.scan.module.node, *_below(view.scan.module.node)):
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                yield body


def _below(node: ast.AST) -> Iterator[ast.AST]:
    yield from (child for child in ast.walk(node) if isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case)))


# -- statements that go ---------------------------------------------------------------------------------


def _with_rests(view: View, every: Sequence[_Found], before: set[int]) -> list[Draft]:
    """The drafts, with the removal of statements that have lines of their own and are not all that is left of a block.

    `before` are the statements that go anyway.
    """
    going = {id(found.removed) for found in every if found.removed}
    drafts: list[Draft] = []
    blocked: set[int] = set()
    for body in _blocks(view):
        gone = [node for node in body if id(node) in going]
        top = body is getattr(view.scan.module.node, "body", None)
        if not top and all(id(node) in going | before for node in body):
            blocked.update(map(id, gone))
        for one in gone:
            lines = range(one.lineno, (one.end_lineno or 0) + 1)
            if any(other is not one and (other.lineno in lines or other.end_lineno in lines) for other in body):
                blocked.add(id(one))
    for found in every:
        node = found.removed
        rest = _lines_of(view, node) if node and id(node) not in blocked else None
        if rest:
            drafts.append(replace(found.draft, edits=(rest,)))
        elif node:
            why = f"{found.draft.message} Its line, or its block, holds no other statement, or more: remove it by hand."
            drafts.append(replace(found.draft, safety="manual", message=why))
        else:
            drafts.append(found.draft)
    return drafts


def _lines_of(view: View, node: ast.stmt) -> Edit | None:
    """The removal of the lines of a statement, with a comment behind it; None where it shares them."""
    starts, text = view.scan.starts, view.scan.text
    last = node.end_lineno or node.lineno
    begin, end = starts[node.lineno - 1], starts[last] if last < len(starts) else len(text)
    behind = text[view.scan.offset(last, node.end_col_offset or 0) : end].strip()
    if text[begin : view.scan.offset(node.lineno, node.col_offset)].strip() or (behind and behind[0] != "#"):
        return None
    return Edit(begin, end, "")

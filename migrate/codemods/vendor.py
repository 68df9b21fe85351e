"""The vendor's import line, beside the file's own import of torch: once, unless there are several ways to a use."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from migrate.codemods.lines import line_of
from migrate.codemods.reach import Dominators, Spot, behind, imports_torch, names_bound, needed_for, outermost, spot_at
from migrate.codemods.view import View
from migrate.model import Draft, Edit
from migrate.source import ImportStatement

_LINE_END = re.compile(r"\r\n|\r|\n")


def vendor_imports(view: View, drafts: Sequence[Draft]) -> Iterator[Draft]:
    """The insertions that the edits of a file call for: before each of them, on every way on which torch is imported.

    A file that imports torch only inside functions gets the line in each of those that needs it. A file
    that never imports torch gets none: whoever imports torch for it loads the plug-in.
    """
    target = view.table.target
    edits = [edit for draft in drafts if draft.needs_import for edit in draft.edits]
    needing = sorted((edit for edit in edits if edit.text != target.import_line), key=_begin)
    if not needing or not target.needs_import:
        return
    torch = [statement for statement in view.scan.imports if imports_torch(statement.node)]
    torch = [statement for statement in torch if statement.place.nesting != "typing"] or torch
    there = [statement.node for statement in view.scan.imports if imports_torch(statement.node, target.package)]
    loads = [
        *(_start(view, node) for node in there),
        *(edit.start for edit in edits if edit.text == target.import_line),
    ]
    for block in _beside(view, torch, needing, loads):
        yield _inserted(view, block, needing)


def _beside(
    view: View, torch: Sequence[ImportStatement], needing: Sequence[Edit], loads: Sequence[int]
) -> Iterator[list[ImportStatement]]:
    """The torch imports beside which the line has to go, each with those behind it in its block."""
    if not torch:
        return
    first = _start(view, torch[0].node)
    if not loads and _is_plain(torch[0]) and all(edit.start >= first for edit in needing):
        yield [statement for statement in torch if _is_plain(statement)]
        return
    spots = {_start(view, statement.node): spot_at(view, _start(view, statement.node)) for statement in torch}
    together: dict[tuple[int, str], list[ImportStatement]] = {}
    for spot, statement in zip(spots.values(), torch, strict=True):
        together.setdefault(spot.block, []).append(statement)
    shared = [spot for spot, statement in zip(spots.values(), torch, strict=True) if _is_global(statement)]
    imports, loading = Dominators(spots.values()), Dominators(spot_at(view, at) for at in loads)
    wanted: list[Spot] = []
    for use in (spot_at(view, edit.start) for edit in needing):
        if not loading.of(use):
            found = needed_for(view, use, imports) or shared
            wanted += [spot for spot in found if not _loads(loading, spot, use)]
    blocks: set[tuple[int, str]] = set()
    for spot in outermost(wanted):
        if spot.block not in blocks:
            blocks.add(spot.block)
            yield [item for item in together[spot.block] if _start(view, item.node) >= spot.start]


def _loads(loading: Dominators, beside: Spot, use: Spot) -> bool:
    """Whether the plug-in is loaded before a use wherever an import of torch has run."""
    return bool(loading.of(behind(beside, use)))


def _is_plain(statement: ImportStatement) -> bool:
    place = statement.place
    return place.scope.kind == "module" and place.nesting == "plain" and statement.node.col_offset == 0


def _is_global(statement: ImportStatement) -> bool:
    """`global torch` makes what a function imports everybody's."""
    return not statement.place.scope.elsewhere.isdisjoint(names_bound(statement.node))


def _start(view: View, node: ast.stmt) -> int:
    return view.scan.offset(node.lineno, node.col_offset)


def _begin(edit: Edit) -> int:
    return edit.start


def _is_touched(view: View, node: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Whether one of some edits, in order, puts something into a statement."""
    return _puts(edits, *view.scan.span(node))


def _puts(edits: Sequence[Edit], start: int, end: int) -> bool:
    near = edits[bisect_left(edits, start, key=_begin) : bisect_left(edits, end, key=_begin)]
    return any(edit.text for edit in near)


def _inserted(view: View, imports: Sequence[ImportStatement], needing: Sequence[Edit]) -> Draft:
    """One insertion beside the first of some torch imports: after it, or before it if its own line needs that."""
    first = imports[0].node
    if _is_touched(view, first, needing):
        return _before(view, first)
    anchor = _anchor(view, imports, needing)
    shares = _puts(needing, view.scan.span(anchor)[1] + 1, line_of(view, anchor).end)
    return _before(view, anchor) if shares else _after(view, anchor)


def _anchor(view: View, imports: Sequence[ImportStatement], needing: Sequence[Edit]) -> ast.stmt:
    """`import torch` itself, or else the last of the torch imports that follow each other."""
    anchor: ast.stmt = imports[0].node
    for statement in imports:
        node = statement.node
        if node is not anchor and node.lineno != (anchor.end_lineno or 0) + 1:
            break
        if _is_touched(view, node, needing):
            break
        anchor = node
        if isinstance(node, ast.Import) and any(alias.name == "torch" for alias in node.names):
            break
    return anchor


def _before(view: View, node: ast.stmt) -> Draft:
    return _draft(view, node, before=True)


def _after(view: View, node: ast.stmt) -> Draft:
    return _draft(view, node, before=False)


def _draft(view: View, node: ast.stmt, *, before: bool) -> Draft:
    target, text, line = view.table.target, view.scan.text, line_of(view, node)
    at = line.start if before else line.end
    rule_id = f"import:{target.package}"
    if line.below_header:
        why = f"add `{target.import_line}` here: the import shares its line with a block's header"
        return Draft(rule_id, at, at, "manual", why)
    if before and line.stays_first:
        why = f"add `{target.import_line}` before this import: it shares its line with what has to stay first"
        return Draft(rule_id, at, at, "manual", why)
    ending = _LINE_END.search(view.scan.line(node.end_lineno or node.lineno)) or _LINE_END.search(text)
    newline = ending.group() if ending else "\n"
    added = f"{line.indent}{target.import_line}{newline}"
    if not before and at == len(text) and not text.endswith(("\n", "\r")):
        added = f"{newline}{line.indent}{target.import_line}"
    edits = (Edit(at, at, added),)
    if target.import_review and target.import_beside in text:
        return Draft(rule_id, at, at, "review", target.import_review, edits)
    return Draft(rule_id, at, at, "safe", f"loads {target.package}", edits)

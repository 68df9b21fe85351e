"""The vendor's import line: once per file that needs it, beside the file's own import of torch."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from migrate.codemods.imports import imports_vendor
from migrate.codemods.lines import line_of
from migrate.codemods.view import View
from migrate.model import Draft, Edit
from migrate.source import ImportStatement

_LINE_END = re.compile(r"\r\n|\r|\n")


def vendor_imports(view: View, drafts: Sequence[Draft]) -> Iterator[Draft]:
    """The insertions that the edits of a file call for; none if it imports the vendor's package already.

    A file that imports torch only inside functions gets the line in each of those that needs it. A file
    that never imports torch gets none: whoever imports torch for it loads the plug-in.
    """
    target = view.table.target
    needing = [edit for draft in drafts if draft.needs_import for edit in draft.edits]
    if not needing or not target.needs_import or imports_vendor(view):
        return
    if any(edit.text == target.import_line for edit in needing):
        return
    torch = [statement for statement in view.scan.imports if _imports_torch(statement)]
    top = [statement for statement in torch if statement.place.scope.kind == "module"]
    for nesting in ("plain", "try", "branch"):
        level = [statement for statement in top if statement.place.nesting == nesting]
        if level:
            blocks = list(_blocks(view, level))
            touched = [block for block in blocks if any(_is_touched(view, item.node, needing) for item in block)]
            above = [_outermost(blocks, block) for block in touched or blocks[:1]]
            for block in {id(block): block for block in above}.values():
                yield _inserted(view, block, needing)
            return
    functions = {id(statement.place.scope): statement.place.scope for statement in torch}
    for scope in functions.values():
        inside = [edit for edit in needing if _within(view, scope.node, edit)]
        if inside:
            yield _inserted(view, [item for item in torch if item.place.scope is scope], inside)


def _blocks(view: View, imports: Sequence[ImportStatement]) -> Iterator[list[ImportStatement]]:
    """The imports by the block they stand in: a line that is indented less ends one."""
    block: list[ImportStatement] = []
    for statement in imports:
        node = statement.node
        if block:
            between = range((block[-1].node.end_lineno or 0) + 1, node.lineno)
            lines = (view.scan.line(number) for number in between)
            if any(line.strip() and len(line) - len(line.lstrip()) < node.col_offset for line in lines):
                yield block
                block = []
        block.append(statement)
    yield block


def _outermost(blocks: Sequence[list[ImportStatement]], block: list[ImportStatement]) -> list[ImportStatement]:
    """The first of the blocks up to one that is indented less than it, or the block itself."""
    earlier = blocks[: blocks.index(block)]
    return next((other for other in earlier if other[0].node.col_offset < block[0].node.col_offset), block)


def _is_touched(view: View, node: ast.stmt, edits: Sequence[Edit]) -> bool:
    return any(_touches(view, node, edit) for edit in edits)


def _imports_torch(statement: ImportStatement) -> bool:
    node = statement.node
    modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return any(module.partition(".")[0] == "torch" for module in modules)


def _within(view: View, node: ast.AST, edit: Edit) -> bool:
    starts = view.scan.starts
    first, last = getattr(node, "lineno", 1), getattr(node, "end_lineno", len(starts))
    end = starts[last] if last < len(starts) else len(view.scan.text)
    return starts[first - 1] <= edit.start < end


def _inserted(view: View, imports: Sequence[ImportStatement], needing: Sequence[Edit]) -> Draft:
    """One insertion beside the first of some torch imports: after it, or before it if it needs the line."""
    first = imports[0].node
    if _is_touched(view, first, needing):
        return _before(view, first)
    return _after(view, _anchor(view, imports, needing))


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


def _touches(view: View, node: ast.stmt, edit: Edit) -> bool:
    start = view.scan.offset(node.lineno, node.col_offset)
    return bool(edit.text) and start <= edit.start < view.scan.offset(
        node.end_lineno or node.lineno, node.end_col_offset or 0
    )


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

"""Rows of a list, of which one is for the source's device and another for the target's."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrate.codemods.view import View


def rows_beside_the_target(view: View) -> frozenset[int]:
    """The offsets of the source's device in such rows: `[("cuda", 1e-3), ("npu", 1e-2)]`, `[param("cuda"), …]`."""
    old, new = view.table.source.device, view.table.target.words.device
    if not re.search(rf"[\"']{re.escape(new)}[\"':]", view.scan.text):
        return frozenset()
    found: set[int] = set()
    for node in view.scan.nodes():
        if not isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            continue
        texts = [text for row in node.elts for text in _texts(row)]
        if any(text == new for text, _ in texts):
            found.update(view.scan.offset(part.lineno, part.col_offset) for text, part in texts if text == old)
    return frozenset(found)


def _texts(row: ast.expr) -> Iterator[tuple[str, ast.Constant]]:
    """The texts that a row holds itself, without the number of a device."""
    values = row.args if isinstance(row, ast.Call) else row.elts if isinstance(row, (ast.Tuple, ast.List)) else []
    for part in values:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value.partition(":")[0], part

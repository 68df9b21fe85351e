"""Lines of a file as Python sees them: statements that share one, and where a new one can stand beside them."""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

from migrate.codemods.enclosing import around
from migrate.codemods.view import View

_JOINED = re.compile(r"\\(?:\r\n|\r|\n)")


class Line(NamedTuple):
    """The statements that share a line, which backslashes and brackets may make several of the file's."""

    indent: str
    start: int
    end: int  # behind its line end
    below_header: bool  # begins behind the header of a block, so that no line can stand beside it
    stays_first: bool  # begins with a docstring or an import from the future


def line_of(view: View, node: ast.stmt) -> Line:
    """The line that a statement stands on."""
    text, starts = view.scan.text, view.scan.starts
    block = _block_of(view, node)
    first = last = block.index(node)
    while first and _follows(view, block[first - 1], block[first]):
        first -= 1
    while last + 1 < len(block) and _follows(view, block[last], block[last + 1]):
        last += 1
    number, final = block[first].lineno, block[last].end_lineno or block[last].lineno
    while final < len(starts) and _goes_on(view, final):
        final += 1
    start = starts[number - 1]
    indent = text[start : view.scan.offset(number, block[first].col_offset)]
    below_header = bool(indent.strip()) or (number > 1 and _goes_on(view, number - 1))
    end = starts[final] if final < len(starts) else len(text)
    return Line(indent, start, end, below_header, _stays_first(block[first]))


def _stays_first(node: ast.stmt) -> bool:
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return text or (isinstance(node, ast.ImportFrom) and node.module == "__future__")


def _block_of(view: View, node: ast.stmt) -> list[ast.stmt]:
    """The statements of the block that one stands in."""
    path = around(view, view.scan.offset(node.lineno, node.col_offset))
    for parent in path[::-1]:
        for name in ("body", "orelse", "finalbody"):
            block = getattr(parent, name, None)
            if isinstance(block, list) and any(statement is node for statement in block):
                return block
    return [node]


def _follows(view: View, one: ast.stmt, other: ast.stmt) -> bool:
    """Whether a semicolon is all that parts two statements."""
    between = view.scan.text[view.scan.span(one)[1] : view.scan.span(other)[0]]
    return _JOINED.sub("", between).strip(" \t\f") == ";"


def _goes_on(view: View, number: int) -> bool:
    return view.scan.line(number).rstrip("\r\n").endswith("\\")

"""What an expression stands in, for words that are put in its place and hold quotes or a comparison."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterator

from migrate.codemods.view import View
from migrate.edits import position
from migrate.trees import below

_LOOSER = (  # what binds no closer than a comparison
    ast.If, ast.While, ast.IfExp, ast.BoolOp, ast.Assert, ast.Return, ast.Assign, ast.AnnAssign, ast.keyword,
    ast.comprehension, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Lambda, ast.NamedExpr, ast.Expr,
    ast.ListComp, ast.SetComp, ast.GeneratorExp,
)  # fmt: skip

_PLACED = (ast.expr, ast.stmt, ast.keyword)
_FEW = 8
Point = tuple[int, int]  # line, and column in bytes


def quoted(view: View, at: int, word: str) -> tuple[str, str]:
    """A word with quotes that may stand at an offset, also inside an f-string, or why there are none."""
    if '"' not in word and "'" not in word:
        return word, ""
    texts = [node for node in around(view, at) if isinstance(node, ast.JoinedStr)]
    if not texts:
        return word, ""
    start, end = view.scan.span(texts[0])
    text = view.scan.text[start:end].lstrip("fFrRbBuU")
    if len(texts) == 1 and "'" not in word and text[0] == text[-1] != text[1] and text.count(text[0]) == 2:
        return word.replace('"', "'" if text[0] == '"' else '"'), ""
    return "", f"becomes {word}, inside an f-string: write it out by hand"


def needs_parentheses(view: View, start: int, end: int) -> bool:
    """Whether a comparison in place of the expression that begins and ends there would be taken apart."""
    path = around(view, start)
    for parent, node in zip(path[::-1][1:], path[::-1], strict=False):
        if isinstance(node, ast.expr) and view.scan.span(node) == (start, end):
            loose = isinstance(parent, _LOOSER) or (isinstance(parent, ast.Call) and node is not parent.func)
            return not (loose or (isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not)))
    return True


def around(view: View, at: int) -> list[ast.AST]:
    """The nodes that hold the character at an offset, from the outermost; those without a place as far as they do."""
    line, column = position(view.scan.starts, at)
    point = line, len(view.scan.text[at - column + 1 : at].encode("utf-8", "surrogatepass"))
    path: list[ast.AST] = []
    node: ast.AST | None = view.scan.module.node
    while node is not None:
        path.append(node)
        node = next((child for child in _near(node, point) if _holds(child, point)), None)
    return path


def _near(node: ast.AST, point: Point) -> Iterator[ast.AST]:
    """The children of a node that may hold a place: of a long list, those that do not end before it."""
    if isinstance(node, ast.Dict):  # whose keys are None where it unpacks another
        at = bisect_right(node.values, point, key=_end)
        yield from (key for key in node.keys[at : at + 1] if key)
        yield from node.values[at : at + 1]
        return
    for name in node._fields:
        value = getattr(node, name, None)
        items = value if isinstance(value, list) else [value]
        if len(items) > _FEW and isinstance(items[0], _PLACED) and not isinstance(node, ast.JoinedStr):
            at = bisect_right(items, point, key=_end)
            items = items[at : at + 1]
        yield from (item for item in items if isinstance(item, ast.AST))


def _holds(node: ast.AST, point: Point) -> bool:
    if isinstance(node, _PLACED):
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        inside = (node.lineno, node.col_offset) <= point < _end(node)
        return inside or any(_holds(decorator, point) for decorator in decorators)
    return any(_holds(child, point) for child in below(node))


def _end(node: ast.expr | ast.stmt | ast.keyword) -> Point:
    return node.end_lineno or node.lineno, node.end_col_offset or 0

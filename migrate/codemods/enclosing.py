"""What an expression stands in, for words that are put in its place and hold quotes or a comparison."""

from __future__ import annotations

import ast

from migrate.codemods.view import View
from migrate.trees import below

_LOOSER = (  # what binds no closer than a comparison
    ast.If, ast.While, ast.IfExp, ast.BoolOp, ast.Assert, ast.Return, ast.Assign, ast.AnnAssign, ast.keyword,
    ast.comprehension, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Lambda, ast.NamedExpr, ast.Expr,
    ast.ListComp, ast.SetComp, ast.GeneratorExp,
)  # fmt: skip


def quoted(view: View, at: int, word: str) -> tuple[str, str]:
    """A word with quotes that may stand at an offset, also inside an f-string, or why there are none."""
    if '"' not in word:
        return word, ""
    texts = [node for node in _around(view, at) if isinstance(node, ast.JoinedStr)]
    if not texts:
        return word, ""
    start, end = _span(view, texts[0])
    text = view.scan.text[start:end].lstrip("fFrRbBuU")
    if len(texts) == 1 and text[0] == text[-1] != text[1] and text.count(text[0]) == 2:
        return word.replace('"', "'" if text[0] == '"' else '"'), ""
    return "", f"becomes {word}, inside an f-string: write it out by hand"


def needs_parentheses(view: View, start: int, end: int) -> bool:
    """Whether a comparison in place of the expression that begins and ends there would be taken apart."""
    path = _around(view, start)
    for parent, node in zip(path[::-1][1:], path[::-1], strict=False):
        if isinstance(node, ast.expr) and _span(view, node) == (start, end):
            loose = isinstance(parent, _LOOSER) or (isinstance(parent, ast.Call) and node is not parent.func)
            return not (loose or (isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not)))
    return True


def _around(view: View, at: int) -> list[ast.AST]:
    """The nodes that hold the character at an offset, from the outermost; those without a place as far as they do."""
    path: list[ast.AST] = []
    node: ast.AST | None = view.scan.module.node
    while node is not None:
        path.append(node)
        node = next((child for child in below(node) if _holds(view, child, at)), None)
    return path


def _holds(view: View, node: ast.AST, at: int) -> bool:
    if isinstance(node, (ast.expr, ast.stmt, ast.keyword)):
        start, end = _span(view, node)
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        return start <= at < end or any(_holds(view, decorator, at) for decorator in decorators)
    return any(_holds(view, child, at) for child in below(node))


def _span(view: View, node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
    last, column = node.end_lineno or node.lineno, node.end_col_offset or 0
    return view.scan.offset(node.lineno, node.col_offset), view.scan.offset(last, column)

"""Python that is newer than the running one: hide from `ast` what only libcst can read.

The scan needs statements, bindings and line numbers, so a statement that `ast` rejects is replaced by one
that binds the same names on the same lines. libcst later parses the original text of these lines.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import libcst as cst

from migrate.edits import apply_edits
from migrate.model import Edit
from migrate.nesting import is_too_deep
from migrate.nodes import children, names_in
from migrate.spans import REFUSALS, Spans

_HANDLERS = (cst.ExceptHandler, cst.ExceptStarHandler)
_BLOCKS = (cst.BaseStatement, cst.BaseSuite, *_HANDLERS, cst.Else, cst.Finally, cst.MatchCase)


def masked(text: str, error: SyntaxError) -> str:
    """The text with what `ast` cannot read masked, line for line and character for character.

    Raises `error` if libcst cannot read the text either, or if something is left that `ast` rejects.
    """
    if is_too_deep(text):
        raise error
    try:
        module = cst.parse_module(text)
    except REFUSALS:
        raise error from None
    spans = Spans(module)
    if spans.code != text:
        raise error
    return apply_edits(text, _masks(module, spans, text))


def _masks(node: cst.CSTNode, spans: Spans, text: str) -> Iterator[Edit]:
    if isinstance(node, cst.SimpleStatementLine):
        start, end = spans.of(node)
        if not _parses(text[start:end].strip()):
            yield _filled(start, end, text, "; ".join(f"{name} = 0" for name in _bound(node)) or "pass")
        return
    parameters = getattr(node, "type_parameters", None)
    if isinstance(parameters, cst.TypeParameters):
        yield _filled(*spans.of(parameters), text, "")
    if isinstance(node, cst.ExceptStarHandler):
        star = text.index("*", spans.of(node)[0])
        yield Edit(star, star + 1, " ")
    if isinstance(node, _HANDLERS) and isinstance(node.type, cst.Tuple) and not node.type.lpar:
        yield _filled(*spans.of(node.type), text, "0")
        yield from _masks(node.body, spans, text)
        return
    for child in children(node):
        if isinstance(child, _BLOCKS):
            yield from _masks(child, spans, text)
        elif not isinstance(node, cst.Module):
            for expression in _expressions(child):
                start, end = spans.of(expression)
                if not _parses(f"({text[start:end]})"):
                    yield _filled(start, end, text, "0")


def _expressions(node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """The expressions in the header of a compound statement, outermost only."""
    if isinstance(node, cst.BaseExpression):
        yield node
    elif not isinstance(node, (cst.TypeParameters, cst.AssignTarget)):
        for child in children(node):
            yield from _expressions(child)


def _parses(statement: str) -> bool:
    try:
        ast.parse(statement)
    except (SyntaxError, ValueError):
        return False
    return True


def _bound(node: cst.CSTNode) -> list[str]:
    """The plain names a simple statement binds."""
    if isinstance(node, cst.AssignTarget):
        return sorted(names_in(node.target))
    if isinstance(node, (cst.AnnAssign, cst.AugAssign, cst.NamedExpr)) and isinstance(node.target, cst.Name):
        return [node.target.value]
    if isinstance(node, cst.TypeAlias):
        return [node.name.value]
    return [name for child in children(node) for name in _bound(child)]


def _filled(start: int, end: int, text: str, new: str) -> Edit:
    """An edit that keeps the length and the line ends of what it masks."""
    rest = "".join(char if char in "\r\n" else " " for char in text[start + len(new) : end])
    return Edit(start, end, (new + rest)[: end - start])

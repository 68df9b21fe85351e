"""Plain access to libcst nodes: children without white space, chains, and what strings say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache

import libcst as cst

STRINGS = (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString)
LINKS = (cst.Attribute, cst.Call, cst.Subscript, cst.Name)
_TRIVIA = re.compile(
    r"whitespace|lpar|rpar|lbrac|rbrac|comma|semicolon|leading_lines|lines_after|header|footer|indent|equal|^dot|^star$"
)


@cache
def _field_names(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if not _TRIVIA.search(field.name))


def children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes below one node that carry meaning, in source order but for a few fields."""
    for name in _field_names(type(node)):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from (child for child in value if isinstance(child, cst.CSTNode))


def names_in(node: cst.CSTNode) -> set[str]:
    """The plain names in an assignment target."""
    if isinstance(node, cst.Name):
        return {node.value}
    return set().union(*(names_in(child) for child in children(node)))


def words_below(node: cst.CSTNode) -> str:
    """The identifiers and string literals of an expression, for asking what it is about."""
    if isinstance(node, cst.Name):
        return node.value
    own = string_value(node) or ""
    return " ".join([own, *(words_below(child) for child in children(node))])


def is_keyed(node: cst.Dict) -> bool:
    """Whether a dict display has strings for keys, which may be the names of devices."""
    keys = (element.key for element in node.elements if isinstance(element, cst.DictElement))
    return any(isinstance(key, STRINGS) for key in keys)


def names_below(node: cst.CSTNode) -> str:
    """The identifiers of an expression."""
    return node.value if isinstance(node, cst.Name) else " ".join(filter(None, map(names_below, children(node))))


def texts_below(node: cst.CSTNode) -> list[str]:
    """The string literals of an expression."""
    text = string_value(node)
    return [text] if text is not None else [text for child in children(node) for text in texts_below(child)]


def operands(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    """What `and` and `or` connect, however deep."""
    if isinstance(node, cst.BooleanOperation):
        return [*operands(node.left), *operands(node.right)]
    return [node]


def parameters(node: cst.Parameters) -> set[str]:
    """The names a lambda binds."""
    return {child.name.value for child in children(node) if isinstance(child, cst.Param)}


def links_of(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    """The links of a chain `root.name(call)[item]`, root first."""
    links = [node]
    while True:
        current = links[-1]
        if isinstance(current, (cst.Attribute, cst.Subscript)):
            links.append(current.value)
        elif isinstance(current, cst.Call):
            links.append(current.func)
        else:
            return links[::-1]


def link_text(link: cst.BaseExpression) -> str:
    """The identifier of a chain's link, empty for calls, items and roots that are no names."""
    if isinstance(link, cst.Name):
        return link.value
    return link.attr.value if isinstance(link, cst.Attribute) else ""


def replacement_fields(node: cst.CSTNode) -> Iterator[cst.FormattedStringExpression]:
    """The `{…}` of an f-string, also below a joined literal."""
    if isinstance(node, cst.ConcatenatedString):
        yield from replacement_fields(node.left)
        yield from replacement_fields(node.right)
    elif isinstance(node, cst.FormattedString):
        yield from (part for part in node.parts if isinstance(part, cst.FormattedStringExpression))


def string_value(node: cst.CSTNode) -> str | None:
    """What a string literal says, "{}" standing for replacement fields; None if it is no string."""
    if isinstance(node, cst.SimpleString):
        return _simple_value(node)
    if isinstance(node, cst.FormattedString):
        return "".join(part.value if isinstance(part, cst.FormattedStringText) else "{}" for part in node.parts)
    if isinstance(node, cst.ConcatenatedString):
        return (string_value(node.left) or "") + (string_value(node.right) or "")
    return None


def _simple_value(node: cst.SimpleString) -> str:
    content = node.raw_value
    if "\\" not in content:
        return content
    try:
        value = ast.literal_eval(node.value)
    except (SyntaxError, ValueError):
        return content
    return value if isinstance(value, str) else value.decode("latin-1")

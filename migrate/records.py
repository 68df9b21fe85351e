"""libcst nodes → the records of the index, with their places in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import libcst as cst

from migrate.describe import describe
from migrate.nodes import link_text, replacement_fields, string_value
from migrate.regions import ParsedRegion
from migrate.source import Place
from migrate.syntax import Argument, Import, ImportedName, Literal, Piece, Site, Step

Span = Callable[[cst.CSTNode], tuple[int, int]]


def literal_of(node: cst.BaseExpression, span: Span, site: Site, place: Place, formatted: bool) -> Literal:
    """The record of a string literal; `formatted` if `%`, `+` or `.format` completes it."""
    pieces = tuple(_pieces(node, span))
    has_fields = any(True for _ in replacement_fields(node))
    return Literal(
        *span(node),
        string_value(node) or "",
        pieces,
        site,
        place,
        formatted=formatted or has_fields,
        raw_bytes=isinstance(node, cst.SimpleString) and "b" in node.prefix,
        split=isinstance(node, cst.ConcatenatedString),
    )


def _pieces(node: cst.BaseExpression, span: Span) -> Iterator[Piece]:
    if isinstance(node, cst.SimpleString):
        start, end = span(node)
        quotes = len(node.quote)
        yield Piece(start + len(node.prefix) + quotes, end - quotes, node.raw_value)
    elif isinstance(node, cst.FormattedString):
        for part in node.parts:
            if isinstance(part, cst.FormattedStringText):
                yield Piece(*span(part), part.value)
    elif isinstance(node, cst.ConcatenatedString):
        yield from _pieces(node.left, span)
        yield from _pieces(node.right, span)


def step_of(link: cst.BaseExpression, region: ParsedRegion) -> Step:
    """The record of one link of a chain; a root that is no name counts as an item, with its parentheses."""
    span = region.span
    if isinstance(link, cst.Call):
        arguments = tuple(_argument(argument, span) for argument in link.args)
        return Step("call", "", region.after(link.func, "("), span(link)[1] - 1, arguments)
    if isinstance(link, cst.Subscript):
        end = span(link)[1]
        return Step("item", "", end, end)
    if not isinstance(link, (cst.Attribute, cst.Name)):
        start, end = span(link)
        return Step("item", "", span(link.lpar[0])[0] if link.lpar else start, end)
    name = link.attr if isinstance(link, cst.Attribute) else link
    return Step("name", link_text(link), *span(name))


def _argument(node: cst.Arg, span: Span) -> Argument:
    keyword = node.keyword.value if node.keyword else ""
    return Argument(keyword, node.star, *span(node))


def import_of(node: cst.Import | cst.ImportFrom, span: Span, place: Place) -> Import:
    """The record of an import statement."""
    if isinstance(node, cst.Import):
        return Import(*span(node), place, "", 0, 0, tuple(_names(node.names, "", span)))
    module = "." * len(node.relative) + (describe(node.module) if node.module else "")
    where = span(node.module) if node.module else (0, 0)
    if isinstance(node.names, cst.ImportStar):
        return Import(*span(node), place, module, *where, (), star=True)
    return Import(*span(node), place, module, *where, tuple(_names(node.names, module, span)))


def _names(nodes: Sequence[cst.ImportAlias], module: str, span: Span) -> Iterator[ImportedName]:
    for alias in nodes:
        name = describe(alias.name)
        dotted = f"{module}{name}" if module.endswith(".") else f"{module}.{name}" if module else name
        local = describe(alias.asname.name) if alias.asname else name if module else name.partition(".")[0]
        yield ImportedName(dotted, local, *span(alias), *span(alias.name), bool(alias.asname))

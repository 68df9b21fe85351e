"""YAML → its tree, from the events of the parser: aliases are not followed, and tags build nothing."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import yaml

from migrate.edits import line_starts
from migrate.finder import Span
from migrate.kinds.entries import Branch, Builder, Document, Item, Node, Scalar
from migrate.kinds.excerpt import Excerpt, slice_of
from migrate.kinds.reading import Reading, Source
from migrate.kinds.settings import read_parsed

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COMMENT = re.compile(r"(?:\A|(?<=\s))#[^\r\n]*")
_TEMPLATE = re.compile(r"\{\{|\{%|<%")
_STRINGS = (None, "!", "tag:yaml.org,2002:str")


def read(source: Source) -> Reading:
    """Raises `SyntaxError` for what is neither YAML nor a template of it."""
    return read_parsed(source, "YAML", document_of, _TEMPLATE)


def document_of(text: str) -> Document:
    """The documents of a YAML text. Raises `SyntaxError`."""
    tree, scalars = _parsed(text)

    def excerpt_of(scalar: Scalar) -> Excerpt | None:
        if scalar.literal:
            return slice_of(text, scalar.start, scalar.end)
        return _block(text, scalar) if scalar.quote in ("|", ">") else None

    return Document(tree, list(_comments(text, scalars)), lambda edited: _parsed(edited)[0], excerpt_of)


def _parsed(text: str) -> tuple[Branch, list[Scalar]]:
    """The tree, and all scalars in order."""
    builder = Builder()
    scalars: list[Scalar] = []
    aliases: dict[str, list[str]] = {}
    anchors: dict[int, str] = {}
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.CollectionStartEvent):
                builder.open(
                    is_mapping=isinstance(event, yaml.MappingStartEvent), line=_line(text, event.start_mark) or 0
                )
            elif isinstance(event, yaml.CollectionEndEvent):
                builder.close()
            elif isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent)):
                scalar = _scalar(text, event)
                scalars.append(scalar)
                if isinstance(event, yaml.AliasEvent):
                    aliases.setdefault(event.anchor or "", []).append(builder.name)
                elif event.anchor:
                    anchors[scalar.start] = event.anchor
                if builder.wants_key:
                    builder.key(scalar)
                else:
                    builder.add(scalar)
    except yaml.YAMLError as error:
        raise SyntaxError(_reason(error), (None, _line(text, _mark(error)), None, None)) from None
    shared = {start: tuple(aliases[name]) for start, name in anchors.items() if name in aliases}
    return _with_aliases(builder.tree(), shared) if shared else builder.tree(), scalars


def _scalar(text: str, event: yaml.ScalarEvent | yaml.AliasEvent) -> Scalar:
    start, end = _index(event.start_mark), _index(event.end_mark)
    if isinstance(event, yaml.AliasEvent):
        return Scalar(start, end, "", False)
    style, value = event.style or "", event.value
    if style in ("|", ">"):
        return Scalar(start, end, value, False, style)
    last = end - len(style)
    first = last - len(value)
    before = text[first - len(style) : first] if first >= start + len(style) else None
    exact = text[first:last] == value and before == style and "\n" not in value
    if exact and event.tag in _STRINGS:
        return Scalar(first, last, value, True, style)
    return Scalar(start, end, value, False, style)


def _with_aliases(branch: Branch, shared: dict[int, tuple[str, ...]]) -> Branch:
    """The tree with the keys of the aliases at the scalars that have anchors."""
    items: list[Item] = []
    for item in branch.items:
        node: Node = item.value
        if isinstance(node, Branch):
            node = _with_aliases(node, shared)
        elif node.start in shared:
            node = node._replace(also=shared[node.start])
        items.append(replace(item, value=node))
    return replace(branch, items=tuple(items))


def _comments(text: str, scalars: list[Scalar]) -> Iterator[Span]:
    """The comments: whatever looks like one between two scalars, and in the first line of a block."""
    done = 0
    for scalar in scalars:
        header = scalar.start
        if scalar.quote in ("|", ">"):
            header = _header(text, scalar)
        yield from _between(text, done, header)
        done = scalar.end
    yield from _between(text, done, len(text))


def _between(text: str, start: int, end: int) -> Iterator[Span]:
    if text.find("#", start, end) < 0:
        return
    for match in _COMMENT.finditer(text, start, end):
        yield match.span()


def _header(text: str, scalar: Scalar) -> int:
    """The end of the first line of a block, which holds its sign and perhaps a comment."""
    found = [text.find(end, scalar.start, scalar.end) for end in "\r\n"]
    return min((at for at in found if at >= 0), default=scalar.end)


def _block(text: str, scalar: Scalar) -> Excerpt:
    """A block without its indentation; lines that are folded are one."""
    begin = _header(text, scalar)
    starts = [*(begin + start for start in line_starts(text[begin : scalar.end])[1:]), scalar.end]
    lines = [(start, text[start:end]) for start, end in pairwise(starts)]
    margin = min((len(line) - len(line.lstrip(" ")) for _, line in lines if line.strip()), default=0)
    offsets: list[int] = []
    for start, line in lines:
        offsets += range(start + min(margin, len(line) - len(line.lstrip(" "))), start + len(line))
    joined = "".join(text[offset] for offset in offsets)
    if scalar.quote == ">":
        joined = re.sub(r"(?<=[^\s])(\r\n|\n|\r)(?=[^\s])", lambda match: " " * len(match.group()), joined)
    return Excerpt(joined, offsets, [offset + 1 for offset in offsets])


def _reason(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError):
        return error.problem or error.context or "cannot be read"
    return str(getattr(error, "reason", None) or "cannot be read")


def _mark(error: yaml.YAMLError) -> object:
    """The place that an error tells; that of an illegal character is an offset."""
    marks = (getattr(error, name, None) for name in ("problem_mark", "context_mark", "position"))
    return next((mark for mark in marks if mark is not None), None)


def _line(text: str, mark: object) -> int | None:
    if isinstance(mark, int):
        return bisect_right(line_starts(text), mark)
    line = getattr(mark, "line", None)
    return line + 1 if isinstance(line, int) else None


def _index(mark: object) -> int:
    """The offset of a mark, which has one in both parsers."""
    index = getattr(mark, "index", None)
    return index if isinstance(index, int) else 0

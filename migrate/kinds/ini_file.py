"""INI and its kin → a tree: sections, keys, values of one or several lines. Any text can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrate.edits import line_starts
from migrate.finder import Span
from migrate.found import end_of_line
from migrate.kinds.entries import Branch, Item, Node, Scalar
from migrate.kinds.reading import Reading, Source
from migrate.kinds.settings import read_lines

_SECTION = re.compile(r"\[(?P<name>[^\]]+)\]")
_SIGN = re.compile(r"[=:]")
_COMMENT = re.compile(r"(?<=\s)#")


def read(source: Source) -> Reading:
    """Whatever is no section, key or value is left."""
    return read_lines(source, _parsed)


def _parsed(text: str) -> tuple[Branch, list[Span]]:
    """The tree and the comments of a text."""
    comments: list[Span] = []
    sections: list[tuple[Scalar | None, list[Item]]] = [(None, [])]
    key: Scalar | None = None
    beside = False  # whether a value starts in the line of its key
    margin, lines = 0, list[Scalar]()  # those of the value that is being read, and where its key stands
    for start, end, indent in _lines(text, comments):
        if key and indent > margin:
            lines.append(_value(text, start, end))
            continue
        if key:
            sections[-1][1].append(Item(key, _joined(lines, beside)))
        key, margin, lines = None, indent, []
        if header := _SECTION.match(text, start, end):
            sections.append((Scalar(*header.span("name"), header["name"], True), []))
            continue
        key, rest = _key(text, start, end)
        beside = rest < end
        if beside:
            lines.append(_value(text, rest, end))
    if key:
        sections[-1][1].append(Item(key, _joined(lines, beside)))
    items = [item for name, inside in sections for item in (_section(name, inside) if name else inside)]
    return Branch(tuple(items), True), comments


def _section(name: Scalar, inside: list[Item]) -> list[Item]:
    return [Item(name, Branch(tuple(inside), True))]


def _lines(text: str, comments: list[Span]) -> Iterator[tuple[int, int, int]]:
    """Start, end and indentation of every line that says something, without its comment."""
    for begin in line_starts(text):
        end = end_of_line(text, begin)
        start = _skipped(text, begin, end)
        sign = start if text.startswith(("#", ";"), start) else end
        if sign == end and (found := _COMMENT.search(text, start, end)):
            sign = found.start()
        if sign < end:
            comments.append((sign, end))
        end = start + len(text[start:sign].rstrip())
        if start < end:
            yield start, end, start - begin


def _skipped(text: str, start: int, end: int) -> int:
    """The offset of the first character that is no blank."""
    return end - len(text[start:end].lstrip())


def _key(text: str, start: int, end: int) -> tuple[Scalar, int]:
    """The key of a line, and where its value starts."""
    found = _SIGN.search(text, start, end)
    sign = found.start() if found else end
    last = start + len(text[start:sign].rstrip())
    return Scalar(start, last, text[start:last], True), _skipped(text, min(sign + 1, end), end)


def _value(text: str, start: int, end: int) -> Scalar:
    """One line of a value; quotes around it are not part of it."""
    quote = text[start]
    if quote in "\"'" and end - start > 1 and text.find(quote, start + 1) == end - 1:
        return Scalar(start + 1, end - 1, text[start + 1 : end - 1], True, quote)
    return Scalar(start, end, text[start:end], True)


def _joined(lines: list[Scalar], beside: bool) -> Node:
    """A value in the line of its key as a scalar, one of other lines as a list."""
    if len(lines) == 1 and beside:
        return lines[0]
    return Branch(tuple(Item(None, line) for line in lines), False)

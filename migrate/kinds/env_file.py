"""Files of variables (`.env`) → a tree of one mapping. Any text can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrate.finder import Span
from migrate.kinds.entries import Branch, Item, Scalar
from migrate.kinds.reading import Reading, Source
from migrate.kinds.settings import read_lines

_LINE = re.compile(
    r"""
    [ \t]* (?:
        (?P<comment> \#[^\r\n]* )
        | (?:export[ \t]+)? (?P<key> [A-Za-z_][\w.-]* ) [ \t]* (?: = [ \t]* (?P<value>
            "[^"\\]*(?:\\[\s\S][^"\\]*)*" | '[^']*' | [^\s\#][^\r\n]* )? )?
    )?
    """,
    re.VERBOSE,
)
_REST = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_COMMENT = re.compile(r"(?<=\s)#[^\r\n]*")


def read(source: Source) -> Reading:
    """Whatever is no variable is left."""
    return read_lines(source, _parsed)


def _parsed(text: str) -> tuple[Branch, list[Span]]:
    items: list[Item] = []
    comments: list[Span] = []
    for match in _lines(text):
        if match["comment"] is not None:
            comments.append(match.span("comment"))
        elif match["key"] is not None:
            key = Scalar(*match.span("key"), match["key"], True)
            items.append(Item(key, _value(text, match, comments)))
    return Branch(tuple(items), True), comments


def _lines(text: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(text):
        match, rest = _LINE.match(text, at), None
        if match:
            yield match
            rest = _REST.match(text, match.end())
        at = max(rest.end() if rest else at, at + 1)


def _value(text: str, match: re.Match[str], comments: list[Span]) -> Scalar:
    """The value of a line; the comment behind it is put into `comments`."""
    start, end = match.span("value")
    if start < 0:
        return Scalar(match.end(), match.end(), "", False)
    quote = text[start] if text[start] in "\"'" and end - start > 1 and text[end - 1] == text[start] else ""
    if found := _COMMENT.search(text, end if quote else start, _end(text, end)):
        comments.append(found.span())
        end = end if quote else found.start()
    if not quote:
        end = start + len(text[start:end].rstrip())
    inner = text[start + len(quote) : end - len(quote)]
    if quote and ("\\" in inner or "\n" in inner or "\r" in inner):
        return Scalar(start, end, inner, False, quote)
    return Scalar(start + len(quote), end - len(quote), inner, True, quote)


def _end(text: str, at: int) -> int:
    match = _REST.match(text, at)
    return match.end() if match else at

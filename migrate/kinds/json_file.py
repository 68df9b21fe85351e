"""JSON, with comments and commas as its users write them → its tree."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from migrate.edits import line_starts
from migrate.finder import Span
from migrate.kinds.entries import DEPTH, Branch, Builder, Document, Scalar
from migrate.kinds.excerpt import Excerpt, slice_of
from migrate.kinds.reading import Reading, Source
from migrate.kinds.settings import read_parsed

_TOKEN = re.compile(
    r"""
    (?P<space> [ \t\r\n]+ )
    | (?P<comment> //[^\r\n]* | /\*[^*]*\*+(?:[^/*][^*]*\*+)*/ )
    | (?P<string> "[^"\\\x00-\x08\x0a-\x1f]*(?:\\["\\/bfnrtu][^"\\\x00-\x08\x0a-\x1f]*)*" )
    | (?P<sign> [][{}:,] )
    | (?P<word> -?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)? | true | false | null | NaN | -?Infinity )
    """,
    re.VERBOSE,
)
_TEMPLATE = re.compile(r"\{\{|\{%|<%|\$\{")
_DEEP = DEPTH - 10  # from there on lines are counted
_VALUE, _COMMA, _KEY, _COLON = "a value", "a comma or a closing bracket", "a key", "a colon"


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


def read(source: Source) -> Reading:
    """Raises `SyntaxError` for what is neither JSON nor a template of it."""
    return read_parsed(source, "JSON", document_of, _TEMPLATE)


def document_of(text: str) -> Document:
    """A JSON text. Raises `SyntaxError`."""
    tokens, comments = _tokens(text)

    def excerpt_of(scalar: Scalar) -> Excerpt | None:
        return slice_of(text, scalar.start, scalar.end) if scalar.literal else None

    return Document(_tree(text, tokens), comments, lambda edited: _tree(edited, _tokens(edited)[0]), excerpt_of)


def _tokens(text: str) -> tuple[list[_Token], list[Span]]:
    tokens: list[_Token] = []
    comments: list[Span] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.end() == at:
            raise _error(text, at, f"{text[at : at + 10]!r} is not expected")
        kind = match.lastgroup or ""
        if kind == "comment":
            comments.append(match.span())
        elif kind != "space":
            tokens.append(_Token(kind, match.group(), at))
        at = match.end()
    return tokens, comments


def _tree(text: str, tokens: Sequence[_Token]) -> Branch:
    """The tree of the tokens. Raises `SyntaxError` where they are no JSON."""
    builder = Builder()
    wanted: tuple[str, ...] = (_VALUE,)
    for kind, token, start in tokens:
        fits = (kind == "string" or token in "[{" or kind == "word") and _VALUE in wanted
        if token == "," and _COMMA in wanted:
            wanted = (_KEY, "}") if builder.in_mapping else (_VALUE, "]")  # a comma may end a list
        elif token in ("}", "]") and token in wanted:
            builder.close()
            wanted = _after(builder)
        elif token == ":" and _COLON in wanted:
            wanted = (_VALUE,)
        elif kind == "string" and _KEY in wanted:
            builder.key(_scalar(text, kind, token, start))
            wanted = (_COLON,)
        elif fits and kind == "sign":
            builder.open(is_mapping=token == "{", line=_line(text, start) if builder.depth > _DEEP else 0)
            wanted = (_KEY, "}") if token == "{" else (_VALUE, "]")
        elif fits:
            builder.add(_scalar(text, kind, token, start))
            wanted = _after(builder)
        else:
            raise _error(text, start, f"{token[:20]!r} where {wanted[0]} should be")
    if not tokens or builder.depth:
        raise _error(text, len(text), "it ends too early")
    return builder.tree()


def _after(builder: Builder) -> tuple[str, ...]:
    """What may follow a value."""
    if not builder.depth:
        return (_VALUE,)  # one for each line, in data
    return (_COMMA, "}") if builder.in_mapping else (_COMMA, "]")


def _scalar(text: str, kind: str, token: str, start: int) -> Scalar:
    if kind != "string":
        return Scalar(start, start + len(token), token, False)
    if "\\" not in token:
        return Scalar(start + 1, start + len(token) - 1, token[1:-1], True, '"')
    try:
        return Scalar(start, start + len(token), json.loads(token, strict=False), False, '"')
    except ValueError as error:
        raise _error(text, start, str(error)) from None


def _error(text: str, at: int, why: str) -> SyntaxError:
    return SyntaxError(why, (None, _line(text, at), None, None))


def _line(text: str, at: int) -> int:
    return bisect_right(line_starts(text), at)

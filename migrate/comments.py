"""Where the comments of a Python text stand and where its logical lines end, read without a parser.

`tokenize` refuses what it cannot read and knows the grammar of the running Python only; this takes any text.
An f-string that holds its own kind of quote is read as several strings, which seldom matters.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
    (?P<comment> \#[^\r\n]* )
    | \""" [^"\\]* (?: (?: \\(?:.|\Z) | "(?!"") ) [^"\\]* )* (?: \"""|\Z )
    | ''' [^'\\]* (?: (?: \\(?:.|\Z) | '(?!'') ) [^'\\]* )* (?: '''|\Z )
    | " [^"\\\r\n]* (?: \\(?:\r\n|.|\Z) [^"\\\r\n]* )* "?
    | ' [^'\\\r\n]* (?: \\(?:\r\n|.|\Z) [^'\\\r\n]* )* '?
    | \\(?:\r\n|\r|\n)
    | (?P<open> [(\[{] )
    | (?P<close> [)\]}] )
    | (?P<newline> \r\n|\r|\n )
    """,
    re.VERBOSE | re.DOTALL,
)
_LEADING = re.compile(r"(?:\s+|#[^\r\n]*)*")


class Comments(NamedTuple):
    """The comments as spans, in order; `ends` are the offsets at which logical lines end, also empty ones.

    Those comments lead that begin before `code`, the offset of the first thing that is none. `above` says that
    comments are about the line below as well.
    """

    spans: list[tuple[int, int]]
    ends: list[int]
    code: int
    above: bool = False


def read_comments(text: str) -> Comments:
    """The comments of a Python text; of one that is no Python, whatever looks like a comment outside a string."""
    spans: list[tuple[int, int]] = []
    ends: list[int] = []
    depth = 0
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "comment":
            spans.append(match.span())
        elif match.lastgroup == "open":
            depth += 1
        elif match.lastgroup == "close":
            depth = max(0, depth - 1)
        elif match.lastgroup == "newline" and not depth:
            ends.append(match.start())
    leading = _LEADING.match(text)
    return Comments(spans, [*ends, len(text)], leading.end() if leading else 0)


def statement_end(text: str, at: int) -> int:
    """Where the logical line that begins at an offset ends, its line end included."""
    depth = 0
    for match in _TOKEN.finditer(text, at):
        if match.lastgroup == "open":
            depth += 1
        elif match.lastgroup == "close":
            depth = max(0, depth - 1)
        elif match.lastgroup == "newline" and not depth:
            return match.end()
    return len(text)

"""The source of a cell as JSON spells it: one string or a list of them, with where each character stands."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from json import dumps

from migrate.finder import Span
from migrate.kinds.excerpt import Excerpt

_ESCAPE = re.compile(
    r"\\u(?P<high>[dD][89abAB][\da-fA-F]{2})\\u(?P<low>[dD][c-fC-F][\da-fA-F]{2})|\\u(?P<hex>[\da-fA-F]{4})|\\(?P<char>.)"
)
_ESCAPES = re.compile(rf"(?P<run>(?:\\[^u\n])+)|{_ESCAPE.pattern}")
_HEX = re.compile(r"\\u[\da-fA-F]{4}")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_SHORT = str.maketrans({"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"})
_TAIL = re.compile(r'\\n",?$')
_REPLACED = "\ufffd"  # for half of a surrogate pair, which no Python text can hold


@dataclass(frozen=True, slots=True)
class Spelled:
    """The text of a source; `starts` and `ends` are where each character begins and ends in the file.

    The last character of a string in a list reaches to the first one of the next. `end` is where the content ends.
    `between` is what stands between two lines, quotes included: empty where they are not strings of their own.
    """

    text: str
    starts: array[int]
    ends: array[int]
    end: int
    between: str
    ascii_only: bool
    open_end: bool  # whether the last string has nothing in it

    def excerpt(self, start: int, end: int) -> Excerpt:
        """A piece of the text, for drafts on it."""
        return Excerpt(
            self.text[start:end],
            self.starts[start:end],
            self.ends[start:end],
            lambda text, at: self.write(text, start + at),
        )

    def span(self, start: int, end: int) -> Span:
        """Where a piece of the text, not an empty one, stands in the file."""
        return self.starts[start], self.ends[end - 1]

    def write(self, text: str, at: int) -> str:
        """A text as JSON to be put at an offset of the source: lines as strings of their own if the others are."""
        lines = _LINES.findall(text) if self.between else [text]
        written = self.between.join(dumps(line, ensure_ascii=self.ascii_only)[1:-1] for line in lines)
        if at == len(self.text):
            return (self.between if self.text.endswith("\n") and not self.open_end else "") + written
        return written + (self.between if text.endswith("\n") else "")


def spelled(text: str, literals: Sequence[Span], between: str, *, ascii_only: bool) -> Spelled:
    """The source that some JSON strings make together; the spans include their quotes."""
    parts: list[str] = []
    starts, ends = array("q"), array("q")
    end = lines = 0
    open_end = False
    for start, stop in literals:
        if ends:
            ends[-1] = start + 1
        _decode(text, start + 1, stop - 1, parts, starts, ends)
        end, open_end = stop - 1, stop - start == 2
        lines += not open_end and parts[-1].endswith("\n")
    whole = "".join(parts)
    if whole.count("\n") != lines:
        between = ""
    return Spelled(whole, starts, ends, end, between, ascii_only, open_end)


def _decode(text: str, at: int, stop: int, parts: list[str], starts: array[int], ends: array[int]) -> None:
    """Add the characters of a JSON string, given without its quotes."""

    for found in _ESCAPES.finditer(text, at, stop):
        begin, end = found.span()
        parts.append(text[at:begin])
        starts.extend(range(at, begin))
        ends.extend(range(at + 1, begin + 1))
        if found["run"]:
            parts.append(text[begin + 1 : end : 2].translate(_SHORT))
            starts.extend(range(begin, end, 2))
            ends.extend(range(begin + 2, end + 2, 2))
        else:
            parts.append(_character(found))
            starts.append(begin)
            ends.append(end)
        at = end
    if at < stop:
        parts.append(text[at:stop])
        starts.extend(range(at, stop))
        ends.extend(range(at + 1, stop + 1))


def _character(escape: re.Match[str]) -> str:
    if escape["high"]:
        return chr(0x10000 + ((int(escape["high"], 16) & 0x3FF) << 10) + (int(escape["low"], 16) & 0x3FF))
    if escape["hex"]:
        code = int(escape["hex"], 16)
        return _REPLACED if 0xD800 <= code < 0xE000 else chr(code)
    return escape["char"].translate(_SHORT)


def blanked(text: str) -> str:
    """A piece of JSON with its escapes as blanks, for a search for words in it: everything stays in its place."""
    for escape in ("\\\\", *(f"\\{char}" for char in '"/ntrbf')):  # that of the backslash first
        text = text.replace(escape, "  ")
    return _HEX.sub("      ", text)


def readable(text: str) -> str:
    """A piece of a JSON string as its reader knows it, without the end of its line."""
    return _ESCAPE.sub(_character, _TAIL.sub("", text))

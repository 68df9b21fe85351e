"""A check as text: each leftover with its source line and a caret under what was found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from unicodedata import category, east_asian_width

from migrate.leftovers import CheckResult, Leftover
from migrate.report.shown import check_summary, commands_in, described, entry_line, error_line, place_of, printable

_GUTTER = "    | "  # no line begins with source, which might spell a command for the log of a CI job
_LITERAL = re.compile(r'\s*(?P<key>"source":\s*)?"(?P<text>[^"\\]*(?:\\.[^"\\]*)*)"')  # a line of a notebook
_WIDTH = 110
_TAB = 4
Cell = tuple[str, int]  # what is shown for a character, and how many columns it takes


def render_text(result: CheckResult) -> str:
    """New leftovers with their source, errors, what the baseline lists in vain, and the sum."""
    return "".join(f"{line}\n" for line in _lines(result))


def _lines(result: CheckResult) -> Iterator[str]:
    for leftover in result.new:
        yield f"{place_of(leftover)}: {described(leftover.finding)}"
        if leftover.text.strip():
            text, column = _source(leftover)
            yield from _excerpt(text, *_span(text, column, leftover.finding.found))
    yield from map(error_line, result.errors)
    if result.fixed:
        yield "in the baseline but gone:"
        yield from (f"    {entry_line(entry)}" for entry in result.fixed)
    yield check_summary(result)


def _source(leftover: Leftover) -> tuple[str, int]:
    """The line to show, and the column of what was found: in a notebook that of the cell, where it can be told."""
    finding, cell = leftover.finding, leftover.finding.cell
    literal = _LITERAL.match(leftover.text) if cell else None
    if cell and literal:
        from migrate.kinds.sources import readable  # only for notebooks

        lines = readable(literal["text"]).split("\n")
        number = cell.line - 1 if literal["key"] else 0
        if number < len(lines) and lines[number].startswith(finding.found[:1], cell.column - 1):
            return lines[number], cell.column
    return leftover.text, finding.column


def _excerpt(text: str, first: int, last: int) -> Iterator[str]:
    """The source line, cut around what was found where it is long, and a caret line under it."""
    offset, stop = max(0, first - _WIDTH), last + _WIDTH  # no more of a line than may be shown, however long it is
    cells = _cells(text[offset:stop])
    starts = list(accumulate((width for _, width in cells), initial=0))
    low, high = _window(starts, first - offset, last - offset)
    before, after = "…" if offset + low else "", "…" if offset + high < len(text) else ""
    yield (_GUTTER + before + "".join(shown for shown, _ in cells[low:high]) + after).rstrip()
    left, right = starts[first - offset], starts[min(last - offset, high)]
    yield _GUTTER + " " * (len(before) + left - starts[low]) + "^" * max(1, right - left)


def _span(text: str, column: int, found: str) -> tuple[int, int]:
    """Where in its line the found text is shown. Of several lines or a cut text, it is what stands in this line."""
    at = min(column - 1, len(text) - 1)
    found = found.removesuffix("…")
    start = at if text.startswith(found, at) else text.find(found, max(0, at - len(found)), at + len(found))
    if not found or not 0 <= start <= at < start + len(found):
        return at, at + 1
    return start, start + len(found)


def _window(starts: list[int], first: int, last: int) -> tuple[int, int]:
    """The cells to show: all if they fit, else as many before the found text as after it."""
    low = high = first
    count = len(starts) - 1
    while high < last and starts[high + 1] - starts[low] <= _WIDTH:
        high += 1
    grown = True
    while grown:
        grown = False
        if low > 0 and starts[high] - starts[low - 1] <= _WIDTH:
            low, grown = low - 1, True
        if high < count and starts[high + 1] - starts[low] <= _WIDTH:
            high, grown = high + 1, True
    return low, high


def _cells(text: str) -> list[Cell]:
    """How each character of a line is shown: tabs as spaces, whatever a terminal might obey as an escape."""
    cells: list[Cell] = []
    column = 0
    commands = commands_in(text)
    for index, char in enumerate(text):
        if char == "\t":
            width = _TAB - column % _TAB
            cell = (" " * width, width)
        elif index in commands:
            cell = ("\\x23", 4)
        else:
            shown = printable(char)
            cell = (shown, len(shown) if len(shown) > 1 else _columns(char))
        cells.append(cell)
        column += cell[1]
    return cells


def _columns(char: str) -> int:
    if category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1

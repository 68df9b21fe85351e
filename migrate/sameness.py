"""Whether two syntax trees differ in some edits alone: the standard library's trees, compared side by side.

A statement or expression without an edit in it is the same if it is of the same type and stands where the edits have
moved it: the text is the same, so its parts are. One with edits within its parts has the same parts; so an edit cannot
regroup the code around it. Only what an edit itself touches may become something else, in its own place; parts of
that without an edit are still somewhere in it.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from migrate.edits import line_starts
from migrate.model import Edit

Span = tuple[int, int]
_Node = ast.stmt | ast.expr | ast.excepthandler | ast.arg | ast.keyword | ast.alias | ast.pattern
_PADDING = b" \t\f\r\n\\"


class MismatchError(Exception):
    """A difference that no edit explains; holds the line before."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class Change(NamedTuple):
    """An edit in bytes: `[start, end)` became `[first, last)`."""

    start: int
    end: int
    first: int
    last: int


def check_trees(old: ast.AST, new: ast.AST, before: str, after: str, edits: Iterable[Edit]) -> None:
    """Raise `MismatchError` unless the trees of two texts differ in the edits alone."""
    _Comparison(_Side(before), _Side(after), list(_changes(before, edits))).outcome(old, new)


class _Side:
    """A text in the bytes that positions of `ast` count."""

    def __init__(self, text: str) -> None:
        self.data = text.encode("utf-8", "surrogatepass")
        self.starts = line_starts(text if text.isascii() else self.data.decode("latin-1"))

    def span(self, node: _Node) -> Span:
        """Where a node with a position stands, decorators included."""
        first: _Node = (getattr(node, "decorator_list", None) or [node])[0]
        end = self.starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        return self.starts[first.lineno - 1] + first.col_offset, end


def _changes(text: str, edits: Iterable[Edit]) -> Iterator[Change]:
    """The edits in bytes of UTF-8, in order, without the white space that they end with before and after."""
    done = at = grown = 0
    for whole in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        edit = _trimmed(text, whole)
        start = at + _size(text[done : edit.start])
        done, at, size = edit.end, start + _size(text[edit.start : edit.end]), _size(edit.text)
        yield Change(start, at, start + grown, start + grown + size)
        grown += size - (at - start)


def _trimmed(text: str, edit: Edit) -> Edit:
    end, new = edit.end, edit.text
    while edit.start < end and new and text[end - 1] == new[-1] and new[-1].isspace():
        end, new = end - 1, new[:-1]
    return Edit(edit.start, end, new)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _parts(node: ast.AST) -> Iterator[_Node]:
    """The nearest nodes below a node that have a position."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Node):
            yield child
        elif child._fields:
            yield from _parts(child)


def _has_blocks(node: _Node) -> bool:
    return isinstance(node, (ast.stmt, ast.excepthandler)) and (hasattr(node, "body") or hasattr(node, "cases"))


class _Comparison:
    def __init__(self, old: _Side, new: _Side, changes: Sequence[Change]) -> None:
        self.old, self.new, self.changes = old, new, changes
        self.begins = [change.start for change in changes]
        self.ends = [change.end for change in changes]

    def outcome(self, old: ast.AST, new: ast.AST) -> None:
        """Compare two modules. Raises `MismatchError`."""
        parts = [(self.old.span(part), part) for part in _parts(old)]
        if all(self.is_within([span for span, _ in parts], change) for change in self.changes):
            self.pair(old, new, 1)
        else:
            self.survive(parts, new)

    def compare(self, old: _Node, new: _Node) -> None:
        span, line = self.old.span(old), old.lineno
        place, inside = self.new.span(new), self.touching(span)
        starts, ends = self.moved(span[0]), self.moved(span[1])
        fits = self.fits(starts, ends, place)
        grew = place[0] in starts and self.grew(old, span, place)
        if not (fits or grew) or (type(old) is not type(new) and not inside):
            raise MismatchError(line)
        if isinstance(old, ast.JoinedStr) and inside:
            self.compare_fields(old, new, len(inside))
        elif inside or grew or place[0] < max(starts) or place[1] > min(ends):  # it takes in what was put beside it
            parts = [(self.old.span(part), part) for part in _parts(old)]
            spans = sorted(span for span, _ in parts)
            if not grew and all(self.is_within(spans, change) for change in inside):
                self.pair(old, new, line)
            else:
                self.survive(parts, new)

    def compare_fields(self, old: ast.JoinedStr, new: ast.AST, most: int) -> None:
        """As many fields of an f-string may change as edits are in it; where they stand is not told by all versions."""
        fields = [ast.dump(part) for part in old.values if isinstance(part, ast.FormattedValue)]
        kept = {ast.dump(part) for part in ast.walk(new) if isinstance(part, ast.FormattedValue)}
        if sum(field not in kept for field in fields) > most:
            raise MismatchError(old.lineno)

    def pair(self, old: object, new: object, line: int) -> None:
        """Compare what belongs to a node that has no edit but those within its parts."""
        if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            for one, other in zip(old, new, strict=True):
                self.pair_one(one, other, line)
        elif isinstance(old, ast.AST) and type(old) is type(new):
            for name in old._fields:
                self.pair_one(getattr(old, name, None), getattr(new, name, None), line)
        elif isinstance(old, (list, ast.AST)) or type(old) is not type(new) or old != new:
            raise MismatchError(line)

    def pair_one(self, old: object, new: object, line: int) -> None:
        if isinstance(old, _Node) and isinstance(new, _Node):
            self.compare(old, new)
        else:
            self.pair(old, new, line)

    def survive(self, parts: Iterable[tuple[Span, _Node]], new: ast.AST) -> None:
        """Find the parts of an edited node, but those that an edit takes, in what became of it."""
        waiting = list(parts)
        index = _Index(self.new, new)
        while waiting:
            span, part = waiting.pop()
            inside = self.touching(span)
            if any(change.start <= span[0] and span[1] <= change.end for change in inside):
                continue
            if any(change.start < span[0] or span[1] < change.end for change in inside):
                waiting += ((self.old.span(below), below) for below in _parts(part))
                continue
            places = sorted(self.places(part, span, index), key=lambda node: type(node) is not type(part))
            if not any(self.is_same(part, node) for node in places):
                raise MismatchError(part.lineno)

    def is_same(self, old: _Node, new: _Node) -> bool:
        try:
            self.compare(old, new)
        except MismatchError:
            return False
        return True

    def places(self, part: _Node, span: Span, index: _Index) -> Iterator[_Node]:
        starts, ends = self.moved(span[0]), self.moved(span[1])
        for start in sorted(starts):
            for place, node in index.around(start):
                if self.fits(starts, ends, place) or (place[0] in starts and self.grew(part, span, place)):
                    yield node

    def touching(self, span: Span) -> Sequence[Change]:
        """The changes that take or put something within a span, not just beside it."""
        first = bisect_right(self.ends, span[0])
        return self.changes[first : bisect_left(self.begins, span[1], first)]

    def is_within(self, spans: Sequence[Span], change: Change) -> bool:
        """Whether a change is within one of some spans, in order, and not just at its edge."""
        at = bisect_right(spans, (change.start, len(self.old.data) + 1)) - 1
        if at < 0 or spans[at][1] < change.end:
            return False
        return change.start < change.end or spans[at][0] < change.start < spans[at][1]

    def moved(self, at: int) -> set[int]:
        """Where a place may be after the edits: one of two where a text was put, nowhere where one was taken."""
        number = bisect_left(self.ends, at)
        if number == len(self.changes) or at < self.begins[number]:
            return {at + self.changes[number - 1].last - self.ends[number - 1]} if number else {at}
        found: set[int] = set()
        for change in self.changes[number : bisect_right(self.begins, at)]:
            if at == change.start:
                found.add(change.first)
            if at == change.end:
                found.add(change.last)
        return found

    def fits(self, starts: set[int], ends: set[int], new: Span) -> bool:
        """Whether a node moved there may have become the one there, perhaps in brackets that were put around it."""
        if new[0] in starts and new[1] in ends:
            return True
        return any(
            start <= new[0] and new[1] <= end and self.is_bracketed(start, new, end) for start in starts for end in ends
        )

    def grew(self, node: _Node, old: Span, new: Span) -> bool:
        """Whether a statement that begins where it has to ends with lines put behind the last one of its block."""
        at = bisect_left(self.begins, old[1])
        if at == len(self.changes) or not _has_blocks(node):
            return False
        change = self.changes[at]
        between = self.old.data[old[1] : change.start].splitlines()
        blank = all(not line.strip() or line.strip().startswith(b"#") for line in between)
        return blank and change.first < new[1] <= change.last

    def is_bracketed(self, start: int, new: Span, end: int) -> bool:
        before, behind = self.new.data[start : new[0]], self.new.data[new[1] : end]
        if before.strip(_PADDING + b"(") or behind.strip(_PADDING + b")"):
            return False
        return before.count(b"(") == behind.count(b")")


class _Index:
    """The nodes below one, by where they begin."""

    def __init__(self, side: _Side, node: ast.AST) -> None:
        self.side = side
        self.nodes = sorted(((side.span(part), id(part), part) for part in _parts(node)), key=lambda item: item[:2])
        self.own = [(side.span(node), node)] if isinstance(node, _Node) else []
        self.begins = [span[0] for span, _, _ in self.nodes]
        self.below: dict[int, _Index] = {}

    def around(self, start: int) -> Iterator[tuple[Span, _Node]]:
        """The nodes that begin at an offset, and with it those around and below them."""
        yield from self.own
        at = bisect_right(self.begins, start) - 1
        if at >= 0 and start < self.nodes[at][0][1]:
            if at not in self.below:
                self.below[at] = _Index(self.side, self.nodes[at][2])
            yield from self.below[at].around(start)

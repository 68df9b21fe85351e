"""libcst on one region: the lines of a statement, or its header, made a module of their own."""

from __future__ import annotations

import libcst as cst

from migrate.nesting import check_depth
from migrate.source import Region, Scan
from migrate.spans import REFUSALS, Spans


class UnreadableRegionError(SyntaxError):
    """libcst cannot parse a region, or does not write a place in it back as it was; holds the line."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.lineno = line


class ParsedRegion:
    """The tree of a region, and where its nodes stand in the file.

    libcst drops a few characters of white space in rare places (`except X :`). Offsets before and after
    such a place are still right; a node across it raises `UnreadableRegionError`.
    """

    def __init__(self, scan: Scan, region: Region) -> None:
        before, snippet, after = wrapped(scan, region)
        text = before + snippet + after
        check_depth(text, region.first)
        try:
            self.module = cst.parse_module(text)
        except REFUSALS:
            raise UnreadableRegionError(region.first, "libcst cannot parse this statement") from None
        self._line = region.first
        self._spans = Spans(self.module)
        self.code = self._spans.code
        self.shift = scan.starts[region.first - 1] - len(before)
        self.start = self.shift + len(before)
        self.end = self.start + len(snippet)
        self._same_until, self._same_from, self._lost = len(text), len(text), 0
        if self.code != text:
            self._same_until = _common(self.code, text)
            rest, other = self.code[self._same_until :], text[self._same_until :]
            self._same_from = len(self.code) - _common(rest[::-1], other[::-1])
            self._lost = len(text) - len(self.code)

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Offsets of a node in the file."""
        start, end = self._spans.of(node)
        if end <= self._same_until:
            return start + self.shift, end + self.shift
        if start >= self._same_from:
            return start + self.shift + self._lost, end + self.shift + self._lost
        raise UnreadableRegionError(self._line, "libcst does not write this statement back exactly")

    def after(self, node: cst.CSTNode, mark: str) -> int:
        """Offset in the file just behind the next `mark` after a node."""
        end = self.span(node)[1]
        inside = end - self.shift - (self._lost if end - self.shift > self._same_until else 0)
        return end + self.code.index(mark, inside) + len(mark) - inside

    def holds(self, start: int, end: int) -> bool:
        """Whether a span lies in the region's own lines, not in what was put around them."""
        return self.start <= start and end <= self.end


def _common(left: str, right: str) -> int:
    """Length of the common beginning of two texts."""
    return next((n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))


def bounds(scan: Scan, region: Region) -> tuple[int, int]:
    """Offsets of the region's lines, the last line end included."""
    end = scan.starts[region.last] if region.last < len(scan.starts) else len(scan.text)
    return scan.starts[region.first - 1], end


def wrapped(scan: Scan, region: Region) -> tuple[str, str, str]:
    """The region's lines, with what makes them a module before and after."""
    start, end = bounds(scan, region)
    snippet = scan.text[start:end]
    indent = snippet[: len(snippet) - len(snippet.lstrip(" \t\f"))]
    before = "if 1:\n" if indent else ""
    after = ""
    if region.shape != "block":
        after = ("" if snippet.endswith(("\n", "\r")) else "\n") + f"{indent} pass\n"
    if region.shape == "elif":
        before += f"{indent}if 1:\n{indent} pass\n"
    elif region.shape == "except":
        before += f"{indent}try:\n{indent} pass\n"
    elif region.shape == "match":
        after = after.replace(" pass\n", f" case _:\n{indent}  pass\n")
    elif region.shape == "case":
        before = f"match {region.subject}:\n"
    return before, snippet, after

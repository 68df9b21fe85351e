"""Definitions that no edit touches, with a `pass` in their place: what is left is parsed in a fraction of the time.

A definition on lines of its own is read the same wherever a statement may begin. So a text in which it is replaced by
a `pass`, and in which that is a statement of its own in the same place, says all of the text with the definition.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from migrate.edits import line_starts, position
from migrate.model import Edit

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_PASS = "pass"
_NEWLINE = "\r\n"


def placeholders(tree: ast.AST, text: str, edits: Iterable[Edit]) -> list[Edit]:
    """Edits that put a `pass` in the place of every function and class of a module that none of its edits touches."""
    finder = _Finder(text, sorted((edit.start, edit.end) for edit in edits))
    return list(finder.within(tree))


def are_statements(tree: ast.AST, text: str, edits: Iterable[Edit], hidden: Sequence[Edit]) -> bool:
    """Whether the placeholders in an outcome, given by its tree and text, are statements of a module or class."""
    starts = line_starts(text)
    found = {(node.lineno, node.col_offset) for node in _statements(tree) if isinstance(node, ast.Pass)}
    grown = 0
    wanted = set(hidden)
    for edit in sorted((*edits, *hidden), key=lambda edit: (edit.start, edit.end)):
        line, column = position(starts, edit.start + grown)
        if edit in wanted and (line, column - 1) not in found:
            return False
        grown += len(edit.text) - (edit.end - edit.start)
    return True


def _statements(tree: ast.AST) -> Iterator[ast.stmt]:
    for node in getattr(tree, "body", ()):
        yield node
        if isinstance(node, ast.ClassDef):
            yield from _statements(node)


class _Finder:
    def __init__(self, text: str, edits: Sequence[tuple[int, int]]) -> None:
        self.text, self.edits, self.starts = text, edits, line_starts(text)
        self.ends = sorted(end for _, end in edits)
        self.begins = [start for start, _ in edits]

    def within(self, block: ast.AST) -> Iterator[Edit]:
        for node in getattr(block, "body", ()):
            if not isinstance(node, _DEFINITIONS):
                continue
            if edit := self.hidden(node):
                yield edit
            elif isinstance(node, ast.ClassDef):
                yield from self.within(node)

    def hidden(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Edit | None:
        """The edit for a definition; None if it shares its lines, or is edited."""
        first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
        last = node.end_lineno or 0
        begin = self.starts[first - 1]
        end = self.starts[last] if last < len(self.starts) else len(self.text)
        if bisect_right(self.begins, end) != bisect_left(self.ends, begin + 1):  # a line behind its last may be its own
            return None
        line = self.text[self.starts[last - 1] : end].encode("utf-8", "surrogatepass")
        behind = line[node.end_col_offset :].strip()
        start = begin + len(self.text[begin:end]) - len(self.text[begin:end].lstrip(" \t\f"))
        opens = self.text.startswith(("@", "def", "async", "class"), start)
        if not opens or (behind and not behind.startswith(b"#")):
            return None
        return Edit(start, begin + len(self.text[begin:end].rstrip(_NEWLINE)), _PASS)

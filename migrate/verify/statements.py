"""Which lines of a Python file belong together, and which have code of their own: what is known before it runs."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType


@dataclass(frozen=True, slots=True)
class Statements:
    """The lines of a file, from 1: `first` is that on which the statement of each begins, `last` where it ends.

    Of a statement with a body only the header counts. `coded` are the lines that a Python like this one stops at.
    """

    first: dict[int, int]
    last: dict[int, int]
    coded: frozenset[int]

    def lines(self, line: int) -> range:
        """All lines of the statement that a line is part of."""
        return range(self.first.get(line, line), self.last.get(line, line) + 1)

    def runs_with(self, line: int) -> tuple[int, ...]:
        """The lines of which one has to run to say that this one has: itself, if it has code, else its statement's."""
        return (line,) if line in self.coded else tuple(self.lines(line))


def statements_of(text: str) -> Statements:
    """The statements of a file; none where this Python cannot parse it."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(text)
            coded = frozenset(_coded(compile(tree, "<verify>", "exec", dont_inherit=True)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return Statements({}, {}, frozenset())
    for node in ast.walk(tree):  # outer statements come first
        if isinstance(node, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            start, end = _extent(node)
            for line in range(start, end + 1):
                first[line], last[line] = start, end
    return Statements(first, last, coded)


def _extent(node: ast.stmt | ast.ExceptHandler | ast.match_case) -> tuple[int, int]:
    """The first and last line of a statement, or of its header."""
    head = node.pattern if isinstance(node, ast.match_case) else node
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    start = min([head.lineno, *(decorator.lineno for decorator in decorators)])
    body: list[ast.stmt] = getattr(node, "body", [])
    if isinstance(node, ast.Match):
        return start, node.subject.end_lineno or start
    if not body:
        return start, head.end_lineno or start
    below = min(item.lineno for item in (body[0], *getattr(body[0], "decorator_list", [])))
    return start, max(start, below - 1)


def _coded(code: CodeType) -> Iterator[int]:
    yield from (line for _, _, line in code.co_lines() if line)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _coded(constant)

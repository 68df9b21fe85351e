"""What an expression stands in, for words that are put in its place and hold quotes or a comparison."""

from __future__ import annotations

import ast
from bisect import bisect_right

from migrate.source import Scan
from migrate.trees import below, every

_LOOSER = (  # what binds no closer than a comparison
    ast.If, ast.While, ast.IfExp, ast.BoolOp, ast.Assert, ast.Return, ast.Assign, ast.AnnAssign, ast.keyword,
    ast.comprehension, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Lambda, ast.NamedExpr, ast.Expr,
    ast.ListComp, ast.SetComp, ast.GeneratorExp,
)  # fmt: skip


class Enclosing:
    """The f-strings of a file, and what its attributes of one name stand in; looked for when first asked."""

    def __init__(self, scan: Scan, attribute: str) -> None:
        self.scan, self.attribute = scan, attribute
        self.walked = False
        self.formatted: list[tuple[int, int, bool]] = []  # the outermost: start, end, whether one is inside
        self.loose: set[int] = set()  # ends of the attributes that nothing binds closer than a comparison

    def quoted(self, at: int, word: str) -> tuple[str, str]:
        """A word with quotes that may stand at an offset, also inside an f-string, or why there is none."""
        if '"' not in word and "'" not in word:
            return word, ""
        self._walk()
        number = bisect_right(self.formatted, (at, len(self.scan.text), True)) - 1
        if number < 0 or self.formatted[number][1] <= at:
            return word, ""
        start, end, nested = self.formatted[number]
        text = self.scan.text[start:end].lstrip("fFrRbBuU")
        if not nested and "'" not in word and text[0] == text[-1] != text[1] and text.count(text[0]) == 2:
            return word.replace('"', "'" if text[0] == '"' else '"'), ""
        return "", f"becomes {word}, inside an f-string: write it out by hand"

    def needs_parentheses(self, end: int) -> bool:
        """Whether a comparison in place of the expression whose attribute ends there would be taken apart."""
        self._walk()
        return end not in self.loose

    def _walk(self) -> None:
        if self.walked:
            return
        self.walked = True
        waiting: list[tuple[ast.AST, bool]] = [(self.scan.module.node, False)]
        while waiting:
            node, inside = waiting.pop()
            if isinstance(node, ast.JoinedStr) and not inside:
                self.formatted.append((*self._span(node), _is_nested(node)))
                inside = True
            for child in below(node):
                if isinstance(child, ast.Attribute) and child.attr == self.attribute and _is_loose(node, child):
                    self.loose.add(self._span(child)[1])
                waiting.append((child, inside))
        self.formatted.sort()

    def _span(self, node: ast.expr) -> tuple[int, int]:
        end = self.scan.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        return self.scan.offset(node.lineno, node.col_offset), end


def _is_nested(text: ast.JoinedStr) -> bool:
    """Whether an f-string holds another one in its expressions; how a value is written does not count."""
    values = (part.value for part in text.values if isinstance(part, ast.FormattedValue))
    return any(isinstance(node, ast.JoinedStr) for value in values for node in every(value))


def _is_loose(parent: ast.AST, child: ast.expr) -> bool:
    if isinstance(parent, ast.UnaryOp):
        return isinstance(parent.op, ast.Not)
    return isinstance(parent, _LOOSER) or (isinstance(parent, ast.Call) and child is not parent.func)

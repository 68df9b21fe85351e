"""What must hold for a program and what one run makes of it, told from the texts and Python's own trees alone."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from kit import result_of

from migrate.edits import line_starts
from migrate.engine import rewritten
from migrate.model import Edit, FileResult

REFUSED = "refused: libcst does not read it"  # which Python does; nothing is edited then
Span = tuple[int, int]


def broken_promise(text: str, target: str) -> str:
    """What goes wrong with a program, "" or `REFUSED`. Exceptions of the tool are let through."""
    result = result_of(text.encode(), target)
    if result.error:
        return REFUSED if _is_refusal(result) else f"error: {result.error.message}"
    output = rewritten(text.encode(), result).decode()
    edits = sorted(result.edits, key=lambda edit: (edit.start, edit.end))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return (
            _unaccounted(result)
            or _elsewhere(text, output, edits)
            or _in_text(text, edits)
            or tree_difference(text, output, edits)
            or _missed(text, result)
            or _again(output, target)
        )


def _is_refusal(result: FileResult) -> bool:
    return result.error is not None and result.error.message.startswith("does not parse: libcst")


def _unaccounted(result: FileResult) -> str:
    found = [finding for finding in result.findings if finding.rule_id == "unaccounted"]
    return f"unaccounted: {found[0].line}:{found[0].column} {found[0].found}" if found else ""


def _elsewhere(text: str, output: str, edits: Sequence[Edit]) -> str:
    """The output is the text with its edits, and nothing else."""
    parts: list[str] = []
    done = 0
    for edit in edits:
        if edit.start < done or text[edit.start : edit.end] == edit.text:
            return f"an edit overlaps or changes nothing: {edit}"
        parts += text[done : edit.start], edit.text
        done = edit.end
    return "" if "".join([*parts, text[done:]]) == output else "something changed outside the edits"


def _in_text(text: str, edits: Sequence[Edit]) -> str:
    for start, end in (*_comments(text), *_docstrings(text)):
        for edit in edits:
            if start < edit.end and edit.start < end:
                return f"an edit in a comment or a docstring: {text[start:end]}"
    return ""


def _comments(text: str) -> Iterator[Span]:
    starts = line_starts(text)
    lines = re.sub(r"\r(?!\n)", "\n", text)  # which is all that some versions of tokenize take
    for token in tokenize.generate_tokens(io.StringIO(lines, newline="").readline):
        if token.type == tokenize.COMMENT:
            start = starts[token.start[0] - 1] + token.start[1]
            yield start, start + len(token.string.rstrip("\r\n"))


def _docstrings(text: str) -> Iterator[Span]:
    places = Places(text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield places.of(node)


def _again(output: str, target: str) -> str:
    again = result_of(output.encode(), target)
    if _is_refusal(again):
        return REFUSED  # whether it reads some lines hangs on how long their words are
    if again.error:
        return f"the output is refused: {again.error.message}"
    return f"a second run edits: {again.edits[0]}" if again.edits else ""


def _missed(text: str, result: FileResult) -> str:
    """A call `.cuda()` on an expression that is no name is never passed over as one of the project's names."""
    if sys.version_info < (3, 12) and ("f'" in text or 'f"' in text):
        return ""  # the places of what is in an f-string are not known
    places = Places(text)
    said = {finding.start: finding for finding in result.findings}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "cuda":
            at = places.of(node.func)[1] - len("cuda")
            found = said.get(at)
            if not _is_chain(node.func.value) and found and found.rule_id == "left:identifier":
                return f"a call passed over: {ast.unparse(node)}: {found.message}"
    return ""


def _is_chain(node: ast.expr) -> bool:
    while isinstance(node, (ast.Attribute, ast.Call, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name)


# -- trees --------------------------------------------------------------------------------------------


class Places:
    """Where the nodes of a tree stand in its text."""

    def __init__(self, text: str) -> None:
        self.text, self.starts = text, [*line_starts(text), len(text)]

    def of(self, node: ast.AST) -> Span:
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        decorators = getattr(node, "decorator_list", None)
        if decorators:
            line, column = min((line, column), (decorators[0].lineno, 0))
        return self._at(line, column), self._at(getattr(node, "end_lineno", line), getattr(node, "end_col_offset", 0))

    def _at(self, line: int, column: int) -> int:
        start = self.starts[line - 1]
        text = self.text[start : self.starts[min(line, len(self.starts) - 1)]]
        return start + (column if text.isascii() else len(text.encode()[:column].decode("utf-8", "replace")))


def tree_difference(text: str, output: str, edits: Sequence[Edit]) -> str:
    """Where the tree of the output differs from that of the text elsewhere than in nodes that an edit is part of."""
    try:
        after = ast.parse(output)
    except SyntaxError as error:
        return f"the output does not parse: {error}"
    olds: list[Span] = []
    news: list[Span] = []
    shift = 0
    for edit in edits:
        start = edit.start + shift
        if olds and olds[-1][1] == edit.start:  # several edits in a row are one
            olds[-1], news[-1] = (olds[-1][0], edit.end), (news[-1][0], start + len(edit.text))
        else:
            olds.append((edit.start, edit.end))
            news.append((start, start + len(edit.text)))
        shift += len(edit.text) - (edit.end - edit.start)
    node = _Comparison(Places(text), Places(output), olds, news).differs(ast.parse(text), after)
    return f"the tree differs: {ast.unparse(node)[:200]}" if node is not None else ""


class _Comparison:
    """Two trees, and the spans that the edits took from the first and put into the second."""

    def __init__(self, before: Places, after: Places, olds: Sequence[Span], news: Sequence[Span]) -> None:
        self.before, self.after, self.olds, self.news = before, after, olds, news
        self.firsts = [start for start, _ in olds]

    def differs(self, one: ast.AST, other: ast.AST) -> ast.AST | None:
        """The outermost node of the first tree that differs from its counterpart without a reason."""
        if sys.version_info < (3, 12) and isinstance(one, ast.JoinedStr):
            return None  # the places of what is in it are not known
        pairs = self._pairs(one, other)
        if pairs is None:
            return None if self._is_edited(one) and self._holds(one, other) else one
        return next((found for pair in pairs if (found := self.differs(*pair)) is not None), None)

    def _pairs(self, one: ast.AST, other: ast.AST) -> list[tuple[ast.AST, ast.AST]] | None:
        """The children of two nodes that belong together, None if the nodes are not alike."""
        if type(one) is not type(other):
            return None
        pairs: list[tuple[ast.AST, ast.AST]] = []
        for name in one._fields:
            left, right = _listed(getattr(one, name, None)), _listed(getattr(other, name, None))
            left = [item for item in left if not self._is_within(item, self.before, self.olds)]
            right = [item for item in right if not self._is_within(item, self.after, self.news)]
            if len(left) != len(right):
                return None
            for a, b in zip(left, right, strict=True):
                if isinstance(a, ast.AST) and isinstance(b, ast.AST):
                    pairs.append((a, b))
                elif a != b or type(a) is not type(b):
                    return None
        return pairs

    def _is_within(self, node: object, places: Places, spans: Sequence[Span]) -> bool:
        if not isinstance(node, ast.AST) or not hasattr(node, "lineno"):
            return False
        start, end = places.of(node)
        return any(first <= start and end <= last and first < last for first, last in spans)

    def _is_edited(self, node: ast.AST) -> bool:
        """Whether an edit took characters of the node's own, or added some, outside of its children."""
        if not hasattr(node, "lineno"):
            return isinstance(node, ast.Module)
        start, end = self.before.of(node)
        inner = [self.before.of(child) for child in _placed(node)]
        return any(
            start <= first and last <= end and not any(low <= first and last <= high for low, high in inner)
            for first, last in self.olds[max(0, bisect_right(self.firsts, start) - 1) :]
        )

    def _holds(self, one: ast.AST, other: ast.AST) -> bool:
        """Whether the children that no edit touches are all below the other node, too."""
        below = {ast.dump(node) for node in ast.walk(other)}
        return all(ast.dump(child) in below for child in _placed(one) if not self._is_touched(child))

    def _is_touched(self, node: ast.AST) -> bool:
        low, high = self.before.of(node)
        return any(
            (low < last and first < high) or low <= first == last <= high
            for first, last in self.olds[max(0, bisect_right(self.firsts, low) - 1) : bisect_right(self.firsts, high)]
        )


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _placed(node: ast.AST) -> Iterator[ast.AST]:
    """The nearest nodes below one that have a place."""
    for child in ast.iter_child_nodes(node):
        if hasattr(child, "lineno"):
            yield child
        else:
            yield from _placed(child)

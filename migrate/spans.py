"""Where libcst's nodes stand in the text. The only file that touches libcst's internals.

libcst keeps no positions; its code generator visits every node in order, so we count what it has
written before and after the nodes we ask for. That is 7 times cheaper than `PositionProvider`, which
is the oracle in the tests.
"""

from __future__ import annotations

from itertools import accumulate

import libcst as cst
from libcst._nodes.internal import CodegenState

# What libcst raises for code that it does not read; the last for an `async` at the end of a line, by mistake.
REFUSALS = (cst.ParserSyntaxError, cst.CSTValidationError, AttributeError)


class _Recorder(CodegenState):
    """Writes the module like libcst does and notes between which tokens each node stands."""

    def __init__(self, default_indent: str, default_newline: str) -> None:
        super().__init__(default_indent, default_newline)
        self.between: dict[int, tuple[int, int]] = {}
        self.open: dict[int, int] = {}

    def before_codegen(self, node: cst.CSTNode) -> None:
        self.open[id(node)] = len(self.tokens)

    def after_codegen(self, node: cst.CSTNode) -> None:
        self.between.setdefault(id(node), (self.open[id(node)], len(self.tokens)))

    def record_syntactic_position(  # type: ignore[override]
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> _Bracket:
        """libcst opens this around a node without its parentheses and surrounding white space."""
        return _Bracket(self, id(node))


class _Bracket:
    """A context manager without the cost of a generator: libcst opens one for every expression."""

    __slots__ = ("node", "recorder", "start")

    def __init__(self, recorder: _Recorder, node: int) -> None:
        self.recorder, self.node = recorder, node

    def __enter__(self) -> None:
        self.start = len(self.recorder.tokens)

    def __exit__(self, *_: object) -> None:
        self.recorder.between[self.node] = (self.start, len(self.recorder.tokens))


class Spans:
    """Character offsets of the nodes of one module, counted from its first character."""

    def __init__(self, module: cst.Module) -> None:
        recorder = _Recorder(module.default_indent, module.default_newline)
        module._codegen(recorder)
        self.code = "".join(recorder.tokens)
        self._offsets = [0, *accumulate(map(len, recorder.tokens))]
        self._between = recorder.between

    def of(self, node: cst.CSTNode) -> tuple[int, int]:
        """Start and end of a node, without parentheses around it or space beside it."""
        start, end = self._between[id(node)]
        last = len(self._offsets) - 1
        return self._offsets[min(start, last)], self._offsets[min(end, last)]

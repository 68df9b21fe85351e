"""Plain access to the nodes of the standard library's `ast`: those that carry meaning, without a generator each."""

from __future__ import annotations

import ast
from collections.abc import Iterator

LEAVES = (ast.Name, ast.Constant)  # half of all nodes, and nothing is below them
CARRYING = frozenset(  # what tells where values go
    {ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.For, ast.AsyncFor, ast.comprehension, ast.Return, ast.Dict, ast.Call,
     ast.Subscript, ast.Compare}
)  # fmt: skip
_USES = frozenset({"ctx", "op", "ops"})  # fields that only say how a node is used


def below(node: ast.AST) -> list[ast.AST]:
    """The children of a node in source order, without those that only say how it is used."""
    found: list[ast.AST] = []
    for name in node._fields:
        if name in _USES:
            continue
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def every(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, LEAVES):
            waiting += below(node)

"""The names of one scope: what is its own, and how often and by what a name is bound in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from migrate.trees import below, every

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def own(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope, without those of the scopes in it."""
    waiting = below(scope)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, SCOPES):
            waiting += below(node)


def blocks(scope: ast.AST) -> Iterator[Sequence[ast.stmt]]:
    """The lists of statements of a scope."""
    for node in (scope, *own(scope)):
        if node is scope or not isinstance(node, SCOPES):
            for field in ("body", "orelse", "finalbody"):
                block = getattr(node, field, None)
                if isinstance(block, list):
                    yield block


def assigned(scope: ast.AST, name: str) -> list[ast.Assign]:
    """The statements that assign to the name alone, in order."""
    found = (node for node in own(scope) if isinstance(node, ast.Assign) and len(node.targets) == 1)
    return sorted((node for node in found if is_name(node.targets[0], name)), key=lambda node: node.lineno)


def stores(scope: ast.AST, name: str) -> int:
    """How often a name is bound in a scope, in whatever way; declared global or nonlocal counts as twice."""
    shared = (node for node in every(scope) if isinstance(node, (ast.Global, ast.Nonlocal)))
    count = sum(2 for node in shared if name in node.names)
    for node in own(scope):
        if isinstance(node, ast.Name):
            count += node.id == name and not isinstance(node.ctx, ast.Load)
        elif isinstance(node, ast.alias):
            count += (node.asname or node.name.partition(".")[0]) == name
        else:
            count += name == (node.arg if isinstance(node, ast.arg) else getattr(node, "name", None))
    return count


def is_name(node: ast.AST | None, name: str) -> bool:
    """Whether a node is just that name."""
    return isinstance(node, ast.Name) and node.id == name

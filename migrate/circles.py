"""Which files of a project an import runs, one after the other: they cannot import what it imports from."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

from migrate.engine import decode, parse
from migrate.extras import Expression
from migrate.trees import below, every

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def run_by(expression: Expression, files: Iterable[str], read: Callable[[str], bytes]) -> frozenset[str]:
    """The files that run while the module of an expression is imported, by their paths.

    `read` gives the bytes of one; OSError counts as an empty file. What functions import later is not among them, nor
    what is imported for type checkers only.
    """
    python = frozenset(path for path in files if path.endswith(".py"))
    names = {name.replace(".", "/") for name in (expression.module, expression.dotted) if name}
    endings = [f"/{name}{tail}" for name in names for tail in (".py", "/__init__.py")]
    waiting = [path for path in python if f"/{path}".endswith(tuple(endings))]
    found: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [item for item in _imported(path, _tree(path, read), python) if item not in found]
    return frozenset(found)


def _tree(path: str, read: Callable[[str], bytes]) -> ast.Module:
    try:
        return parse(decode(read(path))[0])
    except Exception:  # whatever it is, the report will have it when the file's turn comes
        return ast.Module([], [])


def _imported(path: str, tree: ast.Module, files: frozenset[str]) -> Iterator[str]:
    """The files that the imports of one run, as far as they are the project's."""
    folders = path.split("/")[:-1]
    every = ["/".join(folders[:depth]) for depth in range(len(folders) + 1)]
    above = [folder for folder in every if f"{folder}/__init__.py".lstrip("/") not in files]  # a package is no root
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            dotted, roots = [alias.name for alias in node.names], [*above, "src"]
        else:
            module = node.module or ""
            dotted = [module, *(f"{module}.{alias.name}".lstrip(".") for alias in node.names)]
            roots = ["/".join(folders[: len(folders) + 1 - node.level])] if node.level else [*above, "src"]
        for root in dict.fromkeys(roots):
            for name in filter(None, dotted):
                yield from _files(root, name.split("."), files)


def _files(root: str, parts: list[str], files: frozenset[str]) -> Iterator[str]:
    """The files that a dotted name runs below a folder: those of its packages, and its own."""
    base = f"{root}/" if root else ""
    for depth in range(1, len(parts) + 1):
        whole = base + "/".join(parts[:depth])
        yield from (path for path in (f"{whole}.py", f"{whole}/__init__.py") if path in files)


def _statements(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports that run when a module does."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif isinstance(node, ast.If) and any(_is_typing(item) for item in every(node.test)):
            waiting += node.orelse
        elif not isinstance(node, (ast.expr, *_FUNCTIONS)):
            waiting += below(node)


def _is_typing(node: ast.AST) -> bool:
    return "TYPE_CHECKING" in (getattr(node, "id", None), getattr(node, "attr", None))

"""An expression of the project that says the device, in the place of a literal: what it has to be, and where it can."""

from __future__ import annotations

import ast
from dataclasses import replace

from migrate.extras import Expression
from migrate.model import Kind, Table

_PRIMARY = (ast.Name, ast.Attribute, ast.Call, ast.Subscript)
_LONG = 200
_CODE = ("python", "notebook")


class ExpressionError(Exception):
    """An expression, or its import, that cannot be used; the message says why."""


def read_expression(text: str, line: str) -> Expression:
    """The expression for a device, and the import that it needs. Raises `ExpressionError`."""
    root = _root(text)
    try:
        (node,) = ast.parse(line).body
    except (SyntaxError, ValueError, RecursionError):
        node = ast.Pass()
    if not isinstance(node, (ast.Import, ast.ImportFrom)) or len(node.names) != 1 or len(line.splitlines()) != 1:
        raise ExpressionError(f"{line!r} is no import of one name")
    module, name = getattr(node, "module", None) or "", node.names[0].name
    if getattr(node, "level", 0) or name == "*" or module == "__future__":
        raise ExpressionError(f"{line!r} would not do in every file: name the module from the top")
    dotted = f"{module}.{name}" if module else name
    local = node.names[0].asname or (name if module else name.partition(".")[0])
    if local != root:
        raise ExpressionError(f"{text!r} begins with {root!r}, but {line!r} gives {local!r}")
    meaning = dotted if module or node.names[0].asname else local
    return Expression(text, line.strip(), root, dotted, meaning, module)


def _root(text: str) -> str:
    """The name that an expression begins with. Raises `ExpressionError`."""
    try:
        node: ast.expr = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        raise ExpressionError(f"{text!r} is no expression of Python") from None
    primary = len(text) <= _LONG and text == text.strip() and text.isprintable() and "#" not in text
    while primary and isinstance(node, _PRIMARY) and not isinstance(node, ast.Name):
        node = node.func if isinstance(node, ast.Call) else node.value
    if not primary or not isinstance(node, ast.Name) or text[-1:] == '"' or text[:1] == "(":
        raise ExpressionError(f"{text!r} has to be a name, an attribute, a call or an item, such as utils.device_type")
    return node.id


def localized(table: Table, path: str, kind: Kind, *, circular: bool = False) -> Table:
    """The table for one file: with the expression where the file can import it, with the literal where it is made.

    A file is `circular` if it is known to run while the expression is imported.
    """
    expression = table.target.expression
    if expression is None:
        return table
    modules = [name.split(".") for name in (expression.module, expression.dotted) if name]
    files = [[*names[:-1], f"{names[-1]}.py"] for names in modules]
    packages = [[*names[:depth], "__init__.py"] for names in modules for depth in range(1, len(names) + 1)]
    parts = path.split("/")
    why = ""
    if kind not in _CODE or any(parts[-len(file) :] == file for file in files):
        return replace(table, target=replace(table.target, expression=None))
    if path.endswith(".pyi"):
        why = "a stub imports no code"
    elif circular or any(_may_be(parts, file) for file in (*files, *packages)):
        why = f"`{expression.line}` may import this file while it is being imported itself"
    return replace(table, target=replace(table.target, expression=replace(expression, blocked=why))) if why else table


def _may_be(parts: list[str], file: list[str]) -> bool:
    """Whether a path is the one of a file, as far as both go."""
    count = min(len(parts), len(file))
    return parts[-count:] == file[-count:]

"""Short descriptions of expressions and names, for deciding what a value is used for."""

from __future__ import annotations

import libcst as cst

_TRANSPARENT_METHODS = frozenset(
    {"lower", "upper", "strip", "lstrip", "rstrip", "casefold", "split", "rsplit", "partition", "rpartition",
     "replace", "format", "removeprefix", "removesuffix", "title"}
)  # fmt: skip
_TRANSPARENT_CALLS = frozenset({"str", "repr", "list", "tuple", "set", "frozenset", "sorted", "cast"})


def describe(node: cst.CSTNode) -> str:
    """A dotted path that says what an expression holds: `str(args.device).lower()` is "args.device"."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        base = describe(node.value)
        return f"{base}.{node.attr.value}" if base else node.attr.value
    if isinstance(node, cst.Call):
        return _describe_call(node)
    if isinstance(node, cst.Subscript):
        return _describe_item(node)
    if isinstance(node, (cst.Await, cst.StarredElement)):
        return describe(node.expression if isinstance(node, cst.Await) else node.value)
    if isinstance(node, cst.NamedExpr):
        return describe(node.target)
    return ""


def _describe_call(node: cst.Call) -> str:
    function = node.func
    if isinstance(function, cst.Attribute):
        name = function.attr.value
        if name in _TRANSPARENT_METHODS:
            return describe(function.value)
        if name in ("get", "pop", "setdefault") and node.args:
            key = plain_text(node.args[0].value)
            return f"{describe(function.value)}.{key}" if key else describe(function)
    elif isinstance(function, cst.Name):
        if function.value in _TRANSPARENT_CALLS and len(node.args) >= 1:
            return describe(node.args[-1 if function.value == "cast" else 0].value)
        if function.value == "getattr" and len(node.args) >= 2:
            key = plain_text(node.args[1].value)
            return f"{describe(node.args[0].value)}.{key}" if key else ""
    return describe(function)


def _describe_item(node: cst.Subscript) -> str:
    base = describe(node.value)
    if len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Index):
        key = plain_text(node.slice[0].slice.value)
        if key:
            return f"{base}.{key}" if base else key
    return base


def plain_text(node: cst.CSTNode) -> str | None:
    """The content of a simple string literal without escapes, None for anything else."""
    if isinstance(node, cst.SimpleString) and "b" not in node.prefix:
        content = node.raw_value
        return None if "\\" in content else content
    return None

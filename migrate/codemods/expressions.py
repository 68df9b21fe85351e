"""The project's own expression for a device, where a literal would stand."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace

from migrate.codemods.enclosing import around
from migrate.codemods.view import View
from migrate.extras import Expression
from migrate.model import Edit
from migrate.syntax import Literal

_HEAD = re.compile(r"([fFrRuU]{0,2})(\"\"\"|'''|\"|')")


def literal_edits(view: View, literal: Literal, edits: Sequence[Edit], device: str) -> tuple[tuple[Edit, ...], str]:
    """Edits that put the expression for the device, given those that would put the literal, or why there are none."""
    expression = view.table.target.expression
    text = view.scan.text[literal.start : literal.end]
    head = _HEAD.match(text)
    if expression is None or not edits:
        return tuple(edits), ""
    if problem := _problem(view, literal, expression):
        return (), f"becomes {expression.text}: {problem}"
    if literal.value == view.table.source.device:
        before = " " if view.scan.text[: literal.start][-1:].isidentifier() else ""
        after = " " if re.match(r"\w", view.scan.text[literal.end : literal.end + 1]) else ""
        return (Edit(literal.start, literal.end, f"{before}{expression.text}{after}"),), ""
    formatted = head is not None and "f" in head[1].lower()
    if head is None or (not formatted and re.search(r"[{}%\\]", text)):
        return (), f"becomes {expression.text}: in a text that is completed elsewhere"
    if head[1].lower() not in ("", "f") or _has_quotes(expression):
        return (), f"becomes {expression.text}: write the text as an f-string"
    if _is_pattern(view, literal):
        return (), f"becomes {expression.text}: a pattern cannot hold an f-string"
    inside = tuple(replace(edit, text=f"{{{expression.text}}}") if edit.text == device else edit for edit in edits)
    if formatted:
        return inside, ""
    space = " " if re.match(r"\w", view.scan.text[literal.start - 1 : literal.start]) else ""
    return (Edit(literal.start, literal.start, f"{space}f"), *inside), ""


def _problem(view: View, literal: Literal, expression: Expression) -> str:
    """Why an expression cannot stand where a literal does, or ""."""
    if literal.split:
        return "the text is in pieces"
    nodes = around(view, literal.start)
    if literal.site.kind == "annotation" or any(_is_literal_type(node) for node in nodes):
        return "a type cannot hold it"
    if _is_pattern(view, literal):
        names = expression.text.split(".")
        if len(names) < 2 or not all(name.isidentifier() for name in names):
            return "a pattern takes a dotted name only"
    if _has_quotes(expression) and any(isinstance(node, ast.JoinedStr) for node in nodes):
        return "inside an f-string"
    return ""


def _is_pattern(view: View, literal: Literal) -> bool:
    nodes = around(view, literal.start)
    return literal.site.kind == "case" or any(isinstance(node, ast.pattern) for node in nodes)


def _is_literal_type(node: ast.AST) -> bool:
    """Whether a node is `Literal["cuda"]`."""
    return isinstance(node, ast.Subscript) and "Literal" in (
        getattr(node.value, "id", ""), getattr(node.value, "attr", "")
    )  # fmt: skip


def _has_quotes(expression: Expression) -> bool:
    return '"' in expression.text or "'" in expression.text or "\\" in expression.text

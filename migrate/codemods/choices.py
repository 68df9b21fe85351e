"""A choice between modules that stays, and the flag it is made by: `torch.cuda if is_cuda else torch.xpu`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from migrate.arms import is_short
from migrate.codemods.among import Among, Span
from migrate.codemods.locals import SCOPES, own
from migrate.codemods.view import View
from migrate.model import Draft
from migrate.trees import every

_PLACED = (ast.expr, ast.stmt)
_STAYING = ("branch:multi-backend", "left:multi-backend")


def chosen(view: View, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts, with those manual that would turn the flag of a choice that stays as it is."""
    staying = [draft for draft in drafts if draft.rule_id in _STAYING and not draft.edits]
    if not staying or not any(draft.edits for draft in drafts):
        return list(drafts)
    spans = sorted(span for scope, flags in _flags(view, staying).items() for span in _set(view, scope, flags))
    every_one = Among(drafts)
    turning = {draft for span in spans for draft in every_one.within(span) if draft.edits}
    why = "decides a choice between accelerators that stays as it is: change both by hand"
    return [replace(draft, safety="manual", edits=(), message=why) if draft in turning else draft for draft in drafts]


def _flags(view: View, staying: Sequence[Draft]) -> dict[ast.AST, set[str]]:
    """The flags that choices with something staying in them are made by, by the scope they are set in."""
    tree = view.scan.module.node
    stays = Among(staying)
    found: dict[ast.AST, set[str]] = {}
    for scope in (tree, *(node for node in view.scan.nodes() if isinstance(node, SCOPES))):
        nodes = list(own(scope))
        here = {flag for node in nodes for flag in _targets(node)}
        for node in nodes:
            test = _chosen_by(node)
            if test and isinstance(node, _PLACED) and next(stays.within(view.scan.span(node)), None):
                for flag in _asked(test):
                    found.setdefault(scope if flag in here else tree, set()).add(flag)
    return found


def _chosen_by(node: ast.AST) -> ast.expr | None:
    """The condition by which one of several things is taken: of a ternary, of a display, of short arms."""
    if isinstance(node, ast.IfExp):
        return node.test
    if isinstance(node, ast.Subscript) and isinstance(node.value, (ast.Tuple, ast.List, ast.Dict)):
        return node.slice
    if isinstance(node, ast.If) and node.orelse and is_short(node.body) and is_short(node.orelse):
        return node.test
    return None


def _asked(test: ast.expr) -> Iterator[str]:
    """The names and attributes that a condition is made of."""
    if isinstance(test, ast.UnaryOp):
        yield from _asked(test.operand)
    elif isinstance(test, ast.BoolOp):
        for value in test.values:
            yield from _asked(value)
    elif isinstance(test, (ast.Name, ast.Attribute)):
        yield _name(test)


def _name(node: ast.AST) -> str:
    """What a flag is called: an attribute, of whatever object, begins with a dot."""
    return node.id if isinstance(node, ast.Name) else f".{node.attr}" if isinstance(node, ast.Attribute) else ""


def _targets(node: ast.AST) -> list[str]:
    """The names that a node assigns a value to."""
    if isinstance(node, ast.Assign):
        return [_name(target) for target in node.targets]
    return [_name(node.target)] if isinstance(node, (ast.AnnAssign, ast.NamedExpr, ast.AugAssign)) else []


def _set(view: View, scope: ast.AST, flags: set[str]) -> Iterator[Span]:
    """What assigns to the flags, and the questions of an `if` that sets them."""
    for node in every(scope):
        if isinstance(node, _PLACED) and not flags.isdisjoint(_targets(node)):
            yield view.scan.span(node)
        elif isinstance(node, ast.If) and not flags.isdisjoint(_set_by(node)):
            yield view.scan.span(node.test)


def _set_by(node: ast.If) -> Iterator[str]:
    for statement in (*node.body, *node.orelse):
        yield from _targets(statement)

"""Keys and what they stand for: `{"cuda": torch.cuda}[kind]` changes as a whole or not at all."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from migrate.codemods.among import Among, Span
from migrate.codemods.view import View
from migrate.model import Draft

_KINDS = ("device:", "backend:", "api:")


def paired(view: View, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts, with those manual that would change a key without its value, or a value without its key.

    Only for values that a key is looked up for: a name, a text or a few. The outcome of a call is data.
    """
    if not any(draft.edits for draft in drafts) or not (any(map(_stays, drafts)) or "dict(" in view.scan.text):
        return list(drafts)
    told = Among(drafts)
    changed: dict[Draft, Draft] = {}
    for key, value in _pairs(view):
        one, other = (list(told.within(span)) for span in (key, value))
        for kept, moved, what in ((one, other, "key"), (other, one, "value")):
            stuck = next((draft for draft in kept if _stays(draft)), None)
            if stuck is None:
                continue
            why = f"goes together with its {what}, which stays: {stuck.message}"
            moving = [draft for draft in moved if draft.edits and draft.rule_id.startswith(_KINDS)]
            changed |= {draft: replace(draft, safety="manual", edits=(), message=why) for draft in moving}
    for name, span in _keywords(view):
        why = f"goes together with its key, {name!r}, which stays"
        for draft in told.within(span):
            if draft.edits:
                changed[draft] = replace(draft, safety="manual", edits=(), message=why)
    return [changed.get(draft, draft) for draft in drafts]


def _stays(draft: Draft) -> bool:
    return draft.safety == "manual" and not draft.edits and draft.rule_id.startswith(_KINDS)


def _pairs(view: View) -> Iterator[tuple[Span, Span]]:
    """The spans of keys and of their values."""
    for node in view.scan.nodes():
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and _is_reference(value):
                    yield view.scan.span(key), view.scan.span(value)
        elif isinstance(node, ast.Assign) and _is_reference(node.value):
            for target in node.targets:
                if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
                    yield view.scan.span(target.slice), view.scan.span(node.value)


def _keywords(view: View) -> Iterator[tuple[str, Span]]:
    """The keywords of `dict(cuda=…)` that are called like the device, and the spans of their values."""
    for node in view.scan.nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
            for keyword in node.keywords:
                if keyword.arg == view.table.source.device and _is_reference(keyword.value):
                    yield keyword.arg, view.scan.span(keyword.value)


def _is_reference(node: ast.expr) -> bool:
    if isinstance(node, (ast.Tuple, ast.List)):
        return all(_is_reference(element) for element in node.elts)
    if isinstance(node, ast.Attribute):
        return _is_reference(node.value)
    return isinstance(node, (ast.Name, ast.Constant))

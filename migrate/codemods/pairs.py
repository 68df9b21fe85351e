"""Keys and what they stand for: `{"cuda": torch.cuda}[kind]` changes as a whole or not at all."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace

from migrate.codemods.view import View
from migrate.model import Draft

_KINDS = ("device:", "backend:", "api:")
Span = tuple[int, int]


def paired(view: View, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts, with those manual that would change a key without its value, or a value without its key.

    Only for values that a key is looked up for: a name, a text or a few. The outcome of a call is data.
    """
    if not any(draft.edits for draft in drafts) or not (any(map(_stays, drafts)) or "dict(" in view.scan.text):
        return list(drafts)
    ordered = sorted(drafts, key=lambda draft: draft.start)
    starts = [draft.start for draft in ordered]
    changed: dict[Draft, Draft] = {}
    for key, value in _pairs(view):
        one, other = (_inside(ordered, starts, span) for span in (key, value))
        for kept, moved, what in ((one, other, "key"), (other, one, "value")):
            stuck = next((draft for draft in kept if _stays(draft)), None)
            if stuck is None:
                continue
            why = f"goes together with its {what}, which stays: {stuck.message}"
            moving = [draft for draft in moved if draft.edits and draft.rule_id.startswith(_KINDS)]
            changed |= {draft: replace(draft, safety="manual", edits=(), message=why) for draft in moving}
    for name, span in _keywords(view):
        why = f"goes together with its key, {name!r}, which stays"
        for draft in _inside(ordered, starts, span):
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
                    yield _span(view, key), _span(view, value)
        elif isinstance(node, ast.Assign) and _is_reference(node.value):
            for target in node.targets:
                if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
                    yield _span(view, target.slice), _span(view, node.value)


def _keywords(view: View) -> Iterator[tuple[str, Span]]:
    """The keywords of `dict(cuda=…)` that are called like the device, and the spans of their values."""
    for node in view.scan.nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
            for keyword in node.keywords:
                if keyword.arg == view.table.source.device and _is_reference(keyword.value):
                    yield keyword.arg, _span(view, keyword.value)


def _is_reference(node: ast.expr) -> bool:
    if isinstance(node, (ast.Tuple, ast.List)):
        return all(_is_reference(element) for element in node.elts)
    if isinstance(node, ast.Attribute):
        return _is_reference(node.value)
    return isinstance(node, (ast.Name, ast.Constant))


def _inside(ordered: Sequence[Draft], starts: Sequence[int], span: Span) -> list[Draft]:
    """The drafts of an ordered list that lie in a span."""
    near = ordered[bisect_left(starts, span[0]) : bisect_left(starts, span[1])]
    return [draft for draft in near if draft.end <= span[1]]


def _span(view: View, node: ast.expr) -> Span:
    end = view.scan.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
    return view.scan.offset(node.lineno, node.col_offset), end

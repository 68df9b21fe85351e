"""What goes together: a call that stays and its arguments, a question and what is run if the answer is yes."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from migrate.codemods.view import View
from migrate.model import Draft
from migrate.trees import every

Span = tuple[int, int]
_PROVIDER = "text:CUDAExecutionProvider"
_VERSION = "api:torch.version.cuda"
_DOUBLES = ("torch.float64", "torch.double")


def gated(view: View, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts, with those manual or worth a review that decide whether something left for a person runs.

    `cuda.is_available() and cuda.get_device_capability() > (7, 0)` moves as a whole or not at all. Where the
    question is that of an `if` around it, it still moves, but a person has to see both.
    """
    calls = _calls_that_stay(view, drafts)
    drafts = _of_versions(view, _of_doubles(view, [_inside_of_call(draft, calls) for draft in drafts]))
    stuck = [draft for draft in drafts if draft.safety == "manual" and _is_run(view, draft)]
    if not stuck:
        return list(drafts)
    changed: dict[int, Draft] = {}
    for question, rest, whole in _questions(view):
        inside = next((draft for draft in stuck if _within(draft, rest)), None)
        if inside is None:
            continue
        kind, _, name = inside.rule_id.partition(":")
        name = f".{name}()" if kind == "method" else name
        for number, draft in enumerate(drafts):
            if not draft.edits or not _within(draft, question) or not _asks(view, draft):
                continue
            if whole:
                why = f"goes together with {name} behind it, which stays: {inside.message}"
                changed[number] = replace(draft, safety="manual", edits=(), message=why)
            elif number not in changed:
                why = f"{name}, which needs CUDA, is run where this is true: see to that first"
                changed[number] = replace(draft, safety="review", message=why)
    return [changed.get(number, draft) for number, draft in enumerate(drafts)]


def _calls_that_stay(view: View, drafts: Sequence[Draft]) -> list[Span]:
    """The arguments of `.cuda(…)` calls that are left for a person: they are devices of whatever is called."""
    stuck = {draft.start for draft in drafts if draft.safety == "manual" and draft.rule_id.startswith("method:")}
    if not stuck:
        return []
    return [
        (call.start, call.end)
        for use in view.index.uses
        for step, call in zip(use.steps, use.steps[1:], strict=False)
        if step.start in stuck and call.kind == "call"
    ]


def _inside_of_call(draft: Draft, calls: Sequence[Span]) -> Draft:
    if not draft.edits or not draft.rule_id.startswith("device:") or not any(_within(draft, call) for call in calls):
        return draft
    return replace(draft, safety="manual", edits=(), message="an argument of a call that stays as it is")


def _of_doubles(view: View, drafts: list[Draft]) -> list[Draft]:
    """The drafts, with those worth a review that name the device of a tensor of doubles."""
    changing = {draft.start for draft in drafts if draft.edits and draft.rule_id.startswith("device:")}
    if not changing or not any(name in view.scan.text for name in _DOUBLES):
        return drafts
    made = {
        _span(view, value)[0]
        for node in every(view.scan.module.node)
        if isinstance(node, ast.Call) and any(_is_double(keyword) for keyword in node.keywords)
        for value in (*node.args, *(keyword.value for keyword in node.keywords))
        if isinstance(value, ast.Constant)
    }
    both, title = changing & made, view.table.target.title
    return [
        replace(draft, safety="review", message=f"{draft.message}; a tensor of float64: see whether {title} takes it")
        if draft.start in both
        else draft
        for draft in drafts
    ]


def _of_versions(view: View, drafts: list[Draft]) -> list[Draft]:
    """The drafts, with those manual that ask for the device beside CUDA's version: no build answers both with yes."""
    stuck = [draft for draft in drafts if draft.safety == "manual" and draft.rule_id.startswith(_VERSION)]
    if not stuck:
        return drafts
    changed: dict[int, Draft] = {}
    for node in every(view.scan.module.node):
        if isinstance(node, ast.BoolOp) and any(_within(draft, _span(view, node)) for draft in stuck):
            for number, draft in enumerate(drafts):
                if draft.edits and _asks(view, draft) and _within(draft, _span(view, node)):
                    why = f"goes together with {_VERSION.removeprefix('api:')} beside it, which stays"
                    changed[number] = replace(draft, safety="manual", edits=(), message=why)
    return [changed.get(number, draft) for number, draft in enumerate(drafts)]


def _is_double(keyword: ast.keyword) -> bool:
    value = keyword.value
    named = isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name) and f"{value.value.id}.{value.attr}"
    return keyword.arg == "dtype" and named in _DOUBLES


def _is_run(view: View, draft: Draft) -> bool:
    """Whether a finding is about what only CUDA runs: its module, a kernel, a class that moves itself, a provider."""
    words = view.table.source
    if draft.rule_id.startswith((f"api:{words.module}.", "api:torch.ops.")):
        return True
    return draft.rule_id in (f"method:{words.method}", _PROVIDER)


def _asks(view: View, draft: Draft) -> bool:
    words = view.table.source
    return draft.rule_id in (f"api:{words.module}.is_available", f"method:{words.predicate}", f"device:{words.device}")


def _within(draft: Draft, span: Span) -> bool:
    return span[0] <= draft.start and draft.end <= span[1]


def _questions(view: View) -> Iterator[tuple[Span, Span, bool]]:
    """Pairs of a question and what is run if the answer is yes; whether they are one expression."""
    for node in every(view.scan.module.node):
        if isinstance(node, ast.If):
            yield _span(view, node.test), (_span(view, node.body[0])[0], _span(view, node.body[-1])[1]), False
        elif isinstance(node, ast.IfExp):
            yield _span(view, node.test), _span(view, node.body), True
        elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            for earlier, later in zip(node.values, node.values[1:], strict=False):
                yield _span(view, earlier), (_span(view, later)[0], _span(view, node)[1]), True


def _span(view: View, node: ast.expr | ast.stmt) -> Span:
    end = view.scan.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
    return view.scan.offset(node.lineno, node.col_offset), end

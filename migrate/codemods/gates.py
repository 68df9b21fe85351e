"""What goes together: a call that stays and its arguments, a question and what is run if the answer is yes."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from migrate.arms import JUMPS
from migrate.codemods.among import Among, Span
from migrate.codemods.kernels import COMPILED, extensions, kernels
from migrate.codemods.view import View
from migrate.model import Draft

_PROVIDER = "text:CUDAExecutionProvider"
_VERSION = "api:torch.version.cuda"  # which no build for another device has
_BRANCHES = ("left:multi-backend", "branch:multi-backend")
_FIRST = "see to that first"
_DOUBLES = ("torch.float64", "torch.double")


def gated(view: View, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts, with those manual or worth a review that decide whether something left for a person runs.

    `cuda.is_available() and cuda.get_device_capability() > (7, 0)` moves as a whole or not at all. Where the
    question is that of an `if` around it, it still moves, but a person has to see both.
    """
    calls = _calls_that_stay(view, drafts)
    drafts = _of_doubles(view, [_inside_of_call(draft, calls) for draft in drafts])
    asking = Among([draft for draft in drafts if draft.edits and _asks(view, draft)])
    if not asking.drafts:
        return drafts
    stuck = Among([draft for draft in drafts if draft.safety == "manual" and _is_run(view, draft)])
    named = Among([*kernels(view, drafts), *extensions(view)])
    kept = Among([draft for draft in drafts if _is_kept(view, draft)])
    if not (stuck.drafts or named.drafts or kept.drafts):
        return drafts
    changed: dict[Draft, Draft] = {}
    for question, rest, whole in _questions(view):
        for draft in asking.within(question):
            if inside := next(stuck.within(rest), None):
                found = _around(draft, inside, whole)
            elif kernel := next(named.within(rest), None):
                found = _around_kernel(view, draft, kernel)
            else:
                break
            if draft not in changed or found.safety == "manual":
                changed[draft] = found
    changed.update(_halves(view, asking, kept))
    return [changed.get(draft, draft) for draft in drafts]


def _around(draft: Draft, inside: Draft, whole: bool) -> Draft:
    """A question with what runs if the answer is yes, of which something stays."""
    kind, _, name = inside.rule_id.partition(":")
    name = f".{name}()" if kind == "method" else name
    if whole:
        why = f"goes together with {name} behind it, which stays: {inside.message}"
        return replace(draft, safety="manual", edits=(), message=why)
    return replace(draft, safety="review", message=f"{name}, which needs CUDA, is run where this is true: {_FIRST}")


def _around_kernel(view: View, draft: Draft, kernel: Draft) -> Draft:
    """A question with what is CUDA's by its name behind it, or compiled: of a tensor, it chooses between kernels."""
    name = view.scan.text[kernel.start : kernel.end] + ("" if kernel.rule_id == "left:text" else "()")
    kind = "compiled by the project" if kernel.rule_id == COMPILED else "by its name for CUDA"
    why = f"{name}, {kind}, is run where this is true: {_FIRST}"
    if not draft.rule_id.endswith(".is_available"):
        return replace(draft, safety="manual", edits=(), message=why)
    return draft if kernel.rule_id == COMPILED else replace(draft, safety="review", message=why)


def _halves(view: View, asking: Among, kept: Among) -> Iterator[tuple[Draft, Draft]]:
    """The questions in one `and` with a device that stays, or beside CUDA's version, and what becomes of them."""
    if not kept.drafts:
        return
    for node in view.scan.nodes():
        if not isinstance(node, ast.BoolOp):
            continue
        operands = [view.scan.span(value) for value in node.values]
        halves = [
            (number, half)
            for number, span in enumerate(operands)
            for half in kept.within(span)
            if isinstance(node.op, ast.And) or half.rule_id.startswith(_VERSION)
        ]
        for number, span in enumerate(operands):
            half = next((half for other, half in halves if other != number), None)
            if half is None:
                continue
            why = f"goes together with {view.scan.text[half.start : half.end]} beside it, which stays: {half.message}"
            for draft in asking.within(span):
                yield draft, replace(draft, safety="manual", edits=(), message=why)


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
        view.scan.span(value)[0]
        for node in view.scan.nodes()
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


def _is_kept(view: View, draft: Draft) -> bool:
    """Whether a finding is about a device, or a version of CUDA, that stays or that a person has to see to."""
    device = view.table.source.device
    if draft.rule_id in _BRANCHES:
        return view.scan.text[draft.start : draft.end].strip("\"'") == device
    manual = draft.safety == "manual" and (draft.rule_id == f"device:{device}" or draft.rule_id.startswith(_VERSION))
    return draft.rule_id == "left:device" or manual


def _within(draft: Draft, span: Span) -> bool:
    return span[0] <= draft.start and draft.end <= span[1]


def _questions(view: View) -> Iterator[tuple[Span, Span, bool]]:
    """Pairs of a question and what is run if the answer is yes; whether they are one expression."""
    for node in view.scan.nodes():
        if isinstance(node, ast.If):
            yield view.scan.span(node.test), _of_block(view, node.body), False
            if node.orelse and _denies(node.test):
                yield view.scan.span(node.test), _of_block(view, node.orelse), False
        elif isinstance(node, ast.IfExp):
            yield view.scan.span(node.test), view.scan.span(node.body), True
        elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            for earlier, later in pairwise(node.values):
                yield view.scan.span(earlier), (view.scan.span(later)[0], view.scan.span(node)[1]), True
        for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            yield from _left_early(view, block if isinstance(block, list) else [])


def _left_early(view: View, block: Sequence[ast.stmt]) -> Iterator[tuple[Span, Span, bool]]:
    """`if not x.is_cuda: return …`, with the statements behind it."""
    for statement, following in pairwise(block):
        if not isinstance(statement, ast.If) or statement.orelse or not _denies(statement.test):
            continue
        if isinstance(statement.body[-1], JUMPS):
            yield view.scan.span(statement.test), (view.scan.span(following)[0], view.scan.span(block[-1])[1]), False


def _denies(test: ast.expr) -> bool:
    """Whether a test is true where something is not the case."""
    if isinstance(test, ast.Compare):
        return isinstance(test.ops[0], (ast.NotEq, ast.NotIn))
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)


def _of_block(view: View, block: Sequence[ast.stmt]) -> Span:
    return view.scan.span(block[0])[0], view.scan.span(block[-1])[1]

"""Drafts of the codemods → the findings of a file: no duplicates, no overlapping edits, nothing unaccounted."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import replace

from migrate.codemods.view import View
from migrate.edits import overlaps, position
from migrate.model import SUPPRESSION, Draft, Finding

_SHOWN = 80
_LINE = re.compile(r"[^\r\n]*")


def settled(drafts: Iterable[Draft]) -> list[Draft]:
    """Sort, drop what is said twice, and turn the later of two overlapping edits into manual work."""
    ordered = sorted(set(drafts), key=lambda draft: (draft.start, draft.end, not draft.edits, draft.rule_id))
    kept: list[Draft] = []
    taken: list[Draft] = []  # those with edits that may still overlap what follows
    for draft in ordered:
        taken = [other for other in taken if max(edit.end for edit in other.edits) >= draft.start]
        spoken = draft.safety == "left" or draft.rule_id.startswith("keyword:")
        if spoken and any(_edits_within(other, draft) for other in taken):
            continue
        if draft.rule_id == "left:import" and any(_is_about(other, draft) for other in kept[-3:]):
            continue
        if draft.edits and any(overlaps(draft.edits, other.edits) for other in taken):
            draft = replace(draft, safety="manual", edits=(), message=f"overlaps another edit; {draft.message}")
        if draft.edits:
            taken.append(draft)
        kept.append(draft)
    return kept


def _is_about(other: Draft, draft: Draft) -> bool:
    """Whether another finding, of the whole import, says all there is to say."""
    about = other.rule_id.startswith(("package:", "import:"))
    return about and other.start <= draft.start and draft.end <= other.end


def _edits_within(other: Draft, draft: Draft) -> bool:
    return any(draft.start <= edit.start and edit.end <= draft.end for edit in other.edits)


def accounted(view: View, drafts: Iterable[Draft]) -> tuple[Finding, ...]:
    """Findings in order, with one for every mention of CUDA that no codemod spoke of: comments, mostly."""
    drafts = list(drafts)
    drafts += _unspoken(view, drafts)
    starts = view.scan.starts
    return tuple(sorted((finding_of(view, draft, starts) for draft in drafts), key=place_of))


def place_of(finding: Finding) -> tuple[int, int, str]:
    """The order of a file's findings."""
    return finding.start, finding.end, finding.rule_id


def _unspoken(view: View, drafts: list[Draft]) -> Iterator[Draft]:
    """The words of interest outside every draft. By now they can only stand in comments."""
    text = view.scan.text
    edits = [(edit.start, edit.end) for draft in drafts for edit in draft.edits]
    spans = sorted([*((draft.start, draft.end) for draft in drafts if draft.start < draft.end), *edits])
    starts = view.scan.starts
    at = covered = done = 0
    for start, end in view.scan.mentions:
        while at < len(spans) and spans[at][0] <= start:
            covered = max(covered, spans[at][1])
            at += 1
        if start < max(covered, done):
            continue
        line_start = starts[position(starts, start)[0] - 1]
        hash_at = text.find("#", max(line_start, covered), start)
        done = _end_of_line(text, start)
        if hash_at >= 0 and SUPPRESSION in text[hash_at:done]:
            continue  # no reference, but a word about one
        if hash_at >= 0:
            yield Draft("left:comment", hash_at, done, "left", "a comment")
        else:
            why = "mentions CUDA in a place that accel-migrate does not understand: please report it"
            yield Draft("unaccounted", start, end, "manual", why)
            done = end


def _end_of_line(text: str, start: int) -> int:
    found = _LINE.match(text, start)
    return found.end() if found else start


def finding_of(view: View, draft: Draft, starts: list[int]) -> Finding:
    text = view.scan.text
    at = draft.start
    last = max(draft.start, draft.end - 1)
    if position(starts, at)[0] != position(starts, last)[0]:  # point at the line of a long text that matters
        mentions = view.scan.mentions
        index = bisect_left(mentions, (draft.start, 0))
        at = mentions[index][0] if index < len(mentions) and mentions[index][0] < draft.end else at
    line, column = position(starts, at)
    return Finding(
        draft.rule_id, draft.start, draft.end, line, column, _shown(text, at, draft), draft.message, draft.safety,
        draft.edits, draft.suppressed,
    )  # fmt: skip


def _shown(text: str, at: int, draft: Draft) -> str:
    """The source of a finding on one line, cut where it is long."""
    if draft.start == draft.end:
        return ""
    begin = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    start = draft.start if at == draft.start else max(draft.start, begin)
    shown = text[start : min(draft.end, _end_of_line(text, at))].strip()
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"

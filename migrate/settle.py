"""Drafts of the codemods → the findings of a file: no duplicates, no overlapping edits, nothing unaccounted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from migrate.edits import overlaps, position
from migrate.found import end_of_line, finding_of, place_of
from migrate.model import SUPPRESSION, Draft, Finding

if TYPE_CHECKING:
    from migrate.codemods.view import View


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
    scan = view.scan
    return tuple(sorted((finding_of(scan.text, scan.mentions, draft, scan.starts) for draft in drafts), key=place_of))


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
        done = end_of_line(text, start)
        if hash_at >= 0 and SUPPRESSION in text[hash_at:done]:
            continue  # no reference, but a word about one
        if hash_at >= 0:
            yield Draft("left:comment", hash_at, done, "left", "a comment")
        else:
            why = "mentions CUDA in a place that accel-migrate does not understand: please report it"
            yield Draft("unaccounted", start, end, "manual", why)
            done = end

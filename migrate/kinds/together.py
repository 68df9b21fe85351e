"""Variables that several places of a file share: they change in all of them or in none."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate

from migrate.finder import Span
from migrate.model import Draft, Table

_NAME = re.compile(r"[A-Za-z_]\w*")


def agreed(
    table: Table, text: str, drafts: Sequence[Draft], comments: Sequence[Span], given: frozenset[str]
) -> list[Draft]:
    """The drafts, with a variable renamed wherever the file has it, or nowhere.

    A file that has the vendor's variable as well is left. Those that are `given` to the file from outside are
    worth a look.
    """
    renamed = {
        draft.rule_id: rule
        for draft in drafts
        if draft.edits and draft.rule_id.startswith("env:") and (rule := table.rules.get(draft.rule_id)) and rule.to
    }
    if not renamed:
        return list(drafts)
    places = _places(text, {name for rule in renamed.values() for name in (rule.key, rule.to or "")}, comments)
    done = Covered((draft.start, draft.end) for draft in drafts if draft.edits or draft.safety == "left")
    verdicts: dict[str, tuple[str, str]] = {}
    for rule_id, rule in renamed.items():
        if places.get(rule.to or ""):
            verdicts[rule_id] = "left", f"the file has {rule.to}, too"
        elif not all(done.holds(start) for start in places.get(rule.key, ())):
            verdicts[rule_id] = "manual", f"{rule.key} → {rule.to}, which is also used here where it cannot be changed"
        elif rule.key in given:
            verdicts[rule_id] = "review", f"{rule.key} → {rule.to}: change it for those who set it from outside, too"
    groups = {rule_id: number for number, rule_id in enumerate(renamed, 1)}
    return [
        _judged(draft, groups[draft.rule_id], *verdicts.get(draft.rule_id, ("", "")))
        if draft.edits and draft.rule_id in renamed
        else draft
        for draft in drafts
    ]


class Covered:
    """Spans, and whether one of them holds an offset."""

    def __init__(self, spans: Iterable[Span]) -> None:
        ordered = sorted(spans)
        self._starts = [start for start, _ in ordered]
        self._ends = list(accumulate((end for _, end in ordered), max))

    def holds(self, offset: int) -> bool:
        number = bisect_right(self._starts, offset)
        return number > 0 and offset < self._ends[number - 1]


def _judged(draft: Draft, group: int, verdict: str, why: str) -> Draft:
    if verdict == "left":
        return replace(draft, rule_id="left:multi-backend", safety="left", message=why, edits=())
    if verdict == "manual":
        return replace(draft, safety="manual", message=why, edits=())
    if verdict == "review":
        return replace(draft, safety="review", message=why, group=group)
    return replace(draft, group=group)


def _places(text: str, names: set[str], comments: Sequence[Span]) -> dict[str, list[int]]:
    """Where the names stand as words, outside comments."""
    said = Covered(comments)
    found: dict[str, list[int]] = {}
    for match in _NAME.finditer(text):
        if match.group() in names and not said.holds(match.start()):
            found.setdefault(match.group(), []).append(match.start())
    return found

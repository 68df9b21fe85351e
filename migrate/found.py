"""Drafts → findings: line, column and the source text that is shown."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from migrate.edits import position
from migrate.model import Draft, Finding

_SHOWN = 80
_LOOKED_AT = 10 * _SHOWN  # characters of a line: one that is a megabyte long has many findings
_LINE = re.compile(r"[^\r\n]*")


def place_of(finding: Finding) -> tuple[int, int, str]:
    """The order of a file's findings."""
    return finding.start, finding.end, finding.rule_id


def finding_of(text: str, mentions: Sequence[tuple[int, int]], draft: Draft, starts: Sequence[int]) -> Finding:
    """The finding that a draft becomes; `mentions` are the words of interest, `starts` those of the lines."""
    at = draft.start
    last = max(draft.start, draft.end - 1)
    if position(starts, at)[0] != position(starts, last)[0]:  # point at the line of a long text that matters
        index = bisect_left(mentions, (draft.start, 0))
        at = mentions[index][0] if index < len(mentions) and mentions[index][0] < draft.end else at
    line, column = position(starts, at)
    return Finding(
        draft.rule_id, draft.start, draft.end, line, column, _shown(text, at, at - column + 1, draft), draft.message,
        draft.safety, draft.edits, draft.suppressed,
    )  # fmt: skip


def end_of_line(text: str, start: int, stop: int | None = None) -> int:
    """Where the line of an offset ends, without its line end, or `stop` if that comes first."""
    found = _LINE.match(text, start) if stop is None else _LINE.match(text, start, stop)
    return found.end() if found else start


def shortened(text: str) -> str:
    """A text as findings show it: cut where it is long."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _shown(text: str, at: int, begin: int, draft: Draft) -> str:
    """The source of a finding on one line, which begins at `begin`."""
    if draft.start == draft.end:
        return ""
    start = draft.start if at == draft.start else max(draft.start, begin)
    return shortened(text[start : end_of_line(text, at, min(draft.end, at + _LOOKED_AT))].strip())

"""Findings in a span of the text, found without a look at all of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from migrate.model import Draft

Span = tuple[int, int]


class Among:
    """Findings in order, to be asked for those in a span."""

    def __init__(self, drafts: Sequence[Draft]) -> None:
        self.drafts = sorted(drafts, key=lambda draft: draft.start)
        self.starts = [draft.start for draft in self.drafts]

    def within(self, span: Span) -> Iterator[Draft]:
        for draft in self.drafts[bisect_left(self.starts, span[0]) : bisect_left(self.starts, span[1])]:
            if draft.end <= span[1]:
                yield draft

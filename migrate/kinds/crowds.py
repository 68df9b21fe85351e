"""Lines that no person wrote: so long, with so many mentions of CUDA, that nobody would read a finding for each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from migrate.edits import line_starts
from migrate.finder import Span, text_mentions
from migrate.found import end_of_line
from migrate.kinds.reading import Reading, Source
from migrate.model import Draft, Safety

LONG = 100_000  # characters of a line, and
MANY = 2_000  # mentions in it, that it has to exceed
_BESIDE = "in a file that is not read, as a line of it is taken for data"


def crowd_reading(source: Source) -> Reading | None:
    """What to say of a file with such a line, which may be no more than data; None for any other file.

    The line is one finding, every mention outside of it another, and nothing is edited or looked at more closely:
    what the rest of the file means may depend on the line.
    """
    bounds = long_lines(source.text)
    if not bounds:
        return None
    mentions = text_mentions(source.text, source.table.sites)
    begins = [start for start, _ in mentions]
    crowds: list[Draft] = []
    rule_id, safety = _outcome(source)
    for start, end in bounds:
        first, last = bisect_left(begins, start), bisect_left(begins, end)
        if last - first > MANY:
            what = f"{last - first:,} mentions of CUDA in one line of {end - start:,} characters"
            why = f"{what}: taken for data, and the file is not read: look at it yourself"
            crowds.append(Draft(rule_id, begins[first], end, safety, why))
    if not crowds:
        return None
    beside = (Draft(rule_id, *span, safety, _BESIDE) for span in _outside(mentions, crowds))
    return Reading([*crowds, *beside], mentions=mentions)


def long_lines(text: str) -> list[Span]:
    """The lines that are longer than a person's."""
    if len(text) <= LONG:
        return []
    lines = ((start, end_of_line(text, start)) for start in line_starts(text))
    return [(start, end) for start, end in lines if end - start > LONG]


def _outcome(source: Source) -> tuple[str, Safety]:
    """Rule id and safety: a document has nothing that needs work, whatever it says."""
    return ("left:docs", "left") if source.kind == "prose" else ("text:data", "manual")


def _outside(mentions: Sequence[Span], crowds: Sequence[Draft]) -> Iterator[Span]:
    """The mentions that stand in none of the drafts, which are in order."""
    at = 0
    for crowd in crowds:
        yield from mentions[at : bisect_left(mentions, (crowd.start, 0))]
        at = bisect_left(mentions, (crowd.end, 0))
    yield from mentions[at:]

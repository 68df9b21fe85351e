"""One file of settings while it is read: its tree, and where it is worth a look."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace

from migrate.finder import Span, mentions_cuda, text_mentions
from migrate.kinds.entries import Document, Scalar
from migrate.kinds.reading import Source
from migrate.kinds.rows import unedited
from migrate.model import Draft, Table

_GPU = re.compile(r"gpu", re.IGNORECASE)
_READ = re.compile(r"(?:\$\{?|\benv[.:]|\benviron\[['\"])(?:(?:oc\.)?env[.:])?(?P<name>[A-Z][A-Z0-9_]+)")


@dataclass(frozen=True, slots=True)
class Page:
    """A file, its tree, its mentions of CUDA, and the starts of whatever else may need a word."""

    source: Source
    document: Document
    mentions: tuple[Span, ...]
    marks: tuple[int, ...]
    names_read: frozenset[str]  # variables of the environment that some text in the file reads

    @property
    def table(self) -> Table:
        return self.source.table

    def is_marked(self, scalar: Scalar) -> bool:
        """Whether a scalar says CUDA, or GPU."""
        at = bisect_left(self.marks, scalar.start)
        if at < len(self.marks) and self.marks[at] < scalar.end:
            return True
        return not scalar.literal and bool(scalar.quote) and mentions_cuda(scalar.text, self.table.sites)  # escapes

    def mentions_in(self, scalar: Scalar) -> Iterator[Span]:
        """The mentions of CUDA in a scalar."""
        at = bisect_left(self.mentions, (scalar.start, 0))
        while at < len(self.mentions) and self.mentions[at][0] < scalar.end:
            yield self.mentions[at]
            at += 1


def page_of(source: Source, document: Document) -> Page:
    """A file that has been read, ready to be looked at."""
    mentions = tuple(text_mentions(source.text, source.table.sites))
    marks = {match.start() for match in _GPU.finditer(source.text)} | {start for start, _ in mentions}
    read = frozenset(match["name"] for match in _READ.finditer(source.text))
    return Page(source, document, mentions, tuple(sorted(marks)), read)


def variables_read(text: str) -> Iterator[tuple[str, int]]:
    """The names of variables that a text reads (`$NAME`, `${oc.env:NAME}`), and where they stand."""
    return ((match["name"], match.start("name")) for match in _READ.finditer(text))


def placed(scalar: Scalar, draft: Draft) -> Draft:
    """The draft with the span of its scalar; manual where the text is not the value as it is."""
    if scalar.literal:
        return draft
    return replace(unedited(draft, "written with escapes or a tag"), start=scalar.start, end=scalar.end)

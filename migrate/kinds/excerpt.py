"""A text that stands within a file: a cell of a notebook, a block of a document, a script in a setting."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from migrate.model import Draft, Edit, Finding

_BROKEN = "written here with line breaks or escapes: edit it by hand"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A text, and where each of its characters stands in the file.

    `starts` and `ends` have one offset for each character; `spelled` gives the text of an edit as the file has to
    spell it, or None where it cannot. It is called with the text and the offset of the edit in the excerpt.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    spelled: Callable[[str, int], str | None] = lambda text, _: text

    def moved(self, draft: Draft) -> Draft:
        """A draft on the excerpt as one on the file; manual where an edit cannot be written there."""
        start, end = self._span(draft.start, draft.end)
        edits = [self._edit(edit) for edit in draft.edits]
        if any(edit is None for edit in edits):
            return replace(draft, start=start, end=end, edits=(), safety="manual", message=_BROKEN)
        return replace(draft, start=start, end=end, edits=tuple(edit for edit in edits if edit))

    def _edit(self, edit: Edit) -> Edit | None:
        start, end = self._span(edit.start, edit.end)
        inside = range(edit.start, edit.end - 1)
        if any(self.ends[index] != self.starts[index + 1] for index in inside):
            return None
        text = self.spelled(edit.text, edit.start)
        return None if text is None else Edit(start, end, text)

    def _span(self, start: int, end: int) -> tuple[int, int]:
        """Where a span of the excerpt stands in the file; an insertion stays with the character before it."""
        if start < end:
            return self.starts[start], self.ends[end - 1]
        if start < len(self.starts) and (start == 0 or self.ends[start - 1] == self.starts[start]):
            return self.starts[start], self.starts[start]
        at = self.ends[start - 1] if start else 0
        return at, at


def slice_of(text: str, start: int, end: int) -> Excerpt:
    """A piece of a file as it is."""
    return Excerpt(text[start:end], range(start, end), range(start + 1, end + 1))


def part(excerpt: Excerpt, start: int, end: int | None = None) -> Excerpt:
    """A piece of an excerpt."""

    def spelled(text: str, at: int) -> str | None:
        return excerpt.spelled(text, start + at)

    return Excerpt(excerpt.text[start:end], excerpt.starts[start:end], excerpt.ends[start:end], spelled)


def joined(parts: Sequence[Excerpt]) -> Excerpt:
    """Excerpts one behind another, for edits that add no line."""
    if len(parts) == 1:
        return parts[0]
    starts, ends = array("q"), array("q")
    for item in parts:
        starts.extend(item.starts)
        ends.extend(item.ends)
    return Excerpt("".join(item.text for item in parts), starts, ends, _on_one_line)


def _on_one_line(text: str, _: int) -> str | None:
    return None if "\n" in text else text


def draft_of(finding: Finding) -> Draft:
    """A finding of an excerpt as a draft, to be moved to the file."""
    return Draft(
        finding.rule_id, finding.start, finding.end, finding.safety, finding.message, finding.edits,
        suppressed=finding.suppressed,
    )  # fmt: skip

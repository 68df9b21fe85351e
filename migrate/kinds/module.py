"""The Python of all cells of a notebook as one module: what one cell imports serves the others."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from migrate.edits import overlaps
from migrate.finder import Span
from migrate.kinds.excerpt import Excerpt
from migrate.kinds.sources import Spelled
from migrate.model import Draft, Edit

_NOT_OURS = "written across what is no Python: edit it by hand"


@dataclass(frozen=True, slots=True)
class Part:
    """A cell of the module: its source, its code, which is as long, and where that differs from the source."""

    cell: Spelled
    code: str
    masks: tuple[Span, ...] = ()

    @property
    def line_end(self) -> str:
        """What a last line without its end still needs."""
        if self.code.endswith("\n"):
            return ""
        return "\r\n" if "\r\n" in self.code else "\n"


@dataclass(frozen=True, slots=True)
class Module:
    """Parts, one after the other, with an empty line behind each; `begins` are the offsets at which they begin."""

    parts: Sequence[Part]
    begins: Sequence[int]
    excerpt: Excerpt

    def part_of(self, offset: int) -> int:
        """The number of the part in which an offset is."""
        return bisect_right(self.begins, offset) - 1

    def moved(self, draft: Draft) -> Draft:
        """A draft on the module as one on the file; manual where it edits what is no Python of one cell."""
        if not all(self._is_ours(edit) for edit in draft.edits):
            draft = replace(draft, edits=(), safety="manual", message=_NOT_OURS)
        return self.excerpt.moved(replace(draft, edits=tuple(map(self._drawn, draft.edits))))

    def _drawn(self, edit: Edit) -> Edit:
        """The edit, or where it takes the last line of a cell, one that takes the line end before it instead."""
        number = self.part_of(edit.start)
        begin, part = self.begins[number], self.parts[number]
        above = part.code[: edit.start - begin]
        line_end = "\r\n" if above.endswith("\r\n") else "\n"
        if edit.text or edit.end != begin + len(part.code) + len(part.line_end):
            return edit
        if not (above.endswith(line_end) and (part.code + part.line_end).endswith(line_end)):
            return edit
        return Edit(edit.start - len(line_end), edit.end - len(line_end), "")

    def _is_ours(self, edit: Edit) -> bool:
        number = self.part_of(edit.start)
        begin, part = self.begins[number], self.parts[number]
        if edit.start < edit.end > begin + len(part.code) + len(part.line_end):
            return False
        return not overlaps([edit], (Edit(begin + start, begin + end, "") for start, end in part.masks))


def joined(parts: Sequence[Part]) -> Module:
    """The module that some cells make; none of them is empty."""
    texts: list[str] = []
    begins: list[int] = []
    starts, ends = array("q"), array("q")
    for number, part in enumerate(parts):
        begins.append(len(starts))
        texts += part.code, part.line_end, "\n"
        starts.extend(part.cell.starts)
        ends.extend(part.cell.ends)
        behind = [part.cell.end] * len(part.line_end)
        starts.extend([*behind, part.cell.end])
        # The empty line reaches to the next part, so that what is put before that one stays in its cell.
        ends.extend([*behind, parts[number + 1].cell.starts[0] if number + 1 < len(parts) else part.cell.end])

    def write(text: str, at: int) -> str:
        number = bisect_right(begins, at) - 1
        part, inside = parts[number], at - begins[number]
        if inside > len(part.code):  # behind a last line that has no end
            text = part.line_end + text.removesuffix(part.line_end)
        return part.cell.write(text, min(inside, len(part.code)))

    return Module(parts, begins, Excerpt("".join(texts), starts, ends, write))

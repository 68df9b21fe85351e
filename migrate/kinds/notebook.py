"""Notebooks: the code of their cells, and the commands among it; outputs are nobody's references."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache

from migrate.comments import read_comments
from migrate.edits import line_starts, position
from migrate.finder import text_mentions
from migrate.kinds import cells
from migrate.kinds.crowds import LONG, crowd_reading
from migrate.kinds.excerpt import draft_of
from migrate.kinds.foreign import Spoken, hear_pieces, is_python, manual, migrated
from migrate.kinds.magics import Piece, unmagicked
from migrate.kinds.module import Module, Part, joined
from migrate.kinds.reading import Reading, Source
from migrate.kinds.sources import Spelled, blanked, readable
from migrate.model import SUPPRESSION, Cell, Draft, Finding

_PYTHON = ("python", "ipython")
_MOST = 2_000_000  # characters of code as JSON spells it: twice what a Python file may have
_MOST_MENTIONS = 20_000
_ATTEMPTS = 3  # at finding the cell that cannot be read
_UNREAD = "the cell does not parse as Python: migrate it by hand"
_TEXT_CELL = "in a text of the notebook"
_SKIP = re.compile(rf"#[ \t]*{SUPPRESSION}[ \t]+skip-file(?!\S)")
_LEFT = "left as a comment of the author's says"


def read(source: Source) -> Reading:
    """The drafts for all cells. Raises `SyntaxError` for a text that is no notebook of format 4."""
    text = source.text
    notebook = cells.notebook_of(text)
    code = [cell for cell in notebook.cells if cell.kind == "code"]
    if sum(cell.end - cell.start for cell in code) > _MOST:
        raise SyntaxError(f"more than {_MOST:,} characters of code")

    @cache
    def spelled(cell: cells.Source) -> Spelled:
        return cells.source_of(text, cell, ascii_only=text.isascii())

    if crowded := _crowded(source, notebook.cells):
        return replace(crowded, cell_of=_places(notebook.cells, spelled), shown=readable)
    spoken = Spoken()
    for cell in notebook.cells:
        if cell.kind != "code":
            _hear_text(spoken, source, cell)
        if len(spoken.mentions) > _MOST_MENTIONS:
            raise SyntaxError(f"more than {_MOST_MENTIONS:,} mentions of CUDA in its texts")
    parts: list[Part] = []
    for cell in code:
        if notebook.language.startswith(_PYTHON):
            parts += _part_of(spoken, source, spelled(cell))
        else:
            whole = Piece("foreign", 0, len(spelled(cell).text))
            hear_pieces(spoken, source, spelled(cell), [whole])
    module, findings = _findings(spoken, source, parts)
    kept = _heed(spoken, module, findings)
    return Reading(
        spoken.drafts,
        spoken.comments,
        verify=lambda after: _compare(text, notebook, after),
        mentions=sorted(spoken.mentions),
        cell_of=_places(notebook.cells, spelled),
        shown=readable,
        kept=kept,
    )


def _crowded(source: Source, found: tuple[cells.Source, ...]) -> Reading | None:
    """What to say of a notebook if a line in one of its cells is taken for data."""
    if all(cell.end - cell.start <= LONG for cell in found):
        return None
    parts: list[str] = []
    done = 0
    for cell in found:
        escaped = source.text[cell.start : cell.end].replace("\\\\", "  ").replace("\\n", "\n\n")
        parts += " " * (cell.start - done), blanked(escaped)
        done = cell.end
    return crowd_reading(replace(source, text="".join(parts)))


def _hear_text(spoken: Spoken, source: Source, cell: cells.Source) -> None:
    """Add the mentions in a cell of text, each with a draft that leaves it."""
    found = text_mentions(blanked(source.text[cell.start : cell.end]), source.table.sites)
    mentions = [(cell.start + start, cell.start + end) for start, end in found]
    spoken.mentions.extend(mentions)
    spoken.drafts.extend(Draft("left:docs", start, end, "left", _TEXT_CELL) for start, end in mentions)


def _part_of(spoken: Spoken, source: Source, cell: Spelled) -> Iterable[Part]:
    """What a code cell adds to the module, if anything; the rest of it is heard."""
    if not cell.text:
        return
    found = unmagicked(cell.text, is_python)
    if found.code is not None and not is_python(found.code):
        _hear_unread(spoken, source, cell)
        return
    hear_pieces(spoken, source, cell, found.pieces)
    if found.code is not None:
        yield Part(cell, found.code, found.masks)


def _hear_unread(spoken: Spoken, source: Source, cell: Spelled) -> None:
    """Add a cell that nobody can read: every mention of it but those in comments is for a person."""
    comments = read_comments(cell.text).spans
    mentions = text_mentions(cell.text, source.table.sites)
    open_ones = [
        (start, end)
        for start, end in mentions
        if (at := bisect_right(comments, (start, end)) - 1) < 0 or comments[at][1] <= start
    ]
    spoken.drafts.extend(map(cell.excerpt(0, len(cell.text)).moved, manual(cell.text, open_ones, _UNREAD)))
    spoken.mentions.extend(cell.span(start, end) for start, end in mentions)
    spoken.comments.extend(cell.span(start, end) for start, end in comments if "\n" in cell.between)


def _findings(spoken: Spoken, source: Source, parts: list[Part]) -> tuple[Module, tuple[Finding, ...]]:
    """What is found in the Python of a notebook, without the cells that the parser stumbles over."""
    from migrate.engine import concerns

    for _ in range(_ATTEMPTS):
        module = joined(parts)
        if not concerns(module.excerpt.text.encode("utf-8", "replace"), "python", source.table):
            return module, ()
        try:
            return module, migrated(source, module.excerpt.text)
        except SyntaxError as error:
            if error.lineno is None:
                break
            offset = line_starts(module.excerpt.text)[error.lineno - 1]
            _hear_unread(spoken, source, parts.pop(module.part_of(offset)).cell)
    for part in parts:
        _hear_unread(spoken, source, part.cell)
    return joined([]), ()


def _heed(spoken: Spoken, module: Module, findings: Iterable[Finding]) -> list[Draft]:
    """The findings of the module as drafts; what a `skip-file` in it says is for the whole notebook."""
    text = module.excerpt.text
    if SUPPRESSION in text and _is_skipped(text):
        if any(draft.safety != "left" for draft in spoken.drafts):
            findings = [finding for finding in findings if finding.rule_id != "suppression:unused"]
        spoken.drafts[:] = [
            draft if draft.safety == "left" else replace(draft, safety="left", edits=(), message=_LEFT, suppressed=True)
            for draft in spoken.drafts
        ]
    starts = line_starts(text)
    drafts: list[Draft] = []
    for finding in findings:
        drafts.append(module.moved(draft_of(finding)))
        at = starts[finding.line - 1] + finding.column - 1
        if finding.start < at < finding.end:  # the line of a long text that matters
            spoken.mentions.append((module.excerpt.starts[at], module.excerpt.ends[at]))
    return drafts


def _is_skipped(text: str) -> bool:
    comments = read_comments(text)
    return any(_SKIP.match(text, start) for start, _ in comments.spans if start < comments.code)


def _places(
    found: tuple[cells.Source, ...], spelled: Callable[[cells.Source], Spelled]
) -> Callable[[int], Cell | None]:
    """The function from an offset of the file to its place in a cell."""
    begins = [cell.start for cell in found]

    @cache
    def lines(cell: cells.Source) -> Sequence[int]:
        return line_starts(spelled(cell).text)

    def cell_of(offset: int) -> Cell | None:
        cell = found[max(0, bisect_right(begins, offset) - 1)]
        if not cell.start <= offset < cell.end:
            return None
        return Cell(cell.number, *position(lines(cell), bisect_left(spelled(cell).starts, offset)))

    return cell_of


def _compare(before: str, notebook: cells.Notebook, after: str) -> None:
    """Raises `SyntaxError` unless two texts are the same notebook but for what the sources say."""
    again = cells.notebook_of(after)
    if list(_around(before, notebook)) != list(_around(after, again)):
        raise SyntaxError("the edits would change more of the notebook than its sources")
    ascii_only = before.isascii()
    for old, new in zip(notebook.cells, again.cells, strict=True):
        if old.kind == "code" and before[old.start : old.end] != after[new.start : new.end]:
            was = cells.source_of(before, old, ascii_only=ascii_only).text
            if _is_read(was) and not _is_read(cells.source_of(after, new, ascii_only=ascii_only).text):
                raise SyntaxError(f"cell {old.number} would not parse any more")


def _is_read(source: str) -> bool:
    """Whether a cell is Python but for its magics and commands."""
    code = unmagicked(source, is_python).code
    return code is not None and is_python(code)


def _around(text: str, notebook: cells.Notebook) -> Iterable[str]:
    """The pieces of a file that are no source, each with the quote or bracket that opens one."""
    done = 0
    for cell in notebook.cells:
        yield text[done : cell.start + 1]
        done = cell.end
    yield text[done:]

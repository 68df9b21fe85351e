"""What a reader takes and gives, and how its drafts become the findings of the file."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from migrate.about import RULE_IDS
from migrate.comments import Comments
from migrate.edits import apply_edits, line_starts
from migrate.finder import Span, text_mentions
from migrate.found import end_of_line, finding_of, place_of
from migrate.model import SUPPRESSION, Cell, Draft, Finding, Kind, Repository, Table
from migrate.promises import blamed
from migrate.settle import settled
from migrate.suppress import suppressed

_LEFT = "left as a comment of the author's says"
_HANGS = "left because what it goes together with is, as a comment of the author's says"
_COMMENT = "a comment"
_TEXT = "part of a name or a text of the project"
_OF_LINES: frozenset[Kind] = frozenset({"shell", "make", "docker", "yaml", "json", "toml", "ini", "env"})


@dataclass(frozen=True, slots=True)
class Source:
    """One file for a reader. `path` is relative to the root of the run, with forward slashes."""

    path: str
    kind: Kind
    text: str
    table: Table
    repository: Repository


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader says of a file.

    `drafts` may come in any order and speak of a place twice. A mention of CUDA that none of them covers is left:
    as a comment inside one of `comments`, else as `rest`. `verify` raises `SyntaxError` for a text with the edits
    made that is not what it should be. `above` is for languages in which a comment has a line of its own: it is about
    the one below. `mentions` are those of the text that count, None where all do. For a notebook
    `cell_of` gives the cell of an offset, and `shown` a found text as its reader knows it.
    """

    drafts: Iterable[Draft]
    comments: Sequence[Span] = ()
    rest: tuple[str, str] = ("left:text", _TEXT)
    verify: Callable[[str], object] | None = None
    mentions: Sequence[Span] | None = None
    cell_of: Callable[[int], Cell | None] | None = None
    above: bool = False
    shown: Callable[[str], str] | None = None
    kept: Sequence[Draft] = ()


Reader = Callable[[Source], Reading]


def reported(source: Source, reading: Reading) -> tuple[Finding, ...]:
    """The findings of a file, in order: overlaps settled, every mention accounted for, suppressions heeded.

    Raises `PromiseError` where the edits would break the file, which would be our bug.
    """
    text = source.text
    starts = line_starts(text)
    mentions = text_mentions(text, source.table.sites) if reading.mentions is None else reading.mentions
    drafts = [*settled(reading.drafts), *reading.kept]
    drafts += _unspoken(text, mentions, drafts, reading)
    if source.kind in _OF_LINES:
        drafts = [piece for draft in drafts for piece in _by_line(text, mentions, draft)]
    found = sorted((finding_of(text, mentions, draft, starts) for draft in drafts), key=place_of)
    kept = _suppressed(source, reading, drafts, tuple(found))
    findings = tuple(_placed(reading, finding, starts) for finding in kept)
    edits = [edit for finding in findings for edit in finding.edits]
    if edits and reading.verify:
        try:
            reading.verify(apply_edits(text, edits))
        except SyntaxError as error:
            raise blamed(f"the result is not what it should be: {error.msg}", text, findings, error.lineno) from None
    return findings


def _by_line(text: str, mentions: Sequence[Span], draft: Draft) -> Iterator[Draft]:
    """A draft that only says something, once for each of its lines that mentions CUDA; one of the whole file is one."""
    end = end_of_line(text, draft.start, draft.end)
    if draft.edits or end == draft.end or draft.end - draft.start == len(text):
        yield draft
        return
    at = bisect_left(mentions, (draft.start, 0))
    begin = draft.start
    while at < len(mentions) and mentions[at][0] < draft.end:
        start = mentions[at][0]
        end = end_of_line(text, start, draft.end)
        yield replace(draft, start=begin if begin == draft.start else start, end=end)
        begin, at = end, bisect_left(mentions, (end, 0))
    if begin == draft.start:
        yield draft


def _placed(reading: Reading, finding: Finding, starts: Sequence[int]) -> Finding:
    """A finding with its cell, in the words of the cell, where the file has cells."""
    cell = reading.cell_of(starts[finding.line - 1] + finding.column - 1) if reading.cell_of else None
    found = reading.shown(finding.found) if reading.shown else finding.found
    return replace(finding, cell=cell, found=found)


def _suppressed(
    source: Source, reading: Reading, drafts: Sequence[Draft], findings: tuple[Finding, ...]
) -> tuple[Finding, ...]:
    if SUPPRESSION not in source.text or not reading.comments:
        return findings
    ends = [end_of_line(source.text, start) for start in line_starts(source.text)]
    comments = Comments(sorted(reading.comments), ends, _lead(source.text, reading.comments), reading.above)
    known = frozenset((*source.table.rules, *RULE_IDS))
    groups = {(draft.start, draft.end, draft.rule_id): draft.group for draft in drafts if draft.group}
    found = suppressed(source.text, findings, known, comments)
    held = {groups.get(place_of(finding)) for finding in found if finding.suppressed} - {None}
    return tuple(_kept(finding, groups.get(place_of(finding)) in held) for finding in found)


def _lead(text: str, comments: Sequence[Span]) -> int:
    """Where the comments end that stand before everything else, the first one at least."""
    end = 0
    for start, last in sorted(comments):
        if end and text[end:start].strip():
            break
        end = last
    return end


def _kept(finding: Finding, hangs: bool) -> Finding:
    """A finding as the comments want it, and those of its group."""
    if finding.suppressed:
        return replace(finding, safety="left", message=_LEFT)
    return replace(finding, safety="left", message=_HANGS, edits=()) if hangs and finding.edits else finding


def _unspoken(text: str, mentions: Sequence[Span], drafts: Sequence[Draft], reading: Reading) -> Iterator[Draft]:
    """A draft for every mention that no other covers: one for each comment, one for each other line."""
    spans = sorted((draft.start, draft.end) for draft in drafts)
    comments = sorted(reading.comments)
    at = inside = covered = done = 0
    for start, end in mentions:
        while at < len(spans) and spans[at][0] <= start:
            covered = max(covered, spans[at][1])
            at += 1
        while inside < len(comments) and comments[inside][1] <= start:
            inside += 1
        if start < max(covered, done):
            continue
        comment = inside < len(comments) and comments[inside][0] <= start
        if comment:
            done = end_of_line(text, start, comments[inside][1])
            begin = max(comments[inside][0], text.rfind("\n", comments[inside][0], start) + 1)
            if SUPPRESSION not in text[begin:done]:
                yield Draft("left:comment", begin, done, "left", _COMMENT)
        else:
            done = end
            yield Draft(reading.rest[0], start, end, "left", reading.rest[1])

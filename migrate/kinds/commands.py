"""Shell scripts, and shell inside other files → drafts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from migrate.finder import Span, text_mentions
from migrate.kinds import rows
from migrate.kinds.groups import Place, together
from migrate.kinds.held import accelerators_of, value_places
from migrate.kinds.installs import directive_drafts, install_drafts
from migrate.kinds.options import option_drafts
from migrate.kinds.pieces import Piece, pieces_of
from migrate.kinds.reading import Reading, Source
from migrate.kinds.remains import remains
from migrate.kinds.script import Script, shape
from migrate.kinds.shell import lex
from migrate.kinds.variables import mentioned, variable_places
from migrate.model import Draft, Table

_DIRECTIVE = re.compile(r"#(?:SBATCH|PBS|BSUB|COBALT|\$)[ \t]+")
_NAMES = re.compile(r"(?:-J|-o|-e|-N|--job-name|--output|--error|--comment)(?:[= \t]|$)")
_WORD = r"(?<![A-Za-z0-9_]){}(?![A-Za-z0-9_])"


def read(source: Source) -> Reading:
    """The drafts of a shell script. Raises `SyntaxError` if it cannot be read as one."""
    drafts, comments = script_drafts(source.table, source.text)

    def verify(edited: str) -> None:
        if shape(lex(edited)) != shape(lex(source.text)):
            raise SyntaxError("the edits change what the script consists of")

    return Reading(drafts, comments, verify=verify)


def script_drafts(table: Table, text: str) -> tuple[list[Draft], list[Span]]:
    """The drafts for a piece of shell, and the spans of its comments; offsets are those of the piece.

    Raises `SyntaxError` for a piece that cannot be read.
    """
    pieces = pieces_of(text, table)
    script = pieces[0].script
    places = [*variable_places(table, pieces), *value_places(table, pieces)]
    for number, piece in enumerate(pieces):
        for call in piece.calls:
            places += [(number, Place("", draft)) for draft in option_drafts(table, piece, call)]
            places += [(number, Place("", draft)) for draft in install_drafts(table, piece, call)]
        places += [(number, place) for place in _directives(table, piece.script)]
    drafts: list[list[Draft]] = [[] for _ in pieces]
    for number, place in places:
        drafts[number] += [place.draft] if place.draft else []
    for number, piece in enumerate(pieces):
        places += [(number, place) for place in remains(table, piece, drafts[number])]
    moved = [_moved(pieces[number], place) for number, place in places]
    settled = together(moved)
    twins = _twins(script, {edit.text for draft in settled for edit in draft.edits if draft.rule_id.startswith("env:")})
    others = accelerators_of(pieces, table.sites)
    comments = [span for piece in pieces for span in _comments(piece)]
    return [_told_apart(table, draft, twins, others) for draft in settled], comments


def _moved(piece: Piece, place: Place) -> Place:
    """A place of a piece as one of the file; manual where the piece is not ours to edit."""
    if piece.kept and place.draft and place.draft.edits:
        place = replace(place, draft=rows.unedited(place.draft, piece.kept), problem=place.problem or piece.kept)
    return place.moved(place.draft and piece.moved(place.draft))


def _comments(piece: Piece) -> Iterator[Span]:
    for start, end in piece.script.comments:
        if piece.place is None:
            yield start, end
        elif start < end:
            yield piece.place.starts[start], piece.place.ends[end - 1]


def _directives(table: Table, script: Script) -> Iterator[Place]:
    """Lines for a scheduler, which are comments to the shell."""
    for start, end in script.comments:
        found = _DIRECTIVE.match(script.text, start, end)
        if found is None:
            continue
        line = script.text[found.end() : end]
        try:
            inner = lex(line)
        except SyntaxError:
            continue
        words = [word for command in inner.commands for word in command.words]
        drafts = list(directive_drafts(table, line, words))
        named = list(mentioned(table, line))
        spans = [(draft.start, draft.end) for draft in (*drafts, *(draft for _, draft in named))]
        if not _NAMES.match(line):
            drafts += [
                Draft("text:settings", at, behind, "manual", "a request to the scheduler mentions CUDA")
                for at, behind in text_mentions(line, table.sites)
                if not any(first <= at < last for first, last in spans)
            ]
        why = "a line for the scheduler names the variable"
        for name, draft in [("", draft) for draft in drafts] + named:
            place = replace(rows.unedited(draft, why), start=found.end() + draft.start, end=found.end() + draft.end)
            yield Place(f"env:{name}" if name else "", place, why if name else "")


def _told_apart(table: Table, draft: Draft, twins: frozenset[str], others: frozenset[str]) -> Draft:
    """A draft as it counts in a script that has something for several devices."""
    if not draft.edits:
        return draft
    new = draft.edits[0].text
    if draft.rule_id.startswith("env:") and new in twins:
        return _left(draft, f"the file names {new} as well")
    if not others:
        return draft
    reason = f"the file tells {', '.join(sorted(others))} apart"
    words = table.target.words
    if words.name in others or words.device in others or not table.target.package:
        return _left(draft, reason)
    why = f"{reason}; add a branch for {words.name}"
    return replace(draft, rule_id="branch:multi-backend", safety="manual", edits=(), message=why)


def _left(draft: Draft, why: str) -> Draft:
    return replace(draft, rule_id="left:multi-backend", safety="left", edits=(), message=why)


def _twins(script: Script, names: set[str]) -> frozenset[str]:
    """Those of the variables that a script names outside of its comments."""
    begins = [0, *(end for _, end in script.comments)]
    ends = [*(start for start, _ in script.comments), len(script.text)]
    code = "\n".join(script.text[begin:end] for begin, end in zip(begins, ends, strict=True))
    return frozenset(name for name in names if re.search(_WORD.format(re.escape(name)), code))

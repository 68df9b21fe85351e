"""What stands in a notebook beside its Python: shell, settings, files, other languages, documents."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from migrate.edits import apply_edits
from migrate.filetypes import kind_of
from migrate.finder import Span, text_mentions
from migrate.kinds.commands import script_drafts
from migrate.kinds.excerpt import Excerpt, draft_of
from migrate.kinds.magics import Piece
from migrate.kinds.reading import Reading, Source
from migrate.kinds.rows import named_value, variable
from migrate.kinds.sources import Spelled
from migrate.model import Draft, Finding

_SETTING = re.compile(r"[ \t]*(?P<name>\w+)(?:[ \t]*=[ \t]*|[ \t]+|\Z)(?P<value>.*)")
_BEFORE = re.compile(r"(?:\w\.|::|[\"'`])\w*\Z")
_AFTER = re.compile(r"\w*(?:\.\w|::|[(\"'`]|<<<)")
_NAME = re.compile(r"[\w.]*(?<!\.)")
_NAME_END = re.compile(r"(?<![\w.])[\w.]*\Z")
_NEAR = 60  # characters around a mention
_UNREAD = "cannot be read: migrate it by hand"
_OTHER = "code that is no Python: migrate it by hand"


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is said of the parts of a notebook; all offsets are those of the file."""

    drafts: list[Draft] = field(default_factory=list)
    comments: list[Span] = field(default_factory=list)
    mentions: list[Span] = field(default_factory=list)


def hear_pieces(spoken: Spoken, source: Source, cell: Spelled, pieces: Iterable[Piece]) -> None:
    """Add what is to be said of the pieces of a code cell that are no Python."""
    for piece in pieces:
        text = cell.text[piece.start : piece.end]
        start = piece.end - len(text if piece.meaning == "file" else text.lstrip(" \t"))
        if start == piece.end:
            continue
        excerpt = cell.excerpt(start, piece.end)
        if piece.meaning == "run":
            excerpt = _prefixed("python ", excerpt)
        mentions = text_mentions(excerpt.text, source.table.sites)
        try:
            drafts, comments = _said(source, excerpt, piece, mentions)
        except SyntaxError:
            drafts, comments = manual(excerpt.text, mentions, _UNREAD), []
        spoken.drafts.extend(map(excerpt.moved, drafts))
        spoken.mentions.extend(_moved(excerpt, mentions))
        if "\n" in cell.between:  # else a comment would speak for other lines
            spoken.comments.extend(_moved(excerpt, comments))


def manual(text: str, mentions: Iterable[Span], message: str) -> list[Draft]:
    """Mentions as work for a person, each with the name around it."""
    drafts: list[Draft] = []
    for start, end in mentions:
        if drafts and start < drafts[-1].end:
            continue
        before = _NAME_END.search(text[max(0, start - _NEAR) : start])
        behind = _NAME.match(text, end, end + _NEAR)
        begin = start - len(before.group() if before else "")
        drafts.append(Draft("text:code", begin, behind.end() if behind else end, "manual", message))
    return drafts


def code_like(text: str, mentions: Iterable[Span]) -> list[Span]:
    """Those of some mentions that stand in code of whatever language, not in prose."""
    return [
        (start, end)
        for start, end in mentions
        if _BEFORE.search(text[max(0, start - _NEAR) : start]) or _AFTER.match(text, end, end + _NEAR)
    ]


def _said(
    source: Source, excerpt: Excerpt, piece: Piece, mentions: Sequence[Span]
) -> tuple[list[Draft], Sequence[Span]]:
    """The drafts and the comments of a piece, with its own offsets."""
    if piece.meaning in ("shell", "run"):
        return script_drafts(source.table, excerpt.text)
    if piece.meaning == "variable":
        return _setting(source, excerpt.text), []
    if piece.meaning == "file":
        return _file(source, excerpt.text, piece.name)
    return manual(excerpt.text, code_like(excerpt.text, mentions), _OTHER), []


def _setting(source: Source, text: str) -> list[Draft]:
    """An environment variable with its value, or alone where it is only shown."""
    found = _SETTING.fullmatch(text.rstrip())
    if found is None:
        return []
    name, value, at = found["name"], found["value"], found.start("value")
    drafts = (variable(source.table, name, found.start("name")), named_value(source.table, name, value, at))
    return [draft for draft in drafts if draft]


def _file(source: Source, text: str, name: str) -> tuple[list[Draft], Sequence[Span]]:
    """What is to be said of a file that a cell writes; nothing of a kind that nobody reads."""
    kind = kind_of(name)
    if kind == "python":
        return [draft_of(finding) for finding in migrated(source, text)], []
    if kind == "shell":
        return script_drafts(source.table, text)
    if kind == "cuda-source":
        why = f"CUDA kernels have to be rewritten for {source.table.target.title}"
        return [Draft("file:cuda-source", 0, len(text), "manual", why)], []
    mentions = text_mentions(text, source.table.sites)
    if kind is None or kind == "notebook":
        return manual(text, code_like(text, mentions), _OTHER), []
    reading = _read(Source(name, kind, text, source.table, source.repository))
    return list(reading.drafts), reading.comments


def _read(source: Source) -> Reading:
    """The reading of a file by the reader of its kind. Raises `SyntaxError` where its edits would break it."""
    from migrate.kinds import reader_of
    from migrate.settle import settled

    reading = reader_of(source.kind)(source)
    drafts = settled(reading.drafts)
    edits = [edit for draft in drafts for edit in draft.edits]
    if edits and reading.verify:
        reading.verify(apply_edits(source.text, edits))
    return Reading(drafts, reading.comments)


def migrated(source: Source, text: str) -> tuple[Finding, ...]:
    """The findings of a Python module. Raises `SyntaxError` for one that cannot be read."""
    from migrate.engine import migrate_python
    from migrate.nesting import TooDeepError

    try:
        return migrate_python(text, source.table, source.repository)
    except TooDeepError as error:
        raise SyntaxError(str(error), (None, error.line, None, None)) from None
    except RecursionError:
        raise SyntaxError("nests too deeply") from None


def is_python(text: str) -> bool:
    """Whether a text parses."""
    from migrate.engine import parse
    from migrate.nesting import TooDeepError

    try:
        parse(text)
    except (SyntaxError, TooDeepError):
        return False
    return True


def _prefixed(text: str, excerpt: Excerpt) -> Excerpt:
    """The excerpt with a text before it that stands nowhere, and is not to be edited."""
    starts = array("q", [excerpt.starts[0]] * len(text))
    return Excerpt(
        text + excerpt.text, starts + array("q", excerpt.starts), starts + array("q", excerpt.ends),
        lambda edit, at: None if at < len(text) else excerpt.spelled(edit, at - len(text)),
    )  # fmt: skip


def _moved(excerpt: Excerpt, spans: Iterable[Span]) -> list[Span]:
    return [(excerpt.starts[start], excerpt.ends[end - 1]) for start, end in spans if start < end]

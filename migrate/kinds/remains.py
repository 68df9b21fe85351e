"""What a shell script says of CUDA in texts and names that nothing else was said of."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

from migrate.finder import Span, text_mentions
from migrate.found import end_of_line
from migrate.kinds import rows
from migrate.kinds.calls import Call
from migrate.kinds.groups import Place
from migrate.kinds.pieces import Piece
from migrate.kinds.script import Part, parts_of, said, walk
from migrate.kinds.variables import mentioned
from migrate.model import Draft, Table

_FOLDER = re.compile(r"(?:^|[:=])[^:=\0]*/(?:cuda|nvidia|cudnn|nccl|hpc_sdk)(?:-?\d[\d.]*)?(?=[/:]|$)", re.IGNORECASE)
_LIBRARY = re.compile(r"lib(?:nccl|cuda|cudart|cublas|cudnn|nvidia|nvtx)[\w-]*\.(?:so|a)\b")
_CODE = re.compile(r"\btorch\.|\bimport torch\b|\.cuda\(|[\"']cuda[\"':]|os\.environ|\bimport \w")
_MESSAGE = ("left:message", "left", "a text that is printed")
_IDENTIFIER = ("left:identifier", "left", "part of a name of the project")
_PYTHON = re.compile(r"i?python[\d.]*")
Verdict = tuple[str, str, str]  # rule id, safety, message


@dataclass(frozen=True, slots=True)
class _Text:
    """A piece of literal text, and the command that it is a word or a here-document of."""

    start: int
    end: int
    call: Call
    body: bool
    whole: Span  # of the word, or of the here-document


def remains(table: Table, piece: Piece, drafts: list[Draft]) -> Iterator[Place | Draft]:
    """A draft on the piece for every mention that is in none of `drafts` and in no comment."""
    text = piece.script.text
    texts = sorted(_texts(piece), key=lambda one: one.start)
    begins = [one.start for one in texts]
    spans = sorted([*((draft.start, draft.end) for draft in drafts), *piece.script.comments, *_elsewhere(piece)])
    at = covered = 0
    for start, end in text_mentions(text, table.sites):
        while at < len(spans) and spans[at][0] <= start:
            covered = max(covered, spans[at][1])
            at += 1
        if start < covered:
            continue
        number = bisect_right(begins, start) - 1
        one = texts[number] if number >= 0 and start < texts[number].end else None
        if one is None:
            yield Draft(_IDENTIFIER[0], start, end, "left", _IDENTIFIER[2])
            continue
        found = _said(table, piece, one, start)
        yield from found
        covered = max(covered, max(place.draft.end for place in found if place.draft))


def _texts(piece: Piece) -> Iterator[_Text]:
    for call in piece.calls:
        words = [*call.command.assignments, *call.command.words]
        words += [redirect.target for redirect in call.command.redirects if redirect.target]
        for word in words:
            if word.start not in piece.opened:
                yield from _leaves(parts_of(word), call, False, (word.start, word.end))
    for number, heredoc in enumerate(piece.script.heredocs):
        if number in piece.bodies and heredoc.start not in piece.opened:
            yield from _leaves(walk(heredoc.parts), piece.bodies[number], True, (heredoc.start, heredoc.end))


def _leaves(parts: Iterator[Part], call: Call, body: bool, whole: Span) -> Iterator[_Text]:
    for part in parts:
        if part.kind in ("text", "opaque") and part.start < part.end:
            yield _Text(part.start, part.end, call, body, whole)


def _elsewhere(piece: Piece) -> Iterator[Span]:
    """Spans of the words that are pieces of their own."""
    for call in piece.calls:
        for word in (*call.command.assignments, *call.command.words):
            if word.start in piece.opened:
                yield word.value_at or word.start, word.end
    yield from ((body.start, body.end) for body in piece.script.heredocs if body.start in piece.opened)


def _said(table: Table, piece: Piece, one: _Text, start: int) -> list[Place]:
    """What to say of a mention at an offset of a text; the first place covers it."""
    source = piece.script.text
    whole = source[one.whole[0] : one.whole[1]]
    if one.call.role == "message":
        end = end_of_line(source, start) if one.body else one.end
        return [Place("", Draft(_MESSAGE[0], start, min(end, one.end), "left", _MESSAGE[2]))]
    inside = source[one.start : one.end]
    why = f"{_place_name(one)} names the variable, and that is not ours to edit"
    places = [
        Place(f"env:{name}", replace(rows.unedited(draft, why), start=draft.start + one.start, end=draft.end + one.start), why)
        for name, draft in mentioned(table, inside)
    ]
    rule_id, safety, message = _verdict(table, one, whole)
    if safety == "left" and any(place.draft.start <= start < place.draft.end for place in places if place.draft):
        return places
    if safety == "left":
        return [Place("", Draft(rule_id, start, one.end, "left", message)), *places]
    end = _last_mention(table, inside) + one.start if one.body else one.end
    begin = start if one.body else one.start
    return [Place("", Draft(rule_id, begin, max(begin + 1, end), "manual", message)), *places]


def _last_mention(table: Table, text: str) -> int:
    return max((end for _, end in text_mentions(text, table.sites)), default=len(text))


def _place_name(one: _Text) -> str:
    what = "a here-document" if one.body else "a text"
    return f"{what} for {one.call.program}" if one.call.program else what


def _verdict(table: Table, one: _Text, whole: str) -> Verdict:
    """What a text is: rule id, safety and message."""
    call, target = one.call, table.target.title
    if _PYTHON.fullmatch(call.program) and (one.body or re.search(r"\s", whole)):
        return "text:code", "manual", "Python code in a shell script: migrate it by hand"
    if one.body or re.search(r"\s", whole.strip()):
        if _CODE.search(whole):
            return "text:code", "manual", "code in a text: migrate it by hand"
        if call.at < 0 or call.program or one.body:
            return "text:settings", "manual", f"{_place_name(one)} mentions CUDA: see what it means for {target}"
        return _IDENTIFIER
    bare = whole.strip("\"'")
    if _FOLDER.search(bare) or _LIBRARY.search(bare):
        return "text:settings", "manual", f"the CUDA toolkit's folder or library: see what {target} has in its place"
    if "torch." in bare:
        return "text:code", "manual", "code in a text: migrate it by hand"
    if bare.startswith(("nvidia-", "cuda-", "nv-")) and call.command.words and one.whole[0] == call.command.words[-1].start:
        return "text:settings", "manual", f"a command of NVIDIA's: see what {target} has in its place"
    if call.program in ("cmake", "make"):
        return "text:settings", "manual", f"an option of the build for CUDA: see what {target} has in its place"
    return _IDENTIFIER

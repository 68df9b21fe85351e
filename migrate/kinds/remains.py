"""What a shell script says of CUDA in texts and names that nothing else was said of."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from migrate.finder import Span, text_mentions
from migrate.found import end_of_line
from migrate.kinds import rows
from migrate.kinds.calls import Call
from migrate.kinds.groups import Place
from migrate.kinds.pieces import Piece
from migrate.kinds.script import Part, said
from migrate.kinds.variables import mentioned
from migrate.model import Draft, Safety, Table

Verdict = tuple[str, Safety, str]  # rule id, safety, message
_FOLDER = re.compile(r"/(?:cuda|nvidia|cudnn|nccl|hpc_sdk)(?:-?\d[\d.]*)?(?=[/:\s]|$)", re.IGNORECASE)
_BEGINNING = re.compile(r"[:=,\s\0]|-[LI]")
_STOPS = " \t\r\n=:,'\""
_FAR = 200  # characters that a path may have before the folder
_LIBRARY = re.compile(r"lib(?:nccl|cuda|cudart|cublas|cudnn|nvidia|nvtx)[\w-]*\.(?:so|a)\b")
_CODE = re.compile(r"\btorch\.|\bimport torch\b|\.cuda\(|[\"']cuda[\"':]|os\.environ|\bimport \w")
_MESSAGE: Verdict = ("left:message", "left", "a text that is printed")
_IDENTIFIER: Verdict = ("left:identifier", "left", "part of a name of the project")
_TEXT: Verdict = ("left:text", "left", "a text of the project")
_FILES = ("-a", "-b", "-c", "-d", "-e", "-f", "-h", "-L", "-r", "-s", "-w", "-x")
_DEVICES = re.compile(r"(?<![\w./$-])(?:cuda|nccl)(?![\w./-])")
_PYTHON = re.compile(r"i?python[\d.]*")


@dataclass(frozen=True, slots=True)
class _Text:
    """A piece of literal text, and the command that it is a word or a here-document of."""

    start: int
    end: int
    of: _Whole


@dataclass(frozen=True, slots=True)
class _Whole:
    """A word, a here-document or the default of an expansion, with gaps for the expansions in it."""

    text: str
    end: int  # of its last piece of text
    call: Call
    body: bool = False
    first: bool = False  # whether it is the program of its command
    asked: bool = False  # whether a condition asks for it, and not for a file of that name
    opaque: bool = False
    nested: bool = False  # whether there are commands between its pieces of text


def remains(table: Table, piece: Piece, drafts: list[Draft]) -> Iterator[Place]:
    """A draft on the piece for every mention that is in none of `drafts` and in no comment."""
    texts = sorted(_texts(piece), key=lambda one: one.start)
    begins = [one.start for one in texts]
    spans = sorted([*((draft.start, draft.end) for draft in drafts), *piece.script.comments, *_elsewhere(piece)])
    at = covered = 0
    verdicts: dict[int, Verdict] = {}
    for start, end in text_mentions(piece.script.text, table.sites):
        while at < len(spans) and spans[at][0] <= start:
            covered = max(covered, spans[at][1])
            at += 1
        if start < covered:
            continue
        number = bisect_right(begins, start) - 1
        if number < 0 or start >= texts[number].end:
            yield Place("", Draft(_IDENTIFIER[0], start, end, "left", _IDENTIFIER[2]))
            continue
        whole = texts[number].of
        if id(whole) not in verdicts:
            verdicts[id(whole)] = _verdict(table, whole)
        found = list(_said(table, piece.script.text, texts, number, start, verdicts[id(whole)]))
        yield from found
        covered = max(covered, max(place.draft.end for place in found if place.draft))


def is_in_toolkit(text: str) -> bool:
    """Whether a text names a folder of the CUDA toolkit by its absolute path."""
    for found in _FOLDER.finditer(text):
        if _BEGINNING.split(text[max(0, found.start() - _FAR) : found.start() + 1])[-1].startswith("/"):
            return True
    return False


def _texts(piece: Piece) -> Iterator[_Text]:
    text = piece.script.text
    for call in piece.calls:
        words = [*call.command.assignments, *call.command.words]
        words += [redirect.target for redirect in call.command.redirects if redirect.target]
        before = ""
        for word in words:
            if word.start not in piece.opened:
                asked = call.role == "test" and before not in _FILES
                first = 0 <= call.at < len(call.command.words) and call.command.words[call.at].start == word.start
                for parts in (word.parts, *(item.parts for item in word.items or ())):
                    yield from _leaves(parts, text, _Whole("", 0, call, first=first, asked=asked))
            before = word.plain or ""
    for number, heredoc in enumerate(piece.script.heredocs):
        if number in piece.bodies and heredoc.start not in piece.opened:
            yield from _leaves(heredoc.parts, text, _Whole("", 0, piece.bodies[number], body=True))


def _leaves(parts: Sequence[Part], text: str, like: _Whole) -> Iterator[_Text]:
    """The pieces of text in a word; those of `${X:-…}` are a word of their own."""
    if not parts:
        return
    nested = any(part.kind == "command" for part in parts)
    whole = replace(like, text=said(parts, text).text, end=parts[-1].end, nested=nested)
    for part in parts:
        if part.start < part.end and part.kind == "text":
            yield _Text(part.start, part.end, whole)
        elif part.kind == "opaque":
            own = replace(like, text=text[part.start : part.end], end=part.end, opaque=True)
            yield _Text(part.start, part.end, own)
        if part.inner:
            yield from _leaves(part.inner, text, replace(like, first=False))


def _elsewhere(piece: Piece) -> Iterator[Span]:
    """Spans of the words that are pieces of their own."""
    for call in piece.calls:
        for word in (*call.command.assignments, *call.command.words):
            if word.start in piece.opened:
                yield word.value_at or word.start, word.end
    yield from ((body.start, body.end) for body in piece.script.heredocs if body.start in piece.opened)


def _said(table: Table, text: str, texts: list[_Text], number: int, start: int, verdict: Verdict) -> Iterator[Place]:
    """What to say of a mention at an offset of a text, and of those behind it in the same word."""
    one, (rule_id, safety, message) = texts[number], verdict
    whole = one.of
    end = one.end if whole.nested else whole.end
    if whole.call.role == "message":
        end = min(one.end, end_of_line(text, start)) if whole.body else one.end
        yield Place("", Draft(rule_id, start, end, safety, message))
        return
    named: list[Place] = []
    while number < len(texts) and texts[number].start < end:
        named += _named(table, text, texts[number]) if texts[number].of is whole else ()
        number += 1
    yield from named
    if safety == "left" and any(place.draft.start <= start < place.draft.end for place in named if place.draft):
        return
    last = max((last for _, last in text_mentions(text[start:end], table.sites)), default=0) + start
    begin = one.start
    if whole.body or safety == "left" or not re.search(r"\s", whole.text):
        begin = start
        while safety != "left" and begin > max(one.start, start - _FAR) and text[begin - 1] not in _STOPS:
            begin -= 1
    yield Place("", Draft(rule_id, begin, max(start + 1, last), safety, message))


def _named(table: Table, text: str, one: _Text) -> Iterator[Place]:
    """The variables that a text names, none of which can change then."""
    why = f"{_shown(one.of)} names the variable, and that is not ours to edit"
    for name, draft in mentioned(table, text[one.start : one.end]):
        at = replace(rows.unedited(draft, why), start=draft.start + one.start, end=draft.end + one.start)
        yield Place(f"env:{name}", at, why)


def _shown(whole: _Whole) -> str:
    what = "a here-document" if whole.body else "a text"
    return f"{what} for {whole.call.program}" if whole.call.program else what


def _verdict(table: Table, whole: _Whole) -> Verdict:
    """What a text is: rule id, safety and message."""
    call, target, text = whole.call, table.target.title, whole.text
    if call.role == "message":
        return _MESSAGE if call.program != ":" else ("left:comment", "left", "a comment")
    several = whole.body or re.search(r"\s", text.strip()) is not None
    if several and _PYTHON.fullmatch(call.program):
        return "text:code", "manual", "Python code in a shell script: migrate it by hand"
    if "torch." in text or (several and _CODE.search(text)):
        return "text:code", "manual", "code in a text: migrate it by hand"
    if whole.opaque:
        return "text:settings", "manual", "a quotation that is not read mentions CUDA: see what it does"
    if several and call.command.kind == "simple" and not call.program and call.at >= 0:
        settings = _DEVICES.search(text) is not None
        return ("text:settings", "manual", "a text that names a device of CUDA: who reads it?") if settings else _TEXT
    if several:
        return "text:settings", "manual", f"{_shown(whole)} mentions CUDA: see what it means for {target}"
    if is_in_toolkit(text) or _LIBRARY.search(text):
        return "text:settings", "manual", f"the CUDA toolkit's folder or library: see what {target} has in its place"
    if whole.first and text.rpartition("/")[2].startswith(("nvidia-", "cuda-")):
        return "text:settings", "manual", f"a command of NVIDIA's: see what {target} has in its place"
    if call.program in ("cmake", "make"):
        return "text:settings", "manual", f"an option of the build for CUDA: see what {target} has in its place"
    if _DEVICES.search(text):
        return "text:settings", "manual", "a value that names a device of CUDA: who reads it?"
    if whole.asked and not text.startswith("-"):
        return "text:compared", "manual", f"a condition asks for it: see what it is for {target}"
    return _IDENTIFIER

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
from migrate.kinds.together import Covered
from migrate.kinds.variables import mentioned
from migrate.model import Draft, Safety, Table

Verdict = tuple[str, Safety, str]  # rule id, safety, message
_FOLDER = re.compile(r"/(?:cuda|nvidia|cudnn|nccl|hpc_sdk)(?:-?\d[\d.]*)?(?=[/:\s]|$)", re.IGNORECASE)
_BEGINNING = re.compile(r"[:=,\s\0]|-[LI]")
_STOPS = " \t\r\n=:,'\""
_FAR = 200  # characters that a path may have before the folder
_LIBRARY = re.compile(r"lib(?:nccl|cuda|cudart|cublas|cudnn|nvidia|nvtx)[\w-]*\.(?:so|a)\b")
_VALUE = re.compile(r"^[A-Za-z_]\w*=")
_DOWNLOAD = re.compile(r"developer\.(?:download\.)?nvidia\.|nvidia\.github\.io|/[^/]*(?:cuda|cudnn|nccl)[^/]*$")
_CODE = re.compile(r"\btorch\.|\bimport torch\b|\.cuda\(|[\"']cuda[\"':]|os\.environ|\bimport \w")
_MESSAGE: Verdict = ("left:message", "left", "a text that is printed")
_IDENTIFIER: Verdict = ("left:identifier", "left", "part of a name of the project")
_TEXT: Verdict = ("left:text", "left", "a text of the project")
_USER: Verdict = ("left:text", "left", "a user's name or address")
_USERS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[\w.-]*[a-z]nvidia[\w.-]*", re.IGNORECASE)
_FILES = ("-a", "-b", "-c", "-d", "-e", "-f", "-h", "-L", "-r", "-s", "-w", "-x")
_CONTAINER = re.compile(r"--runtime[= ]nvidia|--gpus\b")
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
    verdicts: dict[int, tuple[Verdict, Covered]] = {}
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
            named = list(_named(table, piece.script.text, texts, number)) if whole.call.role != "message" else []
            yield from named
            held = Covered((place.draft.start, place.draft.end) for place in named if place.draft)
            verdicts[id(whole)] = _verdict(table, whole), held
        verdict, held = verdicts[id(whole)]
        if not held.holds(start):
            draft = _said(table, piece.script.text, texts[number], start, verdict)
            covered = max(covered, draft.end)
            yield Place("", draft)


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


def _said(table: Table, text: str, one: _Text, start: int, verdict: Verdict) -> Draft:
    """What to say of a mention at an offset of a text, and of those behind it in the same word and line."""
    whole, (rule_id, safety, message) = one.of, verdict
    line = end_of_line(text, start)
    if whole.call.role == "message":
        return Draft(rule_id, start, min(one.end, line), safety, message)
    end = min(line, one.end if whole.nested else whole.end)
    last = max((last for _, last in text_mentions(text[start:end], table.sites)), default=0) + start
    begin = max(one.start, text.rfind("\n", one.start, start) + 1)
    begin += len(text[begin:start]) - len(text[begin:start].lstrip())
    if whole.body or safety == "left" or not re.search(r"\s", whole.text):
        first, begin = begin, start
        while safety != "left" and begin > max(first, start - _FAR) and text[begin - 1] not in _STOPS:
            begin -= 1
    return Draft(rule_id, begin, max(start + 1, last), safety, message)


def _named(table: Table, text: str, texts: list[_Text], number: int) -> Iterator[Place]:
    """The variables that a word names from its first text on, none of which can change then."""
    whole = texts[number].of
    why = f"{_shown(whole)} names the variable, and that is not ours to edit"
    end = texts[number].end if whole.nested else whole.end
    while number < len(texts) and texts[number].start < end:
        one = texts[number]
        number += 1
        for name, draft in mentioned(table, text[one.start : one.end]) if one.of is whole else ():
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
        if _names_device(table, text) or _CONTAINER.search(text):
            return "text:settings", "manual", "a text that names a device of CUDA: who reads it?"
        return _TEXT
    if several:
        return "text:settings", "manual", f"{_shown(whole)} mentions CUDA: see what it means for {target}"
    if place := _verdict_on_place(table, _VALUE.sub("", text)):
        return place
    if whole.first and text.rpartition("/")[2].startswith(("nvidia-", "cuda-")):
        return "text:settings", "manual", f"a command of NVIDIA's: see what {target} has in its place"
    if call.program in ("cmake", "make"):
        return "text:settings", "manual", f"an option of the build for CUDA: see what {target} has in its place"
    if _names_device(table, text):
        return "text:settings", "manual", "a value that names a device of CUDA: who reads it?"
    if whole.asked and _USERS.fullmatch(text.strip()):
        return _USER
    if whole.asked and not text.startswith("-"):
        return "text:compared", "manual", f"a condition asks for it: see what it is for {target}"
    return _IDENTIFIER


def _names_device(table: Table, text: str) -> bool:
    """Whether a text holds a device or a backend as a word of its own."""
    words = f"{re.escape(table.source.device)}|{re.escape(table.source.backend)}"
    return re.search(rf"(?<![\w./$-])(?:{words})(?![\w./-])", text) is not None


def _verdict_on_place(table: Table, text: str) -> Verdict | None:
    """What a value is that is an image, an address or a path; None for others."""
    target = table.target.title
    if rows.names_image(text):
        if row := rows.resource(table, text, 0):
            return row.rule_id, row.safety, row.message
        return "text:settings", "manual", f"an image with CUDA in it: see what {target} has in its place"
    if "://" in text:
        of_cuda = _DOWNLOAD.search(text) is not None
        why = f"an address of CUDA's software: see what {target} has in its place"
        return ("text:settings", "manual", why) if of_cuda else _IDENTIFIER
    if is_in_toolkit(text) or _LIBRARY.search(text):
        return "text:settings", "manual", f"the CUDA toolkit's folder or library: see what {target} has in its place"
    return None

"""Values that the words of a command hand on: `--device cuda:0`, `--backend=nccl`, `trainer.device=cuda`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrate.kinds import rows
from migrate.kinds.calls import Call
from migrate.kinds.excerpt import Excerpt
from migrate.kinds.pieces import Piece
from migrate.kinds.script import GAP, Word, said
from migrate.model import Draft, Table
from migrate.naming import words_of

_OPTION = re.compile(r"(?P<name>--?[A-Za-z][\w.-]*)(?P<equals>=)?")
_KEY = re.compile(r"[+~]{0,2}(?P<name>[A-Za-z_][\w./@-]*)=")
_OWN = frozenset({  # no values for torch in these
    "export", "declare", "typeset", "local", "readonly", "unset", "read", "cmake", "make",
})  # fmt: skip
_INSTALLERS = frozenset(("pip", "pip3", "conda", "mamba", "apt", "apt-get", "yum", "dnf", "poetry", "module", "ml"))


def option_drafts(table: Table, piece: Piece, call: Call) -> Iterator[Draft]:
    """The values of a command's options that are devices or backends, on the piece."""
    if call.command.kind != "simple" or call.role in ("message", "test") or call.program in _OWN | _INSTALLERS:
        return
    foreign = _module(call).partition(".")[0] in table.sites.foreign
    problem = "" if call.role == "launcher" and not foreign else f"see whether {_called(call)} takes it"
    previous = ""
    for word in call.arguments:
        excerpt = said(word.parts, piece.script.text)
        option = _OPTION.match(excerpt.text)
        key = option or _KEY.match(excerpt.text)
        if option and not option["equals"] and option.end() == len(excerpt.text):
            previous = option["name"]
            continue
        begin = key.end() if key and key.group().endswith("=") else 0
        name = key["name"] if key and begin else previous
        for draft in _values(table, name, excerpt, begin):
            yield rows.unedited(draft, problem) if problem else draft
        previous = previous if previous.endswith("s") and not begin else ""  # `--devices cuda:0 cuda:1`


def value_draft(table: Table, name: str, excerpt: Excerpt, begin: int = 0, end: int | None = None) -> Draft | None:
    """A device or a backend that begins at an offset of a word: the value of `name`. `cuda:$X` is one, too."""
    value, device = excerpt.text[begin:end], table.source.device
    if value == f"{device}:{GAP}":
        value = device
    draft = rows.named_value(table, name, value, begin)
    return excerpt.moved(draft) if draft else None


def _values(table: Table, name: str, excerpt: Excerpt, begin: int) -> Iterator[Draft]:
    """A value, or each one of a list with commas; nothing for one of which we understand only a part."""
    drafts: list[Draft] = []
    text = excerpt.text
    if _accelerator(name) and text[begin:] in ("gpu", "cuda"):
        why = f"what does the trainer call the accelerator of {table.target.title}?"
        yield excerpt.moved(Draft("text:settings", begin, len(text), "manual", why))
        return
    at = begin
    for item in text[begin:].split(","):
        draft = value_draft(table, name, excerpt, at, at + len(item))
        if draft is None and not re.fullmatch(r"[a-z]+(?::\d+)?", item):
            return
        drafts += [draft] if draft else []
        at += len(item) + 1
    yield from drafts


def _accelerator(name: str) -> bool:
    return "accelerator" in words_of(name)


def _module(call: Call) -> str:
    """The module that Python runs, if it is one."""
    words = [word.literal or "" for word in call.arguments[:6]]
    return words[words.index("-m") + 1] if "-m" in words[:-1] else ""


def _called(call: Call) -> str:
    module = _module(call)
    return module or (call.program if call.program and not call.program.startswith("$") else "this command")


def words_with(call: Call) -> Iterator[tuple[int, Word, str]]:
    """The arguments of a command with their numbers, each with the option before it."""
    previous = ""
    for number, word in enumerate(call.arguments, call.at + 1):
        literal = word.literal or ""
        yield number, word, previous
        previous = literal if literal.startswith("-") and "=" not in literal else ""

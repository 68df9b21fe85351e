"""The places of a shell script that name environment variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from migrate.kinds import rows
from migrate.kinds.calls import Call
from migrate.kinds.groups import Place
from migrate.kinds.pieces import Piece
from migrate.kinds.script import Part, Word, parts_of, said, walk
from migrate.model import Draft, Table

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORD = re.compile(r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9]*_[A-Z0-9_]+(?![A-Za-z0-9_])")
_LISTED = re.compile(r"(?:(?<=,)|^)([A-Za-z_][A-Za-z0-9_]*)(?=[=,]|$)")
_TAKING = {  # command -> its options behind which, or in whose value, variables are named
    "docker": ("-e", "--env"), "podman": ("-e", "--env"), "nvidia-docker": ("-e", "--env"),
    "singularity": ("--env",), "apptainer": ("--env",), "mpirun": ("-x", "-env", "-genv", "-envlist", "-genvlist"),
    "mpiexec": ("-x", "-env", "-genv", "-envlist", "-genvlist"), "orterun": ("-x",), "horovodrun": ("-x",),
    "mpiexec.hydra": ("-env", "-genv", "-envlist", "-genvlist"), "srun": ("--export",), "sbatch": ("--export", "-v"),
    "qsub": ("-v",),
}  # fmt: skip
_NAMING = frozenset(("export", "declare", "typeset", "local", "readonly", "unset", "read", "printenv"))
_EXPORTING = frozenset(("export", "printenv"))
_ENVIRONMENT = frozenset(("env", "sudo", "doas"))


@dataclass(frozen=True, slots=True)
class Naming:
    """One place that names a variable; whether a child process gets it from there, and why it cannot be edited."""

    name: str
    start: int
    exports: bool = False
    assigns: bool = False


def namings(piece: Piece) -> Iterator[Naming]:
    """All places of a piece where a variable is assigned, named or expanded, by their offsets in the piece."""
    for call in piece.calls:
        command = call.command
        declared = command.words if _declares(call) else ()
        for words, exports in ((command.assignments, bool(command.words)), (declared, _exports(call))):
            for word in words:
                if word.name:
                    yield Naming(piece.script.text[slice(*word.name)], word.name[0], exports, True)
        for word in (*command.assignments, *command.words):
            yield from _expansions(parts_of(word))
        for redirect in command.redirects:
            if redirect.target:
                yield from _expansions(parts_of(redirect.target))
        yield from _named(piece, call)
    for heredoc in piece.script.heredocs:
        yield from _expansions(walk(heredoc.parts))


def _expansions(parts: Iterator[Part]) -> Iterator[Naming]:
    for part in parts:
        if part.kind in ("variable", "name") and part.value:
            yield Naming(part.value, part.at)


def _declares(call: Call) -> bool:
    return call.program in _NAMING


def _exports(call: Call) -> bool:
    if call.program in ("declare", "typeset"):
        return any((word.literal or "").startswith("-") and "x" in (word.literal or "") for word in call.arguments)
    return call.program in _EXPORTING


def _named(piece: Piece, call: Call) -> Iterator[Naming]:
    """Variables that the words of a command name."""
    words, text = call.command.words, piece.script.text
    if call.command.kind == "for" and words and (name := words[0].plain):
        yield Naming(name, words[0].start, assigns=True)
    if _declares(call):
        for word in call.arguments:
            if (name := word.plain) and _NAME.fullmatch(name):
                yield Naming(name, word.start, _exports(call))
    wrappers = [(word.literal or "").rpartition("/")[2] for word in call.wrapping]
    if not _ENVIRONMENT.isdisjoint(wrappers) or call.program in _ENVIRONMENT:
        for word in words if call.program in _ENVIRONMENT else call.wrapping:
            if word.name:
                yield Naming(text[slice(*word.name)], word.name[0], True, True)
    for before, word in pairwise(words):
        if before.plain == "-v" and (name := word.plain) and _NAME.fullmatch(name) and call.program != "docker":
            yield Naming(name, word.start)
    options = {option for program in (*wrappers, call.program) for option in _TAKING.get(program, ())}
    if options:
        yield from _in_options(text, words, options)


def _in_options(text: str, words: tuple[Word, ...], options: set[str]) -> Iterator[Naming]:
    """`-e NAME`, `-e NAME=…`, `--env=NAME=…`, `--export=ALL,NAME=…`."""
    value = False
    for word in words:
        excerpt = said(word.parts, text)
        option, equals, _ = excerpt.text.partition("=")
        inside = equals and option in options
        if value or inside:
            begin = len(option) + 1 if inside else 0
            for found in _LISTED.finditer(excerpt.text[begin:]):
                at = begin + found.start()
                end = begin + found.end()
                if excerpt.ends[end - 1] - excerpt.starts[at] == end - at:
                    yield Naming(found[1], excerpt.starts[at], True, True)
        value = excerpt.text in options


def variable_places(table: Table, pieces: Sequence[Piece]) -> Iterator[tuple[int, Place]]:
    """The places that name a variable of the environment, each with the number of its piece."""
    listed = [(number, naming) for number, piece in enumerate(pieces) for naming in namings(piece)]
    assigned = {naming.name for _, naming in listed if naming.assigns}
    own = assigned - {naming.name for _, naming in listed if naming.exports}
    for number, naming in listed:
        draft = rows.variable(table, naming.name, naming.start)
        if draft is None:
            continue
        if naming.name in own and table.rule("env", naming.name) is None:
            end = naming.start + len(naming.name)
            draft = Draft("left:identifier", naming.start, end, "left", "a variable of the script")
        yield number, Place(f"env:{naming.name}", draft)


def mentioned(table: Table, text: str) -> Iterator[tuple[str, Draft]]:
    """The variables of the environment that a text names as words, which is not ours to edit."""
    for found in _WORD.finditer(text):
        if draft := rows.variable(table, found.group(), found.start()):
            yield found.group(), draft

"""What IPython adds to Python: the code of a cell with all of it masked, and what stood there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from migrate.comments import statement_end
from migrate.edits import apply_edits
from migrate.found import end_of_line
from migrate.model import Edit

Meaning = Literal["shell", "run", "variable", "file", "foreign", "magic"]
_HEAD = re.compile(r"(?:[ \t]*(?:\#[^\r\n]*)?(?:\r\n|\r|\n))*[ \t]*%%(?P<name>[A-Za-z_]\w*|!)")
_LINE = re.compile(r"[ \t]*(?P<sign>!!?|\?\??|%%?(?P<name>[A-Za-z_]\w*))")
_ASSIGNED = re.compile(r"(?:[\w.,* \t]|\[['\"]?\w*['\"]?\])+=[ \t]*(?P<sign>!|%(?P<name>[A-Za-z_]\w*))")
_BARE = re.compile(
    r"[ \t]*(?P<sign>(?P<name>pip3?|conda|mamba)[ \t]+(?:install|uninstall|download|update|upgrade|create)\b)"
)
_HELP = re.compile(r"[ \t]*%{0,2}[A-Za-z_*][\w.*]*(?:\[[\w'\"]+\])?\?\??[ \t;]*(?=[\r\n]|\Z)")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_OPTIONS = re.compile(r"[ \t]*(?:-(?:[nrp][ \t]*\d+|[tcqoims]+)[ \t]+)*")
_SHELLS = frozenset({"bash", "sh", "zsh", "ksh", "dash", "system", "sx", "!"})
_PACKAGERS = frozenset({"pip", "pip3", "conda", "mamba", "micromamba", "uv"})
_TIMED = frozenset({"time", "timeit", "prun", "memit"})  # what follows on the line is Python
_AROUND = _TIMED | {"capture", "lprun", "mprun", "px", "wandb", "heat", "scalene", "pyinstrument"}
_LONGEST = 10_000  # characters of Python on the line of a magic


@dataclass(frozen=True, slots=True)
class Piece:
    """Something in a cell that is no Python; `name` is that of a file."""

    meaning: Meaning
    start: int
    end: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """The code of a cell with blanks, comments and idle statements where it is no Python: as long as before.

    `code` is None where none of it is Python; `masks` are the spans that differ.
    """

    code: str | None
    pieces: tuple[Piece, ...]
    masks: tuple[tuple[int, int], ...] = ()


def unmagicked(text: str, is_python: Callable[[str], bool]) -> Cell:
    """Take the code of a cell apart; `is_python` says whether a text parses."""
    edits: list[Edit] = []
    pieces: list[Piece] = []
    at = 0
    while head := _HEAD.match(text, at):
        stop = end_of_line(text, head.end())
        if head["name"] not in _AROUND:
            return Cell(None, (*pieces, Piece("magic", at, head.end()), *_body(text, head["name"], head.end(), stop)))
        at = _masked(text, head.start("name") - 2, head["name"], is_python, edits, pieces)
    while at < len(text):
        at = _statement(text, at, is_python, edits, pieces)
    masks = tuple((edit.start, edit.end) for edit in edits)
    return Cell(apply_edits(text, edits), tuple(pieces), masks)


def _body(text: str, name: str, at: int, stop: int) -> tuple[Piece, Piece]:
    """The rest of the line, and what stands under it, for a magic that takes the whole cell."""
    words = text[at:stop].split()
    start = _next_line(text, stop)
    if name == "script":
        programs = [word.rpartition("/")[2] for word in words]
        meaning: Meaning = "foreign" if _SHELLS.isdisjoint(programs) else "shell"
        return Piece("shell", at, stop), Piece(meaning, start, len(text))
    if name in _SHELLS:
        return Piece("magic", at, stop), Piece("shell", start, len(text))
    if name in ("writefile", "file") and words:
        return Piece("magic", at, stop), Piece("file", start, len(text), words[-1].strip("\"'"))
    if name in ("python", "python3"):
        return Piece("magic", at, stop), Piece("file", start, len(text), "cell.py")
    return Piece("magic", at, stop), Piece("foreign", start, len(text))


def _statement(text: str, at: int, is_python: Callable[[str], bool], edits: list[Edit], pieces: list[Piece]) -> int:
    """Mask the logical line that begins at an offset if it is none of Python's; where the next one begins."""
    if found := _HELP.match(text, at):
        stop = found.end()
        edits += _filled(text, at, stop)
        pieces.append(Piece("magic", at, stop))
        return _next_line(text, stop)
    if found := _LINE.match(text, at) or _BARE.match(text, at):
        return _masked(text, found.start("sign"), found["name"] or found["sign"], is_python, edits, pieces)
    if found := _ASSIGNED.match(text, at):
        return _masked(text, found.start("sign"), found["name"] or "!", lambda _: False, edits, pieces)
    return statement_end(text, at)


def _masked(
    text: str, at: int, name: str, is_python: Callable[[str], bool], edits: list[Edit], pieces: list[Piece]
) -> int:
    """Mask a line from a sign on, as far as it goes on; where the next one begins."""
    stop = _end_of_continued(text, at)
    behind = at + len(name) if name[0] in "!?" else text.index(name, at) + len(name)
    if name in _TIMED:
        found = _OPTIONS.match(text, behind, stop)
        start = found.end() if found else behind
        if start < stop and stop - start <= _LONGEST and is_python(text[start:stop]):
            edits.append(Edit(at, start, "0;".ljust(start - at)))
            return _next_line(text, stop)
    edits += _filled(text, at, stop)
    pieces.append(_piece(name, at, behind, stop))
    return _next_line(text, stop)


def _piece(name: str, at: int, behind: int, stop: int) -> Piece:
    if name[0] == "!" or name in _SHELLS:
        return Piece("shell", behind, stop)
    if name in _PACKAGERS:
        return Piece("shell", behind - len(name), stop)
    if name == "run":
        return Piece("run", behind, stop)
    if name in ("env", "set_env"):
        return Piece("variable", behind, stop)
    return Piece("magic", at, stop)


def _filled(text: str, start: int, stop: int) -> list[Edit]:
    """Edits that put something idle in place of a text, line by line: a comment, or a statement that may be due."""
    edits: list[Edit] = []
    begin = start + len(text[start:stop]) - len(text[start:stop].lstrip(" \t"))
    first = begin == 0 or text[begin - 1] in "\r\n"
    mark = "#" if first else "0"
    for line in _NEWLINE.split(text[begin:stop]):
        found = _NEWLINE.match(text, begin + len(line))
        if line:
            edits.append(Edit(begin, begin + len(line), mark.ljust(len(line))))
            mark = " "
        begin += len(line) + (len(found.group()) if found else 0)
    return edits


def _end_of_continued(text: str, at: int) -> int:
    """Where a line ends, together with those that a backslash joins to it."""
    stop = end_of_line(text, at)
    while text[stop - 1 : stop] == "\\" and (found := _NEWLINE.match(text, stop)):
        stop = end_of_line(text, found.end())
    return stop


def _next_line(text: str, stop: int) -> int:
    found = _NEWLINE.match(text, stop)
    return found.end() if found else stop

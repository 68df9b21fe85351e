"""Dockerfiles → their instructions, as docker reads them: continued lines joined, comments between them dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from migrate.finder import Span
from migrate.kinds.excerpt import Excerpt, joined, part, slice_of

_DIRECTIVE = re.compile(r"#[ \t]*(?P<name>[A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*(?P<value>\S(?:.*\S)?)\s*")
_NAME = re.compile(r"[ \t]*(?P<name>[^\s]+)[ \t]*")
_HEREDOC = re.compile(r"\d*<<(?P<chomp>-?)(?P<name>[^<]+)")
_WITH_HEREDOCS = frozenset({"RUN", "ADD", "COPY"})
_STRING = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_JSON = re.compile(rf"\s*\[\s*(?:{_STRING}\s*(?:,\s*{_STRING}\s*)*)?\]\s*")
_JSON_WORD = re.compile(_STRING)
_KNOWN = frozenset(
    {"ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
     "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """A word of an instruction and where it begins in what follows the instruction's name."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, or the one that ONBUILD defers.

    `name` is in upper case; `rest` is what follows it, on one line; `bodies` are the heredocs behind that line,
    without the line that ends each, and `end` is the end of all. `lines` counts those that are joined.
    """

    name: str
    start: int
    end: int
    rest: Excerpt
    bodies: tuple[Span, ...]
    lines: int
    escape: str

    @property
    def words(self) -> list[Word]:
        """The words, quoted as they are."""
        return [Word(match.group(), match.start()) for match in _word(self.escape).finditer(self.rest.text)]


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """The instructions and the comments of a file."""

    instructions: tuple[Instruction, ...]
    comments: tuple[Span, ...]


def parse(text: str) -> Dockerfile:
    """Read a Dockerfile. Raises `SyntaxError` for a heredoc without an end and for what is no instruction."""
    instructions: list[Instruction] = []
    comments: list[Span] = []
    lines = _lines(text)
    escape, at = _directives(text, lines)
    comments += lines[:at]
    while at < len(lines):
        start, end = lines[at]
        line = text[start:end].strip()
        if line.startswith("#"):
            comments.append((start, end))
        elif line:
            instruction, at = _instruction(text, lines, at, escape, comments)
            instructions.append(instruction)
            continue
        at += 1
    return Dockerfile(tuple(instructions), tuple(comments))


def json_words(text: str) -> list[Word] | None:
    """The words of the exec form, as they are written between their quotes; None for a text in another form."""
    if _JSON.fullmatch(text) is None:
        return None
    return [Word(match[1], match.start(1)) for match in _JSON_WORD.finditer(text)]


def unquoted(word: Word) -> Word:
    """The word without the quotes around all of it."""
    text = word.text
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return Word(text[1:-1], word.start + 1)
    return word


def _lines(text: str) -> list[Span]:
    """The spans of the lines without what ends them; docker knows LF and CR LF."""
    spans: list[Span] = []
    at = 0
    for line in text.split("\n"):
        spans.append((at, at + len(line.removesuffix("\r"))))
        at += len(line) + 1
    return spans


def _directives(text: str, lines: Sequence[Span]) -> tuple[str, int]:
    """The character that continues lines, and the number of lines that are directives to the parser."""
    escape = "\\"
    for number, (start, end) in enumerate(lines):
        match = _DIRECTIVE.fullmatch(text, start, end)
        if match is None:
            return escape, number
        if match["name"].lower() == "escape" and match["value"] in ("\\", "`"):
            escape = match["value"]
    return escape, len(lines)


def _instruction(
    text: str, lines: Sequence[Span], at: int, escape: str, comments: list[Span]
) -> tuple[Instruction, int]:
    """The instruction that begins on a line, and the number of the line behind it; adds the comments inside it."""
    number, first = at + 1, lines[at][0]
    pieces: list[Span] = []
    goes_on = True
    while goes_on and at < len(lines):
        start, end = lines[at]
        at += 1
        line = text[start:end].strip()
        if pieces and (not line or line.startswith("#")):
            comments += [(start, end)] if line else []
            continue
        goes_on = _goes_on(text, start, end, escape)
        pieces.append((start, text.rindex(escape, start, end) if goes_on else end))
    rest = joined([slice_of(text, *piece) for piece in pieces])
    name, rest = _named(rest, number)
    bodies: list[Span] = []
    end = lines[at - 1][1]
    if name in _WITH_HEREDOCS and "<<" in rest.text:
        for match in filter(None, (_HEREDOC.fullmatch(word.group()) for word in _word(escape).finditer(rest.text))):
            body, at = _body(text, lines, at, match["name"].strip("\"'"), bool(match["chomp"]), number)
            bodies.append(body)
            end = lines[at - 1][1]
    return Instruction(name, first, end, rest, tuple(bodies), len(pieces), escape), at


def _goes_on(text: str, start: int, end: int, escape: str) -> bool:
    """Whether a line ends with the character that continues it, which is not escaped itself."""
    line = text[start:end].rstrip(" \t")
    return line.endswith(escape) and not line.endswith(escape * 2)


def _named(rest: Excerpt, number: int) -> tuple[str, Excerpt]:
    """The name of an instruction and what follows it. Raises `SyntaxError` for one that does not exist."""
    match = _NAME.match(rest.text)
    if match and match["name"].upper() == "ONBUILD":
        match = _NAME.match(rest.text, match.end())
    name = match["name"] if match else ""
    if match is None or name.upper() not in _KNOWN:
        raise SyntaxError(f"no instruction of a Dockerfile: {name[:20]!r}", (None, number, None, None))
    return name.upper(), part(rest, match.end())


def _body(text: str, lines: Sequence[Span], at: int, name: str, chomp: bool, number: int) -> tuple[Span, int]:
    """The span of a heredoc that begins on a line, and the number of the line behind its end."""
    begin = lines[at][0] if at < len(lines) else len(text)
    while at < len(lines):
        start, end = lines[at]
        at += 1
        if (text[start:end].lstrip("\t") if chomp else text[start:end]) == name:
            return (begin, start), at
    raise SyntaxError(f"a heredoc without an end: {name[:20]}", (None, number, None, None))


@cache
def _word(escape: str) -> re.Pattern[str]:
    own = re.escape(escape)
    return re.compile(rf"""(?:[^\s"'{own}]|{own}.|{own}\Z|"(?:[^"{own}]|{own}.)*"?|'[^']*'?)+""", re.DOTALL)


def instructions_of(text: str) -> Iterator[tuple[str, int, int]]:
    """What has to stay when a file is edited: the instructions, the lines they have, and their heredocs."""
    for item in parse(text).instructions:
        yield item.name, item.lines, len(item.bodies)

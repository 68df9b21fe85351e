"""What a shell script consists of: its commands, their words, and the pieces of those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from migrate.finder import Span
from migrate.kinds.excerpt import Excerpt

GAP = "\0"  # stands for an expansion in the value of a word
PartKind = Literal["text", "variable", "name", "command", "arithmetic", "opaque"]
CommandKind = Literal["simple", "for", "case", "pattern", "test", "arithmetic"]


class Part(NamedTuple):
    """A piece of a word. There are many of these: a tuple is made in a fifth of the time of a frozen dataclass.

    `value` is what a text says once quotes and escapes are gone, and the name of a variable, which begins at `at`.
    `name` is a variable as arithmetic names it, without `$`. `inner` are the pieces of `${X:-…}` behind the name and
    those of arithmetic. What is `opaque` was not looked into.
    """

    kind: PartKind
    start: int
    end: int
    value: str = ""
    quoted: bool = False
    at: int = 0
    inner: tuple[Part, ...] = ()


class Word(NamedTuple):
    """One word; `NAME=value` has the span of the name and the offset of the value, an array its items."""

    start: int
    end: int
    parts: tuple[Part, ...]
    name: Span | None = None
    value_at: int = 0
    items: tuple[Word, ...] | None = None

    @property
    def literal(self) -> str | None:
        """What the word says; None if it has an expansion."""
        if len(self.parts) == 1 and self.parts[0].kind == "text":
            return self.parts[0].value
        if self.items is not None or any(part.kind != "text" for part in self.parts):
            return None
        return "".join(part.value for part in self.parts)

    @property
    def plain(self) -> str | None:
        """What the word says if nothing in it is quoted."""
        if any(part.kind != "text" or part.quoted for part in self.parts):
            return None
        return "".join(part.value for part in self.parts)


class Redirect(NamedTuple):
    """`operator` without the number before it; `heredoc` is the number of the text that follows the line."""

    operator: str
    target: Word | None
    heredoc: int | None = None


class Command(NamedTuple):
    """A simple command, or one of the places in a compound one that hold words.

    `for` has its variable as the first word, `case` what it looks at, `pattern` the patterns of one branch of the
    `case` that begins at `within`, `test` all between `[[` and `]]`. `captured` says that the output is a value.
    """

    kind: CommandKind
    start: int
    end: int
    words: tuple[Word, ...]
    assignments: tuple[Word, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    captured: bool = False
    piped: bool = False
    within: int = -1


class Heredoc(NamedTuple):
    """The text of a here-document; with a quoted delimiter it is one part."""

    start: int
    end: int
    quoted: bool
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A script as it was read; commands of substitutions stand before the command that they are part of."""

    text: str
    commands: tuple[Command, ...]
    comments: tuple[Span, ...]
    heredocs: tuple[Heredoc, ...]
    functions: frozenset[str]


def walk(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts and all those inside them, in order."""
    for part in parts:
        yield part
        yield from walk(part.inner)


def parts_of(word: Word) -> Iterator[Part]:
    """All parts of a word, those of the items of an array, too."""
    yield from walk(word.parts)
    for item in word.items or ():
        yield from parts_of(item)


def said(parts: Sequence[Part], text: str, *, since: int = 0, raw: bool = False) -> Excerpt:
    """What parts say from an offset on, and where; an expansion is a gap, or stands as it is written if `raw`."""
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for part in parts:
        start = max(part.start, since)
        if part.end <= since:
            continue
        if part.kind == "text" and len(part.value) == part.end - part.start:
            value = part.value[start - part.start :]
        elif raw and part.kind != "text":
            value = text[start : part.end]
        else:
            value = part.value if part.kind == "text" else GAP
            letters.append(value)
            starts += [start] * len(value)
            ends += [part.end] * len(value)
            continue
        letters.append(value)
        starts += range(start, part.end)
        ends += range(start + 1, part.end + 1)
    return Excerpt("".join(letters), starts, ends)


def shape(script: Script) -> list[object]:
    """What must stay the same when names and values in a script are replaced."""
    return [
        [(command.kind, *map(_form, (*command.assignments, *command.words))) for command in script.commands],
        [_kinds(heredoc.parts) for heredoc in script.heredocs],
        len(script.comments),
    ]


def _form(word: Word) -> tuple[object, ...]:
    return (word.name is None, _kinds(word.parts), *(_form(item) for item in word.items or ()))


def _kinds(parts: Iterable[Part]) -> tuple[tuple[PartKind, bool], ...]:
    return tuple((part.kind, part.quoted) for part in walk(parts))

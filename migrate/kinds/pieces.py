"""A script and all the shell inside it: strings that it runs, or hands to a program as its arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from migrate.kinds.bodies import SHELLS, script_of
from migrate.kinds.calls import Call, base_of, call_of, only_variable
from migrate.kinds.excerpt import Excerpt
from migrate.kinds.script import Command, Script, Word, parts_of, said
from migrate.kinds.shell import lex
from migrate.model import Draft, Table

_LEVELS = 3  # of strings inside strings
_NEAR = 10  # commands behind one in which that is looked for which reads what it prints


@dataclass(frozen=True, slots=True)
class Piece:
    """One script with its calls. `place` says where it stands, None for the file itself.

    `opened` has the beginnings of the words that are pieces of their own, `bodies` the call of each here-document.
    `kept` says why nothing in it is to be edited, if that is so.
    """

    script: Script
    place: Excerpt | None
    calls: tuple[Call, ...]
    opened: frozenset[int]
    bodies: Mapping[int, Call]
    kept: str = ""

    def moved(self, draft: Draft) -> Draft:
        """A draft on the piece as one on the file."""
        return self.place.moved(draft) if self.place else draft


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the whole file says of its variables."""

    starts: dict[str, str] = field(default_factory=dict)  # variable -> first word of its value
    runs: set[str] = field(default_factory=set)  # variables whose values are commands
    handed: set[str] = field(default_factory=set)  # variables whose values are arguments of a launcher
    doubtful: set[str] = field(default_factory=set)  # variables that other programs get as well
    messages: frozenset[str] = frozenset()

    def opens(self, name: str) -> bool:
        return name in self.runs or (name in self.handed and name not in self.doubtful)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A script that is not yet looked into."""

    script: Script
    place: Excerpt | None
    arguments: bool
    level: int = 0
    kept: str = ""

    def within(self, script: Script, excerpt: Excerpt, arguments: bool, kept: str = "") -> _Waiting:
        """A script inside this one."""
        place = _placed(excerpt, self.place)
        return _Waiting(script, place, arguments, self.level + 1, self.kept or kept)


def pieces_of(text: str, table: Table) -> list[Piece]:
    """The pieces of a script, the script itself first. Raises `SyntaxError` if it cannot be read."""
    facts = _Facts(messages=table.sites.message_calls)
    top = lex(text)
    scripts: list[tuple[Script, Excerpt | None, bool]] = [(top, None, False)]
    for _ in range(_LEVELS):  # what is found in a string may say of another that it is run
        known = (len(facts.starts), len(facts.runs), len(facts.handed))
        for script, _place, arguments in scripts:
            _learn(script, facts, arguments)
        pieces = _unfolded(top, facts)
        scripts = [(piece.script, piece.place, _is_arguments(piece)) for piece in pieces]
        if known == (len(facts.starts), len(facts.runs), len(facts.handed)):
            break
    return pieces


def _is_arguments(piece: Piece) -> bool:
    return bool(piece.calls) and piece.place is not None and piece.calls[0].at < 0 and piece.calls[0].role == "launcher"


def _learn(script: Script, facts: _Facts, arguments: bool) -> None:
    for command in script.commands:
        for word in (*command.assignments, *command.words):  # words of `export`, for one
            if word.name and (first := _first_word(script, word, facts)):
                facts.starts.setdefault(script.text[slice(*word.name)], first)
    for command in script.commands:
        call = call_of(command, script.text, facts.starts, facts.messages)
        if arguments:
            facts.handed.update(_expanded((*command.assignments, *command.words)))
            continue
        if command.kind != "simple" or not command.words:
            continue
        if name := only_variable(command.words[min(call.at, len(command.words) - 1)]) or _array(command.words[0]):
            facts.runs.add(name)
        if call.program == "eval":
            facts.runs.update(_expanded(call.arguments))
        elif call.program in SHELLS and (code := _code(call)):
            facts.runs.update(name for name in [only_variable(code)] if name)
        elif call.role == "launcher":
            facts.handed.update(_expanded(call.arguments))
        elif call.role == "other":
            facts.doubtful.update(_expanded(call.arguments))


def _first_word(script: Script, word: Word, facts: _Facts) -> str:
    if word.items is not None:
        return base_of(word.items[0], script.text, facts.starts) if word.items else ""
    value = said(word.parts, script.text, since=word.value_at).text.split(maxsplit=1)
    return value[0] if value and "\0" not in value[0] else ""


def _expanded(words: Sequence[Word]) -> Iterator[str]:
    """The variables that stand as words of their own."""
    for word in words:
        if name := only_variable(word) or _array(word):
            yield name


def _array(word: Word) -> str | None:
    """The array that a word is all items of: `"${ARGS[@]}"`. The lexer counts the index to the name."""
    parts = [part for part in word.parts if part.kind != "text" or part.value]
    return parts[0].value or None if len(parts) == 1 and parts[0].kind == "variable" else None


def _code(call: Call) -> Word | None:
    """The word behind `-c`."""
    words = call.arguments
    for number, word in enumerate(words[:-1]):
        flag = word.literal or ""
        if flag.startswith("-") and not flag.startswith("--") and flag.endswith("c"):
            return words[number + 1]
        if not flag.startswith("-"):
            break
    return None


def _unfolded(top: Script, facts: _Facts) -> list[Piece]:
    pieces: list[Piece] = []
    waiting: list[_Waiting] = [_Waiting(top, None, False)]
    while waiting:
        one = waiting.pop(0)
        script = one.script
        calls = [_as_arguments(command) for command in script.commands] if one.arguments else [
            call_of(command, script.text, facts.starts, facts.messages) for command in script.commands
        ]  # fmt: skip
        bodies = {r.heredoc: call for call in calls for r in call.command.redirects if r.heredoc is not None}
        opened: set[int] = set()
        for word, handed, excerpt in _inside(script, calls, facts) if one.level < _LEVELS else ():
            if excerpt is None:
                command = Command("simple", word.start, word.end, word.items or ())
                calls.append(
                    _as_arguments(command) if handed else call_of(command, script.text, facts.starts, facts.messages)
                )
                opened.add(word.start)
            elif inner := _read(excerpt, handed):
                waiting.append(one.within(inner, excerpt, handed))
                opened.add(word.start)
        for number, excerpt, kept in _fed(script, calls) if one.level < _LEVELS else ():
            if inner := _read(excerpt, False):
                waiting.append(one.within(inner, excerpt, False, kept))
                opened.add(script.heredocs[number].start)
        pieces.append(Piece(script, one.place, tuple(calls), frozenset(opened), bodies, one.kept))
    return pieces


def _inside(script: Script, calls: Sequence[Call], facts: _Facts) -> Iterator[tuple[Word, bool, Excerpt | None]]:
    """The words that are shell, whether as arguments only, and their text; None for an array, which is words."""
    for call in list(calls):
        for word in (*call.command.assignments, *(call.command.words if call.role == "declaration" else ())):
            if word.name is None:
                continue
            name = script.text[slice(*word.name)]
            handed = name not in facts.runs
            if facts.opens(name) and (word.items or _is_string(word)):
                value = None if word.items else said(word.parts, script.text, since=word.value_at, raw=True)
                if value is None or not handed or _lists(value.text):
                    yield word, handed, value
        code = _code(call) if call.program in SHELLS else None
        if code is None and call.program == "eval" and len(call.arguments) == 1:
            code = call.arguments[0]
        if code and _is_string(code):
            yield code, False, said(code.parts, script.text, raw=True)


def _fed(script: Script, calls: Sequence[Call]) -> Iterator[tuple[int, Excerpt, str]]:
    """The here-documents that are shell: number, text, and why nothing in it is to be edited."""
    for at, call in enumerate(calls):
        numbers = [redirect.heredoc for redirect in call.command.redirects if redirect.heredoc is not None]
        if numbers:  # the last one is what the command reads
            found = script_of(script.heredocs[numbers[-1]], call, calls[at + 1 : at + _NEAR], script.text)
            if found:
                yield numbers[-1], *found


def _lists(text: str) -> bool:
    """Whether a text is arguments, and not the value of one."""
    return text.lstrip().startswith("-") or len(text.split(maxsplit=1)) > 1


def _is_string(word: Word) -> bool:
    """Whether a word has a text of its own, and no command's output or the like in it."""
    kinds = {part.kind for part in parts_of(word)}
    return "text" in kinds and kinds <= {"text", "variable"}


def _read(excerpt: Excerpt, handed: bool) -> Script | None:
    """The script in a string; None if it is none, or if arguments hold more than that."""
    try:
        script = lex(excerpt.text)
    except SyntaxError:
        return None
    return None if handed and len(script.commands) != 1 else script


def _as_arguments(command: Command) -> Call:
    words = (*command.assignments, *command.words)
    return Call(command._replace(words=words, assignments=()), "launcher", -1, "")


def _placed(inner: Excerpt, outer: Excerpt | None) -> Excerpt:
    """The place of a string in a string as one in the file."""
    if outer is None:
        return inner
    starts = [outer.starts[at] for at in inner.starts]
    ends = [outer.ends[at - 1] for at in inner.ends]
    return replace(inner, starts=starts, ends=ends)

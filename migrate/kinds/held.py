"""Variables of a script that hold a device or a backend: where they get it, are compared, and hand it on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from migrate.kinds import rows
from migrate.kinds.calls import Call, only_variable
from migrate.kinds.groups import Place
from migrate.kinds.options import value_draft, words_with
from migrate.kinds.pieces import Piece
from migrate.kinds.script import Part, Word, parts_of, said, walk
from migrate.kinds.variables import namings
from migrate.model import Draft, Sites, Table
from migrate.naming import says

_DEFAULT = re.compile(r":?[-=+]")
_HANDED = re.compile(r"(?:(?P<key>[^\0=]*)=)?\0(?::[\d\0]+)?")
_WHOLE = re.compile(r"(?::?[-=+?].*|%%?:.*|##?\*:.*|,,|@L)?", re.DOTALL)  # behind the name: what keeps the value
_EQUAL = ("=", "==", "!=")
_DEVICE = re.compile(r"([a-z]+)(?::.*|\*)?", re.DOTALL)
Numbered = tuple[int, Place]


@dataclass(slots=True)
class _Found:
    """The places of values, by the variable that holds them; `known` are those that get one in this file."""

    places: list[Numbered] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    aliases: dict[str, str] = field(default_factory=dict)
    handed: set[str] = field(default_factory=set)

    def add(self, number: int, name: str, draft: Draft | None, problem: str = "") -> None:
        self.places.append((number, Place(f"value:{self.aliases.get(name, name)}", draft, problem)))


def value_places(table: Table, pieces: Sequence[Piece]) -> list[Numbered]:
    """The places of the values, each with the number of its piece."""
    found = _Found()
    launches = any(call.role == "launcher" for piece in pieces for call in piece.calls)
    for number, piece in enumerate(pieces):
        for call in piece.calls:
            _assigned(table, number, piece, call, found)
        if launches:
            found.handed.update(naming.name for naming in namings(piece) if naming.exports)
    for number, piece in enumerate(pieces):
        cases = _cases(piece, table.sites)
        for call in piece.calls:
            if call.command.kind == "pattern":
                _patterns(table, number, piece, call, cases[call.command.within], found)
            _compared(table, number, piece, call, found)
            _used(table, number, piece, call, found)
    for name in sorted(found.known):
        if name not in found.handed:
            found.add(0, name, None, f"nothing in this file hands ${name} on")
    return found.places


def accelerators_of(pieces: Sequence[Piece], sites: Sites) -> frozenset[str]:
    """The devices of other families that a script tells apart: in conditions, patterns and values."""
    values: set[str] = set()
    for piece in pieces:
        for call in piece.calls:
            command = call.command
            words = command.words if command.kind in ("for", "pattern", "test") or call.role == "test" else ()
            values.update(word.literal or "" for word in words)
            for word in (*command.assignments, *(word for word in command.words if word.name)):
                values.add(said(word.parts, piece.script.text, since=word.value_at).text)
    matches = [_DEVICE.fullmatch(value.lower()) for value in values]
    return frozenset(match[1] for match in matches if match) & sites.accelerators


def _assigned(table: Table, number: int, piece: Piece, call: Call, found: _Found) -> None:
    """Values that are assigned, listed behind `for`, or the default of an expansion."""
    text, command = piece.script.text, call.command
    if command.kind == "for":
        name = command.words[0].plain or ""
        for word in command.words[1:]:
            _put(table, number, found, name, value_draft(table, name, said(word.parts, text)))
    for word in (*command.assignments, *(command.words if _assigns(call) else ())):
        if word.name and word.start not in piece.opened:
            name = text[slice(*word.name)]
            problem = (
                f"{call.program} gets it" if call.role not in ("launcher", "declaration") and command.words else ""
            )
            for item in word.items if word.items is not None else (word,):
                since = word.value_at if item is word else 0
                draft = value_draft(table, name, said(item.parts, text, since=since))
                _put(table, number, found, name, draft, problem)
                _alias(table, name, item, since, found)
    for word in (*command.assignments, *command.words):
        if word.start not in piece.opened:
            context = text[slice(*word.name)] if word.name else ""
            for part in parts_of(word):
                _default(table, number, text, part, context, found)
    for redirect in command.redirects:
        if redirect.heredoc is not None:
            for part in walk(piece.script.heredocs[redirect.heredoc].parts):
                _default(table, number, text, part, "", found)


def _assigns(call: Call) -> bool:
    return call.role == "declaration" or call.program in ("env", "sudo") or bool(call.wrapping)


def _put(table: Table, number: int, found: _Found, name: str, draft: Draft | None, problem: str = "") -> None:
    if draft is None:
        return
    if draft.edits:
        found.known.add(name)
    found.add(number, name, draft, problem)


def _default(table: Table, number: int, text: str, part: Part, context: str, found: _Found) -> None:
    """`${DEVICE:-cuda}`; that of `$1` is the value of the variable it is assigned to."""
    if part.kind != "variable" or not part.inner:
        return
    excerpt = said(part.inner, text)
    behind = _DEFAULT.match(excerpt.text)
    name = part.value if not part.value.isdigit() else context
    if behind:
        _put(table, number, found, name, value_draft(table, name, excerpt, behind.end()))


def _alias(table: Table, name: str, word: Word, since: int, found: _Found) -> None:
    """`B=$A` makes B a name for what A holds."""
    sole = [part for part in word.parts if part.end > since and (part.kind != "text" or part.value)]
    if len(sole) == 1 and sole[0].kind == "variable" and sole[0].value != name and _tells(table, name):
        root = found.aliases.get(sole[0].value, sole[0].value)
        if root != name and not root.isdigit():
            found.aliases[name] = root


def _tells(table: Table, name: str) -> bool:
    return says(name, table.sites.device_names) or says(name, table.sites.backend_names)


def _compared(table: Table, number: int, piece: Piece, call: Call, found: _Found) -> None:
    """`[ "$DEVICE" = cuda ]`, `[[ $DEVICE == cuda* ]]`."""
    text, words = piece.script.text, call.command.words
    if call.role != "test":
        return
    for left, operator, right in zip(words, words[1:], words[2:], strict=False):
        sides = ((left, right), (right, left)) if operator.plain in _EQUAL else ()
        for variable, value in sides:
            excerpt = said(value.parts, text)
            end = len(excerpt.text.rstrip("*").rstrip(":")) if excerpt.text.endswith("*") else None
            name = _compared_name(variable)
            draft = value_draft(table, name or "", excerpt, 0, end)
            if draft is None:
                continue
            if name and found.aliases.get(name, name) not in found.known:
                draft = rows.unedited(draft, f"${name} is set elsewhere")
            found.add(number, name or "", draft)


def _compared_name(word: Word) -> str | None:
    """The variable whose value, or a part of it, a word is."""
    parts = [part for part in word.parts if part.kind != "text" or part.value]
    return parts[0].value or None if len(parts) == 1 and parts[0].kind == "variable" else None


def _cases(piece: Piece, sites: Sites) -> dict[int, tuple[str, frozenset[str]]]:
    """By the offset of each `case`: the variable that it asks for, and the devices that it has branches for."""
    calls: dict[int, list[Call]] = {}
    names: dict[int, str] = {}
    for call in piece.calls:
        if call.command.kind == "pattern":
            calls.setdefault(call.command.within, []).append(call)
        elif call.command.kind == "case":
            names[call.command.start] = _compared_name(call.command.words[0]) or ""
    return {
        start: (names[start], accelerators_of([replace(piece, calls=tuple(branches))], sites))
        for start, branches in calls.items()
    }


def _patterns(
    table: Table, number: int, piece: Piece, call: Call, case: tuple[str, frozenset[str]], found: _Found
) -> None:
    """The patterns of one branch of a `case`, which stay."""
    name, others = case
    for word in call.command.words:
        excerpt = said(word.parts, piece.script.text)
        end = len(excerpt.text.rstrip("*").rstrip(":")) if excerpt.text.endswith("*") else None
        if draft := value_draft(table, name, excerpt, 0, end):
            if table.target.words.device in others:  # so that no value in this file is edited
                left = replace(draft, rule_id="left:multi-backend", safety="left", edits=(), message="one of several")
                found.add(number, name, left)
            else:
                why = "a case has a branch for it"
                found.add(number, name, rows.unedited(draft, why), why)


def _used(table: Table, number: int, piece: Piece, call: Call, found: _Found) -> None:
    """What becomes of the variables that hold a value, wherever they are expanded."""
    before = {at: option for at, _, option in words_with(call)}
    for at, word in enumerate(call.command.words):
        if word.start not in piece.opened:
            _expanded(table, number, piece, call, word, before.get(at), found)
    for word in call.command.assignments:
        if word.start not in piece.opened:
            _expanded(table, number, piece, call, word, None, found)
    for redirect in call.command.redirects:
        if redirect.heredoc is not None and call.role != "message":
            for part in walk(piece.script.heredocs[redirect.heredoc].parts):
                if part.kind == "variable" and found.aliases.get(part.value, part.value) in found.known:
                    found.add(number, part.value, None, f"a here-document has ${part.value} in it")


def _expanded(
    table: Table, number: int, piece: Piece, call: Call, word: Word, option: str | None, found: _Found
) -> None:
    for part in parts_of(word):
        root = found.aliases.get(part.value, part.value)
        if part.kind != "variable" or root not in found.known:
            continue
        problem, hands = _use(table, piece, call, word, part, option)
        if problem:
            found.add(number, part.value, None, problem)
        if hands:
            found.handed.add(root)


def _use(table: Table, piece: Piece, call: Call, word: Word, part: Part, option: str | None) -> tuple[str, bool]:
    """Why the value of a variable must stay as it is for one of its uses, and whether that hands it on."""
    shown = f"${part.value}"
    asked = piece.script.text[part.start : part.at] in ("${#", "${!")
    if asked or _WHOLE.fullmatch(said(part.inner, piece.script.text).text) is None:
        return f"{shown} is taken apart", False
    if call.role == "message" or call.command.kind in ("case", "arithmetic"):
        return "", False
    if call.role == "test":
        return ("" if only_variable(word) or part.inner else f"{shown} is compared as a part of a text"), False
    since = word.value_at if word.name and (call.role != "launcher" or option is None) else 0
    form = said([one for one in word.parts if one.end > since], piece.script.text, since=since).text
    handed = _HANDED.fullmatch(form)
    if word.name and since:
        name = piece.script.text[slice(*word.name)]
        same = name == part.value or _tells(table, name)
        return ("" if handed and same else f"{shown} is part of another value"), False
    if call.command.kind == "for":
        return (
            "" if handed and _tells(table, call.command.words[0].plain or "") else f"a loop goes over {shown}"
        ), False
    if call.role == "launcher" and option is not None:
        name = handed["key"] or option if handed else ""
        if handed and (not name or _tells(table, name)):
            return "", True
        return f"{shown} is part of another word" if not handed else f"{shown} is the value of {name!r}", False
    return f"{call.program or 'another command'} gets {shown}", False

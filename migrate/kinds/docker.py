"""Dockerfiles: images, variables, labels, copied folders, and the commands of RUN, CMD and ENTRYPOINT."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from migrate.finder import text_mentions
from migrate.kinds.containers import body_drafts, command_drafts, is_shell
from migrate.kinds.dockerfile import Dockerfile, Instruction, Word, instructions_of, json_words, parse, unquoted
from migrate.kinds.excerpt import slice_of
from migrate.kinds.pins import index
from migrate.kinds.reading import Reading, Source
from migrate.kinds.rows import named_value, resource, variable
from migrate.kinds.together import Covered, agreed
from migrate.model import Draft, Table

_USE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_PLACE = re.compile(r"/(?:usr/(?:local|lib|share|include)|opt)/([\w.-]+)")
_REVERSED = re.compile(r"(?:com|io|org)\.")
_PATHS = frozenset({"PATH", "LD_LIBRARY_PATH", "LIBRARY_PATH", "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH"})
_COMMANDS = frozenset({"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"})


@dataclass(frozen=True, slots=True)
class _View:
    """A file, and what is known of all of it.

    `stages` are the names of its own, `images` those of variables that hold an image, `given` those that whoever
    builds it may set.
    """

    table: Table
    stages: frozenset[str]
    images: frozenset[str]
    given: frozenset[str]

    @property
    def name(self) -> str:
        return self.table.source.name.upper()

    def mentions(self, text: str) -> bool:
        return bool(text_mentions(text, self.table.sites))

    def is_place(self, path: str) -> bool:
        """Whether a path is one at which the software of the device is installed."""
        return any(self.mentions(name) for name in _PLACE.findall(path))


def read(source: Source) -> Reading:
    """Raises `SyntaxError` for a text that docker would not read."""
    file = parse(source.text)
    view = _view(file, source.table)
    drafts: list[Draft] = []
    comments = list(file.comments)
    shell, entry = True, None
    for instruction in file.instructions:
        if instruction.name == "FROM":
            shell, entry = True, None
        elif instruction.name == "SHELL":
            shell = is_shell(json_words(instruction.rest.text) or ())
        found = [instruction.rest.moved(draft) for draft in _HANDLERS.get(instruction.name, _other)(view, instruction)]
        if instruction.name in _COMMANDS:
            more, inner = command_drafts(source, instruction, entry if instruction.name == "CMD" else None, shell=shell)
            found += more
            comments += inner
        elif instruction.bodies:
            more, inner = body_drafts(source, instruction)
            found += more
            comments += inner
        if instruction.name == "ENTRYPOINT":
            entry = instruction
        drafts += found
        drafts += _uses(view, source.text, instruction, found)
    before = list(instructions_of(source.text))
    drafts = agreed(source.table, source.text, drafts, comments, view.given)
    return Reading(drafts, comments, verify=lambda text: _verified(text, before), above=True)


def _verified(text: str, before: list[tuple[str, int, int]]) -> None:
    if list(instructions_of(text)) != before:
        raise SyntaxError("the instructions are not those from before")


def _view(file: Dockerfile, table: Table) -> _View:
    stages: set[str] = set()
    images: set[str] = set()
    given: set[str] = set()
    for instruction in file.instructions:
        words = [word.text for word in instruction.words]
        if instruction.name == "COPY":
            images.update(_USE.findall(" ".join(word for word in words if word.startswith("--from="))))
        elif instruction.name == "FROM":
            images.update(_USE.findall(instruction.rest.text))
            if len(words) > 2 and words[-2].lower() == "as":
                stages.add(words[-1].lower())
        elif instruction.name == "ARG":
            given.update(unquoted(word).text.partition("=")[0] for word in instruction.words)
    return _View(table, frozenset(stages), frozenset(images), frozenset(given))


# -- the instructions; offsets are those of what follows the name ---------------------------------------


def _from(view: _View, instruction: Instruction) -> Iterator[Draft]:
    image = next((word for word in instruction.words if not word.text.startswith("--")), None)
    if image:
        yield from _image(view, unquoted(image))


def _image(view: _View, image: Word) -> Iterator[Draft]:
    if image.text.lower() in view.stages:
        return
    if draft := resource(view.table, image.text, image.start):
        yield draft
    elif view.mentions(image.text):
        how = view.table.target.install or "take one for the device in use"
        why = f"an image with {view.name}: {how}"
        yield Draft("resource:image", image.start, image.start + len(image.text), "manual", why)


def _env(view: _View, instruction: Instruction) -> Iterator[Draft]:
    words = instruction.words
    if words and "=" not in words[0].text:  # ENV NAME all the rest
        text = instruction.rest.text
        start = words[1].start if len(words) > 1 else len(text)
        yield from _assigned(view, words[0], Word(text[start:].rstrip(), start), given=False)
        return
    for word in words:
        yield from _assigned(view, *_halves(word), given=False)


def _arg(view: _View, instruction: Instruction) -> Iterator[Draft]:
    for word in instruction.words:
        yield from _assigned(view, *_halves(word), given=True)


def _halves(word: Word) -> tuple[Word, Word]:
    name, sign, value = word.text.partition("=")
    return Word(name, word.start), Word(value, word.start + len(name) + len(sign))


def _assigned(view: _View, name: Word, value: Word, *, given: bool) -> Iterator[Draft]:
    """A variable and its value; one that is `given` to the build is the project's unless it has a row of its own."""
    known = view.table.rule("env", name.text) is not None or not given
    draft = variable(view.table, name.text, name.start) if known else None
    if draft and not draft.edits:
        yield replace(draft, end=max(draft.end, value.start + len(value.text)))
        return
    if draft:
        yield draft
    value = unquoted(value)
    if given and name.text in view.images:
        yield from _image(view, value)
        return
    if found := named_value(view.table, name.text, value.text, value.start):
        yield found
    elif (name.text in _PATHS and view.mentions(value.text)) or view.is_place(value.text):
        yield _setting(view, value, "a path")
    elif "://" in value.text and (found := index(view.table, value.text, value.start)):
        yield found


def _setting(view: _View, word: Word, what: str) -> Draft:
    how = view.table.target.install or "see what the device in use needs"
    why = f"{what} of {view.name}: {how}"
    return Draft("text:settings", word.start, word.start + len(word.text), "manual", why)


def _label(view: _View, instruction: Instruction) -> Iterator[Draft]:
    for word in instruction.words:
        key = word.text.partition("=")[0].strip("\"'")
        if _REVERSED.match(key) and view.mentions(key):
            why = f"a label about {view.name}: see whether the device in use needs one"
            yield Draft("text:settings", word.start, word.start + len(word.text), "manual", why)


def _copy(view: _View, instruction: Instruction) -> Iterator[Draft]:
    for word in instruction.words:
        if word.text.startswith("--from="):
            yield from _image(view, Word(word.text[7:], word.start + 7))
        elif view.is_place(word.text) or (":" in word.text and view.mentions(word.text)):
            yield _setting(view, word, "files")


def _run(view: _View, instruction: Instruction) -> Iterator[Draft]:
    for flag in instruction.words:
        if not flag.text.startswith("--"):
            return
        for match in re.finditer(r"(?<=[=,])from=([^,]+)|^--device=(\S+)", flag.text):
            number = match.lastindex or 0
            yield from _image(view, Word(match[number], flag.start + match.start(number)))


def _other(view: _View, instruction: Instruction) -> Iterator[Draft]:
    del view, instruction
    yield from ()


_HANDLERS: Mapping[str, Callable[[_View, Instruction], Iterator[Draft]]] = {
    "FROM": _from,
    "ENV": _env,
    "ARG": _arg,
    "LABEL": _label,
    "COPY": _copy,
    "ADD": _copy,
    "RUN": _run,
}


def _uses(view: _View, text: str, instruction: Instruction, found: list[Draft]) -> Iterator[Draft]:
    """The variables that an instruction uses, where nothing else has been said of them."""
    spoken = Covered((draft.start, draft.end) for draft in found)
    for piece in (instruction.rest, *(slice_of(text, *body) for body in instruction.bodies)):
        for match in _USE.finditer(piece.text):
            name = match[1]
            if view.table.rule("env", name) is None and name in view.given:
                continue
            draft = variable(view.table, name, match.start(1))
            moved = piece.moved(draft) if draft else None
            if moved and not spoken.holds(moved.start):
                yield moved

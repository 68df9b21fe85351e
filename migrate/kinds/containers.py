"""The commands in a Dockerfile: what a shell reads, and the exec form, which none does."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import replace

from migrate.filetypes import kind_of
from migrate.finder import Span, may_mention, text_mentions
from migrate.kinds.commands import script_drafts
from migrate.kinds.dockerfile import Instruction, Word, json_words
from migrate.kinds.excerpt import Excerpt, draft_of, part, slice_of
from migrate.kinds.reading import Source
from migrate.kinds.rows import unedited
from migrate.model import Draft, Table

_SHELL = re.compile(r"(?:.*/)?(?:ba|da|a|z|k)?sh")
_SCRIPT = re.compile(r"-\w*c")
_SHEBANG = re.compile(r"#!.*?\b(?P<name>python|(?:ba|da|a|z|k)?sh)")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_PLAIN = re.compile(r"[^\w./:=@%+,-]", re.ASCII)
_UNREAD = "code that cannot be read here: migrate it by hand"
Found = tuple[list[Draft], list[Span]]


def is_shell(words: Sequence[Word]) -> bool:
    """Whether the words of a SHELL instruction run what a POSIX shell understands."""
    return any(_SHELL.fullmatch(word.text) for word in words)


def command_drafts(source: Source, instruction: Instruction, entry: Instruction | None, *, shell: bool) -> Found:
    """The drafts and the comments, at offsets of the file, of an instruction that runs something.

    `entry` is the ENTRYPOINT that a CMD gives its words to; without `shell` only the exec form is understood.
    """
    words = instruction.words
    number = next((index for index, word in enumerate(words) if not word.text.startswith("--")), len(words))
    if instruction.name == "HEALTHCHECK" and number < len(words):
        number += 1  # CMD
    if number >= len(words):
        return [], []
    rest = part(instruction.rest, words[number].start)
    strings = json_words(rest.text)
    if strings is not None:
        return _executed(source, rest, strings, entry)
    if not shell:
        return _for_a_person(source.table, rest, "a command for another shell: migrate it by hand")
    if not instruction.bodies:
        return _script(source.table, rest)
    return _with_bodies(source, instruction, rest)


def _script(table: Table, excerpt: Excerpt) -> Found:
    """The drafts for a piece of shell; each mention is for a person where it cannot be read."""
    try:
        drafts, comments = script_drafts(table, excerpt.text)
    except SyntaxError as error:
        return _for_a_person(table, excerpt, f"in a command that is not understood: {error.msg}")
    spans = [(excerpt.starts[start], excerpt.ends[end - 1]) for start, end in comments if start < end]
    return [excerpt.moved(draft) for draft in drafts], spans


def _for_a_person(table: Table, excerpt: Excerpt, why: str) -> Found:
    """Every mention of a text that is not read."""
    spans = text_mentions(excerpt.text, table.sites)
    return [excerpt.moved(Draft("text:code", start, end, "manual", why)) for start, end in spans], []


def body_drafts(source: Source, instruction: Instruction) -> Found:
    """The drafts and the comments of the files that an instruction copies from heredocs, by the name of each."""
    drafts: list[Draft] = []
    comments: list[Span] = []
    for span in instruction.bodies:
        found, more = _file(source, slice_of(source.text, *span), instruction.words[-1].text.strip("\"'"))
        drafts += found
        comments += more
    return drafts, comments


def _file(source: Source, body: Excerpt, name: str) -> Found:
    shebang = _SHEBANG.match(body.text)
    kind = kind_of(name)
    if kind == "python" or (shebang and shebang["name"] == "python"):
        return _python(source, body)
    if kind == "shell" or shebang:
        drafts, comments = _script(source.table, body)
        return [unedited(draft, "in a script that is written here") for draft in drafts], comments
    why = f"a file that is written here mentions CUDA: see what it means for {source.table.target.title}"
    found, _ = _for_a_person(source.table, body, why)
    return [replace(draft, rule_id="text:settings") for draft in found], []


def _with_bodies(source: Source, instruction: Instruction, rest: Excerpt) -> Found:
    """A command with heredocs, or a script that is one."""
    body = slice_of(source.text, *instruction.bodies[0])
    if len(instruction.bodies) == 1 and len(rest.text.split()) == 1:
        shebang = _SHEBANG.match(body.text)
        if body.text.startswith("#!") and (shebang is None or shebang["name"] == "python"):
            return _python(source, body) if shebang else _for_a_person(source.table, body, _UNREAD)
        return _script(source.table, body)
    behind = slice_of(source.text, rest.ends[-1], instruction.end)
    starts, ends = array("q", rest.starts), array("q", rest.ends)
    starts.extend(behind.starts)
    ends.extend(behind.ends)

    def spelled(text: str, at: int) -> str | None:
        return text if at > len(rest.text) or "\n" not in text else None

    return _script(source.table, Excerpt(rest.text + behind.text, starts, ends, spelled))


def _python(source: Source, body: Excerpt) -> Found:
    from migrate.engine import migrate_python
    from migrate.nesting import TooDeepError

    if not may_mention(body.text.encode(), source.table.sites):
        return [], []
    try:
        findings = migrate_python(body.text, source.table, source.repository)
    except (SyntaxError, RecursionError, TooDeepError):
        return _for_a_person(source.table, body, _UNREAD)
    return [body.moved(draft_of(finding)) for finding in findings], []


def _executed(source: Source, rest: Excerpt, words: list[Word], entry: Instruction | None) -> Found:
    """The exec form: words without a shell, or a shell with a script as one of them."""
    texts = [word.text for word in words]
    if len(words) > 2 and _SHELL.fullmatch(texts[0]) and _SCRIPT.fullmatch(texts[1]):
        script = _decoded(rest, words[2])
        return _script(source.table, script) if script else ([], [])
    before: list[str] = []
    if texts and texts[0].startswith("-") and entry:
        before = [word.text for word in json_words(entry.rest.text) or ()]
    if not texts or ("=" in texts[0] and not texts[0].startswith("-")):  # to a shell this would be no program
        return [], []
    drafts, _ = _script(source.table, _line(rest, words, before))
    return [draft for draft in drafts if draft.start >= rest.starts[0]], []


def _line(rest: Excerpt, words: Sequence[Word], before: Sequence[str]) -> Excerpt:
    """The words as a line of shell, in which what a shell would not take for part of a word is covered."""
    begin = rest.starts[0]
    texts = [_PLAIN.sub("_", word) for word in before]
    head = "".join(f"{text} " for text in texts)
    starts, ends = array("q", [begin - 1]) * len(head), array("q", [begin - 1]) * len(head)
    shown = [head]
    for word in words:
        last = word.start + len(word.text)
        shown.append(_PLAIN.sub("_", word.text) + " ")
        starts.extend(rest.starts[word.start : last])
        ends.extend(rest.ends[word.start : last])
        starts.append(rest.starts[last])  # the quote that ends the word
        ends.append(rest.starts[last])
    return Excerpt("".join(shown), starts, ends, lambda text, _: None if _PLAIN.search(text) else text)


def _decoded(rest: Excerpt, word: Word) -> Excerpt | None:
    """The text of a word in JSON; None for one with escapes by number."""
    shown: list[str] = []
    starts, ends = array("q"), array("q")
    at, last = word.start, word.start + len(word.text)
    while at < last:
        char, width = rest.text[at], 1
        if char == "\\":
            width = 2
            char = _ESCAPES.get(rest.text[at + 1], "")
            if not char:
                return None
        shown.append(char)
        starts.append(rest.starts[at])
        ends.append(rest.ends[at + width - 1])
        at += width
    safe = re.compile(r'["\\\x00-\x1f]')
    return Excerpt("".join(shown), starts, ends, lambda text, _: None if safe.search(text) else text)

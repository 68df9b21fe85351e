"""Documents whose code is migrated: fenced blocks of Markdown, code blocks of reStructuredText."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from migrate.finder import may_mention, text_mentions
from migrate.kinds import find
from migrate.kinds.blocks import Block, html_comments, markdown_blocks, rest_blocks
from migrate.kinds.commands import script_drafts
from migrate.kinds.excerpt import Excerpt, draft_of, joined, part
from migrate.kinds.reading import Reading, Source, reported
from migrate.model import Draft, Finding, Kind
from migrate.nesting import TooDeepError

_SHELL = ("bash", "sh", "shell", "zsh", "console", "shell-session", "shellsession", "sh-session", "bash-session")
_LANGUAGES: Mapping[str, Kind] = {
    "python": "python", "py": "python", "python3": "python", **dict.fromkeys(_SHELL, "shell"),
    "yaml": "yaml", "yml": "yaml", "json": "json", "jsonc": "json", "toml": "toml", "ini": "ini",
    "dockerfile": "docker", "docker": "docker",
}  # fmt: skip
_REST = ("left:docs", "in the prose of a document")
_SHELL_REST = ("left:docs", "in a command of a document")
_PROMPT = re.compile(r"(?:\([\w.-]+\)[ ]*)?\$[ ]+")
_CONTINUED = re.compile(r"(?:>[ ])?")


@dataclass(frozen=True, slots=True)
class _Migrated:
    """A block with code in a language that we read, and what was found in it."""

    number: int
    kind: Kind
    drafts: tuple[Draft, ...]


def read(source: Source) -> Reading:
    """The code is migrated, the prose is left; a block that cannot be read is left as a whole."""
    blocks = _blocks(source.path, source.text)
    migrated = [_migrated(source, number, block) for number, block in enumerate(blocks)]
    drafts = [draft for item in migrated for draft in item.drafts]
    edited = [item for item in migrated if any(draft.edits for draft in item.drafts)]
    languages = [block.language for block in blocks]

    def verify(text: str) -> None:
        after = _blocks(source.path, text)
        if [block.language for block in after] != languages:
            raise SyntaxError("the blocks of code are not those from before")
        for item in edited:
            code = after[item.number].code
            if code is None:
                raise SyntaxError("a block of code lost its place")
            if item.kind == "python":
                _parsed(code.text)

    return Reading(drafts, html_comments(source.text, blocks), rest=_REST, verify=verify)


def _blocks(path: str, text: str) -> list[Block]:
    return list(rest_blocks(text)) if path.lower().endswith(".rst") else markdown_blocks(text)


def _migrated(source: Source, number: int, block: Block) -> _Migrated:
    kind = _LANGUAGES.get(block.language)
    code = block.code
    if kind is None or code is None or not may_mention(code.text.encode(), source.table.sites, kind):
        return _Migrated(number, kind or "prose", ())
    try:
        drafts = tuple(_found(source, kind, code))
    except (SyntaxError, TooDeepError, RecursionError):
        drafts = ()
        if text_mentions(code.text, source.table.sites):
            why = f"a block that does not parse as {block.language}"
            drafts = (Draft("left:docs", block.start, block.end, "left", why),)
    return _Migrated(number, kind, drafts)


def _found(source: Source, kind: Kind, code: Excerpt) -> Iterator[Draft]:
    """What there is in a block, at offsets of the file."""
    findings: tuple[Finding, ...]
    if kind == "python":
        from migrate.engine import migrate_python

        findings = migrate_python(code.text, source.table, source.repository)
    elif kind == "shell":
        code = _commands(code)
        inner = replace(source, kind=kind, text=code.text)
        drafts, comments = script_drafts(source.table, code.text)
        findings = reported(inner, Reading(drafts, comments, rest=_SHELL_REST))
    else:
        findings = find(source.path, kind, code.text, source.table, source.repository)
    for finding in findings:
        yield code.moved(draft_of(finding))


def _commands(code: Excerpt) -> Excerpt:
    """The commands of a session at a prompt; the whole text where nobody prompts."""
    pieces: list[Excerpt] = []
    at, pattern = 0, _PROMPT
    for line in code.text.splitlines(keepends=True):
        match = pattern.match(line)
        if match:
            pieces.append(part(code, at + match.end(), at + len(line)))
        pattern = _CONTINUED if match and line.rstrip("\r\n").endswith("\\") else _PROMPT
        at += len(line)
    return joined(pieces) if pieces else code


def _parsed(text: str) -> None:
    from migrate.engine import parse

    parse(text)

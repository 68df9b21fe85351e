"""Makefiles: nothing is edited, since two languages quote each other there; what they say is reported."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrate.finder import Span, text_mentions
from migrate.kinds import rows
from migrate.kinds.commands import script_drafts
from migrate.kinds.excerpt import Excerpt
from migrate.kinds.reading import Reading, Source
from migrate.kinds.remains import is_in_toolkit
from migrate.model import Draft, Table

_LINE = re.compile(r"[^\n]*\n?")
_RECIPE = re.compile(r"\t[ \t]*[@+-]*[ \t]*")
_ASSIGNED = re.compile(
    r"[ ]*(?:(?:export|override)[ \t]+)*(?P<name>[A-Za-z_]\w*)[ \t]*(?:::|[:?+!])?=[ \t]*(?P<value>.*)"
)
_REFERENCE = re.compile(r"\$\$|\$\((?P<name>[A-Za-z_]\w*)\)|\$\(shell[ \t]")
_COMMENT = re.compile(r"(?<!\\)#")
_RUN = re.compile(r"\S*")
_WHERE = "in a makefile"


def read(source: Source) -> Reading:
    """The drafts of a makefile, none with edits."""
    text, table = source.text, source.table
    drafts: list[Draft] = []
    comments: list[Span] = []
    for start, end in _lines(text):
        if not text_mentions(text[start:end], table.sites):
            continue
        recipe = _RECIPE.match(text, start, end)
        if recipe:
            found, inside = _recipe(table, text, recipe.end(), end)
            comments += inside
        else:
            hash_at = _COMMENT.search(text, start, end)
            if hash_at:
                comments.append((hash_at.start(), end))
                end = hash_at.start()
            found = list(_settings(table, text, start, end))
        drafts += (rows.unedited(draft, _WHERE) for draft in found)
    return Reading(drafts, comments, rest=("left:identifier", "part of a name of the project"))


def _lines(text: str) -> Iterator[Span]:
    """The lines, each with those that it goes on in."""
    begin = 0
    for match in _LINE.finditer(text):
        if not match.group().endswith(("\\\n", "\\\r\n")):
            yield begin, match.end()
            begin = match.end()


def _recipe(table: Table, text: str, start: int, end: int) -> tuple[list[Draft], list[Span]]:
    """The drafts of a line that the shell gets, and its comments."""
    excerpt = _as_shell(text, start, end)
    try:
        drafts, comments = script_drafts(table, excerpt.text)
    except SyntaxError:
        why = "a recipe that cannot be read as shell mentions CUDA"
        spans = text_mentions(text[start:end], table.sites)
        return [Draft("text:settings", start + at, start + behind, "manual", why) for at, behind in spans], []
    spans = [(excerpt.starts[begin], excerpt.ends[behind - 1]) for begin, behind in comments if begin < behind]
    return [excerpt.moved(draft) for draft in drafts], spans


def _as_shell(text: str, start: int, end: int) -> Excerpt:
    """A recipe as the shell would get it, with the variables of make as its own."""
    letters: list[str] = []
    starts: list[int] = []
    done = start
    for found in _REFERENCE.finditer(text, start, end):
        letters.append(text[done : found.start()])
        starts += range(done, found.start())
        spelled = "$" if found.group() == "$$" else found.group().replace("shell", "     ")
        if found["name"]:
            spelled = f"${{{found['name']}}}"
        letters.append(spelled)
        starts += range(found.end() - len(spelled), found.end())
        done = found.end()
    letters.append(text[done:end])
    starts += range(done, end)
    return Excerpt("".join(letters), starts, [at + 1 for at in starts])


def _settings(table: Table, text: str, start: int, end: int) -> Iterator[Draft]:
    """What a line says that is no recipe: a variable of make, a rule, a condition."""
    assigned = _ASSIGNED.match(text, start, end)
    if assigned:
        name, value = assigned["name"], assigned["value"].strip()
        if draft := rows.named_value(table, name, value, assigned.start("value")):
            yield draft
            return
    done = start
    for at, behind in text_mentions(text[start:end], table.sites):
        if start + at < done:
            continue
        begin = start + at
        while begin > start and (text[begin - 1].isalnum() or text[begin - 1] in "_-"):
            begin -= 1
        found = re.compile(r"[\w-]*").match(text, begin, end)
        done = max(found.end() if found else 0, start + behind)
        if draft := _word(table, text, begin, done, start, end):
            yield draft


def _word(table: Table, text: str, begin: int, behind: int, start: int, end: int) -> Draft | None:
    """A word that mentions CUDA; None for a name of the project."""
    word = text[begin:behind]
    if draft := rows.variable(table, word, begin) or rows.command(table, word, begin):
        return draft
    first = begin
    while first > max(start, begin - 200) and not text[first - 1].isspace():
        first -= 1
    run = _RUN.match(text, first, end)
    if run and is_in_toolkit(run.group()[:400]):
        why = f"the CUDA toolkit's folder: see what {table.target.title} has in its place"
        return Draft("text:settings", begin, behind, "manual", why)
    return rows.named_value(table, "", word, begin)

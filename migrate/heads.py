"""The head of a Python file: as much of it as has to be parsed where nothing but imports makes us look."""

from __future__ import annotations

import re

from migrate.finder import SETUP, Finder
from migrate.model import SUPPRESSION, Table

# Where a statement of the module begins: behind a line that does not go on, with a word
# that begins no further branch, or a decorator.
_STATEMENT = re.compile(r"(?<=[^\\\r]\n)(?!(?:elif|else|except|finally)\b)(?:@|[^\W\d])")
_WORTH = 2  # times as long as its head a text must be: it is parsed as a whole where its head does not tell


def head_of(text: str, finder: Finder, table: Table) -> str:
    """The text up to a statement below the last import that `finder` knows of, or "" where all of it may matter.

    The syntax tree of a head is that of the text without its last statements, if it has one: a text that ends within
    a string, a bracket or a block that needs more does not parse. Nothing below it is a reason to look.
    """
    if table.support or table.retired or table.plugin_line or finder.mentions or finder.triggers or not finder.imports:
        return ""
    if SUPPRESSION in text or any(keyword.decode() in text for keyword in SETUP):
        return ""
    found = _STATEMENT.search(text, max(end for _, end in finder.imports))
    return text[: found.start()] if found and found.start() * _WORTH < len(text) else ""

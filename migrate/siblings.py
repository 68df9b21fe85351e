"""Files that serve one of several accelerators, as their names and those beside them say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from migrate.model import Table
from migrate.naming import words_of


def set_apart(path: str, exists: Callable[[str], bool], table: Table) -> str:
    """Why a file is not ours to edit, or "": it is another accelerator's, or has a counterpart that is.

    `path` is that of the file in its repository, `exists` says whether a file or folder of it has a path.
    """
    others = table.sites.accelerators - {table.source.name}
    own = {table.target.words.name, *table.target.title.lower().split()}
    foreign = (others | {*table.sites.outside.platforms}) - own
    parts = path.split("/")
    for depth, part in enumerate(parts):
        words = words_of(part.partition(".")[0])
        if table.source.name not in words:
            if named := words & foreign:
                return f"code for {min(named)}, as {part!r} says"
            continue
        for name in _counterparts(part, table.source.name, others):
            if exists("/".join([*parts[:depth], name])):
                return f"{part!r} has a counterpart, {name!r}: is there to be one for {table.target.words.name}?"
    return ""


def _counterparts(part: str, source: str, others: frozenset[str]) -> Iterator[str]:
    """What a file or folder would be called that does for another accelerator what this one does for the source."""
    for other in sorted(others):
        yield re.sub(rf"(?<![a-z]){source}(?![a-z])", other, part)

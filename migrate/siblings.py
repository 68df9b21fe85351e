"""Files that serve one of several accelerators, as their names and those beside them say."""

from __future__ import annotations

import re
from collections.abc import Callable

from migrate.model import Table
from migrate.naming import words_of


def set_apart(path: str, exists: Callable[[str], bool], table: Table) -> tuple[str, bool]:
    """Why a file is not ours to edit, or "": it is another accelerator's, or has a counterpart that is.

    `path` is that of the file in its repository, `exists` says whether a file or folder of it has a path. The second
    value says whether the counterpart is that of the target, so that there is nothing to do.
    """
    name = table.target.words.name
    others = table.sites.accelerators - {table.source.name}
    own = {name, *table.target.title.lower().split()}
    foreign = (others | {*table.sites.outside.platforms}) - own
    parts = path.split("/")
    for depth, part in enumerate(parts):
        words = words_of(part.partition(".")[0])
        if table.source.name not in words:
            if named := words & foreign:
                return f"code for {min(named)}, as {part!r} says", False
            continue
        for other in sorted(others, key=lambda other: (other != name, other)):
            counterpart = _counterpart(part, table.source.name, other)
            if exists("/".join([*parts[:depth], counterpart])):
                question = "" if other == name else f": is there to be one for {name}?"
                return f"{part!r} has a counterpart, {counterpart!r}{question}", other == name
    return "", False


def _counterpart(part: str, source: str, other: str) -> str:
    """What a file or folder would be called that does for another accelerator what this one does for the source."""
    return re.sub(rf"(?<![a-z]){source}(?![a-z])", other, part)

"""What the words in a name say: `--dist-backend` and `distBackend` hold "backend"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

# Words in the names of objects that hold the options of a program.
OPTIONS = frozenset(
    {"args", "arg", "opt", "opts", "options", "cfg", "config", "conf", "hparams", "flags", "params", "FLAGS", "self",
     "cls", "settings"}
)  # fmt: skip
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def last_part(description: str) -> str:
    """The last component of a dotted description."""
    return description.rpartition(".")[2]


@cache
def words_of(name: str) -> frozenset[str]:
    """The lower-case words of an identifier, option or key: `--dist-backend`, `distBackend` → dist, backend."""
    return frozenset(part.lower() for part in _PARTS.findall(name))


def says(name: str, vocabulary: Iterable[str]) -> bool:
    """Whether the last component of a name contains one of the words."""
    last = last_part(name)
    return last.lower() in vocabulary or not words_of(last).isdisjoint(vocabulary)

"""Where a text mentions CUDA: plain substring searches, which are several times faster than one pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from migrate.model import Sites

_ASCII_LOWER = {upper: upper + 32 for upper in range(65, 91)}
_BEFORE = 40
Span = tuple[int, int]


def may_mention(data: bytes, sites: Sites) -> bool:
    """Whether the bytes of a file hold a word, in any case, or an import for which it has to be parsed."""
    lower = data.lower()
    if any(word.encode() in lower for word in sites.words):
        return True
    if b"torch" in lower and any(word.encode() in lower for word in sites.triggers):
        return True
    pattern = _imports(sites.packages).encode()
    return any(
        _opens_line(data[max(0, match.start() - _BEFORE) : match.start()].decode("latin-1"))
        for match in re.finditer(pattern, data)
    )


class Finder:
    """Finds, in the text of one file, the words that mention CUDA and whatever else makes us look."""

    def __init__(self, text: str, sites: Sites, aliases: Iterable[str] = ()) -> None:
        self.text, self.lower, self.sites = text, _lowered(text), sites
        self.aliases = frozenset(aliases)  # names of the file that stand for CUDA without saying so

    def touches(self, name: str) -> bool:
        """Whether an identifier or a string mentions CUDA, or makes us look."""
        if name in self.aliases:
            return True
        lower = name.lower()
        return any(word in lower for word in self.sites.words) or any(word in lower for word in self.sites.triggers)

    def mentions(self) -> list[Span]:
        """Spans of the words that have to be accounted for, in order."""
        return sorted(_occurrences(self.lower, self.sites.words))

    def reasons_to_look(self) -> Iterator[Span]:
        """Spans of everything else: triggers, imports of packages, aliases; in no order."""
        yield from _occurrences(self.lower, self.sites.triggers)
        for match in re.finditer(_imports(self.sites.packages), self.text):
            if _opens_line(self.text[max(0, match.start() - _BEFORE) : match.start()]):
                yield match.span()
        if self.aliases:
            names = "|".join(sorted(map(re.escape, self.aliases)))
            yield from (match.span() for match in re.finditer(rf"\b(?:{names})\b", self.text))


def _lowered(text: str) -> str:
    """The text in lower case, with every character where it was."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text.translate(_ASCII_LOWER)


def _occurrences(text: str, words: Iterable[str]) -> Iterator[Span]:
    for word in words:
        at = text.find(word)
        while at >= 0:
            yield at, at + len(word)
            at = text.find(word, at + len(word))


def _opens_line(before: str) -> bool:
    """Whether a text ends where a statement can begin: after white space, a newline or a header's colon."""
    stripped = before.rstrip(" \t")
    return not stripped or stripped.endswith(("\n", "\r", ":", ";"))


@cache
def _pattern(names: tuple[str, ...]) -> str:
    spelled = "|".join(re.escape(name) for name in names)
    return rf"(?:from|import)[ \t]+(?:[\w. ]+,[ \t]*)*(?:{spelled})\b"


def _imports(packages: Iterable[str]) -> str:
    """Matches the import of a package that the tables have rows for."""
    return _pattern(tuple(sorted(packages, reverse=True)))

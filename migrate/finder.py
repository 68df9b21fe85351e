"""Where a text mentions CUDA: plain substring searches, which are several times faster than one pattern."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property

from migrate.model import SUPPRESSION, Kind, Sites

_ASCII_UPPER = re.compile("[A-Z]+")
# What wheels for CUDA are called, in lower case: cu121, %2bcu121, pt21cu121.
_WHEEL = r"cu(?:(?<![a-z\d]cu)|(?<=%2bcu)|(?<=pt\d\dcu)|(?<=pt\d\d\dcu))\d{2,3}(?![a-z\d])"
_LISTING: frozenset[Kind] = frozenset({"python", "requirements", "toml", "ini", "yaml"})  # kinds that list packages
SETUP = (b"install_requires", b"extras_require")  # what setup() is told of other packages
_IN_SETUP = b"_require"  # in both: one search says that neither is there
_LISTLESS: frozenset[Kind] = frozenset({"json", "env", "prose"})  # kinds that list no packages of Python's
_LINE = 200  # lines that end at a lone CR are looked for so far back
Span = tuple[int, int]


def may_mention(data: bytes, sites: Sites, kind: Kind = "python") -> bool:
    """Whether the bytes of a file hold a word, in any case, or something else for which it has to be parsed."""
    if kind == "cuda-source":
        return True
    if kind == "notebook":
        data = data.replace(b'\\"', b"'")  # which makes no word
    lower = data.lower()
    if kind != "python":
        found = triggers_of(sites, kind).search(lower.decode("latin-1")) is not None
        if found or kind != "notebook":
            return found
        data = data.replace(b"\\n", b"\n").replace(b'"', b"\n")  # where lines of code begin
    if any(word.encode() in lower for word in sites.words) or SUPPRESSION.encode() in data:
        return True
    if b"torch" in lower and any(
        stem.encode() in lower and any(word.encode() in lower for word in words)
        for stem, words in _stems(sites.triggers).items()
    ):
        return True
    if (
        _IN_SETUP in data
        and any(keyword in data for keyword in SETUP)
        and triggers_of(sites, kind).search(lower.decode("latin-1"))
    ):
        return True
    return any(True for _ in _imports(data.removeprefix(BOM_UTF8).decode("latin-1"), sites.packages))


def triggers_of(sites: Sites, kind: Kind) -> re.Pattern[str]:
    """Everything, in lower case, for which a file that is no Python, or one that lists packages, is read."""
    outside = sites.outside
    words = (*_outside(sites), *outside.triggers, *(outside.listed if kind in _LISTING else ()))
    named = () if kind in _LISTLESS or not outside.distributions else (_named(outside.distributions),)
    return _searched(words, (*_wheels(sites), *named))


def names_package(name: str, sites: Sites) -> bool:
    """Whether a name in lower case may be one of those on the registry: a quick answer that is right if it is no."""
    distributions = sites.outside.distributions
    return bool(distributions) and re.match(_named(distributions), name) is not None


def is_wheel(text: str, sites: Sites) -> bool:
    """Whether a version or an address is that of a build for CUDA, where the tables lead away from CUDA."""
    return any(re.search(pattern, text.lower()) for pattern in _wheels(sites))


def text_mentions(text: str, sites: Sites) -> list[Span]:
    """Spans of the words that have to be accounted for in a file that is no Python, in order."""
    found = (match.span() for match in _searched(_outside(sites), _wheels(sites)).finditer(_lowered(text)))
    return [(start, end) for start, end in found if _is_word(text, start, end, sites.bounded)]


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
        return mentions_cuda(name, self.sites) or any(word in lower for word in self.sites.triggers)

    @cached_property
    def mentions(self) -> list[Span]:
        """Spans of the words that have to be accounted for, in order."""
        found = _occurrences(self.lower, self.sites.words)
        return sorted((start, end) for start, end in found if _is_word(self.text, start, end, self.sites.bounded))

    @cached_property
    def triggers(self) -> list[Span]:
        """Spans of other words that make us look, in no order."""
        stems = _stems(self.sites.triggers).items()
        return [span for stem, words in stems if stem in self.lower for span in _occurrences(self.lower, words)]

    @cached_property
    def imports(self) -> list[Span]:
        """Spans of the imports of packages that the tables know, each up to the package, in order."""
        return list(_imports(self.text, self.sites.packages))

    def reasons_to_look(self) -> Iterator[Span]:
        """Spans of everything but mentions: triggers, imports of packages, aliases; in no order."""
        yield from self.triggers
        yield from self.imports
        if self.aliases:
            names = "|".join(sorted(map(re.escape, self.aliases)))
            yield from (match.span() for match in re.finditer(rf"\b(?:{names})\b", self.text))


def mentions_cuda(name: str, sites: Sites) -> bool:
    """Whether an identifier, a dotted name or a text mentions CUDA in any of its words."""
    lower = name.lower()
    if not any(word in lower for word in sites.words):
        return False
    if lower == name and not sites.bounded:
        return True
    return any(_is_word(name, start, end, sites.bounded) for start, end in _occurrences(lower, sites.words))


def _is_word(text: str, start: int, end: int, bounded: bool) -> bool:
    """Whether a match is one word of its own: `AsyncClient` holds "nccl", and `ConvMlp` "nvml", by chance."""
    word = text[start:end]
    if bounded and not _is_bounded(text, start, end):
        return False
    if word.islower() or word.isupper() or word.istitle():
        return True
    return word[:2].lower() == "cu"  # cuDNN, cuBLAS


def _is_bounded(text: str, start: int, end: int) -> bool:
    """Whether the letters around a match belong to other words: as in `NPUGraph` and `isNpu`, not in `input`."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if before.isalpha() and not (before.islower() and text[start].isupper()):
        return False
    return not after.isalpha() or after.isupper()


def _lowered(text: str) -> str:
    """The text in lower case, with every character where it was."""
    lower = text.lower()
    return lower if len(lower) == len(text) else _ASCII_UPPER.sub(lambda match: match.group().lower(), text)


def _occurrences(text: str, words: Iterable[str]) -> Iterator[Span]:
    for word in words:
        at = text.find(word)
        while at >= 0:
            yield at, at + len(word)
            at = text.find(word, at + len(word))


@cache
def _stems(words: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """The words by what several of them have in common: one search says that none of those is there."""
    stems: dict[str, tuple[str, ...]] = {}
    for word in words:
        stem = next((part for part in re.findall("[a-z]{4,}", word)[::-1]), word)
        stems[stem] = (*stems.get(stem, ()), word)
    return stems


def _outside(sites: Sites) -> tuple[str, ...]:
    return (*sites.words, *sites.outside.words)


def _wheels(sites: Sites) -> tuple[str, ...]:
    return (_WHEEL,) if sites.outside.words else ()


@cache
def _named(distributions: tuple[tuple[str, str], ...]) -> str:
    """A pattern of the names on the registry, each up to what varies, with any separators."""
    stems = sorted({re.split(r"[*\[]", pattern)[0] for pattern, _ in distributions})
    spelled = "|".join(re.escape(stem).replace(r"\-", "[-_.]") for stem in stems)
    return rf"(?<![a-z\d])(?:{spelled})"


@cache
def _searched(words: tuple[str, ...], patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join((*map(re.escape, words), *patterns)))


@cache
def _pattern(packages: tuple[str, ...]) -> re.Pattern[str]:
    spelled = "|".join(re.escape(name) for name in sorted(packages, reverse=True))
    gap = r"(?:[ \t]|\\\r?\n)"
    return re.compile(rf"[ \t\f]*(?:from|import){gap}+(?:[\w.][\w. ]*,{gap}*)*(?:{spelled})\b")


def _imports(text: str, packages: Mapping[str, str]) -> Iterator[Span]:
    """The imports of packages that the tables have rows for, wherever a statement can begin."""
    matches = _pattern(tuple(packages)).match
    done = colon = semicolon = -1
    begin = seen = 0
    tried: set[int] = set()
    at = text.find("import")
    while at >= 0:
        begin = _line_begin(text, seen, at, begin)
        colon = max(colon, text.rfind(":", max(seen, begin), at))
        semicolon = max(semicolon, text.rfind(";", max(seen, begin), at))
        for start in (begin, max(begin, colon + 1), max(begin, semicolon + 1)):
            if start >= done and start not in tried:
                tried.add(start)
                if found := matches(text, start):
                    yield found.span()
                    done = found.end()
                    break
        seen = at
        at = text.find("import", at + 6)


def _line_begin(text: str, seen: int, at: int, known: int) -> int:
    """Where the logical line of an offset begins, given the begin of that of `seen`, an offset before it."""
    end = max(text.rfind("\n", seen, at), text.rfind("\r", max(seen, at - _LINE), at))
    while end > 0 and text[end - 1] == "\\":  # a line that goes on
        end = text.rfind("\n", seen, end)
    return end + 1 if end >= seen else known

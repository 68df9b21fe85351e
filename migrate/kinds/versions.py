"""Versions that requirements allow, in the spellings of pip, Poetry and conda."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CLAUSE = re.compile(
    r"(?P<sign>===?|=|~=|~|\^|<=?|>=?|!=)\s*v?(?P<version>\d{1,9}(?:\.\d{1,9}){0,5})(?P<star>\.?\*)?"
    r"(?:=[^\s,;]*)?"  # conda's build
)
_LENGTH = 6
_LONGEST = 1000  # characters; nobody writes so many
_ZERO, _TOP = (0,) * _LENGTH, (10**9,) * _LENGTH
Version = tuple[int, ...]
Clause = tuple[str, Version, bool]


def pinned_minor(clauses: str) -> str:
    """The minor version ("2.1") to which the clauses of a requirement pin a package, "" if they leave it open."""
    minors: set[str] = set()
    for sign, version, star in _clauses(clauses):
        exact = sign in ("=", "==", "===") and (len(version) > 1 or (sign != "=" and not star))
        compatible = (sign == "~=" and len(version) > 2) or (sign == "~" and len(version) > 1)
        if exact or compatible:
            minors.add(f"{version[0]}.{version[1] if len(version) > 1 else 0}")
    return minors.pop() if len(minors) == 1 else ""


def below(clauses: str, first: str) -> bool:
    """Whether the clauses of a requirement allow only versions before `first`."""
    return any(end <= _read(first) for _, end in _ranges(clauses))


def admits(clauses: str, version: str) -> bool:
    """Whether the clauses of a requirement allow a version, as far as we can read them; no `!=` counts."""
    return all(start <= _read(version) < end for start, end in _ranges(clauses))


def _clauses(text: str) -> list[Clause]:
    """The clauses of a requirement without its marker: sign, version, and whether a `*` follows."""
    text = text.partition(";")[0]
    found = () if "|" in text or len(text) > _LONGEST else _CLAUSE.finditer(text)  # alternatives leave it open
    return [(match["sign"], tuple(map(int, match["version"].split("."))), bool(match["star"])) for match in found]


def _ranges(clauses: str) -> Iterator[tuple[Version, Version]]:
    """For each clause the first version that it allows and the first one behind those."""
    for sign, version, star in _clauses(clauses):
        exact = _padded(version)
        if sign in (">", ">="):
            yield (exact if sign == ">=" else _next(exact)), _TOP
        elif sign in ("<", "<="):
            yield _ZERO, exact if sign == "<" else _next(exact)
        elif sign != "!=":
            fixed = _fixed(sign, version, star)
            end = _TOP if not fixed else _padded(_next(fixed))
            yield exact, end


def _fixed(sign: str, version: Version, star: bool) -> Version:
    """The components of a version that have to stay for a clause to allow another."""
    if sign == "~=":
        return version[:-1]
    if sign == "~":
        return version[:2]
    if sign == "^":
        return version[: next((at for at, part in enumerate(version, 1) if part), len(version))]
    return version if star or sign == "=" else _padded(version)


def _read(version: str) -> Version:
    return _padded(tuple(int(part) for part in version.split(".")))


def _padded(version: Version) -> Version:
    return (*version, *_ZERO)[:_LENGTH]


def _next(version: Version) -> Version:
    return *version[:-1], version[-1] + 1

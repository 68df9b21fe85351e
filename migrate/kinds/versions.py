"""Versions that requirements allow, in the spellings of pip, Poetry and conda."""

from __future__ import annotations

import re

_CLAUSE = re.compile(r"(?P<sign>===?|=|~=|~|\^|<=?|>=?|!=)\s*v?(?P<version>\d{1,9}(?:\.\d{1,9}){0,5})(?P<star>\.?\*)?")
Version = tuple[int, ...]


def pinned_minor(clauses: str) -> str:
    """The minor version ("2.1") to which the clauses of a requirement pin a package, "" if they leave it open."""
    minors = set()
    for sign, version, star in _clauses(clauses):
        exact = sign in ("=", "==", "===") and (len(version) > 1 or (sign != "=" and not star))
        compatible = (sign == "~=" and len(version) > 2) or (sign == "~" and len(version) > 1)
        if exact or compatible:
            minors.add(f"{version[0]}.{version[1] if len(version) > 1 else 0}")
    return minors.pop() if len(minors) == 1 else ""


def below(clauses: str, first: str) -> bool:
    """Whether the clauses of a requirement allow only versions before `first`."""
    bound = tuple(int(part) for part in first.split("."))
    return any(_ends_before(*clause, bound) for clause in _clauses(clauses))


def _clauses(text: str) -> list[tuple[str, Version, bool]]:
    """The clauses of a requirement without its marker: sign, version, and whether a `*` follows."""
    text = text.partition(";")[0]
    found = () if "|" in text else _CLAUSE.finditer(text)  # alternatives leave it open
    return [(match["sign"], tuple(map(int, match["version"].split("."))), bool(match["star"])) for match in found]


def _ends_before(sign: str, version: Version, star: bool, first: Version) -> bool:
    """Whether everything a clause allows comes before a version."""
    if sign in (">", ">=", "!="):
        return False
    if sign == "<":
        return _compared(version) <= _compared(first)
    if sign == "~=":
        version, star = version[:-1], True
    elif sign == "=":
        star = True  # conda's
    elif sign == "~":
        version, star = version[:2], True
    elif sign == "^":
        version, star = version[: next((at for at, part in enumerate(version, 1) if part), len(version))], True
    if not version:
        return False
    end = (*version[:-1], version[-1] + 1) if star else version
    return _compared(end) <= _compared(first) if star else _compared(end) < _compared(first)


def _compared(version: Version) -> Version:
    """A version to compare with others: 2 is 2.0.0."""
    while version and not version[-1]:
        version = version[:-1]
    return version

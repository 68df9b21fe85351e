"""What a project already knows of: a recorded list of leftovers, or whatever no added line holds.

A baseline is JSON Lines. The first line names the format; each other line is one array of path, rule id,
found text and count, in that order, so that the entries of a file stand together. There are no line numbers:
code that moves inside its file changes nothing. Everything is ASCII, whatever a path or a text holds.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from migrate.leftovers import Entry, Leftover

FORMAT = 1
_SHOWN = 80
_TITLE = "accel-migrate baseline"
_FIELDS = ["path", "rule", "found", "count"]
_CONFLICT = re.compile(r"(?:<{7}|>{7}|\|{7})(?: |$)|={7}$")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
Key = tuple[str, str, str]


class BaselineError(Exception):
    """A baseline that cannot be used; the message names its file and line."""


def write_baseline(leftovers: Iterable[Leftover]) -> str:
    """The baseline that knows of these leftovers, new or known; the same text whatever their order."""
    counts = Counter(_key_of(leftover) for leftover in leftovers)
    header = json.dumps({_TITLE: FORMAT, "fields": _FIELDS})
    lines = (json.dumps([*key, count]) for key, count in sorted(counts.items()))
    return "".join(f"{line}\n" for line in (header, *lines))


def read_baseline(name: str, data: bytes) -> list[Entry]:
    """The entries of a baseline, in its order; `name` is what messages call the file. Blank lines do not count.

    Raises `BaselineError` for anything that `write_baseline` would not have written.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = data.count(b"\n", 0, error.start) + 1
        raise BaselineError(f"{name}:{at}: is not UTF-8 ({error.reason})") from None
    entries: list[Entry] = []
    first: dict[Key, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        try:
            if entry := _read(line.rstrip("\r"), number):
                key = entry.path, entry.rule_id, entry.found
                if key in first:
                    raise ValueError(f"says the same as line {first[key]}, which may have another count: keep one")
                first[key] = number
                entries.append(entry)
        except ValueError as error:
            raise BaselineError(f"{name}:{number}: {error}") from None
    return entries


def compared(leftovers: Sequence[Leftover], entries: Iterable[Entry]) -> tuple[list[Leftover], list[Entry]]:
    """The leftovers, in their order, each known or new, and the entries that are fixed, with what remains of them.

    Of equal leftovers of a file as many are known as the entry counts, those first by line, and the rest are
    new. A renamed file is another file: the entries of its old path are fixed, its leftovers are new. Every
    entry that no leftover uses up is fixed, so give only those of files that were looked at.
    """
    budget: Counter[Key] = Counter()
    for entry in entries:
        budget[entry.path, entry.rule_id, entry.found] += entry.count
    states = list(leftovers)
    for index in sorted(range(len(states)), key=lambda index: _place_of(leftovers[index])):
        leftover = leftovers[index]
        key = _key_of(leftover)
        known = budget[key] > 0
        budget[key] -= known
        states[index] = replace(leftover, state="known" if known else "new")
    return states, [Entry(rule, path, found, count) for (path, rule, found), count in sorted((+budget).items())]


def only_added(leftovers: Iterable[Leftover], added: Mapping[str, set[int]]) -> list[Leftover]:
    """The leftovers whose line is one of the added ones, given by path; see `migrate.vcs.added_lines`.

    What is found of a file as a whole counts as its first line.
    """
    return [leftover for leftover in leftovers if leftover.finding.line in added.get(leftover.path, ())]


def _key_of(leftover: Leftover) -> Key:
    return leftover.path, leftover.finding.rule_id, leftover.finding.found


def _place_of(leftover: Leftover) -> tuple[int, int, int]:
    return leftover.finding.line, leftover.finding.column, leftover.finding.start


def _read(line: str, number: int) -> Entry | None:
    """The entry of a line, None for a header or a blank line. Raises `ValueError` saying what is wrong."""
    if _CONFLICT.match(line):
        raise ValueError("a merge conflict is left in it: keep the lines of both sides, without the markers")
    if number > 1 and not line.strip():
        return None
    try:
        value = json.loads(line, object_pairs_hook=_object, parse_constant=_refuse)
    except (ValueError, RecursionError):  # also a number of too many digits
        value = None
    if number == 1:
        _check_header(value)
        return None
    return _entry(value)


def _check_header(value: Any) -> None:
    if not isinstance(value, dict) or _TITLE not in value:
        raise ValueError(f'is no baseline: its first line must name the format, {{"{_TITLE}": {FORMAT}, …}}')
    version = value[_TITLE]
    if type(version) is not int or version != FORMAT:
        raise ValueError(f"is in format {_shown(version)}; this version reads format {FORMAT}")
    if value != {_TITLE: FORMAT, "fields": _FIELDS}:
        raise ValueError(f"is not the header of format {FORMAT}, whose fields are {', '.join(_FIELDS)}")


def _entry(value: Any) -> Entry:
    if not isinstance(value, list) or len(value) != len(_FIELDS):
        raise ValueError('is not of the form ["path", "rule", "found", count]')
    path, rule_id, found, count = value
    for field, text in zip(_FIELDS[:3], value[:3], strict=True):
        if not isinstance(text, str):
            raise ValueError(f"the {field} is not a string")
    if not rule_id:
        raise ValueError("the rule is empty")
    if type(count) is not int or count < 1:
        raise ValueError(f"the count is {_shown(count)}, not a positive number")
    _check_path(path)
    return Entry(rule_id, path, found, count)


def _check_path(path: str) -> None:
    if path.startswith("/") or _DRIVE.match(path):
        raise ValueError(f"the path {_shown(path)} is absolute: paths are relative to where the check begins")
    if {"..", ".", ""}.intersection(path.split("/")):
        raise ValueError(f"the path {_shown(path)} is not a plain one: no '..', '.' or empty part")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. Raises `ValueError` where a key stands twice."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key stands twice")
    return made


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _shown(value: Any) -> str:
    text = json.dumps(value) if isinstance(value, (str, int, float)) else type(value).__name__
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"

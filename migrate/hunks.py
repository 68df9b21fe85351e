"""What a patch adds: bytes that git printed in, line numbers out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_ESCAPED = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}


def added_runs(patch: bytes) -> Iterator[tuple[str, list[range]]]:
    """The files of a patch without context, with `a/` and `b/` before their names, and the runs of lines each gains.

    Lines count from 1 and end at LF only, as git sees them. Files that gain none are left out.
    """
    lines = iter(patch.split(b"\n"))
    path = ""
    runs: list[range] = []
    for line in lines:
        if line.startswith(b"+++ "):
            if runs:
                yield path, runs
            path, runs = _path_of(line[4:]), []
        elif hunk := _HUNK.match(line):
            removed, added = (1 if count is None else int(count) for count in hunk.group(1, 3))
            first, left = int(hunk.group(2)), removed + added
            runs += [range(first, first + added)] if added else []
            while left:  # the lines of a hunk may look like anything
                left -= not next(lines, b"").startswith(b"\\")
    if runs:
        yield path, runs


def added_lines_of(patch: bytes) -> Iterator[tuple[str, dict[int, bytes]]]:
    """The files of a patch, with or without context, and the lines that each gains: number and content.

    Numbers and line ends are as for `added_runs`. Files that gain none have none.
    """
    lines = iter(patch.split(b"\n"))
    path: str | None = None
    added: dict[int, bytes] = {}
    for line in lines:
        if line.startswith(b"+++ "):
            if path is not None:
                yield path, added
            path, added = _path_of(line[4:]), {}
        elif hunk := _HUNK.match(line):
            old, new = (1 if count is None else int(count) for count in hunk.group(1, 3))
            at = int(hunk.group(2))
            for content in lines:
                if content.startswith(b"\\"):
                    continue
                if content.startswith(b"+"):
                    added[at] = content[1:]
                removes, adds = content.startswith(b"-"), content.startswith(b"+")
                old, new, at = old - (not adds), new - (not removes), at + (not removes)
                if old <= 0 and new <= 0:
                    break
    if path is not None:
        yield path, added


def python_lines(data: bytes, runs: Sequence[range] | None) -> set[int]:
    """The numbers that Python gives to the lines in runs of git's, None for all: a lone CR ends a line for it too."""
    lines = data.split(b"\n")
    if runs is None:
        runs = [range(1, len(lines) + bool(lines[-1]))]
    wanted = {number for run in runs for number in run}
    if data.count(b"\r") == data.count(b"\r\n"):
        return wanted
    found: set[int] = set()
    at = 1
    for number, line in enumerate(lines, 1):
        after = at + 1 + line.count(b"\r") - (number < len(lines) and line.endswith(b"\r"))
        if number in wanted:
            found.update(range(at, after))
        at = after
    return found


def _path_of(name: bytes) -> str:
    """The path of a `+++` line: quoted where it holds control characters, followed by a tab where it holds spaces."""
    name = name.removesuffix(b"\t")
    if name.startswith(b'"'):
        name = _ESCAPE.sub(lambda match: _unescaped(match.group(1)), name[1:-1])
    return os.fsdecode(name.removeprefix(b"b/"))


def _unescaped(escape: bytes) -> bytes:
    return bytes([int(escape, 8)]) if escape.isdigit() else _ESCAPED.get(escape, escape)

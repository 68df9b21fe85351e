"""Which lines of a repository a migration wrote: those of its report, or else those that name the target."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrate.edits import line_starts, position
from migrate.engine import DecodeError, decode
from migrate.hunks import added_lines_of, python_lines
from migrate.model import Edit, FileResult, RepoReport
from migrate.verify.statements import statements_of

Read = Callable[[str], bytes]
Lines = Mapping[str, frozenset[int]]


class ChangesError(Exception):
    """A report of a migration that cannot be used; the message names the file."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The lines of one file that a migration wrote, each with those of which one has to run to say that it has."""

    path: str
    lines: Mapping[int, tuple[int, ...]]

    @property
    def watched(self) -> list[int]:
        return sorted({line for lines in self.lines.values() for line in lines})

    def missed(self, ran: Iterable[int]) -> list[int]:
        """The lines that did not run, given those that did."""
        done = frozenset(ran)
        return [line for line, lines in sorted(self.lines.items()) if done.isdisjoint(lines)]


def rewritten_files(lines: Lines, read: Read) -> tuple[Rewritten, ...]:
    """The Python files with lines that were rewritten, in order."""
    return tuple(_with_statements(path, lines[path], read) for path in sorted(lines) if lines[path])


def _with_statements(path: str, lines: frozenset[int], read: Read) -> Rewritten:
    statements = statements_of(decode(read(path))[0])
    return Rewritten(path, {line: statements.runs_with(line) for line in sorted(lines)})


def lines_naming_the_target(back: RepoReport, read: Read) -> dict[str, frozenset[int]]:
    """The lines that a migration back to CUDA would rewrite or ask about, of the Python files of its report."""
    return {
        result.path: frozenset(_lines_of(result, read))
        for result in back.files
        if result.kind == "python" and not result.error and result.findings
    }


def _lines_of(result: FileResult, read: Read) -> Iterator[int]:
    starts = line_starts(decode(read(result.path))[0])
    for finding in result.findings:
        if finding.safety in ("safe", "review", "manual") and not finding.rule_id.startswith("suppression:"):
            places = [edit.start for edit in finding.edits] or [finding.start]
            yield from (position(starts, place)[0] for place in places)


def lines_of_changes(name: str, data: bytes, read: Read) -> dict[str, frozenset[int] | None]:
    """The lines that a saved report (`name` ends with .json, else it is a patch) says were written, by Python file.

    None is said of a file that is not as the migration left it: somebody changed it since, or it is gone.
    Raises `ChangesError`.
    """
    if name.endswith(".json"):
        return {path: _placed(edits, path, read) for path, edits in _edits(name, data)}
    files = dict(added_lines_of(data))
    if not files and data.strip():
        raise ChangesError(f"{name}: is neither a patch nor a report of a migration in JSON")
    return {path: _added(path, lines, read) for path, lines in files.items() if path.endswith(".py") and lines}


def _added(path: str, lines: Mapping[int, bytes], read: Read) -> frozenset[int] | None:
    """The lines that a patch adds to a file, as Python counts them."""
    try:
        data = read(path)
    except OSError:
        return None
    now = data.split(b"\n")
    if any(number > len(now) or now[number - 1] != content for number, content in lines.items()):
        return None
    return frozenset(python_lines(data, [range(number, number + 1) for number in lines]))


def _edits(name: str, data: bytes) -> Iterator[tuple[str, list[Edit]]]:
    """The edits of each Python file in a report. Raises `ChangesError`."""
    try:
        files: Any = json.loads(data)["files"]
        for file in files:
            edits = [
                Edit(edit["start"], edit["end"], edit["text"]) for item in file["findings"] for edit in item["edits"]
            ]
            if file["kind"] == "python" and edits:
                yield file["path"], sorted(edits, key=lambda edit: (edit.start, edit.end))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ChangesError(f"{name}: is no report of a migration (docs/report.md)") from None


def _placed(edits: Sequence[Edit], path: str, read: Read) -> frozenset[int] | None:
    """The lines on which the texts of edits stand now."""
    text = _text(path, read)
    if text is None:
        return None
    starts, shift = line_starts(text), 0
    lines: set[int] = set()
    for edit in edits:
        start = edit.start + shift
        if text[start : start + len(edit.text)] != edit.text:
            return None
        shift += len(edit.text) - (edit.end - edit.start)
        if edit.text:
            lines.add(position(starts, start)[0])
    return frozenset(lines)


def _text(path: str, read: Read) -> str | None:
    try:
        return decode(read(path))[0]
    except (OSError, DecodeError):
        return None

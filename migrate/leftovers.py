"""What `check` finds: the references that still need work, each with what tells it apart from all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

from migrate.edits import line_starts
from migrate.engine import decode
from migrate.model import FileResult, Finding, Kind, RepoReport

State = Literal["new", "known"]


@dataclass(frozen=True, slots=True)
class Leftover:
    """A reference that migration would rewrite or report.

    `fingerprint` is stable while code around it moves: it is made of rule, path, found text and the number
    among equals. `text` is the source line without its end, empty where the finding is of the whole file.
    """

    path: str
    finding: Finding
    fingerprint: str
    text: str = ""
    state: State = "new"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a baseline: how often a rule is known to find a text in a file."""

    rule_id: str
    path: str
    found: str
    count: int


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The outcome of a check: leftovers by path, line and column; `fixed` is what the baseline still lists.

    `target` is "" where the check was for no vendor in particular. `files` counts all that were looked at.
    """

    target: str
    version: str
    leftovers: tuple[Leftover, ...]
    files: int
    seconds: float
    fixed: tuple[Entry, ...] = field(default=())
    errors: tuple[FileResult, ...] = field(default=())

    @property
    def new(self) -> tuple[Leftover, ...]:
        return tuple(leftover for leftover in self.leftovers if leftover.state == "new")


def leftovers_of(report: RepoReport, read: Callable[[str], bytes]) -> Iterator[Leftover]:
    """The findings of a run that are neither left on purpose nor suppressed; `read` gives a file's bytes."""
    for result in report.files:
        findings = [item for item in result.findings if is_leftover(item)]
        if not findings:
            continue
        lines = _lines(read(result.path), result.kind) if result.kind != "cuda-source" else []
        seen: Counter[tuple[str, str]] = Counter()
        for finding in sorted(findings, key=lambda item: (item.line, item.column, item.rule_id)):
            key = finding.rule_id, finding.found
            seen[key] += 1
            text = lines[finding.line - 1] if finding.line <= len(lines) else ""
            yield Leftover(result.path, finding, _fingerprint(result.path, *key, seen[key]), text)


def is_leftover(finding: Finding) -> bool:
    """Whether a finding needs work. An inserted import is no reference: the one that needs it is."""
    return finding.is_reference and finding.safety not in ("left", "info") and not finding.suppressed


def _fingerprint(path: str, rule_id: str, found: str, number: int) -> str:
    parts = "\0".join((rule_id, path, found, str(number)))
    return blake2b(parts.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def _lines(data: bytes, kind: Kind) -> list[str]:
    text, _ = decode(data, kind)
    starts = line_starts(text)
    return [text[start:end].rstrip("\r\n") for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]

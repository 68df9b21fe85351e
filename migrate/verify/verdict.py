"""What a run on the simulated device showed, and what it did not: the run, the scan of the repository, the coverage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from migrate.engine import DecodeError, decode
from migrate.leftovers import CheckResult, is_leftover
from migrate.model import Finding, RepoReport
from migrate.verify.events import Device, Event, Records
from migrate.verify.launch import Ending, Python
from migrate.verify.rewritten import Read, Rewritten
from migrate.verify.statements import Statements, statements_of

_OVERLOOKED = ("silent", "compare")  # what code for several devices may do
_NO_USE = ("left:comment", "left:docstring", "left:message", "left:identifier", "left:import", "left:data")


@dataclass(frozen=True, slots=True)
class Missed:
    """A rewritten line that did not run, with its source."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many lines a migration rewrote, and which of them did not run.

    `known` is "report" where a report of the migration says which were rewritten, else "names": those that name the
    target. `changed` are files that are not as the report left them; of these, too, the lines that name the target
    count.
    """

    rewritten: int
    missed: tuple[Missed, ...]
    known: str
    changed: tuple[str, ...] = ()

    @property
    def ran(self) -> int:
        return self.rewritten - len(self.missed)


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of `accel-migrate verify`."""

    target: str
    title: str
    command: tuple[str, ...]
    python: Python
    devices: int
    ending: Ending
    events: tuple[Event, ...]
    device: Device
    coverage: Coverage
    scan: CheckResult

    @property
    def met(self) -> tuple[Event, ...]:
        """What counts of all that was met while the command ran."""
        return tuple(event for event in self.events if not event.accepted)

    @property
    def is_idle(self) -> bool:
        """Whether nothing at all ran on the device, so that nothing is shown."""
        return not self.device.calls and not self.device.unended

    @property
    def is_partial(self) -> bool:
        """Whether all that is known is what was written down before a process was killed."""
        return not self.device.calls and self.device.unended > 0

    @property
    def fails(self) -> bool:
        """Whether the command failed, or something was found."""
        return not self.ending.succeeded or bool(self.met or self.scan.new or self.is_idle or self.is_partial)

    @property
    def holds(self) -> bool:
        """Whether the command succeeded, nothing was found, and all of the repository was looked at."""
        return not self.fails and not self.scan.errors


def covered(files: Sequence[Rewritten], records: Records, known: str, changed: Sequence[str], read: Read) -> Coverage:
    """The coverage of rewritten lines by those that the processes executed."""
    missed: list[Missed] = []
    for file in files:
        lines = file.missed(records.ran.get(file.path, ()))
        source = _lines(file.path, read) if lines else []
        missed += (Missed(file.path, line, source[line - 1].strip()) for line in lines)
    return Coverage(sum(len(file.lines) for file in files), tuple(missed), known, tuple(changed))


def judged_events(events: Iterable[Event], report: RepoReport, scan: CheckResult, read: Read) -> Iterator[Event]:
    """The events in order of their places, each with why it does not count, where its line is one that is kept.

    A comment of the author's, the baseline or the settings keep any; code for several devices may test for CUDA.
    """
    findings = {result.path: result.findings for result in report.files if result.kind == "python"}
    files: dict[str, tuple[list[str], Statements]] = {}
    for event in sorted(events, key=lambda event: (event.path, event.line, event.kind, event.what)):
        if event.path not in files:
            source = _lines(event.path, read)
            files[event.path] = source, statements_of("\n".join(source))
        source, statements = files[event.path]
        near = statements.lines(event.line)
        here = [item for item in findings.get(event.path, ()) if item.line in near]
        text = source[event.line - 1].strip() if 0 < event.line <= len(source) else ""
        yield replace(event, text=text, accepted=_reason(event, here, scan))


def _lines(path: str, read: Read) -> list[str]:
    """The lines of a file as Python counts them; none if it cannot be read."""
    try:
        text = decode(read(path))[0]
    except (OSError, DecodeError):
        return []
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _reason(event: Event, findings: Sequence[Finding], scan: CheckResult) -> str:
    """Why the findings on the lines of an event keep it; empty where they do not."""
    states = _states(event.path, scan)
    here = {states.get((item.line, item.column, item.rule_id), "") for item in findings if is_leftover(item)}
    if "new" in here:
        return ""
    if any(item.suppressed for item in findings):
        return "a comment keeps it"
    if here:
        return "the baseline lists it" if "known" in here else "the settings leave it out"
    kept = [item for item in findings if item.safety == "left" and item.rule_id not in _NO_USE]
    return kept[0].message if kept and event.kind in _OVERLOOKED else ""


def _states(path: str, scan: CheckResult) -> Mapping[tuple[int, int, str], str]:
    return {
        (item.finding.line, item.finding.column, item.finding.rule_id): item.state
        for item in scan.leftovers
        if item.path == path
    }

"""A run on the simulated device as text: what was met, what is left, what was not proven, and whether it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from migrate.report.shown import check_summary, described, error_line, inert, inert_path, place_of
from migrate.verify.events import KINDS, Event
from migrate.verify.launch import Ending
from migrate.verify.verdict import Verification

_MOST = 20  # lines of a part that is not what to do
_UNIT = 1024


def render_text(run: Verification) -> str:
    """All that a person has to see, worst first; the last line says whether the port holds."""
    return "".join(f"{line}\n" for line in _lines(run))


def _lines(run: Verification) -> Iterator[str]:
    yield ""
    yield f"accel-migrate verify: {_title(run)}"
    if run.met:
        yield "\nmet while it ran:"
        for event in run.met:
            yield from _event_lines(event)
    if run.scan.new:
        yield "\nleft in the repository:"
        yield from (f"  {place_of(item)}: {described(item.finding)}" for item in run.scan.new)
    yield from (f"  {error_line(result)}" for result in run.scan.errors)
    yield from _accepted_lines(run)
    yield from _coverage_lines(run)
    yield ""
    yield from _device_lines(run)
    yield f"scan: {check_summary(run.scan)}"
    yield "not shown by a simulation: the kernels of the card, its numbers, its speed"
    yield f"{'holds' if run.holds else 'does not hold'}: {inert('; '.join(reasons(run)))}"


def _title(run: Verification) -> str:
    devices = f"{run.devices} simulated {run.target} device" + ("" if run.devices == 1 else "s")
    return inert(f"{' '.join(run.command)} on {devices} ({run.title}), torch {run.python.torch}")


def _event_lines(event: Event) -> Iterator[str]:
    place = f"{inert_path(event.path)}:{event.line}" if event.path else "(outside of the project)"
    why = f": {event.why}" if event.why else ""
    yield f"  {place}: {event.kind}: {inert(event.what + why)}"
    if event.text:
        yield f"    | {inert(event.text)}"


def _accepted_lines(run: Verification) -> Iterator[str]:
    kept = Counter((event.kind, event.accepted) for event in run.events if event.accepted)
    if kept:
        yield "\nmet and kept:"
    for (kind, why), count in sorted(kept.items()):
        yield f"  {count} {kind}: {inert(why)}"


def _coverage_lines(run: Verification) -> Iterator[str]:
    coverage = run.coverage
    if not coverage.rewritten:
        yield "\nno rewritten line is known: no Python file names the target"
        return
    these = "; these did not:" if coverage.missed else ""
    yield f"\n{coverage.ran} of {coverage.rewritten} rewritten lines ran{these}"
    for missed in coverage.missed[:_MOST]:
        yield f"  {inert_path(missed.path)}:{missed.line}: {inert(missed.text)}"
    if len(coverage.missed) > _MOST:
        yield f"  and {len(coverage.missed) - _MOST} more (--report lists all)"
    for path in coverage.changed:
        yield f"  {inert_path(path)} is not as the migration left it: its lines that name the target count"


def _device_lines(run: Verification) -> Iterator[str]:
    device = run.device
    if run.is_idle:
        yield "device: nothing ran on it"
    elif device.calls:
        share = 100 * device.seconds_device / device.seconds_total if device.seconds_total else 0.0
        ran = f"{_count(len(device.operators), 'operator')} in {_count(device.calls, 'call')}"
        used = ", ".join(f"{run.target}:{number}" for number in device.devices)
        peak = ", ".join(f"{_size(size)} on {run.target}:{number}" for number, size in device.peak.items() if size)
        yield f"device: {ran}, {share:.0f} % of the time, on {used}; memory at most {peak or '0 B'}"
    if device.unended:
        yield f"device: {_unended(run)}"


def reasons(run: Verification) -> Iterator[str]:
    """Why the port does not hold, or that it does: the parts of the last line."""
    yield said_of(run.ending)
    kinds = Counter(event.kind for event in run.met)
    if kinds:
        yield "met " + ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS if kinds[kind])
    if run.is_idle:
        yield "nothing ran on the device"
    if run.is_partial:
        yield _unended(run)
    if run.scan.new:
        yield f"{_count(len(run.scan.new), 'leftover')} in the repository"
    if run.scan.errors:
        yield f"{_count(len(run.scan.errors), 'file')} of the repository could not be checked"
    if run.holds and run.coverage.missed:
        yield f"{_count(len(run.coverage.missed), 'rewritten line')} did not run"


def _unended(run: Verification) -> str:
    return f"{_count(run.device.unended, 'process')} of {run.device.processes} ended without saying what ran there"


def said_of(ending: Ending) -> str:
    """How a command ended, in words."""
    how = f"the script was killed by {ending.signal}" if ending.signal else f"the script ended with {ending.code}"
    return f"{how} when its time was up, after {ending.seconds:.0f} s" if ending.timed_out else how


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "es" if noun.endswith("s") else "s")


def _size(number: int) -> str:
    size, units = float(number), iter(("B", "KiB", "MiB", "GiB"))
    unit = next(units)
    while size >= _UNIT and unit != "GiB":
        size, unit = size / _UNIT, next(units)
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"

"""What the simulated device wrote down while a command ran: JSON Lines, one file for each process.

The records are described in migrate/verify/child/accel_device/schema.py.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = (  # worst first
    "leftover", "missing", "mixed", "fork", "dtype", "silent", "compare", "unmodelled", "unsupported",
)  # fmt: skip


class EventsError(Exception):
    """Records that the device cannot have written: a bug, or another program that writes there."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was met while the command ran; `path` is relative to the root, and empty outside of it.

    `text` is its source line. `accepted` says why it does not count, if it does not: the author keeps it, or a baseline
    knows it.
    """

    kind: str
    what: str
    path: str = ""
    line: int = 0
    why: str = ""
    rule: str = ""
    raised: bool = False
    text: str = ""
    accepted: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """What ran on the simulated device, over all processes; seconds are summed over them, `peak` is in bytes.

    `unended` counts the processes that were killed, or left without a word.
    """

    processes: int = 0
    unended: int = 0
    operators: Mapping[str, int] = field(default_factory=dict)
    devices: tuple[int, ...] = ()
    seconds_total: float = 0.0
    seconds_device: float = 0.0
    peak: Mapping[int, int] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        return sum(self.operators.values())


@dataclass(frozen=True, slots=True)
class Records:
    """All that the processes of a command wrote; `ran` are the watched lines that were executed."""

    events: tuple[Event, ...] = ()
    device: Device = field(default_factory=Device)
    ran: Mapping[str, frozenset[int]] = field(default_factory=dict)


def read_records(files: Iterable[tuple[str, bytes]]) -> Records:
    """The records in files of events, given with their names. Raises `EventsError`."""
    events: dict[Event, None] = {}
    ran: dict[str, set[int]] = {}
    starts: list[Any] = []
    ends: list[Any] = []
    for name, data in files:
        for number, line in enumerate(data.split(b"\n")[:-1], 1):  # what has no end was being written
            try:
                _sort(json.loads(line), events, ran, starts, ends)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise EventsError(f"{name}:{number}: is no record of the device ({error!r})") from None
    return Records(tuple(events), _summed(starts, ends), {path: frozenset(ran[path]) for path in sorted(ran)})


def _sort(record: Any, events: dict[Event, None], ran: dict[str, set[int]], starts: list[Any], ends: list[Any]) -> None:
    kind = record["kind"]
    if kind == "ran":
        ran.setdefault(record["file"], set()).add(int(record["line"]))
    elif kind == "start":
        starts.append(record["pid"])
    elif kind == "end":
        ends.append(_checked(record))
    elif kind in KINDS:
        texts = (record["what"], record["file"], int(record["line"] or 0), record["why"], record.get("rule") or "")
        events[Event(kind, *texts, bool(record["raised"]))] = None
    else:
        raise ValueError(f"unknown kind {kind!r}")


def _checked(record: Any) -> Any:
    """The record of an end, with numbers where numbers belong."""
    return {
        "pid": record["pid"],
        "operators": {str(name): int(count) for name, count in record["operators"].items()},
        "devices": [int(number) for number in record["devices_used"]],
        "total": float(record["seconds_total"]),
        "device": float(record["seconds_device"]),
        "peak": {int(number): int(size) for number, size in record["peak_bytes"].items()},
    }


def _summed(starts: list[Any], ends: list[Any]) -> Device:
    """The numbers of all processes together; a device that several use has the memory of all of them."""
    operators: Counter[str] = Counter()
    peak: Counter[int] = Counter()
    for end in ends:
        operators.update(end["operators"])
        peak.update(end["peak"])
    processes = {*starts, *(end["pid"] for end in ends)}
    return Device(
        len(processes),
        len(processes) - len({end["pid"] for end in ends}),
        dict(operators.most_common()),
        tuple(sorted({number for end in ends for number in end["devices"]})),
        sum(end["total"] for end in ends),
        sum(end["device"] for end in ends),
        dict(sorted(peak.items())),
    )

"""How many processes a run is worth."""

from __future__ import annotations

import os

from migrate.discover import Discovery

_SHARE = 10_000_000  # bytes of files that take a process about a second; starting one takes a third of that
_MOST = 8  # a container may have less of the machine than it can see


def chosen_jobs(wanted: int, found: Discovery) -> int:
    """The number of processes that is asked for, or where that is 0, one for every 10 MB on a core of its own."""
    if wanted:
        return min(wanted, max(len(found.files), 1))
    return max(1, min(found.size // _SHARE, _cores(), _MOST))


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

"""The simulation in this process: one session, its events, its machine once the vendor's package is imported."""

from __future__ import annotations

import atexit
import os
import platform
import sys
from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING, NoReturn

from accel_device.events import Events
from accel_device.profile import Profile, read_profile, run_folder
from accel_device.schema import EXIT_UNSUPPORTED
from accel_device.traces import install_traces

if TYPE_CHECKING:
    from accel_device.fallback import Fallback
    from accel_device.machine import Machine


class Session:
    """What this process simulates, and the record it leaves at its end."""

    def __init__(self, profile: Profile, events: Events) -> None:
        self.profile, self.events = profile, events
        self.began = perf_counter()
        self.watching = False  # torch is patched
        self.machine: Machine | None = None
        self.fallback: Fallback | None = None
        self.rank = os.environ.get("RANK", "")

    def begin(self, torch_version: str) -> None:
        """Write the start record, and see to it that there will be an end record."""
        self.events.write(
            {
                "kind": "start",
                "pid": os.getpid(),
                "rank": int(self.rank) if self.rank.isdecimal() else None,
                "argv": list(getattr(sys, "argv", ())),
                "torch": torch_version,
                "python": platform.python_version(),
            }
        )
        install_traces(self.events)
        atexit.register(self.end)
        os.register_at_fork(after_in_child=self.restart)
        from multiprocessing import util

        # a forked child of multiprocessing leaves by os._exit(): it runs finalizers and no atexit functions
        util.register_after_fork(self, lambda session: util.Finalize(None, session.end, exitpriority=-100))

    def restart(self) -> None:
        """A child of fork has done nothing yet."""
        self.began = perf_counter()
        if self.fallback is not None:
            self.fallback.forget()

    def end(self) -> None:
        """Write the end record."""
        machine, operators = self.machine, self.fallback.counts() if self.fallback is not None else {}
        memory = machine.memory if machine is not None else []
        for one in memory:
            one.live()
        rank = str(machine.rank) if machine is not None and machine.rank is not None else self.rank
        self.events.write(
            {
                "kind": "end",
                "pid": os.getpid(),
                "rank": int(rank) if rank.isdecimal() else None,
                "operators": operators,
                "calls_on_device": sum(operators.values()),
                "devices_used": [index for index, one in enumerate(memory) if one.total],
                "seconds_total": round(perf_counter() - self.began, 6),
                "seconds_device": round(machine.seconds, 6) if machine is not None else 0.0,
                "peak_bytes": {str(index): one.peak for index, one in enumerate(memory) if one.total},
            }
        )

    def stop(self, why: str) -> NoReturn:
        """Say why this torch cannot carry the simulation, and end the process."""
        self.events.record("unsupported", why, None, raised=True)
        print(f"accel-migrate verify: {why}", file=sys.stderr, flush=True)
        raise SystemExit(EXIT_UNSUPPORTED)


@cache
def open_session() -> Session:
    """The session of this process; ImportError when there is no run folder or its profile cannot be read."""
    folder = run_folder()
    if not folder:
        raise ImportError("this is accel-migrate's stand-in for a vendor's package: ACCEL_VERIFY names no run folder")
    try:
        profile = read_profile(folder)
    except (OSError, ValueError, KeyError) as error:
        raise ImportError(f"{os.path.join(folder, 'profile.json')}: cannot read the profile: {error!r}") from error
    return Session(profile, Events(folder, profile.root))

"""A real dask cluster on this machine: a scheduler and two workers, each a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import migrate

SETTINGS = {
    "PYTHONPATH": os.pathsep.join((str(Path(migrate.__file__).parents[1]), str(Path(__file__).parent))),
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    "DASK_DISTRIBUTED__WORKER__USE_FILE_LOCKING": "false",
}


class Deadly(str):
    """A kind of file that ends every process that unpacks it, but for the scheduler, which does so on the way."""

    __slots__ = ()

    def __reduce__(self) -> Any:
        return unpacked, (str(self),)


def unpacked(text: str) -> Deadly:
    if "scheduler" not in sys.argv:
        os._exit(1)
    return Deadly(text)


@dataclass(frozen=True, slots=True)
class Site:
    """Where a scheduler runs, and how more workers are started for it."""

    address: str  # dask://127.0.0.1:PORT
    scheduler: int  # its process
    start_worker: Callable[..., subprocess.Popen[bytes]]

    def kill_at(self, done: int, number: int) -> None:
        """Kill the scheduler when so many files are done."""
        if done == number:
            os.kill(self.scheduler, signal.SIGKILL)


@contextmanager
def site(folder: Path, workers: int = 2) -> Iterator[Site]:
    """A cluster that is there until the end of the block."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *words, "--no-dashboard"]
        log = (folder / f"{len(started)}.log").open("wb")
        with log:
            process = subprocess.Popen(
                command, cwd=folder, env={**os.environ, **SETTINGS, **environment}, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        started.append(process)
        return process

    def start_worker(**environment: str) -> subprocess.Popen[bytes]:
        return start("worker", place, "--nthreads", "1", "--host", "127.0.0.1", **environment)

    try:
        card = folder / "scheduler.json"
        scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(card))
        wait_for(lambda: is_whole(card))
        place = json.loads(card.read_bytes())["address"]
        for _ in range(workers):
            start_worker()
        yield Site(place.replace("tcp:", "dask:"), scheduler.pid, start_worker)
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGKILL)  # with the processes that a worker's nanny started
            process.wait()


def is_whole(card: Path) -> bool:
    """Whether the scheduler has written its file to the end."""
    try:
        return "address" in json.loads(card.read_bytes())
    except (FileNotFoundError, json.JSONDecodeError):
        return False


def wait_for(condition: Callable[[], bool]) -> None:
    """Raises `AssertionError` if it does not come true within 30 seconds."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)

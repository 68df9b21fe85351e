"""Times of whole processes that are run in turn, so that a slow phase of the machine counts for all of them."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Sample(NamedTuple):
    """One run: wall time and processor time in seconds, and the largest memory of one of its processes in MB."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Command:
    """What is run, on how many cores, which exit codes it may have, and what makes it ready before every run."""

    arguments: Sequence[str]
    cores: int = 1
    codes: frozenset[int] = frozenset({0, 2})
    before: Callable[[], None] | None = None


Samples = Mapping[str, Sequence[Sample]]


def python(*arguments: str) -> list[str]:
    """A command of the Python that runs this."""
    return [sys.executable, *arguments]


def ours(*arguments: str) -> list[str]:
    """A command of accel-migrate, as it is installed beside the Python that runs this."""
    return [str(Path(sys.executable).with_name("accel-migrate")), *arguments]


def interleaved(commands: Mapping[str, Command], runs: int) -> Samples:
    """The samples of commands that are run in turn; the first run of each warms the disk's cache and is left out."""
    samples: dict[str, list[Sample]] = {name: [] for name in commands}
    for number in range(runs + 1):
        for name, command in commands.items():
            sample = timed(command)
            if number or runs == 1:
                samples[name].append(sample)
    return samples


def timed(command: Command) -> Sample:
    """One run of a command. Raises `RuntimeError` if it fails."""
    if command.before:
        command.before()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen(
        list(command.arguments), cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: _bound(command.cores),
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in command.codes:
        raise RuntimeError(f"{list(command.arguments[:4])} ended with {process.returncode}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _bound(cores: int) -> None:
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:cores]))


def show(title: str, samples: Samples) -> None:
    """Print the medians of every command."""
    print(f"\n{title}\n{'':<24} {'wall':>9} {'(min':>9} {'max)':>9} {'cpu':>9} {'(min)':>9} {'memory':>9}")
    for name, found in samples.items():
        walls, cpus = [one.wall for one in found], [one.cpu for one in found]
        memory = max(one.memory for one in found)
        print(
            f"{name:<24} {statistics.median(walls):7.3f} s {min(walls):7.3f} s {max(walls):7.3f} s"
            f" {statistics.median(cpus):7.3f} s {min(cpus):7.3f} s {memory:6.0f} MB"
        )


def show_ratio(samples: Samples, one: str, other: str, aim: str) -> None:
    """Print how the times of two commands compare: the median of the ratios of runs that follow each other."""
    pairs = list(zip(samples[one], samples[other], strict=True))
    wall = statistics.median(first.wall / second.wall for first, second in pairs)
    cpu = statistics.median(first.cpu / second.cpu for first, second in pairs)
    print(f"{one} / {other}: wall {wall:.2f}, cpu {cpu:.2f}   (aim: {aim})")

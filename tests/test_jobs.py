"""How many processes a run takes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kit import tree

from migrate import jobs
from migrate.discover import Discovery, discover
from migrate.jobs import chosen_jobs
from migrate.workers import workers


def of_size(size: int, files: int = 100) -> Discovery:
    return Discovery(Path(), tuple((f"{number}.py", "python") for number in range(files)), (), size=size)


@pytest.mark.parametrize(("size", "count"), [(0, 1), (19_999_999, 1), (20_000_000, 2), (30_000_000, 3), (10**9, 4)])
def test_small_work_is_not_shared_and_large_work_has_all_cores(
    size: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_cores", lambda: 4)
    assert chosen_jobs(0, of_size(size)) == count


def test_machine_with_many_cores_is_not_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_cores", lambda: 128)
    assert chosen_jobs(0, of_size(10**10)) == 8


def test_number_that_is_asked_for_is_taken_where_there_is_a_file_for_each() -> None:
    assert chosen_jobs(16, of_size(0)) == 16
    assert chosen_jobs(16, of_size(10**9, files=3)) == 3
    assert chosen_jobs(16, of_size(0, files=0)) == 1


def test_cores_are_those_that_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 7}, raising=False)
    assert chosen_jobs(0, of_size(10**9)) == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert chosen_jobs(0, of_size(10**9)) == 1


def test_size_is_that_of_the_files_that_are_read(tmp_path: Path) -> None:
    tree(tmp_path, {"a.py": b"12345", "b.py": b"6" * 50, "c.yaml": b"7", "picture.png": b"8"})
    assert discover([tmp_path], (), 40).size == 6


def test_machine_that_cannot_start_processes_is_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(count: int, mp_context: object) -> None:
        raise ImportError("no semaphores")

    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", refuse)
    with workers(4) as executor:
        assert executor is None

"""Many files at once: the same report whoever does the work, and no file that takes others with it."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kit import CUDA, FIXTURES, found, result_of, table, tree

from migrate import pool, runner
from migrate.discover import Discovery
from migrate.model import FileResult, Problem, RepoReport, Safety
from migrate.runner import run


def report_of(folder: Path, files: Mapping[str, bytes], executor: Executor | None = None) -> RepoReport:
    return run(found(tree(folder, files)), table("npu"), executor)


def outcomes(report: RepoReport, path: str) -> set[tuple[str, Safety]]:
    """What the rules made of the references of one file."""
    (result,) = [result for result in report.files if result.path == path]
    return {(finding.rule_id, finding.safety) for finding in result.findings if finding.found}


@pytest.fixture(scope="module")
def serial() -> RepoReport:
    return run(found(FIXTURES), table("npu"))


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_every_executor_gives_the_report_of_one_process(
    kind: type[ThreadPoolExecutor | ProcessPoolExecutor], serial: RepoReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "BATCH", 20_000)
    with kind(2) as executor:
        assert replace(run(found(FIXTURES), table("npu"), executor), seconds=serial.seconds) == serial


def test_files_come_in_the_order_of_their_paths(serial: RepoReport) -> None:
    paths = [result.path for result in serial.files]
    assert paths == sorted(paths)
    assert len(paths) == len(set(paths)) == len(found(FIXTURES).files)


def test_report_names_target_and_takes_time(tmp_path: Path) -> None:
    report = report_of(tmp_path, {})
    assert (report.target, report.files) == ("npu", ())
    assert report.seconds > 0


def test_result_is_that_of_the_engine(tmp_path: Path) -> None:
    (result,) = report_of(tmp_path, {"in.py": CUDA}).files
    assert result == result_of(CUDA)


def test_progress_counts_every_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "BATCH", 1)
    files = {"a.py": CUDA, "b.py": CUDA, "clean.py": b"import os\n", "k.cu": b""}
    seen: list[tuple[int, int]] = []
    run(found(tree(tmp_path, files)), table("npu"), None, lambda done, total: seen.append((done, total)))
    assert seen == [(2, 4), (3, 4), (4, 4)]


def test_cuda_source_is_manual_work_whatever_it_holds(tmp_path: Path) -> None:
    report = report_of(tmp_path, {"k.cu": b"\xff", "sub/k.cuh": b""})
    assert outcomes(report, "k.cu") == outcomes(report, "sub/k.cuh") == {("file:cuda-source", "manual")}


def test_problems_of_the_discovery_are_in_the_report(tmp_path: Path) -> None:
    problem = FileResult("b.py", "python", "", error=Problem("why"))
    report = run(Discovery(tree(tmp_path, {"a.py": CUDA}), (("a.py", "python"),), (problem,)), table("npu"))
    assert report.errors == (problem,)
    assert [result.path for result in report.files] == ["a.py", "b.py"]


def test_file_that_cannot_be_read_costs_no_other(tmp_path: Path) -> None:
    tree(tmp_path, {"a.py": CUDA, "folder.py/x": b""})
    files = (("a.py", "python"), ("folder.py", "python"), ("gone.py", "python"))
    report = run(Discovery(tmp_path, files, ()), table("npu"))
    assert [(result.path, result.error and result.error.message) for result in report.files] == [
        ("a.py", None), ("folder.py", "cannot be read: Is a directory"),
        ("gone.py", "cannot be read: No such file or directory"),
    ]  # fmt: skip


def test_bug_of_the_tool_costs_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def examine(path: str, *rest: Any) -> FileResult:
        return honest(path, *rest) if path != "b.py" else FileResult(**{"no": path})

    honest = runner.examine
    monkeypatch.setattr(runner, "examine", examine)
    report = report_of(tmp_path, {"a.py": CUDA, "b.py": CUDA, "c.py": CUDA})
    assert [result.path for result in report.changed] == ["a.py", "c.py"]
    (failed,) = report.errors
    assert failed.error is not None
    assert failed.error.message.startswith("internal error, please report it: TypeError(")
    assert " in test_runner.py:" in failed.error.message


def test_collector_of_garbage_is_as_it_was(tmp_path: Path) -> None:
    report_of(tmp_path, {"a.py": CUDA})
    assert gc.isenabled()
    gc.disable()
    try:
        report_of(tmp_path, {"a.py": CUDA})
        assert not gc.isenabled()
    finally:
        gc.enable()


class Deadly(str):
    """A kind of file that ends every process it is sent to."""

    __slots__ = ()

    def __reduce__(self) -> Any:
        return os._exit, (1,)


def test_file_that_ends_its_process_costs_no_other(tmp_path: Path) -> None:
    tree(tmp_path, {"a.py": CUDA, "b.py": CUDA, "c.py": CUDA})
    kinds: Any = (("a.py", "python"), ("b.py", Deadly("python")), ("c.py", "python"))
    with ProcessPoolExecutor(1) as executor:
        report = run(Discovery(tmp_path, kinds, ()), table("npu"), executor)
    assert [result.path for result in report.changed] == ["a.py", "c.py"]
    assert [(result.path, result.error) for result in report.errors] == [
        ("b.py", Problem("ends the process that looks at it"))
    ]


class Failing(Executor):
    """An executor whose workers are all gone, in words of its own."""

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(ConnectionError("the worker is gone"))
        return future


def test_work_that_an_executor_loses_is_done_here(tmp_path: Path) -> None:
    lost = report_of(tmp_path, {"a.py": CUDA, "k.cu": b""}, Failing())
    assert lost.files == report_of(tmp_path, {}).files
    assert lost.errors == ()


@pytest.mark.parametrize("home", ["pynvml.py", "pynvml/__init__.py", "src/pynvml.py", "tools/pynvml/x.py"])
def test_own_module_is_not_taken_for_a_package_of_its_name(tmp_path: Path, home: str) -> None:
    report = report_of(tmp_path, {home: b"", "tools/a.py": b"import pynvml\n"})
    assert outcomes(report, "tools/a.py") == {("left:import", "left")}


def test_module_in_another_folder_is_no_own_one(tmp_path: Path) -> None:
    report = report_of(tmp_path, {"other/pynvml.py": b"", "tools/a.py": b"import pynvml\n"})
    assert ("package:pynvml", "manual") in outcomes(report, "tools/a.py")


def test_class_with_its_own_cuda_is_known_in_other_files(tmp_path: Path) -> None:
    use = b"import torch\nfrom m import Box\nBox(torch.ones(2)).cuda()\n"
    report = report_of(tmp_path, {"a.py": use, "m.py": b"class Box:\n    pass\n"})
    assert outcomes(report, "a.py") == {("method:cuda", "safe")}
    report = report_of(tmp_path, {"m.py": b"class Box:\n    def cuda(self):\n        return self\n"})
    assert outcomes(report, "a.py") == {("method:cuda", "manual")}


@pytest.mark.parametrize(
    "data",
    [
        b"class Box:\n  def cuda(self: pass\n",
        b"# coding: no\ndef cuda(self): pass\n",
        b"# coding: rot13\ndef cuda(self): pass\n",
    ],
)
def test_file_with_its_own_cuda_that_cannot_be_handled_is_said_so_once(tmp_path: Path, data: bytes) -> None:
    report = report_of(tmp_path, {"m.py": data, "a.py": CUDA})
    assert [result.path for result in report.errors] == ["m.py"]
    assert [result.path for result in report.changed] == ["a.py"]

"""What `undo` brings back, byte for byte, and what it leaves: files that somebody changed since."""

from __future__ import annotations

import json
import os
import signal
import stat
import time
from codecs import BOM_UTF8
from collections.abc import Callable
from concurrent.futures import Executor
from multiprocessing import active_children
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from kit import CUDA, NPU, command, git, repository, tree

from migrate import runner, writer

CELL = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
NOTEBOOK = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{**CELL, "source": [CUDA.decode()]}]}
FILES = {
    "a.py": CUDA,
    "src/crlf.py": CUDA.replace(b"\n", b"\r\n"),
    "src/mixed.py": b"a = 1\r\n" + CUDA.replace(b"\n", b"\r") + b"b = 1\n",
    "latin.py": b"# coding: latin-1\n# \xe9\n" + CUDA + b"# \xe9",
    "mark.py": BOM_UTF8 + CUDA,
    "many.py": CUDA + b"y = 1\n" * 5000 + b"y = torch.cuda.device_count()",
    "é/\udcff \n.py": CUDA,
    "n.ipynb": json.dumps(NOTEBOOK).encode(),
    "c.yaml": b"device: cuda:0\n",
    "run.sh": b"CUDA_VISIBLE_DEVICES=0 python a.py --device cuda\n",
    "clean.py": b"import os\n",
}


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """All files but those of git, with their modes."""
    files = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {str(path.relative_to(folder)): (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) for path in files}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", {"a.py": CUDA, "b.py": CUDA, "in/c.py": CUDA, "clean.py": b"import os\n"})


def migrated(*arguments: object) -> None:
    assert command("--target", "npu", "-q", *arguments).code == 0


@pytest.mark.parametrize("word", ["undo", "--undo"])
@pytest.mark.parametrize("versioned", [True, False])
def test_every_byte_comes_back(tmp_path: Path, versioned: bool, word: str) -> None:
    root = (repository if versioned else tree)(tmp_path / "repo", FILES)
    (root / "a.py").chmod(0o755)
    before = contents(root)
    migrated("--allow-no-vcs", "--allow-dirty", root)
    changed = [name for name, content in contents(root).items() if content != before[name]]
    assert len(changed) == len(FILES) - 1
    code, out, err = command(word, root)
    assert (code, err) == (0, "")
    assert out.startswith("10 of 10 files changed back, from the migration to npu of 20")
    assert contents(root) == before
    assert command(word, root).code == 2


def test_nothing_is_saved_in_the_work_tree(repo: Path) -> None:
    migrated(repo)
    assert git(repo, "status", "--porcelain", "--ignored") == b" M a.py\n M b.py\n M in/c.py\n"
    (saved,) = (repo / ".git" / "accel-migrate").iterdir()
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600


def test_nothing_is_saved_where_nothing_is_written(repo: Path, tmp_path: Path) -> None:
    migrated("--diff", repo)
    migrated("--output", tmp_path / "out", repo)
    assert not (repo / ".git" / "accel-migrate").exists()


@pytest.mark.parametrize("folder", [".", "in", "in/.."])
def test_any_folder_around_or_below_will_do(repo: Path, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    migrated(repo / "in")
    monkeypatch.chdir(repo / folder)
    assert command("undo").code == 0
    assert (repo / "in" / "c.py").read_bytes() == CUDA


def test_only_the_named_files_come_back_and_the_others_can_later(repo: Path) -> None:
    migrated(repo)
    assert command("undo", repo / "in", repo / "a.py").code == 0
    assert [(repo / name).read_bytes() for name in ("a.py", "b.py", "in/c.py")] == [CUDA, NPU, CUDA]
    assert command("undo", repo).out.startswith("1 of 3 files changed back")
    assert (repo / "b.py").read_bytes() == CUDA


def test_file_that_changed_since_is_left_and_named(repo: Path) -> None:
    migrated(repo)
    tree(repo, {"a.py": NPU + b"mine = 1\n"})
    (repo / "in" / "c.py").unlink()
    code, out, err = command("undo", repo)
    assert (code, out[:25]) == (2, "1 of 3 files changed back")
    assert err == (
        "error: a.py: left as it is: changed since the migration\n"
        "error: in/c.py: left as it is: No such file or directory\n"
    )
    assert (repo / "a.py").read_bytes() == NPU + b"mine = 1\n"
    assert (repo / "b.py").read_bytes() == CUDA
    tree(repo, {"a.py": NPU, "in/c.py": NPU})
    assert command("undo", repo).code == 0
    assert (repo / "a.py").read_bytes() == CUDA


def test_runs_are_taken_back_one_by_one(repo: Path) -> None:
    migrated(repo / "in")
    migrated(repo)
    outcome = command("undo", repo)
    assert "there is a migration before it, which the same command takes back" in outcome.out
    assert [(repo / name).read_bytes() for name in ("a.py", "in/c.py")] == [CUDA, NPU]
    assert "before it" not in command("undo", repo).out
    assert (repo / "in/c.py").read_bytes() == CUDA
    assert command("undo", repo) == (2, "", f"accel-migrate: no migration is known that changed files below {repo}\n")


def test_work_tree_of_its_own_has_runs_of_its_own(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", str(tmp_path / "other"))
    migrated(tmp_path / "other")
    assert command("undo", repo).code == 2
    assert command("undo", tmp_path / "other").code == 0


def test_repository_may_move(repo: Path, tmp_path: Path) -> None:
    migrated(repo / "in")
    repo.rename(tmp_path / "moved")
    assert command("undo", tmp_path / "moved").code == 0
    assert (tmp_path / "moved" / "in" / "c.py").read_bytes() == CUDA


def test_old_runs_are_forgotten(repo: Path) -> None:
    for _ in range(25):
        migrated("--allow-dirty", repo / "a.py")
        tree(repo, {"a.py": CUDA})
    assert len(list((repo / ".git" / "accel-migrate").iterdir())) == 20


def test_place_that_cannot_be_written_is_not_the_only_one(repo: Path) -> None:
    tree(repo, {".git/accel-migrate": b""})
    migrated(repo)
    assert command("undo", repo).code == 0
    assert (repo / "a.py").read_bytes() == CUDA


def test_without_a_place_nothing_is_written(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(repo, {".git/accel-migrate": b""})
    tree(tmp_path, {"state": b""})
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    outcome = command("--target", "npu", repo)
    assert (outcome.code, outcome.out) == (2, "")
    assert "nothing is written, as what undo needs cannot be saved" in outcome.err
    assert (repo / "a.py").read_bytes() == CUDA


@pytest.mark.parametrize("path", ["../out.py", "/etc/passwd", "a/../../out.py", "link.py", "folder/out.py"])
def test_journal_that_somebody_made_up_reaches_nothing_outside(repo: Path, tmp_path: Path, path: str) -> None:
    tree(tmp_path, {"out.py": NPU})
    migrated(repo)
    (repo / "link.py").symlink_to("../out.py")
    (repo / "folder").symlink_to("..")
    (saved,) = (repo / ".git" / "accel-migrate").iterdir()
    saved.write_text(saved.read_text().replace('"a.py"', json.dumps(path)))
    outcome = command("undo", repo)
    assert outcome.code == 2
    assert (tmp_path / "out.py").read_bytes() == NPU


@pytest.mark.parametrize("text", ["", "{}\n", "[1]\n", "{", '{"format": 2, "root": "", "target": "npu"}\n', "\xff"])
def test_damaged_journal_is_named(repo: Path, text: str) -> None:
    migrated(repo)
    (saved,) = (repo / ".git" / "accel-migrate").iterdir()
    saved.write_text(text)
    outcome = command("undo", repo)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"{saved} is damaged" in outcome.err
    assert (repo / "a.py").read_bytes() == NPU


def test_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    assert command("undo", tmp_path / "x") == (2, "", f"accel-migrate: no such file or folder: {tmp_path / 'x'}\n")


def interrupt(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """A signal comes while the second file is written."""

    def replace(path: Path, data: bytes, is_same: Callable[[bytes], bool]) -> None:
        if path.name == "b.py":
            os.kill(os.getpid(), number)
        honest(path, data, is_same)

    honest = writer.replace_content
    monkeypatch.setattr(writer, "replace_content", replace)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_the_run_behind_a_whole_file(repo: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    handlers = signal.getsignal(number)
    with monkeypatch.context() as patch:
        interrupt(patch, number)
        code, out, err = command("--target", "npu", repo)
    assert (code, out) == (128 + number, "")
    assert err == (
        "interrupted: 2 of 3 files are written, the others are as they were; "
        "the same command goes on, accel-migrate undo takes back what is written\n"
    )
    assert signal.getsignal(number) == handlers
    assert [(repo / name).read_bytes() for name in ("a.py", "b.py", "in/c.py")] == [NPU, NPU, CUDA]
    assert sorted(os.listdir(repo)) == [".git", "a.py", "b.py", "clean.py", "in"]
    migrated(repo)
    assert (repo / "in/c.py").read_bytes() == NPU
    assert [command("undo", repo).code for _ in range(2)] == [0, 0]
    assert git(repo, "status", "--porcelain") == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_while_processes_look_at_the_files_ends_them_all(
    repo: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def run(discovery: object, rules: object, executor: Executor, *_: object) -> None:
        executor.submit(time.sleep, 60)
        found.extend(active_children())
        os.kill(os.getpid(), number)
        time.sleep(60)

    found: list[BaseProcess] = []
    monkeypatch.setattr(runner, "run", run)
    started = time.monotonic()
    outcome = command("--target", "npu", "-j", "2", repo)
    assert (outcome.code, outcome.out) == (128 + number, "")
    assert found
    assert active_children() == []
    assert time.monotonic() - started < 50


def test_signal_before_anything_is_written_ends_the_run(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "run", run)
    assert command("--target", "npu", repo) == (130, "", "accel-migrate: interrupted\n")
    assert (repo / "a.py").read_bytes() == CUDA

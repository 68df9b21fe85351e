"""The hooks of .pre-commit-hooks.yaml, run as pre-commit runs them: in the root of a repository, on staged files."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
import yaml
from kit import CUDA, NPU, Outcome, command, git, repository, tree

from migrate.toml import parse_toml

ROOT = Path(__file__).parent.parent
HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
}
TYPES = ["python", "pyi", "jupyter", "shell", "yaml", "json", "toml", "ini", "dockerfile", "makefile"]
SUFFIXES = (".py", ".pyi", ".ipynb", ".sh", ".yaml", ".json", ".toml", ".ini", ".dockerfile", ".mk")
CLEAN = b"import torch\nx = torch.accelerator.is_available()\n"
SETTINGS = b'[tool.accel-migrate]\ntarget = "npu"\nexclude = ["vendored", "pkg/generated*"]\n'


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with settings and nothing of CUDA in what is committed, as the current folder."""
    root = repository(tmp_path / "repo", {"pyproject.toml": SETTINGS, "a.py": CLEAN})
    monkeypatch.chdir(root)
    return root


def hook(name: str, *args: str) -> Outcome:
    """What a hook does with the files that are staged; `args` are those of .pre-commit-config.yaml."""
    staged = git(Path(), "diff", "--cached", "--name-only", "--diff-filter=ACM", "-z").decode().split("\0")
    program, *words = shlex.split(HOOKS[name]["entry"])
    assert program in scripts()
    return command(*words, *args, *(path for path in staged if path.endswith(SUFFIXES)))


def scripts() -> Any:
    return parse_toml((ROOT / "pyproject.toml").read_bytes())["project"]["scripts"]


def stage(root: Path, **files: bytes) -> None:
    tree(root, {name.replace("__", "/") + ".py": data for name, data in files.items()})
    git(root, "add", "--all")


@pytest.mark.parametrize("name", HOOKS)
def test_hook_says_all_that_pre_commit_wants_to_know(name: str) -> None:
    known = {"id", "name", "description", "entry", "language", "types_or", "require_serial"}
    found = HOOKS[name]
    assert set(found) == known | {"minimum_pre_commit_version"}
    assert (found["language"], found["types_or"], found["require_serial"]) == ("python", TYPES, True)
    assert "--force-exclude" in found["entry"].split()


def test_there_is_a_hook_that_looks_and_one_that_writes() -> None:
    assert list(HOOKS) == ["accel-migrate-check", "accel-migrate"]


def test_installing_the_hooks_needs_neither_torch_nor_a_compiler() -> None:
    project = parse_toml((ROOT / "pyproject.toml").read_bytes())
    assert not any("torch" in name for name in project["project"]["dependencies"])
    assert project["build-system"]["build-backend"] == "hatchling.build"


@pytest.mark.parametrize("name", HOOKS)
def test_hook_runs_where_torch_cannot_be_imported(name: str, repo: Path, tmp_path: Path) -> None:
    tree(tmp_path, {"none/torch.py": b"raise SystemExit('torch was imported')\n"})
    stage(repo, new=CUDA)
    words = shlex.split(HOOKS[name]["entry"])[1:]
    start = f"import sys; sys.path[:0] = {[str(ROOT), str(tmp_path / 'none')]}; from migrate.cli import main; main()"
    done = run([sys.executable, "-c", start, *words, "new.py"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1 if name == "accel-migrate-check" else 0, "")


@pytest.mark.parametrize("name", HOOKS)
def test_commit_without_cuda_passes_and_is_not_written(name: str, repo: Path) -> None:
    stage(repo, new=CLEAN, pkg__other=b"import os\n")
    outcome = hook(name)
    assert (outcome.code, outcome.err) == (0, "")
    assert git(repo, "diff") == b""


def test_check_fails_a_commit_with_cuda_and_says_where(repo: Path) -> None:
    stage(repo, new=b"def move(x):\n    return x.cuda()\n")
    code, out, err = hook("accel-migrate-check")
    assert (code, err) == (1, "")
    assert out.startswith("new.py:2:14: method:cuda ")
    assert "return x.cuda()" in out
    assert git(repo, "diff") == b""


def test_fix_writes_the_staged_file_so_that_pre_commit_fails_and_then_passes(repo: Path) -> None:
    stage(repo, new=CUDA, pkg__deep__other=CUDA)
    assert hook("accel-migrate").code == 0
    assert git(repo, "diff", "--name-only").split() == [b"new.py", b"pkg/deep/other.py"]
    assert (repo / "pkg/deep/other.py").read_bytes() == NPU
    git(repo, "add", "--all")
    assert hook("accel-migrate").code == hook("accel-migrate-check").code == 0
    assert git(repo, "diff") == b""


def test_notebooks_and_scripts_are_looked_at_as_well(repo: Path) -> None:
    cell = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": CUDA.decode()}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    tree(repo, {"a.ipynb": json.dumps(notebook).encode(), "run.sh": b"echo done\n"})
    git(repo, "add", "--all")
    code, out, _ = hook("accel-migrate-check")
    assert code == 1
    assert "a.ipynb:cell 1:2:5: api:torch.cuda.is_available" in out
    assert hook("accel-migrate").code == 0
    assert json.loads((repo / "a.ipynb").read_bytes())["cells"][0]["source"] == NPU.decode()


@pytest.mark.parametrize("name", HOOKS)
def test_excluded_files_are_left_alone_though_they_are_named(name: str, repo: Path) -> None:
    stage(repo, vendored__a=CUDA, pkg__generated_b=CUDA)
    assert hook(name).code == 0
    assert git(repo, "diff") == b""


@pytest.mark.parametrize("name", HOOKS)
def test_excluded_files_are_left_alone_where_all_files_are_in_one_folder(name: str, repo: Path) -> None:
    tree(repo, {"pkg/pyproject.toml": b'[tool.accel-migrate]\ntarget = "mlu"\n'})
    stage(repo, pkg__generated=CUDA, pkg__clean=CLEAN)
    assert hook(name).code == 0
    assert git(repo, "diff") == b""


@pytest.mark.parametrize("name", HOOKS)
def test_target_in_the_arguments_beats_the_settings(name: str, repo: Path) -> None:
    stage(repo, new=CUDA)
    outcome = hook(name, "--target", "mlu")
    assert "torch.mlu.is_available" in outcome.out
    assert "npu" not in outcome.out


def test_fix_without_a_target_fails_and_says_how_to_set_one(repo: Path) -> None:
    (repo / "pyproject.toml").unlink()
    stage(repo, new=CUDA)
    code, _, err = hook("accel-migrate")
    assert code == 2
    assert "--target is missing (known: gcu, hpu, mlu, musa, npu, tpu, xpu, mlu-catch)" in err
    assert 'target = "NAME" in [tool.accel-migrate] of pyproject.toml' in err
    assert git(repo, "diff") == b""


def test_check_without_a_target_looks_for_what_is_only_cuda(repo: Path) -> None:
    (repo / "pyproject.toml").unlink()
    stage(repo, new=CUDA)
    assert hook("accel-migrate-check").code == 1


@pytest.mark.parametrize("name", HOOKS)
def test_file_that_does_not_parse_fails_the_commit(name: str, repo: Path) -> None:
    stage(repo, broken=b"import torch\nx = torch.cuda.(\n")
    code, out, _ = hook(name)
    assert code == 2
    assert "broken.py:2: " in out


def test_check_forgives_what_the_baseline_lists(repo: Path) -> None:
    stage(repo, old=CUDA)
    assert command("baseline", "--output", "known.jsonl").code == 0
    tree(repo, {"pyproject.toml": SETTINGS + b'baseline = "known.jsonl"\n'})
    assert hook("accel-migrate-check").code == 0
    stage(repo, new=CUDA)
    code, out, _ = hook("accel-migrate-check")
    assert code == 1
    assert "old.py" not in out

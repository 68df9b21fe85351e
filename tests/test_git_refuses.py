"""A repository in which git does not work: nothing is written, and the reason is git's own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from kit import CUDA, NPU, Outcome, command, repository, tree

from migrate.vcs import RevisionError, added_lines, refusal

ADVICE = "  git config --global --add safe.directory {root}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", {"a.py": CUDA, ".gitignore": b"no.py\n"})


@pytest.fixture
def foreign(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that git takes for another user's, by the switch that its own tests have for that."""
    real = shutil.which("git")
    script = f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec "{real}" "$@"\n'
    wrapper = tree(tmp_path / "bin", {"git": script.encode()})
    (wrapper / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(wrapper))
    monkeypatch.setenv("HOME", str(tree(tmp_path / "home", {".gitconfig": b""})))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return root


def check_refused(outcome: Outcome, root: Path, why: str) -> None:
    assert (outcome.code, outcome.out) == (2, "")
    assert f"accel-migrate: git does not work in {root}: {why}" in outcome.err
    assert "\nnothing is written;" in outcome.err
    assert "not in a git repository" not in outcome.err
    assert (root / "a.py").read_bytes() == CUDA


def test_repository_of_somebody_else(foreign: Path) -> None:
    outcome = command("--target", "npu", foreign)
    check_refused(outcome, foreign, f"detected dubious ownership in repository at '{foreign}'\n")
    assert ADVICE.format(root=foreign) in outcome.err
    assert command("--target", "npu", "--allow-dirty", foreign).code == 2
    assert command("--target", "npu", "--allow-no-vcs", foreign).code == 0
    assert (foreign / "a.py").read_bytes() == NPU


def test_advice_helps(foreign: Path, tmp_path: Path) -> None:
    tree(tmp_path / "home", {".gitconfig": f"[safe]\n\tdirectory = {foreign}\n".encode()})
    assert refusal(foreign) is None
    outcome = command("--target", "npu", foreign)
    assert (outcome.code, outcome.err) == (0, "")
    assert (foreign / "a.py").read_bytes() == NPU


def test_one_of_many_repositories_is_somebody_elses(foreign: Path, tmp_path: Path) -> None:
    listed = tree(tmp_path, {"repos.txt": f"{foreign}\n".encode()}) / "repos.txt"
    code, _, err = command("--target", "npu", "--repos", listed)
    assert (code, ADVICE.format(root=foreign) in err) == (2, True)
    assert (foreign / "a.py").read_bytes() == CUDA


@pytest.mark.parametrize("words", [("--diff",), ("check",)])
def test_files_that_git_would_ignore_are_looked_at_and_that_is_said(foreign: Path, words: tuple[str, ...]) -> None:
    tree(foreign, {"no.py": CUDA})
    outcome = command(*words, "--target", "npu", foreign)
    assert "no.py" in outcome.out
    assert outcome.err.startswith("git lists no files, so that those it ignores are looked at, too: detected dubious ")
    assert outcome.err.endswith(ADVICE.format(root=foreign))
    assert outcome.err.count("safe.directory") == 1


def test_lines_since_a_revision_of_a_repository_of_somebody_else(foreign: Path) -> None:
    with pytest.raises(RevisionError, match=r"is in no repository that git can read: detected dubious ownership"):
        added_lines(foreign, "HEAD", ["a.py"])


def test_git_that_is_not_there(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    check_refused(command("--target", "npu", root), root, "there is no git on PATH\n")


def test_settings_that_are_broken(root: Path) -> None:
    (root / ".git/config").write_text("[core\n")
    check_refused(command("--target", "npu", root), root, "bad config line 1 in file ")


def test_format_of_a_later_git(root: Path) -> None:
    (root / ".git/config").write_text("[core]\nrepositoryformatversion = 99\n")
    check_refused(command("--target", "npu", root), root, "Expected git repo version <= 1, found 99\n")


def test_folder_that_git_takes_for_no_repository(root: Path) -> None:
    (root / ".git/HEAD").unlink()
    check_refused(command("--target", "npu", root), root, f"it takes {root}/.git for no repository\n")


def test_what_git_says_does_not_reach_the_terminal_as_it_is(tmp_path: Path) -> None:
    root = tree(tmp_path / "repo", {"a.py": CUDA, ".git": b"gitdir: /no\x1b[2Jwhere\n"})
    outcome = command("--target", "npu", root)
    check_refused(outcome, root, "not a git repository: /no")
    assert "\x1b" not in outcome.err


def test_without_a_repository_there_is_nothing_to_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree(tmp_path / "plain", {"a.py": CUDA})
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refusal(root) is None
    assert command("--target", "npu", "--diff", root).err == ""

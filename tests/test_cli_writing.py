"""When the command writes, where, and when it refuses to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kit import CUDA, NPU, Outcome, command, git, repository, tree

from migrate import cli_check, runner, writer
from migrate.discover import Discovery
from migrate.model import RepoReport

HINTS = ("--diff", "--output")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", {"a.py": CUDA, "b.py": CUDA, "clean.py": b"import os\n"})


def check_refused(outcome: Outcome, *words: str) -> None:
    """The command ended with 2, printed nothing but these words and what can be done instead."""
    assert (outcome.code, outcome.out) == (2, "")
    assert all(word in outcome.err for word in (*words, *HINTS)), outcome.err


def test_file_that_differs_from_the_commit_is_not_written(repo: Path) -> None:
    tree(repo, {"b.py": CUDA + b"y = 1\n"})
    check_refused(command("--target", "npu", repo), "differ from the last commit", "\n  b.py\n", "--allow-dirty")
    assert (repo / "a.py").read_bytes() == CUDA
    assert command("--target", "npu", "--allow-dirty", repo).code == 0
    assert (repo / "b.py").read_bytes() == NPU + b"y = 1\n"


@pytest.mark.parametrize("ignored", [False, True])
def test_file_that_is_not_in_the_commit_is_not_written(repo: Path, ignored: bool) -> None:
    tree(repo, {"new.py": CUDA, ".gitignore": b"new.py\n" if ignored else b""})
    check_refused(command("--target", "npu", repo / "new.py"), "\n  new.py\n", "--allow-dirty")
    assert command("--target", "npu", "--allow-dirty", repo / "new.py").code == 0
    assert (repo / "new.py").read_bytes() == NPU


def test_staged_file_is_not_written(repo: Path) -> None:
    tree(repo, {"b.py": CUDA + b"y = 1\n"})
    git(repo, "add", "b.py")
    check_refused(command("--target", "npu", repo), "\n  b.py\n")


def test_file_of_a_repository_in_the_repository_is_not_written(repo: Path) -> None:
    repository(repo / "inner", {"c.py": CUDA})
    git(repo, "add", "inner")
    check_refused(command("--target", "npu", repo, repo / "inner"), "\n  inner/c.py\n")
    assert (repo / "inner" / "c.py").read_bytes() == CUDA


def test_other_files_may_differ_from_the_commit(repo: Path) -> None:
    tree(repo, {"clean.py": b"import sys\n", "new.txt": b""})
    assert command("--target", "npu", repo).code == 0
    assert (repo / "a.py").read_bytes() == (repo / "b.py").read_bytes() == NPU


def test_names_of_files_that_are_not_written_do_not_reach_the_terminal(repo: Path) -> None:
    tree(repo, {f"{number}.py": CUDA for number in range(10)} | {"\x1b[2J.py": CUDA})
    outcome = command("--target", "npu", repo)
    check_refused(outcome, "\n  \\x1b[2J.py\n", "\n  and 1 more\n")
    assert "\x1b" not in outcome.err


def test_tree_without_git_is_not_written(tmp_path: Path) -> None:
    root = tree(tmp_path, {"a.py": CUDA})
    check_refused(command("--target", "npu", root), "not in a git repository", "--allow-no-vcs")
    assert command("--target", "npu", "--allow-dirty", root).code == 2
    assert (root / "a.py").read_bytes() == CUDA
    assert command("--target", "npu", "--allow-no-vcs", root).code == 0
    assert (root / "a.py").read_bytes() == NPU


def test_tree_of_which_git_says_nothing_is_not_written(repo: Path) -> None:
    tree(repo, {".gitattributes": b"*.py filter=a=b\n"})
    git(repo, "config", "filter.a=b.clean", "false")
    check_refused(command("--target", "npu", repo), "git does not say", "--allow-dirty")


def test_nothing_is_asked_of_git_where_there_is_nothing_to_write(tmp_path: Path) -> None:
    root = tree(tmp_path, {"a.py": b"# cuda\n"})
    assert command("--target", "npu", "-q", root) == (0, "1 reference: 0 rewritten, 1 left, 0 need you\n", "")


def test_mode_links_and_other_bytes_stay(repo: Path) -> None:
    (repo / "b.py").write_bytes(CUDA.replace(b"\n", b"\r\n"))
    (repo / "a.py").chmod(0o755)
    git(repo, "-c", "core.autocrlf=false", "commit", "-qam", "second")
    assert command("--target", "npu", repo).code == 0
    assert (repo / "a.py").stat().st_mode & 0o777 == 0o755
    assert (repo / "b.py").read_bytes() == NPU.replace(b"\n", b"\r\n")
    assert sorted(os.listdir(repo)) == [".git", "a.py", "b.py", "clean.py"]


def test_copy_has_the_whole_tree_and_the_tree_stays(tmp_path: Path) -> None:
    files = {
        "a.py": CUDA,
        "data/x.bin": b"\0cuda",
        "README.md": b"cuda\n",
        "build/c.py": CUDA,
        ".gitignore": b"build\n",
    }
    root, out = repository(tmp_path / "repo", files), tmp_path / "deep" / "out"
    tree(root, {"b.py": CUDA, "build/c.py": CUDA})
    outcome = command("--target", "npu", "--output", out, root)
    assert outcome.code == 0
    assert "+x = torch.npu.is_available()" in outcome.out
    found = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert found == {**files, "a.py": NPU, "b.py": NPU}
    assert (root / "a.py").read_bytes() == CUDA
    assert not (out / ".git").exists()


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("repo/out", "lies inside"), ("repo", "lies inside"), ("full", "is not empty"), ("full/x", "Not a directory"),
        ("full/x/y", "Not a directory"),
    ],
)  # fmt: skip
def test_copy_goes_nowhere_else(repo: Path, tmp_path: Path, output: str, message: str) -> None:
    tree(tmp_path, {"full/x": b"1"})
    code, out, err = command("--target", "npu", "--output", tmp_path / output, repo)
    assert (code, out) == (2, "")
    assert err.startswith("accel-migrate: cannot write the copy: ")
    assert message in err
    assert sorted(os.listdir(repo)) == [".git", "a.py", "b.py", "clean.py"]
    assert (tmp_path / "full" / "x").read_bytes() == b"1"


def test_copy_of_a_tree_with_a_broken_file_is_made_and_ends_with_2(repo: Path, tmp_path: Path) -> None:
    tree(repo, {"broken.py": b"cuda(\n"})
    assert command("--target", "npu", "--output", tmp_path / "out", repo).code == 2
    assert (tmp_path / "out" / "broken.py").read_bytes() == b"cuda(\n"
    assert (tmp_path / "out" / "a.py").read_bytes() == NPU


@pytest.mark.parametrize("options", [[], ["--diff"]])
@pytest.mark.parametrize("change", [b"", b"# mine\n", None])
def test_file_that_changes_during_the_run_is_left_alone(
    repo: Path, monkeypatch: pytest.MonkeyPatch, change: bytes | None, options: list[str]
) -> None:
    def run(discovery: Discovery, *rest: object) -> RepoReport:
        report = honest(discovery, *rest)
        (repo / "a.py").unlink()
        if change is not None:
            (repo / "a.py").write_bytes(change)
        return report

    honest = runner.run
    monkeypatch.setattr(runner, "run", run)
    code, out, _ = command("--target", "npu", "--allow-dirty", *options, repo)
    assert code == 2
    assert "\nerror: a.py: cannot be read: " in out
    assert "diff --git a/a.py" not in out
    assert (repo / "b.py").read_bytes() == (CUDA if options else NPU)
    assert (repo / "a.py").exists() == (change is not None)


def test_file_that_cannot_be_written_ends_with_2(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def replace(path: Path, data: bytes) -> None:
        if path.name == "a.py":
            raise PermissionError(13, "is read-only")
        honest(path, data)

    honest = writer._replace
    monkeypatch.setattr(writer, "_replace", replace)
    code, out, _ = command("--target", "npu", repo)
    assert code == cli_check.FAILED
    assert "\nerror: a.py: cannot be written: is read-only\n" in out
    assert " s, 1 file changed for npu, 1 file could not be handled\n1 reference: 1 rewritten, " in out
    assert "diff --git a/a.py" not in out
    assert (repo / "b.py").read_bytes() == NPU

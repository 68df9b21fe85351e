"""What the tool learns from git, and that it learns it without running what a repository's settings name."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit import git, repository, tree

from migrate.vcs import changed_files, folder_of, is_ignored, is_repository, listed_files


def test_tracked_and_new_files_are_listed_but_not_ignored_ones(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.py": b"", ".gitignore": b"no.py\n"})
    tree(root, {"new.py": b"", "no.py": b"", "sub/b.py": b""})
    assert listed_files(root) == [".gitignore", "a.py", "new.py", "sub/b.py"]


def test_folder_of_a_repository_lists_its_own_files(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.py": b"", "sub/b.py": b""})
    assert listed_files(root / "sub") == ["b.py"]


def test_names_come_back_as_they_are(tmp_path: Path) -> None:
    names = sorted(["a b.py", "new\nline.py", 'quo"te.py', "é.py", "tab\t.py"])
    assert listed_files(repository(tmp_path, dict.fromkeys(names, b""))) == names


def test_there_is_no_answer_without_a_repository(tmp_path: Path) -> None:
    assert not is_repository(tmp_path)
    assert listed_files(tmp_path) is None
    assert changed_files(tmp_path, ["a.py"]) is None


def test_there_is_no_answer_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repository(tmp_path, {"a.py": b""})
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not is_repository(root)


def test_changed_staged_untracked_and_ignored_files_differ_from_the_commit(tmp_path: Path) -> None:
    root = repository(
        tmp_path, {"same.py": b"1\n", "changed.py": b"1\n", "staged.py": b"1\n", ".gitignore": b"no.py\n"}
    )
    tree(root, {"changed.py": b"2\n", "staged.py": b"2\n", "new.py": b"1\n", "no.py": b"1\n"})
    git(root, "add", "staged.py")
    names = ["same.py", "changed.py", "staged.py", "new.py", "no.py"]
    assert changed_files(root, names) == ["changed.py", "new.py", "no.py", "staged.py"]


def test_only_the_given_files_count(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.py": b"1\n", "b.py": b"1\n"})
    tree(root, {"b.py": b"2\n"})
    assert changed_files(root, ["a.py"]) == []


def test_a_renamed_file_is_named_once_and_in_full(tmp_path: Path) -> None:
    root = repository(tmp_path, {"old.py": b"1\n2\n3\n"})
    git(root, "mv", "old.py", "new.py")
    assert changed_files(root, ["old.py", "new.py"]) == ["new.py", "old.py"]


def test_folder_is_named_from_the_top(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"a b/é\n/c.py": b""})
    assert [folder_of(path) for path in (root, root / "a b", root / "a b/é\n", tmp_path)] == [
        "",
        "a b/",
        "a b/é\n/",
        "",
    ]


def test_ignored_folder_is_known(tmp_path: Path) -> None:
    root = repository(tmp_path, {".gitignore": b"out/\n", "out/sub/x": b"", "src/x": b""})
    assert [is_ignored(root / name) for name in ("out", "out/sub", "src", ".")] == [True, True, False, False]


def test_names_are_no_patterns(tmp_path: Path) -> None:
    root = repository(tmp_path, {"*.py": b"1\n", "b.py": b"1\n", ":(top).py": b"1\n"})
    tree(root, {"b.py": b"2\n"})
    assert changed_files(root, ["*.py", ":(top).py"]) == []


def test_files_of_a_subfolder_are_named_from_the_top(tmp_path: Path) -> None:
    root = repository(tmp_path, {"sub/a.py": b"1\n"})
    tree(root, {"sub/a.py": b"2\n"})
    assert changed_files(root / "sub", ["a.py"]) == ["sub/a.py"]


def test_more_files_than_one_command_takes_are_all_asked_for(tmp_path: Path) -> None:
    names = [f"{number:03}.py" for number in range(501)]
    root = repository(tmp_path, dict.fromkeys(names, b"1\n"))
    tree(root, {"000.py": b"2\n", "500.py": b"2\n"})
    assert changed_files(root, names) == ["000.py", "500.py"]


def test_a_file_behind_a_link_is_not_committed_under_that_name(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"real/a.py": b"1\n"})
    (root / "link").symlink_to("real")
    assert changed_files(root, ["link/a.py"]) == ["link/a.py"]


def test_a_file_of_a_repository_in_the_repository_is_not_committed_in_the_outer_one(tmp_path: Path) -> None:
    repository(tmp_path / "inner", {"a.py": b"1\n"})
    root = repository(tmp_path, {"b.py": b"1\n"})
    assert listed_files(root) == ["b.py", "inner"]
    assert changed_files(root, ["inner/a.py", "b.py"]) == ["inner/a.py"]


def test_nothing_is_committed_in_a_new_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    tree(tmp_path, {"staged.py": b"1\n", "new.py": b"1\n"})
    git(tmp_path, "add", "staged.py")
    assert changed_files(tmp_path, ["staged.py", "new.py"]) == ["new.py", "staged.py"]


HOSTILE = ("core.fsmonitor", "filter.evil.clean", "filter.evil.process", "diff.external", "core.pager", "core.editor")


@pytest.mark.parametrize("setting", HOSTILE)
def test_command_of_the_configuration_is_not_run(tmp_path: Path, setting: str) -> None:
    root = repository(tmp_path / "repo", {"a.py": b"1\n", ".gitattributes": b"*.py filter=evil diff=evil\n"})
    git(root, "config", setting, f"touch '{tmp_path}/ran'; cat #")
    git(root, "config", "filter.evil.required", "true")
    tree(root, {"a.py": b"2\n"})
    assert listed_files(root) == [".gitattributes", "a.py"]
    assert changed_files(root, ["a.py"]) == ["a.py"]
    assert not (tmp_path / "ran").exists()


def test_filter_that_cannot_be_switched_off_is_not_run(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"a.py": b"1\n", ".gitattributes": b"*.py filter=a=b\n"})
    git(root, "config", "filter.a=b.clean", f"touch '{tmp_path}/ran'; cat")
    tree(root, {"a.py": b"2\n"})
    assert changed_files(root, ["a.py"]) is None
    assert not (tmp_path / "ran").exists()


def test_hooks_are_not_run(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"a.py": b"1\n"})
    for name in ("post-index-change", "fsmonitor-watchman", "query-watchman", "pre-commit"):
        hook = root / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n")
        hook.chmod(0o755)
    (root / "a.py").touch()
    assert changed_files(root, ["a.py"]) == []
    assert not (tmp_path / "ran").exists()


def test_variables_of_the_caller_do_not_point_git_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repository(tmp_path / "repo", {"a.py": b""})
    other = repository(tmp_path / "other", {"b.py": b""})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert listed_files(root) == ["a.py"]

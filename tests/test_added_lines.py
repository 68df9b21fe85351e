"""Which lines a branch added: what real repositories say, whatever their settings would have git do."""

from __future__ import annotations

import os
from contextlib import suppress
from io import StringIO
from pathlib import Path
from subprocess import CalledProcessError

import pytest
from kit import git, repository, tree

from migrate.hunks import python_lines
from migrate.vcs import RevisionError, added_lines

TEN = b"".join(b"%d\n" % number for number in range(1, 11))


def error_of(root: Path, revision: str) -> str:
    with pytest.raises(RevisionError) as caught:
        added_lines(root, revision, ["a.py"])
    return str(caught.value)


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "-q", "-m", "next")


def test_changed_and_inserted_lines_are_added_but_not_removed_ones(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.py": TEN, "b.py": TEN})
    text = TEN.replace(b"3\n", b"three\n").replace(b"5\n", b"").replace(b"9\n", b"9\nnew\nnewer\n")
    tree(root, {"a.py": text, "b.py": TEN[4:]})
    assert added_lines(root, "HEAD", ["a.py", "b.py"]) == {"a.py": {3, 9, 10}}


def test_lines_that_look_like_a_patch_are_lines(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.py": b"1\n-- a/x\n@@ -1 +1 @@\n", "b.py": b"1\n"})
    tree(root, {"a.py": b"1\n++ b/b.py\n@@ -1 +7 @@\ndiff --git a/b.py b/b.py\n+++ b/b.py\n\\ No\n"})
    assert added_lines(root, "HEAD", ["a.py", "b.py"]) == {"a.py": {2, 3, 4, 5, 6}}


def test_missing_newline_at_the_end_counts_as_a_change_of_the_last_line(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.py": b"1\n2", "b.py": b"1\n2\n", "c.py": b"1\n2"})
    tree(root, {"a.py": b"1\n2\n3", "b.py": b"1\n2", "c.py": b"0\n2"})
    assert added_lines(root, "HEAD", ["a.py", "b.py", "c.py"]) == {"a.py": {2, 3}, "b.py": {2}, "c.py": {1}}


def test_committed_staged_and_unsaved_changes_count_alike(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.py": TEN})
    git(root, "tag", "base")
    tree(root, {"a.py": b"x\n" + TEN})
    commit(root)
    tree(root, {"a.py": b"x\n" + TEN + b"y\n"})
    git(root, "add", "a.py")
    tree(root, {"a.py": b"x\nz\n" + TEN + b"y\n"})
    assert added_lines(root, "base", ["a.py"]) == {"a.py": {1, 2, 13}}
    assert added_lines(root, "HEAD", ["a.py"]) == {"a.py": {2, 13}}


def test_what_the_other_branch_did_since_is_not_ours(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.py": TEN})
    git(root, "branch", "topic")
    tree(root, {"a.py": TEN.replace(b"5\n", b"")})
    commit(root)
    git(root, "branch", "main-line")
    git(root, "checkout", "-q", "topic")
    tree(root, {"a.py": TEN + b"ours\n"})
    assert added_lines(root, "main-line", ["a.py"]) == {"a.py": {11}}


def test_new_untracked_and_ignored_files_count_wholly_and_empty_ones_do_not(tmp_path: Path) -> None:
    root = repository(tmp_path, {".gitignore": b"no.py\n"})
    new = {"staged.py": b"1\n2\n", "new.py": b"1\n2", "no.py": b"1\n", "sub/deep.py": b"\n\n\n", "empty.py": b""}
    tree(root, {**new, "intended.py": b"1\n"})
    git(root, "add", "staged.py")
    git(root, "add", "--intent-to-add", "intended.py")
    assert added_lines(root, "HEAD", [*new, "intended.py"]) == {
        "intended.py": {1}, "new.py": {1, 2}, "no.py": {1}, "staged.py": {1, 2}, "sub/deep.py": {1, 2, 3},
    }  # fmt: skip


def test_file_that_git_was_told_to_forget_counts_wholly(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.py": b"1\n2\n"})
    git(root, "rm", "-q", "--cached", "a.py")
    assert added_lines(root, "HEAD", ["a.py"]) == {"a.py": {1, 2}}


def test_renamed_file_counts_wholly_and_deleted_one_not_at_all(tmp_path: Path) -> None:
    root = repository(tmp_path, {"old.py": TEN, "gone.py": TEN})
    git(root, "config", "diff.renames", "copies")
    git(root, "mv", "old.py", "new.py")
    git(root, "rm", "-q", "gone.py")
    assert added_lines(root, "HEAD", ["old.py", "new.py", "gone.py"]) == {"new.py": set(range(1, 11))}


def test_only_the_given_paths_are_answered_for_and_they_are_no_patterns(tmp_path: Path) -> None:
    root = repository(tmp_path, {"*.py": b"1\n", "b.py": b"1\n", ":(top)x.py": b"1\n", "d/c.py": b"1\n"})
    tree(root, {"b.py": b"2\n", ":(top)x.py": b"2\n", "d/c.py": b"2\n", "x.py": b"2\n"})
    assert added_lines(root, "HEAD", ["*.py", ":(top)x.py", "d"]) == {":(top)x.py": {1}}
    assert added_lines(root, "HEAD", []) == {}


def test_names_of_all_kinds_come_back_as_they_were_given(tmp_path: Path) -> None:
    names = [
        "a b.py",
        "new\nline.py",
        'quo"te.py',
        "é.py",
        "tab\t.py",
        "back\\slash.py",
        "tail\t",
        "b/b.py",
        "\x01\x7f.py",
    ]
    names += [os.fsdecode(b"\xff\xfe.py")]
    root = repository(tmp_path, dict.fromkeys(names, b"1\n"))
    tree(root, dict.fromkeys(names, b"1\n2\n"))
    new = [name + "new" for name in names]
    tree(root, dict.fromkeys(new, b"1\n"))
    assert added_lines(root, "HEAD", [*names, *new]) == {name: {1 if name in new else 2} for name in (*names, *new)}


def test_paths_are_relative_to_the_folder_of_the_check(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.py": b"1\n", "sub/a.py": b"1\n"})
    git(root, "config", "diff.relative", "true")
    tree(root, {"a.py": b"2\n", "sub/a.py": b"1\n2\n", "sub/new.py": b"1\n"})
    assert added_lines(root / "sub", "HEAD", ["a.py", "new.py"]) == {"a.py": {2}, "new.py": {1}}


def test_more_files_than_one_command_takes_are_all_answered_for(tmp_path: Path) -> None:
    names = [f"{number:03}.py" for number in range(501)]
    root = repository(tmp_path, dict.fromkeys(names, b"1\n"))
    tree(root, dict.fromkeys(names, b"1\n2\n"))
    assert added_lines(root, "HEAD", names) == {name: {2} for name in names}


def test_windows_line_ends_are_no_change_where_git_converts_them(tmp_path: Path) -> None:
    root = repository(tmp_path, {".gitattributes": b"*.py text eol=crlf\n", "a.py": b"1\r\n2\r\n", "b.txt": b"1\n2\n"})
    tree(root, {"a.py": b"1\r\n2\r\n3\r\n", "b.txt": b"1\r\n2\r\n"})
    assert added_lines(root, "HEAD", ["a.py", "b.txt"]) == {"a.py": {3}, "b.txt": {1, 2}}


def test_lines_that_end_in_a_lone_carriage_return_are_counted_as_python_does(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.py": b"1\r2\r\n3\n4\n"})
    tree(root, {"a.py": b"1\r2\r\n3\n4\rfour\n", "new.py": b"1\r2\r"})
    assert added_lines(root, "HEAD", ["a.py", "new.py"]) == {"a.py": {4, 5}, "new.py": {1, 2, 3}}


@pytest.mark.parametrize(
    "data", [b"", b"1", b"1\n", b"\n\n", b"1\r\n2", b"1\r2", b"1\r2\n3\r\n", b"\r\r\n\r", b"\x0c\n\x0b"]
)
def test_all_lines_are_those_that_python_sees(data: bytes) -> None:
    lines = len(StringIO(data.decode(), newline=None).readlines())
    assert set(range(1, lines + 1)) <= python_lines(data, None) <= set(range(1, lines + 2))


@pytest.mark.parametrize("attribute", ["-diff", "binary", "diff=evil", "-text"])
def test_no_attribute_hides_lines(tmp_path: Path, attribute: str) -> None:
    root = repository(tmp_path, {"a.py": b"1\n"})
    git(root, "config", "diff.evil.binary", "true")
    tree(root, {"a.py": b"1\n2\n", ".gitattributes": f"*.py {attribute}\n".encode()})
    assert added_lines(root, "HEAD", ["a.py"]) == {"a.py": {2}}


def test_binary_file_counts_by_its_lines(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.py": b"\0\xff\n\0\n"})
    tree(root, {"a.py": b"\0\xff\n\0\n\0\0\n"})
    assert added_lines(root, "HEAD", ["a.py"]) == {"a.py": {3}}


def test_links_have_no_lines(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"real/a.py": b"1\n", "b.py": b"1\n"})
    git(root, "tag", "base")
    (root / "link").symlink_to("real")
    (root / "l.py").symlink_to("real/a.py")
    (root / "b.py").unlink()
    (root / "b.py").symlink_to("real/a.py")
    assert added_lines(root, "HEAD", ["link/a.py", "l.py", "b.py"]) == {}
    commit(root)
    assert added_lines(root, "base", ["link/a.py", "l.py", "b.py"]) == {}


def test_files_of_repositories_inside_this_one_do_not_count(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"b.py": b"1\n"})
    git(root, "config", "diff.submodule", "log")
    git(root, "config", "diff.ignoreSubmodules", "none")
    inner = repository(root / "inner", {"a.py": b"1\n"})
    git(root, "add", "inner")
    git(root, "commit", "-q", "-m", "with a submodule")
    tree(inner, {"a.py": b"2\n"})
    git(inner, "commit", "-q", "-a", "-m", "second")
    repository(root / "other", {"a.py": b"1\n"})
    tree(root, {"b.py": b"2\n"})
    assert added_lines(root, "HEAD", ["inner/a.py", "other/a.py", "inner", "b.py"]) == {"b.py": {1}}


def test_file_in_conflict_counts_by_its_lines_in_the_working_tree(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.py": b"1\n"})
    git(root, "checkout", "-q", "-b", "topic")
    tree(root, {"a.py": b"2\n"})
    commit(root)
    git(root, "checkout", "-q", "-")
    tree(root, {"a.py": b"3\n"})
    commit(root)
    with suppress(CalledProcessError):
        git(root, "merge", "-q", "topic")
    assert (root / "a.py").read_bytes().startswith(b"<<<<<<< HEAD\n3\n=======\n2\n>>>>>>> ")
    assert added_lines(root, "HEAD", ["a.py"]) == {"a.py": {1, 3, 4, 5}}


@pytest.mark.parametrize("revision", ["HEAD", "HEAD~0", "@", "base", "refs/tags/base", "noted"])
def test_revision_is_whatever_git_takes_for_a_commit(tmp_path: Path, revision: str) -> None:
    root = repository(tmp_path, {"a.py": b"1\n"})
    git(root, "tag", "base")
    git(root, "tag", "-a", "noted", "-m", "a note")
    tree(root, {"a.py": b"2\n"})
    assert added_lines(root, revision, ["a.py"]) == {"a.py": {1}}


NO_COMMITS = (
    "nowhere",
    "",
    "HEAD:a.py",
    "HEAD^{tree}",
    "HEAD..HEAD",
    "HEAD...",
    "^HEAD",
    "a\0b",
    "HEAD HEAD",
    "\udcff",
)


@pytest.mark.parametrize("revision", NO_COMMITS)
def test_revision_that_is_no_commit_is_an_error(tmp_path: Path, revision: str) -> None:
    assert "is no commit" in error_of(repository(tmp_path, {"a.py": b"1\n"}), revision)


@pytest.mark.parametrize("revision", ["--output=ran", "-O", "--all", "--git-dir", "--", "-"])
def test_revision_that_looks_like_an_option_is_an_error_and_none(tmp_path: Path, revision: str) -> None:
    root = repository(tmp_path, {"a.py": b"1\n"})
    assert f"{revision!r} is no commit" in error_of(root, revision)
    assert sorted(path.name for path in root.iterdir()) == [".git", "a.py"]


def test_revision_without_a_common_history_is_an_error(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.py": b"1\n"})
    git(root, "branch", "first")
    git(root, "checkout", "-q", "--orphan", "other")
    assert "no commit in common" in error_of(root, "first")
    git(root, "commit", "-q", "-m", "other")
    assert "no commit in common: a shallow clone" in error_of(root, "first")


def test_it_is_an_error_where_there_is_no_repository_or_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is in no repository" in error_of(tmp_path, "HEAD")
    root = repository(tmp_path, {"a.py": b"1\n"})
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "is in no repository" in error_of(root, "HEAD")


def test_it_is_an_error_in_a_folder_that_git_keeps_for_itself(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.py": b"1\n"})
    assert "is in no repository" in error_of(root / ".git", "HEAD")

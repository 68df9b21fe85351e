"""That settings, hooks and variables neither change which lines a branch added nor get anything run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kit import git, repository, tree

from migrate.vcs import RevisionError, added_lines

TEN = b"".join(b"%d\n" % number for number in range(1, 11))


SETTINGS = {
    "diff.noprefix": "true", "diff.mnemonicPrefix": "true", "diff.context": "9", "diff.interHunkContext": "99",
    "diff.orderFile": "missing", "diff.wordRegex": ".", "color.ui": "always", "color.diff": "always",
    "core.quotePath": "true", "diff.algorithm": "patience", "diff.suppressBlankEmpty": "true", "core.safecrlf": "true",
    "diff.colorMoved": "zebra", "alias.diff": "status", "core.bigFileThreshold": "1", "diff.autoRefreshIndex": "false",
}  # fmt: skip


@pytest.mark.parametrize("setting", SETTINGS)
def test_settings_do_not_change_the_answer(tmp_path: Path, setting: str) -> None:
    root = repository(tmp_path, {"é a.py": TEN, "b.py": TEN})
    git(root, "config", setting, SETTINGS[setting])
    tree(root, {"é a.py": b"new\n" + TEN + b"new\n", "b.py": TEN})
    assert added_lines(root, "HEAD", ["é a.py", "b.py"]) == {"é a.py": {1, 12}}


HOSTILE = (
    "core.fsmonitor", "diff.external", "diff.evil.command", "diff.evil.textconv", "filter.evil.clean",
    "filter.evil.smudge", "filter.evil.process", "core.pager", "pager.diff", "interactive.diffFilter", "core.editor",
    "core.sshCommand", "core.alternateRefsCommand",
)  # fmt: skip


@pytest.mark.parametrize("setting", HOSTILE)
def test_command_of_the_configuration_is_not_run(tmp_path: Path, setting: str) -> None:
    root = repository(tmp_path / "repo", {"a.py": b"1\n", ".gitattributes": b"*.py filter=evil diff=evil\n"})
    git(root, "config", setting, f"touch '{tmp_path}/ran'; cat #")
    git(root, "config", "filter.evil.required", "true")
    tree(root, {"a.py": b"1\n2\n", "new.py": b"1\n"})
    assert added_lines(root, "HEAD", ["a.py", "new.py"]) == {"a.py": {2}, "new.py": {1}}
    assert not (tmp_path / "ran").exists()


def test_filter_that_cannot_be_switched_off_is_not_run(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"a.py": b"1\n", ".gitattributes": b"*.py filter=a=b\n"})
    git(root, "config", "filter.a=b.clean", f"touch '{tmp_path}/ran'; cat")
    tree(root, {"a.py": b"2\n"})
    with pytest.raises(RevisionError, match="cannot compare"):
        added_lines(root, "HEAD", ["a.py"])
    assert not (tmp_path / "ran").exists()


def test_hooks_are_not_run_and_the_index_is_not_written(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"a.py": b"1\n"})
    for name in ("post-index-change", "fsmonitor-watchman", "query-watchman"):
        hook = root / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n")
        hook.chmod(0o755)
    index = (root / ".git" / "index").read_bytes()
    os.utime(root / "a.py", (1, 1))
    assert added_lines(root, "HEAD", ["a.py"]) == {}
    assert (root / ".git" / "index").read_bytes() == index
    assert not (tmp_path / "ran").exists()


def test_variables_of_the_caller_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repository(tmp_path / "repo", {"a.py": b"1\n"})
    other = repository(tmp_path / "other", {"b.py": b""})
    tree(root, {"a.py": b"1\n2\n"})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", f"touch '{tmp_path}/ran'; true")
    monkeypatch.setenv("GIT_DIFF_OPTS", "--unified=9")
    assert added_lines(root, "HEAD", ["a.py"]) == {"a.py": {2}}
    assert not (tmp_path / "ran").exists()

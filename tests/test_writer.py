"""What ends up on the disk: content, mode and links, in place and in a copy."""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from codecs import BOM_UTF8
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from kit import CUDA, NPU, found, table, tree

from migrate.model import FileResult, Problem
from migrate.runner import run
from migrate.writer import copy_tree, read_again, write_in_place


def looked_at(folder: Path, **files: bytes) -> list[FileResult]:
    """The results of a run over a folder with these modules."""
    tree(folder, {f"{name}.py": data for name, data in files.items()})
    return list(run(found(folder), table("npu")).files)


def written(folder: Path, data: bytes) -> bytes:
    """The content of a file after it was looked at and written."""
    assert [result.error for result in write_in_place(folder, looked_at(folder, a=data))] == [None]
    assert os.listdir(folder) == ["a.py"]
    return (folder / "a.py").read_bytes()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(CUDA, NPU, id="plain"),
        pytest.param(CUDA.replace(b"\n", b"\r\n"), NPU.replace(b"\n", b"\r\n"), id="crlf"),
        pytest.param(CUDA.replace(b"\n", b"\r"), NPU.replace(b"\n", b"\r"), id="cr"),
        pytest.param(b"import os\r\n# a\r" + CUDA, b"import os\r\n# a\r" + NPU, id="mixed"),
        pytest.param(
            BOM_UTF8 + b"# coding: utf-8\n" + CUDA, BOM_UTF8 + b"# coding: utf-8\n" + NPU, id="mark-and-cookie"
        ),
        pytest.param(BOM_UTF8 + CUDA, BOM_UTF8 + NPU, id="byte-order-mark"),
        pytest.param(CUDA[:-1], NPU[:-1], id="no-final-newline"),
        pytest.param(CUDA + b"\x0c\n# \xc3\xa9 \n\t\n", NPU + b"\x0c\n# \xc3\xa9 \n\t\n", id="odd-bytes"),
        pytest.param(b"# coding: latin-1\n" + CUDA + b"# \xe9", b"# coding: latin-1\n" + NPU + b"# \xe9", id="latin-1"),
    ],
)
def test_only_the_edited_bytes_change(tmp_path: Path, before: bytes, after: bytes) -> None:
    assert written(tmp_path, before) == after


@pytest.mark.parametrize("mode", [0o755, 0o640, 0o600])
def test_mode_is_kept(tmp_path: Path, mode: int) -> None:
    results = looked_at(tmp_path, a=CUDA)
    (tmp_path / "a.py").chmod(mode)
    write_in_place(tmp_path, results)
    assert stat.S_IMODE((tmp_path / "a.py").stat().st_mode) == mode


def test_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    results = looked_at(tmp_path, a=CUDA)
    with (tmp_path / "a.py").open("rb") as old:
        write_in_place(tmp_path, results)
        assert old.read() == CUDA


def test_file_without_edits_is_not_touched(tmp_path: Path) -> None:
    results = looked_at(tmp_path, a=b"import torch\n", b=b"# cuda\n")
    before = [(tmp_path / name).stat() for name in ("a.py", "b.py")]
    assert write_in_place(tmp_path, results) == results
    assert [(tmp_path / name).stat() for name in ("a.py", "b.py")] == before


def test_names_of_one_file_stay_that(tmp_path: Path) -> None:
    looked_at(tmp_path, a=CUDA, b=CUDA)
    os.link(tmp_path / "a.py", tmp_path / "c.py")
    results = list(run(found(tmp_path), table("npu")).files)
    assert [result.error for result in write_in_place(tmp_path, results)] == [None] * 3
    assert [(tmp_path / name).read_bytes() for name in ("a.py", "b.py", "c.py")] == [NPU] * 3
    assert (tmp_path / "a.py").samefile(tmp_path / "c.py")
    assert (tmp_path / "b.py").stat().st_nlink == 1
    assert len(os.listdir(tmp_path)) == 3


def test_name_outside_of_what_is_migrated_keeps_the_old_content(tmp_path: Path) -> None:
    results = looked_at(tmp_path / "tree", a=CUDA)
    other = tmp_path / "backup.py"
    os.link(tmp_path / "tree" / "a.py", other)
    write_in_place(tmp_path / "tree", results)
    assert other.read_bytes() == CUDA
    assert (tmp_path / "tree" / "a.py").read_bytes() == NPU


def test_extended_attributes_are_kept(tmp_path: Path) -> None:
    results = looked_at(tmp_path, a=CUDA)
    with suppress(OSError):  # a file system that has none
        os.setxattr(tmp_path / "a.py", "user.test", b"1")
    before = os.listxattr(tmp_path / "a.py")
    write_in_place(tmp_path, results)
    assert (tmp_path / "a.py").read_bytes() == NPU
    assert os.listxattr(tmp_path / "a.py") == before


def test_file_is_as_new_as_its_content(tmp_path: Path) -> None:
    results = looked_at(tmp_path, a=CUDA)
    os.utime(tmp_path / "a.py", (0, 0))
    write_in_place(tmp_path, results)
    assert (tmp_path / "a.py").stat().st_mtime > 0


def test_file_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    results = looked_at(tmp_path / "tree", a=CUDA)
    (tmp_path / "tree" / "a.py").rename(tmp_path / "out.py")
    (tmp_path / "tree" / "a.py").symlink_to(tmp_path / "out.py")
    written = write_in_place(tmp_path / "tree", results)
    assert written[0].error == Problem("cannot be written: it became a link or something else that is no file")
    assert (tmp_path / "out.py").read_bytes() == CUDA


def test_folder_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    tree(tmp_path / "tree", {"in/a.py": CUDA})
    results = list(run(found(tmp_path / "tree"), table("npu")).files)
    (tmp_path / "tree" / "in").rename(tmp_path / "out")
    (tmp_path / "tree" / "in").symlink_to(tmp_path / "out")
    assert write_in_place(tmp_path / "tree", results)[0].error
    assert (tmp_path / "out" / "a.py").read_bytes() == CUDA


def test_file_that_changes_at_the_last_moment_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_: int) -> None:
        (tmp_path / "a.py").write_bytes(b"# mine")

    results = looked_at(tmp_path, a=CUDA)
    monkeypatch.setattr(os, "fsync", fsync)
    assert write_in_place(tmp_path, results)[0].error == Problem("cannot be written: it changed after it was looked at")
    assert (tmp_path / "a.py").read_bytes() == b"# mine"
    assert os.listdir(tmp_path) == ["a.py"]


def test_what_a_killed_run_left_is_removed_but_not_what_another_is_writing(tmp_path: Path) -> None:
    results = looked_at(tmp_path, a=CUDA)
    names = [".accel-migrate.abcd_123.tmp", ".accel-migrate.live1234.tmp", ".accel-migrate.toml", "x.tmp"]
    tree(tmp_path, dict.fromkeys(names, b""))
    with (tmp_path / names[1]).open("rb+") as live:
        fcntl.flock(live, fcntl.LOCK_EX)
        write_in_place(tmp_path, results)
    assert sorted(os.listdir(tmp_path)) == sorted([*names[1:], "a.py"])


def test_read_only_folder_is_named_as_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    results = looked_at(tmp_path, a=CUDA)
    monkeypatch.setattr(tempfile, "mkstemp", refuse)  # root may write everywhere
    assert write_in_place(tmp_path, results)[0].error == Problem("cannot be written: is in a folder that is read-only")


def test_longest_possible_name_can_be_written(tmp_path: Path) -> None:
    name = "a" * 252
    write_in_place(tmp_path, looked_at(tmp_path, **{name: CUDA}))
    assert (tmp_path / f"{name}.py").read_bytes() == NPU


def test_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    results = looked_at(tmp_path, a=CUDA, b=CUDA)
    (tmp_path / "a.py").write_bytes(b"# mine\n" + CUDA)
    first, second = write_in_place(tmp_path, results)
    assert first.error == Problem("cannot be written: it changed after it was looked at")
    assert (tmp_path / "a.py").read_bytes() == b"# mine\n" + CUDA
    assert second.error is None
    assert (tmp_path / "b.py").read_bytes() == NPU


def test_file_that_is_gone_is_an_error_of_that_file(tmp_path: Path) -> None:
    results = looked_at(tmp_path, a=CUDA, b=CUDA)
    (tmp_path / "a.py").unlink()
    first, second = write_in_place(tmp_path, results)
    assert first.error == Problem("cannot be written: No such file or directory")
    assert second.error is None
    assert os.listdir(tmp_path) == ["b.py"]


def test_read_only_file_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = looked_at(tmp_path, a=CUDA)
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)  # root may write everything
    assert write_in_place(tmp_path, results)[0].error == Problem("cannot be written: is read-only")
    assert (tmp_path / "a.py").read_bytes() == CUDA


@pytest.mark.parametrize("step", ["fsync", "utime", "replace"])
def test_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    results = looked_at(tmp_path, a=CUDA)
    monkeypatch.setattr(os, step, fail)
    assert write_in_place(tmp_path, results)[0].error == Problem("cannot be written: No space left on device")
    assert os.listdir(tmp_path) == ["a.py"]
    assert (tmp_path / "a.py").read_bytes() == CUDA


def test_result_with_an_error_is_not_written(tmp_path: Path) -> None:
    (result,) = looked_at(tmp_path, a=CUDA)
    failed = replace(result, error=Problem("no"))
    assert write_in_place(tmp_path, [failed]) == [failed]
    assert (tmp_path / "a.py").read_bytes() == CUDA


def test_content_is_read_again_for_files_with_edits_only(tmp_path: Path) -> None:
    results = looked_at(tmp_path, a=CUDA, b=b"# cuda\n", c=CUDA, d=CUDA)
    (tmp_path / "c.py").write_bytes(b"")
    (tmp_path / "d.py").unlink()
    checked, contents = read_again(tmp_path, results)
    assert contents == {"a.py": CUDA}
    assert [result.error and result.error.message for result in checked] == [
        None, None, "cannot be read: it changed after it was looked at", "cannot be read: No such file or directory",
    ]  # fmt: skip


def test_copy_holds_every_file_but_those_of_git(tmp_path: Path) -> None:
    root = tree(tmp_path / "in", {"a.py": b"1", "data/x.bin": b"\0", ".git/config": b"", "p/__pycache__/a.pyc": b""})
    (root / "link").symlink_to("/nowhere")
    (root / "a.py").chmod(0o755)
    copy_tree(root, tmp_path / "out")
    copied = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*"))
    assert copied == ["a.py", "data", "data/x.bin", "link", "p"]
    assert os.readlink(tmp_path / "out" / "link") == "/nowhere"
    assert stat.S_IMODE((tmp_path / "out" / "a.py").stat().st_mode) == 0o755


def test_copy_leaves_out_what_is_no_file(tmp_path: Path) -> None:
    root = tree(tmp_path / "in", {"a.py": b"1"})
    os.mkfifo(root / "pipe.py")
    copy_tree(root, tmp_path / "out")
    assert os.listdir(tmp_path / "out") == ["a.py"]


def test_copy_goes_into_an_empty_folder_only(tmp_path: Path) -> None:
    root = tree(tmp_path / "in", {"a.py": b"1"})
    (tmp_path / "out").mkdir()
    copy_tree(root, tmp_path / "out")
    with pytest.raises(FileExistsError, match="is not empty"):
        copy_tree(root, tmp_path / "out")


@pytest.mark.parametrize("inside", ["", "out", "a/b/out", "link/out"])
def test_copy_never_goes_into_the_tree(tmp_path: Path, inside: str) -> None:
    root = tree(tmp_path / "in", {"a/a.py": b"1"})
    (root / "link").symlink_to("a")
    with pytest.raises(ValueError, match="lies inside"):
        copy_tree(root, root / inside)

"""The file of a cache, and its folder: private, bounded, and none where it cannot be trusted or written."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from kit import CUDA, found, table, tree

from migrate import cache
from migrate.cache import open_cache
from migrate.model import FileResult
from migrate.runner import run, run_cached

pytestmark = pytest.mark.usefixtures("home")


def same(folder: Path) -> tuple[FileResult, ...]:
    """The results of a run with the cache, which are those of one without."""
    files = run_cached(found(folder), table("npu")).files
    assert files == run(found(folder), table("npu")).files
    return files


def the_file(home: Path) -> Path:
    (path,) = (home / "accel-migrate").iterdir()
    return path


def test_file_is_private_and_has_neither_paths_nor_an_error(home: Path, tmp_path: Path) -> None:
    folder = tree(tmp_path, {"secret_name.py": CUDA, "broken.py": b"x = torch.cuda.(\n"})
    assert len(run_cached(found(folder), table("npu")).errors) == 1
    path = the_file(home)
    assert [stat.S_IMODE(item.stat().st_mode) for item in (path, path.parent)] == [0o600, 0o700]
    assert b"secret" not in path.read_bytes() + path.name.encode()
    opened = open_cache(found(folder), table("npu"))
    assert opened
    assert len(opened.old) == 3


@pytest.mark.parametrize("way", ["cut", "flipped", "empty", "text", "link", "folder", "writable", "pipe", "large"])
def test_file_that_cannot_be_trusted_is_none(
    way: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tree(tmp_path / "tree", {"a.py": CUDA})
    text = same(folder)
    path = the_file(home)
    data = path.read_bytes()
    if way == "writable":
        path.chmod(0o666)
    elif way == "large":
        monkeypatch.setattr(cache, "_LARGEST", len(data) - 1)
    elif way in ("link", "folder", "pipe"):
        path.rename(tmp_path / "moved")
        {"link": lambda: path.symlink_to(tmp_path / "moved"), "folder": path.mkdir, "pipe": lambda: os.mkfifo(path)}[
            way
        ]()
    else:
        middle = data.index(b"torch.cuda")
        flipped = data[:middle] + b"X" + data[middle + 1 :]
        path.write_bytes({"cut": data[:-9], "flipped": flipped, "empty": b"", "text": b"\xff{" * 99}[way])
    opened = open_cache(found(folder), table("npu"))
    assert opened
    assert not opened.old
    assert same(folder) == text
    if way == "link":
        assert (tmp_path / "moved").read_bytes() == data
        assert not path.is_symlink()


@pytest.mark.parametrize("way", ["link", "writable", "file", "inside"])
def test_folder_that_cannot_be_trusted_has_no_cache(
    way: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tree(tmp_path / "tree", {"a.py": CUDA})
    own = home / "accel-migrate"
    if way == "link":
        own.symlink_to(tmp_path)
    elif way == "writable":
        own.mkdir()
        own.chmod(0o777)
    elif way == "file":
        own.write_text("")
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    same(folder)
    assert open_cache(found(folder), table("npu")) is None
    assert way != "link" or sorted(tmp_path.iterdir()) == [folder]


def test_cache_that_cannot_be_written_is_not(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, data: bytes) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(cache, "write_new", refuse)
    same(tree(tmp_path, {"a.py": CUDA}))
    assert not list((home / "accel-migrate").iterdir())


def test_only_what_a_run_used_is_kept(tmp_path: Path) -> None:
    folder = tree(tmp_path, {"a.py": CUDA, "b.py": CUDA + b"\n"})
    run_cached(found(folder), table("npu"))
    (folder / "b.py").unlink()
    run_cached(found(folder), table("npu"))
    assert (opened := open_cache(found(folder), table("npu")))
    assert len(opened.old) == 2


def test_oldest_files_go_where_all_are_too_large(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tree(tmp_path, {"a.py": CUDA})
    old = tree(home / "accel-migrate", {"0" * 32: b"x" * 50, "1" * 32: b"x" * 50, "mine.txt": b"x"})
    old.chmod(0o700)
    os.utime(old / ("1" * 32), (1, 1))
    monkeypatch.setattr(cache, "_ALL", 0)
    run_cached(found(folder), table("npu"))
    names = {path.name for path in old.iterdir()}
    assert len(names) == 2
    assert "mine.txt" in names
    assert not names & {"0" * 32, "1" * 32}

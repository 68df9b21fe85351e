"""Put results on disk: in place, or as a migrated copy of the whole tree."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from migrate.engine import digest_of, rewritten
from migrate.model import FileResult, Problem


def write_in_place(root: Path, results: Iterable[FileResult]) -> list[FileResult]:
    """Write the edits of every result to its file; those that could not be written come back with an error.

    Each file is read again first and left alone if it is no longer what was looked at. Mode, owner and
    links are kept; a file is old or new, never in between.
    """
    return [_written(root, result) if result.edits and not result.error else result for result in results]


def read_again(root: Path, results: Iterable[FileResult]) -> tuple[list[FileResult], dict[str, bytes]]:
    """The content of every file with edits; one that is no longer what was looked at comes back with an error."""
    checked: list[FileResult] = []
    contents: dict[str, bytes] = {}
    for result in results:
        if result.edits and not result.error:
            try:
                contents[result.path] = _content(root, result)
            except OSError as error:
                result = _failed(result, "read", error)
        checked.append(result)
    return checked, contents


def copy_tree(root: Path, output: Path) -> None:
    """Copy everything below `root` but version control to `output`, which must not exist or be empty.

    Raises `FileExistsError`, and `ValueError` if `output` lies inside `root`.
    """
    if output.resolve().is_relative_to(root.resolve()):
        raise ValueError(f"the output folder {output} lies inside {root}")
    if output.exists() and any(output.iterdir()):
        raise FileExistsError(f"the output folder {output} is not empty")
    shutil.copytree(root, output, symlinks=True, dirs_exist_ok=True, ignore=_ignored)


def _ignored(folder: str, names: list[str]) -> set[str]:
    special = {name for name in names if not _copies(os.path.join(folder, name))}
    return {".git", "__pycache__"}.intersection(names) | special


def _copies(path: str) -> bool:
    mode = os.lstat(path).st_mode
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)


def _written(root: Path, result: FileResult) -> FileResult:
    try:
        _replace(root / result.path, rewritten(_content(root, result), result))
    except OSError as error:
        return _failed(result, "written", error)
    return result


def _content(root: Path, result: FileResult) -> bytes:
    """The bytes of a file as they were looked at. Raises `OSError` where they are not there any more."""
    data = (root / result.path).read_bytes()
    if digest_of(data) != result.digest:
        raise OSError("it changed after it was looked at")
    return data


def _failed(result: FileResult, what: str, error: OSError) -> FileResult:
    return replace(result, findings=(), error=Problem(f"cannot be {what}: {error.strerror or error}"))


def _replace(path: Path, data: bytes) -> None:
    """Replace the content of a file in one step. A file with several names is written through, to keep them."""
    status = path.stat()
    if not os.access(path, os.W_OK):
        raise PermissionError(13, "is read-only")
    if status.st_nlink > 1:
        with path.open("r+b") as file:
            file.write(data)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        return
    handle, name = tempfile.mkstemp(
        dir=path.parent, prefix=".accel-migrate."
    )  # not the name: it may be as long as names can be
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, stat.S_IMODE(status.st_mode))
        if (status.st_uid, status.st_gid) != (os.getuid(), os.getgid()):
            os.chown(name, status.st_uid, status.st_gid)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise

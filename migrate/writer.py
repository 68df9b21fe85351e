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
    path = root / result.path
    try:
        data = path.read_bytes()
        if digest_of(data) != result.digest:
            return replace(result, error=Problem("changed while we ran: not written"))
        _replace(path, rewritten(data, result))
    except OSError as error:
        return replace(result, error=Problem(f"cannot be written: {error.strerror or error}"))
    return result


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
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
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

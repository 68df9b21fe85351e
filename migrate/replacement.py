"""A new content in the place of a file's, in one step: whoever looks finds the old one or the new one."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_PREFIX, _SUFFIX = ".accel-migrate.", ".tmp"  # not the name: it may be as long as names can be
_TEMPORARY = re.compile(r"\.accel-migrate\.[a-z0-9_]{8}\.tmp")


def replace_content(path: Path, data: bytes, is_same: Callable[[bytes], bool]) -> None:
    """Replace the content of a regular file; mode, owner, access lists and extended attributes stay.

    `is_same` is asked about the old content at the last moment. Raises `OSError` where it says no, or where the file
    cannot be written; the file is then as it was, and there is no other.
    """
    status = regular(path)
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "is read-only")
    handle, name = _opened(path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            fcntl.flock(handle, fcntl.LOCK_EX)  # says that somebody is at it, as long as that is so
            file.write(data)
            file.flush()
            _adopt(path, status, name)
            os.fsync(handle)
            if not is_same(path.read_bytes()) or regular(path).st_ino != status.st_ino:
                raise OSError("it changed after it was looked at")
            os.replace(name, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise


def replace_by_link(path: Path, other: Path) -> None:
    """Make a file one more name of another, in one step. Raises `OSError`."""
    handle, name = _opened(path.parent)
    os.close(handle)
    os.unlink(name)
    os.link(other, name, follow_symlinks=False)
    try:
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def write_new(path: Path, data: bytes) -> None:
    """Write a file that lasts through a crash of the machine once it is there. Raises `OSError`."""
    handle, name = _opened(path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        os.replace(name, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last through a crash, where the file system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_abandoned(folder: Path) -> None:
    """Remove the temporary files that a run left in a folder when it was killed; not those that one is writing."""
    with suppress(OSError):
        for name in os.listdir(folder):
            if _TEMPORARY.fullmatch(name):
                _remove_abandoned(folder / name)


def regular(path: Path) -> os.stat_result:
    """The status of a regular file that is really there, not behind a link. Raises `OSError` for anything else."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode) or os.path.realpath(path.parent) != str(path.parent):
        raise OSError("it became a link or something else that is no file")
    return status


def _opened(folder: Path) -> tuple[int, str]:
    try:
        return tempfile.mkstemp(dir=folder, prefix=_PREFIX, suffix=_SUFFIX)
    except PermissionError:
        raise PermissionError(errno.EACCES, "is in a folder that is read-only") from None


def _adopt(path: Path, status: os.stat_result, name: str) -> None:
    """Give a file what belongs to another besides its content and its time."""
    if (status.st_uid, status.st_gid) != (os.getuid(), os.getgid()):
        os.chown(name, status.st_uid, status.st_gid)
    shutil.copystat(path, name)
    os.utime(name)


def _remove_abandoned(path: Path) -> None:
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    finally:
        os.close(handle)

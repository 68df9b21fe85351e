"""Put results on disk: in place, or as a migrated copy of the whole tree."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from migrate.engine import digest_of, rewritten
from migrate.model import FileResult, Problem
from migrate.promises import INTERNAL
from migrate.replacement import remove_abandoned, replace_by_link, replace_content, sync_folder

NOT_REACHED = "not written: the run was interrupted"
Links = dict[tuple[int, int, str], Path]  # device and number of an old file, and what it became -> its first new name


def write_in_place(
    root: Path, results: Iterable[FileResult], stopped: Callable[[], int] = lambda: 0
) -> list[FileResult]:
    """Write the edits of every result to its file; those that could not be written come back with an error.

    Each file is read again first and left alone if it is no longer what was looked at. Mode, owner and attributes are
    kept; a file is old or new, never in between. Names of one file stay that if all of them are written; one that
    is not in the run keeps the old content. Where `stopped` says so, the rest is left as it is.
    """
    links: Links = {}
    folders: set[Path] = set()
    written: list[FileResult] = []
    for result in results:
        if result.edits and not result.error:
            if stopped():
                result = replace(result, findings=(), error=Problem(NOT_REACHED))
            else:
                folder = (root / result.path).parent
                if folder not in folders:
                    remove_abandoned(folder)
                    folders.add(folder)
                result = _written(root, result, links)
        written.append(result)
    for folder in sorted(folders):
        sync_folder(folder)
    return written


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


def _written(root: Path, result: FileResult, links: Links) -> FileResult:
    path = root / result.path
    try:
        status = path.lstat()
        data = _content(root, result)
        after = rewritten(data, result)
        if digest_of(after) != result.outcome:
            return replace(result, findings=(), error=Problem(f"{INTERNAL}: the edits do not give what was promised"))
        file = (status.st_dev, status.st_ino, result.outcome)
        if file in links:
            replace_by_link(path, links[file])
        else:
            replace_content(path, after, lambda now: now == data)
            if status.st_nlink > 1:
                links[file] = path
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

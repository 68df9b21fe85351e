"""What a run in place is about to change, kept so that it can be taken back: a file for each run.

It is kept where git keeps its own, or in the user's state folder; never in the work tree. The first line says what
the run was, and there is one line for each file: how long what it begins with is that stays, how long what was put
there will be, and what was there.
"""

from __future__ import annotations

import json
import os
import stat
import time
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from migrate.replacement import remove_abandoned, write_new
from migrate.vcs import folder_of, git_folder, top_of

_FORMAT = 1
_KEPT = 20  # runs
_NAME = "accel-migrate"
_MOST = 500_000_000  # bytes of one file, of a journal that somebody made up
_DAMAGED = "is damaged"


class JournalError(Exception):
    """A journal that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its digests before and after, and what to put back in the place of `length` bytes from `start`."""

    path: str
    before: str
    after: str
    start: int
    length: int
    packed: bytes

    def restored(self, data: bytes) -> bytes:
        """The content before, given the one after."""
        old = zlib.decompressobj()
        return data[: self.start] + old.decompress(self.packed, _MOST) + data[self.start + self.length :]


@dataclass(frozen=True, slots=True)
class Journal:
    """A run: where it is kept, the root of its paths, the target, and its files."""

    file: Path
    root: Path
    target: str
    entries: tuple[Entry, ...]

    @property
    def date(self) -> str:
        """When the run was, in local time."""
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(int(self.file.stem) // 1_000_000_000))


def entry_of(path: str, before: bytes, after: bytes, old: str, new: str) -> Entry:
    """The entry of a file that is to get another content, with the digests of both."""
    start = _common(before, after)
    tail = _common(before[start:][::-1], after[start:][::-1])
    return Entry(path, old, new, start, len(after) - start - tail, zlib.compress(before[start : len(before) - tail], 1))


def save_journal(root: Path, target: str, entries: Iterable[Entry]) -> Path:
    """Write down what a run is about to do. Raises `OSError` if there is no place for it."""
    lines = [json.dumps(_row(entry)) for entry in entries]
    errors: list[OSError] = []
    for base, folder in _places(root):
        where = folder_of(root) if base else str(root)
        head = json.dumps({"format": _FORMAT, "root": where, "target": target})
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not stat.S_ISDIR(folder.lstat().st_mode):
                raise NotADirectoryError(20, "is no folder", str(folder))
            file = folder / f"{time.time_ns():020}.jsonl"
            write_new(file, "".join(f"{line}\n" for line in (head, *lines)).encode())
        except OSError as error:
            errors.append(error)
            continue
        _prune(folder)
        return file
    raise errors[0]


def journals(paths: Iterable[Path]) -> Iterator[Journal]:
    """The runs that changed files below some paths, the latest first. Raises `JournalError`."""
    wanted = [Path(os.path.realpath(path)) for path in paths]
    places = {folder: base for path in wanted for base, folder in _places(path if path.is_dir() else path.parent)}
    files = [file for folder in places if folder.is_dir() for file in folder.glob("*.jsonl")]
    for file in sorted(files, key=lambda file: file.name, reverse=True):
        journal = _read(file, places[file.parent])
        if any((journal.root / entry.path).is_relative_to(path) for entry in journal.entries for path in wanted):
            yield journal


def _places(root: Path) -> Iterator[tuple[Path | None, Path]]:
    """The folders that may keep journals of a root, each with the folder that their own root is relative to."""
    folder = git_folder(root)
    if folder and (top := top_of(root)):
        yield top, folder / _NAME
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    yield None, Path(os.path.realpath(state), _NAME)


def _common(left: bytes, right: bytes) -> int:
    """How long the beginning is that two contents share."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if left[:middle] == right[:middle] else (low, middle - 1)
    return low


def _row(entry: Entry) -> dict[str, object]:
    return {
        "path": entry.path, "before": entry.before, "after": entry.after, "start": entry.start,
        "length": entry.length, "old": b64encode(entry.packed).decode(),
    }  # fmt: skip


def _read(file: Path, base: Path | None) -> Journal:
    try:
        head, *rows = [json.loads(line) for line in file.read_text("ascii").splitlines()]
        root = Path(os.path.normpath((base or Path("/")) / head["root"]))
        if head["format"] != _FORMAT or (base and not root.is_relative_to(base)):
            raise JournalError(f"{file} {_DAMAGED}, or of another version")
        entries = tuple(_entry(row) for row in rows)
        int(file.stem)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise JournalError(f"{file} {_DAMAGED}: {error}") from None
    return Journal(file, root, str(head["target"]), entries)


def _entry(row: dict[str, object]) -> Entry:
    path, start, length = str(row["path"]), row["start"], row["length"]
    if path.startswith("/") or ".." in path.split("/") or not (isinstance(start, int) and isinstance(length, int)):
        raise ValueError(f"no place for {path!r}")
    return Entry(path, str(row["before"]), str(row["after"]), start, length, b64decode(str(row["old"])))


def _prune(folder: Path) -> None:
    remove_abandoned(folder)
    for file in sorted(folder.glob("*.jsonl"))[:-_KEPT]:
        with suppress(OSError):
            file.unlink()

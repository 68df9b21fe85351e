"""Take back what a run wrote: files that are still what it made of them get their old content."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from migrate.engine import digest_of
from migrate.journal import Entry, Journal
from migrate.replacement import regular, remove_abandoned, replace_content, sync_folder


@dataclass(frozen=True, slots=True)
class Restored:
    """One file of a run: whether it was changed back, and why it could not be; neither where it had been before."""

    path: str
    changed: bool
    problem: str = ""


def take_back(journal: Journal, wanted: Iterable[Path], stopped: Callable[[], int]) -> list[Restored]:
    """Restore the files of a run below some paths; the journal goes once all of them are as they were.

    Ends early when `stopped` says so; called again, it goes on.
    """
    folders = [path.resolve() for path in wanted]
    files = [(journal.root / entry.path, entry) for entry in journal.entries]
    done = list(_restored([pair for pair in files if any(map(pair[0].is_relative_to, folders))], stopped))
    for folder in sorted({path.parent for path, _ in files}):
        remove_abandoned(folder)
        sync_folder(folder)
    if not stopped() and all(_is_old(path, entry) for path, entry in files):
        journal.file.unlink(missing_ok=True)
    return done


def _restored(files: Iterable[tuple[Path, Entry]], stopped: Callable[[], int]) -> Iterator[Restored]:
    for path, entry in files:
        if stopped():
            return
        try:
            yield Restored(entry.path, _restore(path, entry))
        except (OSError, zlib.error, ValueError) as error:
            reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            yield Restored(entry.path, False, reason)


def _restore(path: Path, entry: Entry) -> bool:
    """Whether the file had to be changed. Raises `OSError` if it is not what the run wrote, or cannot be written."""
    regular(path)
    data = path.read_bytes()
    if digest_of(data) == entry.before:
        return False
    if digest_of(data) != entry.after:
        raise OSError("changed since the migration")
    old = entry.restored(data)
    if digest_of(old) != entry.before:
        raise ValueError("what was saved of it is damaged")
    replace_content(path, old, lambda now: now == data)
    return True


def _is_old(path: Path, entry: Entry) -> bool:
    try:
        return digest_of(path.read_bytes()) == entry.before
    except OSError:
        return False

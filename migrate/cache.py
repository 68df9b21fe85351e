"""What earlier runs found in files of the same content, in one private file of the user's for each root and table.

Names in it are hashes of all that a result depends on: nothing is decided by time stamps. A file that cannot be
trusted, or is not of this version, counts as none, and one that cannot be written is not.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from migrate.discover import Discovery
from migrate.identity import identity
from migrate.model import Cell, Edit, FileResult, Finding, Kind, Repository, Table
from migrate.pool import Job
from migrate.replacement import remove_abandoned, write_new
from migrate.repository import Facts

WORTH = 200_000  # bytes of files; below, a run is over before a cache helps
_LARGEST = 50_000_000  # bytes of one file
_ALL = 100_000_000  # bytes of all of them
_NAME = re.compile(r"[0-9a-f]{32}")
_Entries = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cache:
    """The entries that were there, and those that this run used or made, which are all that is kept."""

    path: Path
    seed: bytes  # all that every result of the run depends on
    old: Mapping[str, Any]
    used: _Entries = field(default_factory=dict)
    sets: dict[frozenset[object], str] = field(default_factory=dict)

    def facts(self, kind: Kind, data: bytes) -> Facts | None:
        """The facts of a file, if they are known."""
        entry = self._entry(self._content(kind, data))
        return None if entry is None else _facts(entry)

    def keep_facts(self, kind: Kind, data: bytes, facts: Facts) -> None:
        """Keep them for the next run."""
        self.used[self._content(kind, data)] = [
            facts.concerns, facts.overriding, facts.bases, facts.from_torch, facts.exported
        ]  # fmt: skip

    def result(self, job: Job) -> FileResult | None:
        """The result of a file, if it is known."""
        entry = self._entry(self._work(job))
        return None if entry is None else _result(job, entry)

    def keep_result(self, job: Job, result: FileResult) -> None:
        """Keep it for the next run, but for errors: what takes too much here and now need not elsewhere."""
        if result.error is None:
            findings = [_packed(finding) for finding in result.findings]
            self.used[self._work(job)] = [result.digest, result.outcome, findings]

    def save(self) -> None:
        """Write what this run used, and remove the oldest files where all together are too large."""
        with suppress(OSError):
            if self.used.keys() == self.old.keys():
                os.utime(self.path)
                return
            body = json.dumps(self.used, separators=(",", ":")).encode()
            if len(body) < _LARGEST:
                write_new(self.path, _sum(self.seed, body) + b"\n" + body)
            _prune(self.path)

    def _entry(self, name: str) -> Any:
        entry = self.old.get(name)
        if entry is not None:
            self.used[name] = entry
        return entry

    def _content(self, kind: Kind, data: bytes) -> str:
        content = blake2b(f"{kind}\0".encode(), key=self.seed, digest_size=16)
        content.update(data)
        return content.hexdigest()

    def _work(self, job: Job) -> str:
        around = job.repository or Repository()
        known = [self._known(getattr(around, item.name)) for item in fields(around)]
        text = canonical((job.path, self._content(job.kind, job.data), known))
        return blake2b(text.encode(), key=self.seed, digest_size=16).hexdigest()

    def _known(self, value: object) -> object:
        """The value, or a hash of a set: most are those of every file, so each is put into a text once."""
        if not isinstance(value, frozenset):
            return value
        if value not in self.sets:
            self.sets[value] = _hash(canonical(value)).hex()
        return self.sets[value]


def open_cache(discovery: Discovery, table: Table) -> Cache | None:
    """The cache for the files of a discovery; None where it would cost more than it helps, or has no safe place."""
    if discovery.size < WORTH:
        return None
    folder = _folder()
    if folder is None or folder.is_relative_to(discovery.root):
        return None
    content = canonical(table)
    seed = _hash(canonical((identity(), sys.version, content)))
    path = folder / _hash(canonical((str(discovery.root), discovery.named, content))).hex()
    return Cache(path, seed, _read(path, seed))


def canonical(value: object) -> str:
    """A text that tells values apart, and is the same in every process. Raises `TypeError` for what it can't tell."""
    if value is None or isinstance(value, str | int):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{canonical(key)}:{canonical(item)}" for key, item in value.items()) + "}"
    if isinstance(value, frozenset):
        return "<" + ",".join(sorted(map(canonical, value))) + ">"
    if isinstance(value, tuple | list):
        return "(" + ",".join(map(canonical, value)) + ")"
    if is_dataclass(value):
        return type(value).__name__ + canonical([getattr(value, item.name) for item in fields(value)])
    raise TypeError(f"no canonical text for {type(value)}")


def _folder() -> Path | None:
    """The folder for all caches, made where it is missing; None where others could write there, or nobody can tell."""
    if not hasattr(os, "getuid"):
        return None
    home = os.environ.get("XDG_CACHE_HOME", "")
    try:
        base = Path(home) if os.path.isabs(home) else Path.home() / ".cache"
        base.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = Path(os.path.realpath(base)) / "accel-migrate"
        folder.mkdir(exist_ok=True, mode=0o700)
        return folder if stat.S_ISDIR(folder.lstat().st_mode) and _is_own(folder.lstat()) else None
    except (OSError, RuntimeError):  # the second where the user has no home
        return None


def _is_own(status: os.stat_result) -> bool:
    """Whether nobody but the user can write there."""
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _read(path: Path, seed: bytes) -> Mapping[str, Any]:
    """The entries of a file; none where it is not as this version of the tool writes it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode) or not _is_own(status) or status.st_size > _LARGEST:
                return {}
            head, _, body = file.read(_LARGEST).partition(b"\n")
    except OSError:
        return {}
    if head != _sum(seed, body):
        return {}
    entries: _Entries = json.loads(body)
    return entries


def _sum(seed: bytes, body: bytes) -> bytes:
    """Tells a whole file of this version from any other."""
    return blake2b(body, key=seed, digest_size=16).hexdigest().encode()


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


def _prune(newest: Path) -> None:
    """Remove the files that were not used for longest, until the rest is small enough. Raises `OSError`."""
    remove_abandoned(newest.parent)
    found = [(path.lstat(), path) for path in newest.parent.iterdir() if _NAME.fullmatch(path.name)]
    size = sum(status.st_size for status, _ in found)
    for status, path in sorted(found, key=lambda item: item[0].st_mtime):
        if size > _ALL and path != newest:
            path.unlink()
            size -= status.st_size


def _facts(entry: Any) -> Facts:
    concerned, overriding, bases, from_torch, exported = entry
    pairs = tuple((name, base) for name, base in bases)
    return Facts(concerned, tuple(overriding), pairs, from_torch, tuple(exported))


def _result(job: Job, entry: Any) -> FileResult:
    digest, outcome, findings = entry
    return FileResult(job.path, job.kind, digest, tuple(map(_unpacked, findings)), outcome=outcome)


def _packed(finding: Finding) -> list[Any]:
    cell = finding.cell and (finding.cell.number, finding.cell.line, finding.cell.column)
    edits = [(edit.start, edit.end, edit.text) for edit in finding.edits]
    return [
        finding.rule_id, finding.start, finding.end, finding.line, finding.column, finding.found, finding.message,
        finding.safety, edits, finding.suppressed, cell,
    ]  # fmt: skip


def _unpacked(packed: Any) -> Finding:
    rule_id, start, end, line, column, found, message, safety, edits, suppressed, cell = packed
    made = tuple(Edit(*edit) for edit in edits)
    place = Cell(*cell) if cell else None
    return Finding(rule_id, start, end, line, column, found, message, safety, made, suppressed, place)

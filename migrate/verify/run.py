"""The whole of a verification: look at the repository, run the command on the simulated device, bring both together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from migrate.check import Scope, judged
from migrate.discover import Discovery
from migrate.leftovers import Entry
from migrate.model import Kind, Table
from migrate.runner import run
from migrate.vcs import folder_of
from migrate.verify.events import read_records
from migrate.verify.folder import run_folder
from migrate.verify.launch import Python, command_of, run_command
from migrate.verify.profile import profile_of
from migrate.verify.rewritten import (
    ChangesError,
    Lines,
    Read,
    lines_naming_the_target,
    lines_of_changes,
    rewritten_files,
)
from migrate.verify.verdict import Verification, covered, judged_events

if TYPE_CHECKING:
    from concurrent.futures import Executor

Told = dict[str, "frozenset[int] | None"]
UNSUPPORTED = 79  # what the device exits with where torch cannot carry it; see accel_device/schema.py


class UnsupportedError(Exception):
    """A torch that cannot carry the simulation, as it said on standard error."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to run, and how: the words after `--`, numbers of devices and processes, seconds until it is ended."""

    script: tuple[str, ...]
    python: Python
    devices: int = 1
    processes: int = 1
    strict_dtypes: bool = False
    timeout: float | None = None
    changes: Path | None = None
    min_torch: str | None = None
    target_version: str | None = None


def verify(
    request: Request, discovery: Discovery, tables: tuple[Table, Table], scope: Scope, entries: Sequence[Entry] | None,
    executor: Executor | None = None,
) -> Verification:  # fmt: skip
    """Run a command of the user's on the simulated device; `tables` lead to the target, and from it back.

    Raises `ChangesError`, `UnsupportedError`, `EventsError`, and `OSError` where the command cannot be started.
    """
    table, back = tables
    read = _reader(discovery.root)
    report = run(discovery, table, executor)
    scan = judged(report, scope, entries, read)
    lines, known, changed = _rewritten_lines(request, discovery, back, executor)
    files = rewritten_files(lines, read)
    sources = _kept_sources(
        discovery, {*(file.path for file in files), *(result.path for result in report.files if result.findings)}
    )
    profile = profile_of(table, request.python.torch, request.min_torch, {
        "devices": request.devices,
        "root": str(discovery.root),
        "strict_dtypes": request.strict_dtypes,
        "watch": {file.path: file.watched for file in files},
    }, version=request.target_version)  # fmt: skip
    with run_folder(profile, table.target.distribution or table.target.package) as folder:
        command = command_of(request.python, request.script, request.processes)
        ending = run_command(command, folder.environment(os.environ), request.timeout)
        records = read_records(folder.events())
    silent = ending.code == UNSUPPORTED and not records.device.processes
    if silent or any(event.kind == "unsupported" for event in records.events):
        raise UnsupportedError("this torch cannot carry the simulated device; it says why above")
    words = table.target.words
    return Verification(
        words.name, table.target.title, request.script, request.python, request.devices, ending,
        tuple(judged_events(records.events, report, scan, sources)), records.device,
        covered(files, records, known, changed, sources), scan,
    )  # fmt: skip


def _kept_sources(discovery: Discovery, paths: set[str]) -> Read:
    """Reads the files as they were before the command ran, which may write some; those not among the paths as they are.

    Raises `OSError`.
    """
    read = _reader(discovery.root)
    kinds: dict[str, Kind] = dict(discovery.files)
    kept = {path: read(path) for path in sorted(paths) if kinds.get(path, "python") == "python"}
    return lambda path: kept[path] if path in kept else read(path)


def _rewritten_lines(
    request: Request, discovery: Discovery, back: Table, executor: Executor | None
) -> tuple[Lines, str, list[str]]:
    """The lines that a migration wrote, how they are known, and the files that are not as it left them."""
    told = _told_lines(request.changes, discovery.root, request.script[0]) if request.changes else {}
    if request.changes and None not in told.values():
        return {path: lines for path, lines in told.items() if lines is not None}, "report", []
    naming = lines_naming_the_target(run(discovery, back, executor), _reader(discovery.root))
    if not request.changes:
        return naming, "names", []
    changed = sorted(path for path, lines in told.items() if lines is None)
    merged = {path: naming.get(path, frozenset()) if lines is None else lines for path, lines in told.items()}
    return merged, "report", changed


def _told_lines(changes: Path, root: Path, script: str) -> Told:
    """What a report of the migration says, with paths below the root. Raises `ChangesError`, `OSError`.

    Its paths begin at the root, at the top of the repository, as those of a patch do, or at the folder that was
    migrated, such as that of the script.
    """
    data = changes.read_bytes()
    depth = folder_of(root).count("/")
    top = root.parents[depth - 1] if depth else root
    for base in (root, top, Path(script).resolve().parent):
        told = lines_of_changes(str(changes), data, _reader(base))
        if not told or any((base / path).is_file() for path in told):
            return _moved(told, base, root)
    raise ChangesError(f"{changes}: names no file that there is below {root}; say with --root where its paths begin")


def _moved(told: Told, base: Path, root: Path) -> Told:
    """The same, with paths below another folder; what is outside of it goes."""
    paths = {base / path: lines for path, lines in told.items()}
    return {path.relative_to(root).as_posix(): lines for path, lines in paths.items() if path.is_relative_to(root)}


def _reader(root: Path) -> Read:
    return lambda path: (root / path).read_bytes()

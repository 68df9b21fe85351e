"""What `migrate` writes: files in place if git could undo that, a migrated copy, and reports."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from migrate.cli_check import fail, write_new

if TYPE_CHECKING:
    from migrate.model import RepoReport

Sources = Mapping[str, bytes]  # path -> the bytes that were looked at


def read_again(root: Path, report: RepoReport) -> tuple[RepoReport, Sources]:
    """The report, with an error for every file that changed since it was looked at, and the content of the others."""
    from migrate import writer

    files, sources = writer.read_again(root, report.files)
    return replace(report, files=tuple(files)), sources


def guard(root: Path, report: RepoReport, allow_dirty: bool, allow_no_vcs: bool) -> None:
    """Refuse to write what could not be undone with git."""
    from migrate.report.shown import inert_path
    from migrate.vcs import changed_files, is_repository, refusal

    paths = [result.path for result in report.changed]
    if not paths or (allow_dirty and allow_no_vcs):
        return
    if not is_repository(root):
        if allow_no_vcs:
            return
        why, ways = refusal(root), "pass --allow-no-vcs to write anyway, or use --diff or --output"
        if why:
            fail(f"git does not work in {root}: {why}\nnothing is written; with that put right it can be, or {ways}")
        fail(f"{root} is not in a git repository: {ways}")
    dirty = [] if allow_dirty else changed_files(root, paths)
    if dirty is None:
        fail("git does not say which files differ from the last commit: pass --allow-dirty, or use --diff or --output")
    if dirty:
        shown = "".join(f"\n  {inert_path(path)}" for path in dirty[:10])
        more = f"\n  and {len(dirty) - 10} more" if len(dirty) > 10 else ""
        fail(
            "these files differ from the last commit, or are not in it, and would be written:"
            f"{shown}{more}\ncommit or stash them, pass --allow-dirty to write anyway, or use --diff or --output"
        )


def written(root: Path, report: RepoReport, sources: Sources) -> RepoReport:
    """The report after the edits are made in place; a file that could not be written has an error in it.

    What `undo` needs is saved first. A signal ends the command after the file that is being written.
    """
    from migrate.engine import rewritten
    from migrate.interruption import postponed
    from migrate.journal import entry_of, save_journal
    from migrate.writer import write_in_place

    results = [result for result in report.changed if result.path in sources]
    if not results:
        return replace(report, written=True)
    with postponed() as signal:
        try:
            save_journal(root, report.target, (
                entry_of(item.path, sources[item.path], rewritten(sources[item.path], item), item.digest, item.outcome)
                for item in results
            ))  # fmt: skip
        except OSError as error:
            where = f" in {error.filename}" if error.filename else ""
            fail(f"nothing is written, as what undo needs cannot be saved{where}: {error.strerror}")
        report = replace(report, files=tuple(write_in_place(root, report.files, signal)), written=True)
        if signal():
            _end(report, len(results), signal())
    return report


def _end(report: RepoReport, total: int, signal: int) -> NoReturn:
    """Say how far an interrupted run came, and exit as a command does that a signal ended."""
    click.echo(
        f"interrupted: {len(report.changed)} of {total} files are written, the others are as they were; "
        "the same command goes on, accel-migrate undo takes back what is written",
        err=True,
    )
    sys.exit(128 + signal)


def copied(root: Path, output: Path, report: RepoReport) -> RepoReport:
    """The report after the tree was copied and the edits were made in the copy."""
    from migrate.writer import copy_tree, write_in_place

    try:
        copy_tree(root, output)
    except (OSError, ValueError, RecursionError) as error:  # the last of folders in folders in folders
        fail(f"cannot write the copy: {error}")
    return replace(report, files=tuple(write_in_place(output.resolve(), report.files)), written=True)


def save(path: Path, root: Path, report: RepoReport, sources: Sources) -> None:
    """Write a report to a file, in the format that its suffix names."""
    from migrate.report.machine import render_json, render_patch
    from migrate.vcs import folder_of

    if path.suffix == ".patch":
        data = render_patch(report, sources.__getitem__, folder_of(root))
    else:
        data = render_json(report).encode()
    try:
        write_new(path, data)
    except OSError as error:
        fail(f"cannot write the report {path}: {error.strerror or error}")

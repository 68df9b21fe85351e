"""What `migrate` writes: files in place if git could undo that, a migrated copy, and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from migrate.cli_check import fail

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
    from migrate.report.shown import printable
    from migrate.vcs import changed_files, is_repository

    paths = [result.path for result in report.changed]
    if not paths or (allow_dirty and allow_no_vcs):
        return
    if not is_repository(root):
        if not allow_no_vcs:
            fail(f"{root} is not in a git repository: pass --allow-no-vcs to write anyway, or use --diff or --output")
        return
    dirty = [] if allow_dirty else changed_files(root, paths)
    if dirty is None:
        fail("git does not say which files differ from the last commit: pass --allow-dirty, or use --diff or --output")
    if dirty:
        shown = "".join(f"\n  {printable(path)}" for path in dirty[:10])
        more = f"\n  and {len(dirty) - 10} more" if len(dirty) > 10 else ""
        fail(
            "these files differ from the last commit, or are not in it, and would be written:"
            f"{shown}{more}\ncommit or stash them, pass --allow-dirty to write anyway, or use --diff or --output"
        )


def written(root: Path, report: RepoReport) -> RepoReport:
    """The report after the edits are made in place; a file that could not be written has an error in it."""
    from migrate.writer import write_in_place

    return replace(report, files=tuple(write_in_place(root, report.files)), written=True)


def copied(root: Path, output: Path, report: RepoReport) -> RepoReport:
    """The report after the tree was copied and the edits were made in the copy."""
    from migrate.writer import copy_tree

    try:
        copy_tree(root, output)
    except (OSError, ValueError) as error:
        fail(f"cannot write the copy: {error}")
    return written(output, report)


def save(path: Path, root: Path, report: RepoReport, sources: Sources) -> None:
    """Write a report to a file, in the format that its suffix names."""
    from migrate.report.machine import render_json, render_patch
    from migrate.vcs import folder_of

    if path.suffix == ".patch":
        data = render_patch(report, sources.__getitem__, folder_of(root))
    else:
        data = render_json(report).encode()
    try:
        path.write_bytes(data)
    except OSError as error:
        fail(f"cannot write the report {path}: {error.strerror or error}")

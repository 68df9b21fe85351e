"""The command `undo`: take back what the last run of `migrate` wrote in place."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from migrate.cli_check import FAILED, fail

if TYPE_CHECKING:
    from migrate.journal import Journal
    from migrate.undo import Restored


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
def undo(paths: tuple[Path, ...]) -> None:
    """Give the files below PATHS (default: the current folder) the content back that the last migration changed.

    Also after one that was interrupted. A file that changed since is left as it is, and named.
    """
    from migrate.interruption import postponed
    from migrate.undo import take_back

    paths = paths or (Path(),)
    for path in paths:
        if not path.exists():
            fail(f"no such file or folder: {path}")
    journal, more = _last(paths)
    with postponed() as signal:
        done = take_back(journal, paths, signal)
    _show(journal, done, more)
    if signal():
        click.echo("interrupted: the same command goes on", err=True)
        sys.exit(128 + signal())
    if any(item.problem for item in done):
        sys.exit(FAILED)


def _last(paths: tuple[Path, ...]) -> tuple[Journal, bool]:
    """The last run below some paths, and whether there is one before it. Exits where there is none."""
    from migrate.journal import JournalError, journals

    try:
        found = journals(paths)
        last = next(found, None)
        more = next(found, None) is not None
    except JournalError as error:
        fail(str(error))
    if last is None:
        fail(f"no migration is known that changed files below {', '.join(map(str, paths))}")
    return last, more


def _show(journal: Journal, done: list[Restored], more: bool) -> None:
    from migrate.report.shown import printable

    changed = sum(item.changed for item in done)
    click.echo(f"{changed} of {len(done)} files changed back, from the migration to {journal.target} of {journal.date}")
    for item in done:
        if item.problem:
            click.echo(f"error: {printable(item.path)}: left as it is: {printable(item.problem)}", err=True)
    if more and not journal.file.exists():
        click.echo("there is a migration before it, which the same command takes back")

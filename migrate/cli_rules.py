"""The commands `rules` and `explain`: what the tables say. Nothing is imported before it is needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migrate.cli_check import RULES_HELP, VERSION_HELP, fail

if TYPE_CHECKING:
    from migrate.explain import Explanation
    from migrate.model import Rule, Table

_KINDS = ("api", "env", "package", "cli", "resource")
_STATUSES = ("same", "renamed", "differs", "native", "harmless", "missing", "unknown")
_HEAD = ("target", "device", "rows", *_STATUSES)
_SORTS = ("name", "status", "rows", *_STATUSES)


@click.command()
@click.option("--target", "names", multiple=True, metavar="NAME", help="List the rows of this target. May be repeated.")
@click.option("--rules", "files", multiple=True, type=click.Path(path_type=Path), metavar="FILE", help=RULES_HELP)
@click.option("--min-torch", metavar="VERSION", help="The oldest torch that names must be in.")
@click.option("--target-version", metavar="VERSION", help=VERSION_HELP)
@click.option("--kind", type=click.Choice(_KINDS), help="Only rows of this kind.")
@click.option("--status", type=click.Choice(_STATUSES), help="Only rows of this status.")
@click.option("--sort", type=click.Choice(_SORTS), default="name",
              help="Sort rows by name or status, targets by name or by one of their numbers.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text")
def rules(names: tuple[str, ...], kind: str | None, status: str | None, sort: str, form: str, **options: Any) -> None:
    """Show what becomes of each name, or without --target how many rows of each status the targets have."""
    overview = not names and kind is None and status is None
    if sort != "name" and overview == (sort == "status"):
        raise click.UsageError(f"--sort {sort} is for {'rows' if overview else 'targets'}: see --help")
    tables = _tables(names, **options)
    if overview:
        _print(_HEAD, _sorted(list(_coverage(tables)), sort), form)
        return
    rows = [
        (table, rule)
        for table in tables
        for rule in table.rules.values()
        if kind in (None, rule.kind) and status in (None, rule.status)
    ]
    rows.sort(key=lambda pair: (pair[1].status if sort == "status" else "", pair[1].id, pair[0].target.words.name))
    shown = [(table.target.words.name, *_cells(rule)) for table, rule in rows]
    _print(("target", "rule", "status", "to", "advice"), shown, form)


@click.command()
@click.argument("name")
@click.option("--target", "names", multiple=True, metavar="NAME", help="Only this target. May be repeated.")
@click.option("--rules", "files", multiple=True, type=click.Path(path_type=Path), metavar="FILE", help=RULES_HELP)
@click.option("--min-torch", metavar="VERSION", help="The oldest torch that the name must be in.")
@click.option("--target-version", metavar="VERSION", help=VERSION_HELP)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def explain(name: str, names: tuple[str, ...], form: str, **options: Any) -> None:
    """Say what a rule or a name (torch.cuda.Event, NCCL_DEBUG, device:cuda) is, and what becomes of it."""
    from migrate.explain import explained, found_ids, suggestions

    tables = _tables(names, **options)
    ids = found_ids(name, tables)
    if not ids:
        close = suggestions(name, tables)
        hint = f": did you mean {' or '.join(close)}?" if close else "; `accel-migrate rules` lists what there is"
        fail(f"no rule, and no name in a table, is called {name!r}{hint}")
    found = [explained(rule_id, tables) for rule_id in ids]
    if form == "json":
        click.echo(_json([_value(explanation) for explanation in found]))
    else:
        click.echo("\n\n".join("\n".join(_lines(explanation)) for explanation in found))


def _tables(
    names: Sequence[str], files: Sequence[Path], min_torch: str | None, target_version: str | None
) -> list[Table]:
    """The tables of the targets named, or of all; with those of the project that the current folder is in."""
    from migrate.config import ConfigError, load_config
    from migrate.table import TableError, legacy_names, load_table, target_names

    if target_version and len(names) != 1:
        raise click.UsageError("--target-version goes with one --target: vendors number their packages themselves")
    try:
        own = (*load_config(Path(), {}).rules, *files)
        every = names or (*target_names(own), *legacy_names())
        return [load_table(name, min_torch=min_torch, target_version=target_version, rules=own) for name in every]
    except (ConfigError, TableError) as error:
        fail(str(error))


def _coverage(tables: Sequence[Table]) -> Iterator[tuple[str, ...]]:
    from migrate.explain import counts

    for table in tables:
        found = counts(table)
        numbers = (str(found.get(status, 0)) for status in _STATUSES)
        yield table.target.words.name, table.target.title, str(len(table.rules)), *numbers


def _sorted(targets: list[tuple[str, ...]], column: str) -> list[tuple[str, ...]]:
    """The targets with most of something first."""
    return targets if column == "name" else sorted(targets, key=lambda row: -int(row[_HEAD.index(column)]))


def _cells(rule: Rule) -> tuple[str, str, str, str]:
    return rule.id, rule.status, rule.to or "", " ".join(text for text in (rule.message, rule.review) if text)


def _print(head: Sequence[str], rows: Sequence[Sequence[str]], form: str) -> None:
    if form == "json":
        click.echo(_json([dict(zip(head, row, strict=True)) for row in rows]))
    elif form == "markdown":
        for cells in (head, ["---"] * len(head), *rows):
            click.echo("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    else:
        widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
        for cells in (head, *rows):
            padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
            click.echo("  ".join(padded).rstrip())


def _json(value: object) -> str:
    import json

    return json.dumps(value, indent=2)


def _value(explanation: Explanation) -> dict[str, object]:
    outcomes = [
        {
            "target": item.target,
            "status": item.status,
            "to": item.to,
            "versions": item.since,
            "advice": item.advice,
            "evidence": item.link,
        }
        for item in explanation.outcomes
    ]
    return {
        "rule_id": explanation.rule_id,
        "description": explanation.short,
        "help": explanation.help,
        "targets": outcomes,
        "example": explanation.example,
    }


def _lines(explanation: Explanation) -> Iterator[str]:
    yield explanation.rule_id
    yield f"  {explanation.short} {explanation.help}"
    for item in explanation.outcomes:
        yield ""
        yield (
            f"{item.target} ({item.title}): {item.status}"
            + (f" → {item.to}" if item.to else "")
            + (f", {item.since}" if item.since else "")
        )
        if item.advice:
            yield f"  {item.advice}"
        if item.link:
            yield f"  {item.link}"
    if explanation.example:
        yield ""
        yield explanation.example.rstrip("\n")

"""The report on a terminal, with colour. The only module that imports rich."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from migrate.model import RepoReport, Safety
from migrate.report.shown import (
    diff_lines,
    error_lines,
    findings_by_file,
    place_in_file,
    printable,
    rule_counts,
    scope_line,
    sum_lines,
)

_STYLES: dict[Safety, str] = {"manual": "bold yellow", "review": "cyan", "safe": "green", "info": "blue", "left": "dim"}
_DIFF = {"+": "green", "-": "red", "@": "cyan"}


def print_report(report: RepoReport, patch: str, console: Console | None = None) -> None:
    """Show a report; paths and code are never read as markup, control characters never reach the terminal."""
    console = console or Console(highlight=False, soft_wrap=True)
    for part in _parts(report, patch):
        console.print(part)


def progress_bar() -> Progress:
    """A bar on standard error that goes away when the run ends."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _parts(report: RepoReport, patch: str) -> Iterator[RenderableType]:
    if patch:
        for line in diff_lines(patch):
            yield _diff_line(line)
        yield Text()
    rows = rule_counts(report)
    if rows:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name, justify in (("", "left"), ("count", "right"), ("rule", "left"), ("first seen", "left")):
            table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
        for row in rows:
            style = _STYLES[row.safety]
            cells = (row.safety, f"{row.count:,}", printable(row.rule_id), printable(row.first))
            table.add_row(*(Text(cell, style=style) for cell in cells))
        yield table
        yield Text()
    for need, result, findings in findings_by_file(report):
        yield Text.assemble((printable(result.path), "bold"), f": {need}")
        for finding in findings:
            where = f"  {place_in_file(finding)} ".ljust(12)
            yield Text.assemble((where, "dim"), (printable(finding.found), "bold"), f"  [{printable(finding.rule_id)}]")
            yield Text(" " * 12 + printable(finding.message), style=_STYLES[finding.safety])
        yield Text()
    for line in error_lines(report):
        yield Text.assemble(("error: ", "bold red"), line)
    yield Text(scope_line(report), style="dim")
    for line in sum_lines(report):
        yield Text(line, style="bold")


def _diff_line(line: str) -> Text:
    if line.startswith(("diff --git", "--- ", "+++ ")):
        return Text(line, style="bold")
    return Text(line, style=_DIFF.get(line[:1], ""))

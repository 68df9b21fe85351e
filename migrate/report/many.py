"""The report on many repositories: one row, or one piece of JSON, for each as its run ends, and then the sums."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from textwrap import indent
from typing import Any

from migrate import __version__
from migrate.model import RepoReport
from migrate.report.machine import report_value, summary
from migrate.report.shown import inert_json, printable, sum_of

COLUMNS = ("files", "changed", "rewritten", "left", "manual", "errors", "seconds")
_SUMS = ("repositories", "failed", "files", "changed", "errors", "references", "rewritten", "review", "left", "manual")
Write = Callable[[str], object]


class Rows:
    """A table as text. `names` are those of all repositories, for the width of their column."""

    def __init__(self, write: Write, names: Iterable[str]) -> None:
        self._write = write
        self._width = max(len("repository"), *(len(printable(name)) for name in names))
        write(f"{'repository':<{self._width}}" + "".join(f" {column:>9}" for column in COLUMNS) + "\n")

    def add(self, name: str, _: int, error: str | None, report: RepoReport | None) -> None:
        if report is not None:
            self._row(name, summary(report))
        else:
            message = (error or "").partition("\n")[0]
            self._write(f"{printable(name):<{self._width}}  failed: {printable(message)}\n")

    def end(self, sums: Counter[str], seconds: float) -> None:
        self._row("total", {**sums, "seconds": seconds})
        self._write(f"\n{headline(sums)}\n")

    def _row(self, name: str, counts: Mapping[str, Any]) -> None:
        cells = [f"{counts.get(column, 0):,}" for column in COLUMNS[:-1]] + [f"{counts['seconds']:,.2f}"]
        self._write(f"{printable(name):<{self._width}}" + "".join(f" {cell:>9}" for cell in cells) + "\n")


class Pieces:
    """JSON, written piece by piece (docs/report.md): each repository with the report of a run over it alone."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._between = f'{{\n  "version": {json.dumps(__version__)},\n  "repositories": [\n'

    def add(self, name: str, line: int, error: str | None, report: RepoReport | None) -> None:
        value = {"path": name, "line": line, "error": error, "report": report_value(report) if report else None}
        self._write(self._between + indent(inert_json(json.dumps(value, indent=2, ensure_ascii=True)), "    "))
        self._between = ",\n"

    def end(self, sums: Counter[str], seconds: float) -> None:
        value = {**{name: sums[name] for name in _SUMS}, "seconds": round(seconds, 3)}
        self._write(f'\n  ],\n  "summary": {indent(json.dumps(value, indent=2), "  ").lstrip()}\n}}\n')


class Headline:
    """Nothing but the sum."""

    def __init__(self, write: Write) -> None:
        self._write = write

    def add(self, *_: object) -> None:
        pass

    def end(self, sums: Counter[str], _: float) -> None:
        self._write(f"{headline(sums)}\n")


def headline(sums: Mapping[str, int]) -> str:
    """The sum over all repositories, in which every reference is accounted for."""
    count = sums["repositories"]
    noun = "repository" if count == 1 else "repositories"
    return f"{count:,} {noun}, {sums['failed']:,} failed; {sum_of(sums)}"


def counts_of(report: RepoReport | None) -> Counter[str]:
    """What one repository adds to the sums."""
    if report is None:
        return Counter(repositories=1, failed=1)
    counts = summary(report)
    return Counter(repositories=1, **{name: counts[name] for name in _SUMS[2:]})

"""How much of CUDA is outside Python, as reports say it."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from migrate.model import FileResult, Finding, Kind, RepoReport
from migrate.report.console import print_report
from migrate.report.machine import summary
from migrate.report.shown import headline, sum_lines
from migrate.report.text import render_text


def result(kind: Any, *safeties: Any, found: str = "cuda") -> FileResult:
    findings = tuple(Finding("device:cuda", 0, 4, 1, 1, found, "why", safety) for safety in safeties)
    return FileResult(f"{kind}{len(safeties)}", kind, "1", findings)


def report(*files: FileResult) -> RepoReport:
    return RepoReport("npu", "1.0", files, 1.0)


MIXED = report(
    result("python", "safe", "left", "info"), result("shell", "manual", "left", "review"), result("prose", "left"),
    result("docs", "safe", "left"), result("yaml", "left"), result("yaml", "safe", found=""), result("json"),
)  # fmt: skip


def test_line_counts_every_reference_once_and_the_most_come_first() -> None:
    line = "78 % of the references are outside Python: 3 in documents, 3 in shell scripts, 1 in YAML"
    assert list(sum_lines(MIXED)) == [headline(MIXED), line]
    assert render_text(MIXED, "").endswith(f"{headline(MIXED)}\n{line}\n")


def test_terminal_has_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(MIXED, "")
    assert capsys.readouterr().out.splitlines()[-1] == list(sum_lines(MIXED))[-1]


@pytest.mark.parametrize("files", [(), (result("python", "safe"),), (result("python", "safe"), result("yaml"))])
def test_nothing_is_said_where_all_is_python(files: tuple[FileResult, ...]) -> None:
    assert list(sum_lines(report(*files))) == [headline(report(*files))]


def test_every_kind_but_python_has_a_name() -> None:
    for kind in get_args(Kind):
        assert len(list(sum_lines(report(result(kind, "left"))))) == (1 if kind == "python" else 2)


def test_summary_has_the_kinds_with_references() -> None:
    counts = summary(MIXED)
    assert list(counts["by_kind"]) == ["docs", "prose", "python", "shell", "yaml"]
    assert counts["by_kind"]["shell"] == {"references": 3, "rewritten": 1, "left": 1, "manual": 1}
    for name in ("references", "rewritten", "left", "manual"):
        assert sum(row[name] for row in counts["by_kind"].values()) == counts[name]

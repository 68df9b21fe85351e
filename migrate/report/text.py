"""The report as plain text, for pipes, files and CI logs."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.model import RepoReport
from migrate.report.shown import (
    diff_lines,
    error_lines,
    findings_by_file,
    place_in_file,
    printable,
    quiet_line,
    rule_counts,
    scope_line,
    sum_lines,
)


def render_text(report: RepoReport, patch: str) -> str:
    """Diffs, findings by rule, manual work and reviews file by file, errors, and the headline."""
    return "\n".join(map(quiet_line, _lines(report, patch))) + "\n"


def _lines(report: RepoReport, patch: str) -> Iterator[str]:
    if patch:
        yield from diff_lines(patch)
        yield ""
    rows = rule_counts(report)
    if rows:
        width = max(len(row.rule_id) for row in rows)
        for row in rows:
            yield f"{row.safety:<7}{row.count:>6}  {printable(row.rule_id):<{width}}  {printable(row.first)}"
        yield ""
    for need, result, findings in findings_by_file(report):
        yield f"{printable(result.path)}: {need}"
        for finding in findings:
            yield f"  {place_in_file(finding):<9} {printable(finding.found)}  [{printable(finding.rule_id)}]"
            yield f"            {printable(finding.message)}"
        yield ""
    yield from (f"error: {line}" for line in error_lines(report))
    yield scope_line(report)
    yield from sum_lines(report)

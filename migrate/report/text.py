"""The report as plain text, for pipes, files and CI logs."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.model import RepoReport
from migrate.report.shown import diff_lines, headline, manual_findings, printable, rule_counts, scope_line


def render_text(report: RepoReport, patch: str) -> str:
    """Diffs, findings by rule, manual work file by file, errors, and the headline."""
    return "\n".join(_lines(report, patch)) + "\n"


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
    for result, findings in manual_findings(report):
        yield f"{printable(result.path)}: {len(findings)} for you"
        for finding in findings:
            where = f"{finding.line}:{finding.column}"
            yield f"  {where:<9} {printable(finding.found)}  [{printable(finding.rule_id)}]"
            yield f"            {printable(finding.message)}"
        yield ""
    for result in report.errors:
        line = f":{result.error.line}" if result.error and result.error.line else ""
        yield f"error: {printable(result.path)}{line}: {printable(result.error.message if result.error else '')}"
    yield scope_line(report)
    yield headline(report)

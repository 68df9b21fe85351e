"""A check in one line per leftover, for editors and grep."""

from __future__ import annotations

from migrate.leftovers import CheckResult
from migrate.report.shown import error_line, inert, place_of


def render_concise(result: CheckResult) -> str:
    """New leftovers, then files that could not be checked: `path:line:column: rule message`."""
    lines = [
        f"{place_of(leftover)}: {inert(f'{leftover.finding.rule_id} {leftover.finding.message}')}"
        for leftover in result.new
    ]
    return "".join(f"{line}\n" for line in (*lines, *map(error_line, result.errors)))

"""How many new leftovers each rule has."""

from __future__ import annotations

from collections import Counter

from migrate.leftovers import CheckResult
from migrate.report.shown import check_summary, inert, is_fixable


def render_statistics(result: CheckResult) -> str:
    """New leftovers by rule, the most frequent first, with how many of them migration would rewrite."""
    counts = Counter(leftover.finding.rule_id for leftover in result.new)
    fixable = Counter(leftover.finding.rule_id for leftover in result.new if is_fixable(leftover.finding))
    lines = [
        f"{count:>7,}  {inert(rule_id)}" + (f"  ({fixable[rule_id]:,} fixable)" if fixable[rule_id] else "")
        for rule_id, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    return "".join(f"{line}\n" for line in (*lines, check_summary(result)))

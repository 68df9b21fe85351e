"""A check as Markdown, for the summary of a CI job."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from migrate.leftovers import CheckResult, Leftover
from migrate.report.shown import check_summary, described, entry_line, error_line, inert, is_fixable, place_in_file

_LIMIT = 1_000_000  # bytes; GitHub refuses a summary of more than 1 MiB as a whole
_RESERVE = 500  # bytes for saying what was cut
_RULES = 200
_TICKS = re.compile("`+")
Section = tuple[str, list[str]]


def render_markdown(result: CheckResult) -> str:
    """Counts by rule, then errors, new leftovers by file and what the baseline lists in vain; cut before 1 MiB.

    Whatever comes from the scanned repository stands in code, inside more backticks than it has itself.
    """
    head = ["## accel-migrate check", "", check_summary(result), "", *_table(result)]
    parts = ["\n".join(head)]
    room = _LIMIT - _RESERVE - _size(parts[0])
    cut = 0
    for title, lines in _sections(result):
        block, left = _fitting(title, lines, 0 if cut else room)
        parts += [block] if block else []
        room -= _size(block) + 1
        cut += left
    if cut:
        parts.append(f"**{cut:,} more lines are not shown: a summary holds 1 MiB.** `--format text` shows all.\n")
    return "\n".join(parts)


def _table(result: CheckResult) -> Iterator[str]:
    """New and known leftovers by rule, as far as there are any."""
    rules = Counter(leftover.finding.rule_id for leftover in result.leftovers)
    if not rules:
        return
    new = Counter(leftover.finding.rule_id for leftover in result.new)
    fixable = Counter(leftover.finding.rule_id for leftover in result.new if is_fixable(leftover.finding))
    yield from ("| rule | new | fixable | known |", "| --- | ---: | ---: | ---: |")
    rows = sorted(rules, key=lambda rule: (-new[rule], -rules[rule], rule))
    for rule in rows[:_RULES]:
        cell = _code(rule).replace("|", "\\x7c")  # no escape of Markdown's own is safe after a backslash
        yield f"| {cell} | {new[rule]:,} | {fixable[rule]:,} | {rules[rule] - new[rule]:,} |"
    if len(rows) > _RULES:
        yield f"| and {len(rows) - _RULES:,} more rules | | | |"
    yield ""


def _sections(result: CheckResult) -> Iterator[Section]:
    if result.errors:
        yield "Could not be checked", [error_line(error) for error in result.errors]
    for path, group in groupby(result.new, key=lambda leftover: leftover.path):
        yield _code(path), [line for leftover in group for line in _lines(leftover)]
    if result.fixed:
        yield "In the baseline but gone", [entry_line(entry) for entry in result.fixed]


def _lines(leftover: Leftover) -> Iterator[str]:
    finding = leftover.finding
    yield f"{place_in_file(finding)}: {inert(finding.found)}: {described(finding)}"


def _fitting(title: str, lines: list[str], room: int) -> tuple[str, int]:
    """A section with as many of its lines as there is room for, and how many there is none for."""
    fence = "`" * max(3, 1 + _longest("\n".join(lines)))
    room -= _size(title) + 2 * len(fence) + len("### \n\ntext\n\n")
    kept = 0
    for line in lines:
        room -= _size(line) + 1
        if room < 0:
            break
        kept += 1
    if not kept:
        return "", len(lines)
    body = "".join(f"{line}\n" for line in lines[:kept])
    return f"### {title}\n\n{fence}text\n{body}{fence}\n", len(lines) - kept


def _code(text: str) -> str:
    """A code span: no Markdown, no HTML, no link and no mention in it counts."""
    shown = inert(text)
    ticks = "`" * (1 + _longest(shown))
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def _longest(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)


def _size(text: str) -> int:
    return len(text.encode())

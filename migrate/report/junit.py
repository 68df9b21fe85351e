"""A check as JUnit XML: a test case per file with leftovers."""

from __future__ import annotations

import re
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from migrate.leftovers import CheckResult, Leftover
from migrate.model import FileResult
from migrate.report.shown import check_summary, described, place_of, printable

_ILLEGAL = re.compile("[\ufffe\uffff]")  # what XML 1.0 has no place for, beside what is never printable
_NAME = "accel-migrate check"


def render_junit(result: CheckResult) -> str:
    """Files with new leftovers fail, files that could not be checked are errors, others with known ones pass."""
    files = [(path, list(group)) for path, group in groupby(result.leftovers, key=lambda leftover: leftover.path)]
    cases = [_case(path, found) for path, found in files] + [_problem(error) for error in result.errors]
    if not cases:  # a report without a test reads as if nothing had run
        cases = [f"    <testcase classname={_attribute(_NAME)} name={_attribute(check_summary(result))}/>\n"]
    failures = len({leftover.path for leftover in result.new})
    counts = f'tests="{len(cases)}" failures="{failures}" errors="{len(result.errors)}" time="{result.seconds:.3f}"'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name={_attribute(_NAME)} {counts}>\n'
        f'  <testsuite name={_attribute(_NAME)} {counts} skipped="0">\n{"".join(cases)}  </testsuite>\n</testsuites>\n'
    )


def _case(path: str, found: list[Leftover]) -> str:
    new = [leftover for leftover in found if leftover.state == "new"]
    if not new:
        return f"    <testcase {_names(path)}/>\n"
    message = f"{len(new):,} new leftover{'' if len(new) == 1 else 's'}"
    lines = "".join(f"{_text(f'{place_of(leftover)}: {described(leftover.finding)}')}\n" for leftover in new)
    return (
        f"    <testcase {_names(path)}>\n"
        f'      <failure type="leftover" message={_attribute(message)}>{lines}</failure>\n    </testcase>\n'
    )


def _problem(result: FileResult) -> str:
    message = result.error.message if result.error else ""
    line = f"line {result.error.line}: " if result.error and result.error.line else ""
    error = f'<error type="error" message={_attribute(line + message)}/>'
    return f"    <testcase {_names(result.path)}>\n      {error}\n    </testcase>\n"


def _names(path: str) -> str:
    return f"classname={_attribute(_NAME)} name={_attribute(path)} file={_attribute(path)}"


def _attribute(text: str) -> str:
    return _quiet(quoteattr(_legal(text)))


def _text(text: str) -> str:
    return _quiet(escape(_legal(text)))


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", printable(text))


def _quiet(markup: str) -> str:
    """The same markup with nothing that the log of a CI job takes for a command."""
    return markup.replace("##", "#&#35;")

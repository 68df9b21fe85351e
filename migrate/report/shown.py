"""What all reports for people show alike: safe text, the headline, findings by rule, files by need."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from migrate.model import FileResult, Finding, RepoReport, Safety

# C0 and C1 controls, bidirectional overrides, line separators, and what surrogateescape made of raw bytes.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
ORDER: tuple[Safety, ...] = ("manual", "review", "safe", "left")


def printable(text: str) -> str:
    """Text that a terminal shows and never obeys: control characters are written as escapes."""
    return _UNSAFE.sub(lambda match: _escape(match.group()), text)


def diff_lines(patch: str) -> Iterator[str]:
    """The lines of a patch as a terminal may have them; tabs stay, which is what some code is indented with."""
    for line in patch.removesuffix("\n").split("\n"):
        yield "\t".join(printable(part) for part in line.split("\t"))


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often one rule was met with one outcome, and where first."""

    rule_id: str
    safety: Safety
    count: int
    first: str
    message: str


def rule_counts(report: RepoReport) -> list[RuleCount]:
    """Findings by rule and outcome: what needs a person first, then by number."""
    counts: Counter[tuple[str, Safety]] = Counter()
    first: dict[tuple[str, Safety], tuple[FileResult, Finding]] = {}
    for result, finding in report.findings():
        key = finding.rule_id, finding.safety
        counts[key] += 1
        first.setdefault(key, (result, finding))
    rows = [
        RuleCount(*key, count, f"{first[key][0].path}:{first[key][1].line}", first[key][1].message)
        for key, count in counts.items()
    ]
    return sorted(rows, key=lambda row: (ORDER.index(row.safety), -row.count, row.rule_id))


def findings_by_file(report: RepoReport) -> Iterator[tuple[str, FileResult, list[Finding]]]:
    """What to look at, headed by how much it is: the manual work of each file, most of it first, then the reviews."""
    for safety, need in (("manual", "for you"), ("review", "worth a review")):
        files = [(result, [item for item in result.findings if item.safety == safety]) for result in report.files]
        for result, found in sorted(files, key=lambda pair: -len(pair[1])):
            if found:
                yield f"{len(found)} {need}", result, found


def error_lines(report: RepoReport) -> Iterator[str]:
    """The files that could not be handled, each with the place and the reason."""
    for result in report.errors:
        if result.error:
            line = f":{result.error.line}" if result.error.line else ""
            yield f"{printable(result.path)}{line}: {printable(result.error.message)}"


def headline(report: RepoReport) -> str:
    """The sum in which every reference is accounted for."""
    rewritten, left, manual = report.count("safe", "review"), report.count("left"), report.count("manual")
    total = rewritten + left + manual
    review = report.count("review")
    worth = f" ({review} worth a review)" if review else ""
    need = "needs" if manual == 1 else "need"
    return f"{_number(total, 'reference')}: {rewritten:,} rewritten{worth}, {left:,} left, {manual:,} {need} you"


def scope_line(report: RepoReport) -> str:
    """How much was looked at, and how much of it changes."""
    errors = len(report.errors)
    problems = f", {_number(errors, 'file')} could not be handled" if errors else ""
    looked = f"{_number(len(report.files), 'file')} looked at in {report.seconds:.2f} s"
    done = "changed" if report.written else "to change"
    return f"{looked}, {_number(len(report.changed), 'file')} {done} for {report.target}{problems}"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")

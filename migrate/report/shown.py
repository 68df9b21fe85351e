"""What all reports for people show alike: safe text, the headline, findings by rule, files by need."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrate.edits import apply_edits
from migrate.model import Edit, FileResult, Finding, Kind, RepoReport, Safety

if TYPE_CHECKING:
    from migrate.leftovers import CheckResult, Entry, Leftover

# C0 and C1 controls, bidirectional overrides, line separators, and what surrogateescape made of raw bytes.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
# What CI systems obey anywhere in a line of a log: `##[error]` (GitHub), `##vso[…]` (Azure), `##teamcity[…]`.
_COMMAND = re.compile(r"#(?=#[A-Za-z]*\[)")
_FIRST = re.compile(r"\A(\s*):(?=:)")  # and GitHub at the beginning of one: `::error::`
_WHERE: dict[Kind, str] = {
    "cuda-source": "files of CUDA source", "notebook": "notebooks", "shell": "shell scripts", "make": "makefiles",
    "yaml": "YAML", "json": "JSON", "toml": "TOML", "ini": "INI files", "env": "files of variables",
    "docker": "Dockerfiles", "requirements": "requirements", "docs": "documents", "prose": "documents",
}  # fmt: skip
ORDER: tuple[Safety, ...] = ("manual", "review", "safe", "info", "left")


def printable(text: str) -> str:
    """Text that a terminal shows and never obeys: control characters are written as escapes."""
    return _UNSAFE.sub(lambda match: _escape(match.group()), text)


def inert(text: str) -> str:
    """Printable text in which the log of a CI job sees no command, wherever in a line it stands."""
    return _COMMAND.sub(r"\\x23", printable(text))


def commands_in(text: str) -> set[int]:
    """Where a character has to be escaped lest the log of a CI job sees a command."""
    return {match.start() for match in _COMMAND.finditer(text)}


def quiet_line(line: str) -> str:
    """A line that is printable already, in which the log of a CI job sees no command."""
    return _FIRST.sub(r"\1\\x3a", _COMMAND.sub(r"\\x23", line), count=1) if "##" in line or "::" in line else line


def inert_line(text: str) -> str:
    """A line that begins with whatever somebody else wrote, printable and without a command."""
    return quiet_line(printable(text))


def inert_path(path: str) -> str:
    """A path to begin a line with: one that looks like a command (`::error::`) is written from the folder it is in."""
    shown = inert(path)
    return f"./{shown}" if re.match(r"[^\w/]*::", shown) else shown


def inert_json(text: str) -> str:
    """The same JSON with nothing in its strings that the log of a CI job takes for a command."""
    return text.replace("##", "#\\u0023")


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
        RuleCount(
            *key,
            count,
            f"{first[key][0].path}:{place_in_file(first[key][1]).rpartition(':')[0]}",
            first[key][1].message,
        )
        for key, count in counts.items()
    ]
    return sorted(rows, key=lambda row: (ORDER.index(row.safety), -row.count, row.rule_id))


def findings_by_file(report: RepoReport) -> Iterator[tuple[str, FileResult, list[Finding]]]:
    """What to look at, headed by how much it is: the manual work of each file, most of it first, then the reviews."""
    for safety, need in (("manual", "for you"), ("review", "worth a review"), ("info", "to know")):
        files = [(result, [item for item in result.findings if item.safety == safety]) for result in report.files]
        for result, found in sorted(files, key=lambda pair: -len(pair[1])):
            if found:
                yield f"{len(found)} {need}", result, found


def error_lines(report: RepoReport) -> Iterator[str]:
    """The files that could not be handled, each with the place and the reason."""
    for result in report.errors:
        if result.error:
            line = f":{result.error.line}" if result.error.line else ""
            yield f"{inert(result.path)}{line}: {inert(result.error.message)}"


def headline(report: RepoReport) -> str:
    """The sum in which every reference is accounted for."""
    review, left, manual = report.count("review"), report.count("left"), report.count("manual")
    return sum_of({"rewritten": report.count("safe", "review"), "review": review, "left": left, "manual": manual})


def sum_of(counts: Mapping[str, int]) -> str:
    """The same of counts by outcome, where those to be reviewed are among the rewritten."""
    rewritten, review, left, manual = (counts[name] for name in ("rewritten", "review", "left", "manual"))
    total = rewritten + left + manual
    worth = f" ({review} worth a review)" if review else ""
    need = "needs" if manual == 1 else "need"
    return f"{_number(total, 'reference')}: {rewritten:,} rewritten{worth}, {left:,} left, {manual:,} {need} you"


def sum_lines(report: RepoReport) -> Iterator[str]:
    """The headline, and how much of that sum is in files that are no Python, and in which, if any is."""
    yield headline(report)
    counts: Counter[str] = Counter()
    for result in report.files:
        counts[_WHERE.get(result.kind, "")] += result.count("safe", "review", "left", "manual")
    total = counts.total()
    outside = total - counts.pop("", 0)
    if outside:
        rows = sorted(((where, count) for where, count in counts.items() if count), key=lambda row: (-row[1], row[0]))
        listed = ", ".join(f"{count:,} in {where}" for where, count in rows)
        yield f"{100 * outside / total:.0f} % of the references are outside Python: {listed}"


def scope_line(report: RepoReport) -> str:
    """How much was looked at, and how much of it changes."""
    errors = len(report.errors)
    problems = f", {_number(errors, 'file')} could not be handled" if errors else ""
    looked = f"{_number(len(report.files), 'file')} looked at in {report.seconds:.2f} s"
    done = "changed" if report.written else "to change"
    return f"{looked}, {_number(len(report.changed), 'file')} {done} for {report.target}{problems}"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def place_of(leftover: Leftover) -> str:
    """Where a leftover is, for the beginning of a line."""
    return f"{inert_path(leftover.path)}:{place_in_file(leftover.finding)}"


def place_in_file(finding: Finding) -> str:
    """Line and column, those of the cell in a notebook."""
    cell = finding.cell
    return f"cell {cell.number}:{cell.line}:{cell.column}" if cell else f"{finding.line}:{finding.column}"


def described(finding: Finding) -> str:
    """What a leftover is called, and what to do about it."""
    return f"{inert(finding.rule_id)} {advice(finding)}"


def advice(finding: Finding) -> str:
    """What to do about a leftover, and what migration would write in its place."""
    text = replacement(finding)
    fix = f" [fixable: → {text}]" if text else " [fixable]" if is_fixable(finding) else ""
    return inert(f"{finding.message}{fix}")


def is_fixable(finding: Finding) -> bool:
    """Whether migration takes care of a leftover: by edits of its own, or by those of an import."""
    return finding.safety in ("safe", "review")


def is_whole(finding: Finding) -> bool:
    """Whether the found text is all of what was found: one line, not cut. Then it begins at line and column."""
    return len(finding.found) == finding.end - finding.start


def replacement(finding: Finding) -> str | None:
    """The found text after its edits, None where they reach out of it or it is not shown as a whole."""
    edits = [Edit(edit.start - finding.start, edit.end - finding.start, edit.text) for edit in finding.edits]
    if not edits or not is_whole(finding) or any(edit.start < 0 or edit.end > len(finding.found) for edit in edits):
        return None
    return apply_edits(finding.found, edits)


def error_line(result: FileResult) -> str:
    """A file that could not be checked, and why."""
    line = f":{result.error.line}" if result.error and result.error.line else ""
    return f"{inert_path(result.path)}{line}: error: {inert(result.error.message if result.error else '')}"


def entry_line(entry: Entry) -> str:
    """What a baseline lists and nobody finds any more."""
    times = f" ({entry.count} times)" if entry.count > 1 else ""
    return f"{inert_path(entry.path)}: {inert(f'{entry.rule_id} {entry.found}')}{times}"


def check_summary(result: CheckResult) -> str:
    """A check in one line: what is left, what was known, what is done, and how much was looked at."""
    new = result.new
    fixable = sum(1 for leftover in new if is_fixable(leftover.finding))
    known, fixed = len(result.leftovers) - len(new), sum(entry.count for entry in result.fixed)
    found = _number(len(new), "new leftover" if known or fixed else "leftover")
    if new:
        found += f" ({fixable:,} fixable) in {_number(len({leftover.path for leftover in new}), 'file')}"
    elif not known and not result.errors:
        found = "no CUDA left"
    parts = [found, *(f"{count:,} {name}" for count, name in ((known, "known"), (fixed, "fixed")) if count)]
    target = f" for {inert(result.target)}" if result.target else ""
    errors = f", {_number(len(result.errors), 'file')} could not be checked" if result.errors else ""
    return f"{', '.join(parts)}; {_number(result.files, 'file')} checked{target} in {result.seconds:.2f} s{errors}"

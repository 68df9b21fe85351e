"""What is left of CUDA: the same findings as a migration, compared with a baseline, without a write."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from migrate import __version__
from migrate.baseline import compared, only_added
from migrate.discover import Discovery
from migrate.finder import may_mention
from migrate.leftovers import CheckResult, Entry, Leftover, leftovers_of
from migrate.model import FileResult, RepoReport, Table

if TYPE_CHECKING:
    from concurrent.futures import Executor


@dataclass(frozen=True, slots=True)
class Scope:
    """Which findings a check speaks of.

    `select` and `ignore` are rule ids or their beginnings ("device", "api:torch.cuda.amp"); `per_file` maps
    glob patterns on paths to more of `ignore`; `added` limits new leftovers to these lines of each file.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    added: Mapping[str, set[int]] | None = None

    def holds(self, path: str, rule_id: str) -> bool:
        """Whether findings of a rule in a file are asked for."""
        if self.select and not _matches(rule_id, self.select):
            return False
        here = [rule for glob, rules in self.per_file.items() if fnmatchcase(path, glob) for rule in rules]
        return not _matches(rule_id, (*self.ignore, *here))


def check(
    discovery: Discovery, target: str | None, min_torch: str | None, scope: Scope, entries: Sequence[Entry] | None,
    executor: Executor | None = None, rules: Sequence[Path] = (), *, target_version: str | None = None,
    cached: bool = False,
) -> CheckResult:  # fmt: skip
    """Look for leftovers in the files of a discovery; without a `target`, for what is CUDA's alone.

    `rules` are tables of the project, `entries` those of a baseline. No table of the tool is read, and nothing parsed,
    unless a file mentions CUDA.
    Raises `TableError`; files that cannot be handled are errors in the result.
    """
    from migrate.runner import run, run_cached

    started = time.perf_counter()
    _verify(target, min_torch, target_version, rules)
    if not discovery.large and not _mentions(discovery):
        files = tuple(FileResult(path, kind, "") for path, kind in discovery.files)
        report = RepoReport(target or "", __version__, (*files, *discovery.problems), time.perf_counter() - started)
    else:
        work = run_cached if cached else run
        report = _advised(work(discovery, _table(target, min_torch, target_version, rules), executor), target)
    entries = _concerned(discovery, report, entries)
    return judged(report, scope, entries, lambda path: (discovery.root / path).read_bytes())


def check_text(
    path: str, data: bytes, target: str | None, min_torch: str | None, scope: Scope, entries: Sequence[Entry] | None,
    rules: Sequence[Path] = (), *, docs: bool = False, target_version: str | None = None,
) -> CheckResult:  # fmt: skip
    """Like `check`, for one file that need not be on disk: Python, unless its name says otherwise.

    With `docs` the code in a document counts.
    """
    from migrate.filetypes import kind_of
    from migrate.runner import look_at

    started = time.perf_counter()
    kind = kind_of(path) or "python"
    kind = "docs" if docs and kind == "prose" else kind
    result = look_at(path, kind, data, _table(target, min_torch, target_version, rules))
    report = RepoReport(target or "", __version__, (result,), time.perf_counter() - started)
    entries = None if entries is None or result.error else [entry for entry in entries if entry.path == path]
    return judged(_advised(report, target), scope, entries, lambda _: data)


def judged(
    report: RepoReport, scope: Scope, entries: Sequence[Entry] | None, read: Callable[[str], bytes]
) -> CheckResult:
    """The leftovers of a run in the scope of a check, known or new, and what a baseline lists in vain.

    `entries` are to be those of files that the run looked at, or that are gone.
    """
    found = [item for item in leftovers_of(report, read) if scope.holds(item.path, item.finding.rule_id)]
    fixed: list[Entry] = []
    if entries is not None:
        found, fixed = compared(found, [entry for entry in entries if scope.holds(entry.path, entry.rule_id)])
    if scope.added is not None:
        found, fixed = only_added(found, scope.added), []
    ordered = tuple(sorted(found, key=_place))
    return CheckResult(
        report.target, report.version, ordered, len(report.files), report.seconds, tuple(fixed), report.errors
    )


def _concerned(discovery: Discovery, report: RepoReport, entries: Sequence[Entry] | None) -> list[Entry] | None:
    """The entries of a baseline that a run over these files can speak of: of files that it read, or that are gone."""
    if entries is None:
        return None
    read = {result.path for result in report.files if not result.error}
    return [entry for entry in entries if entry.path in read or not (discovery.root / entry.path).exists()]


def _place(item: Leftover) -> tuple[str, int, int, str]:
    return item.path, item.finding.line, item.finding.column, item.finding.rule_id


def _matches(rule_id: str, wanted: Iterable[str]) -> bool:
    return any(rule_id == word or rule_id.startswith((f"{word}:", f"{word}.")) for word in wanted)


def _mentions(discovery: Discovery) -> bool:
    from migrate.table import load_sites

    sites = load_sites()
    for path, kind in discovery.files:
        try:
            if may_mention((discovery.root / path).read_bytes(), sites, kind):
                return True
        except OSError:
            return True  # the run says what is wrong with it
    return False


def _verify(target: str | None, min_torch: str | None, target_version: str | None, rules: Sequence[Path]) -> None:
    """Raises `TableError` for what a run with a table would, also where none is going to be read."""
    from migrate.table import is_version, legacy_names, load_table, target_names

    if rules or target_version:
        _table(target, min_torch, target_version, rules)
    elif target and (target not in (*target_names(), *legacy_names()) or not is_version(min_torch or "0")):
        load_table(target, min_torch=min_torch)


def _table(target: str | None, min_torch: str | None, target_version: str | None, rules: Sequence[Path]) -> Table:
    from migrate.table import TableError, load_table

    if target:
        return load_table(target, min_torch=min_torch, target_version=target_version, rules=rules)
    if target_version:
        raise TableError([f"target-version {target_version}: of which target?"])
    from migrate.neutral import neutral_table

    return neutral_table(rules)


def _advised(report: RepoReport, target: str | None) -> RepoReport:
    if target:
        return report
    from migrate.neutral import advised

    files = tuple(replace(result, findings=advised(result.findings)) for result in report.files)
    return replace(report, target="", files=files)

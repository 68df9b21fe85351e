"""Tiny helpers of the test suite: text in, text or findings out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from migrate.engine import migrate_bytes, parse, rewritten
from migrate.model import FileResult, Finding, Table
from migrate.table import load_table

FIXTURES = Path(__file__).parent / "fixtures"
TARGETS = ("mlu", "npu", "tpu")


@cache
def table(target: str) -> Table:
    return load_table(target)


def result_of(data: bytes, target: str = "npu") -> FileResult:
    return migrate_bytes("in.py", "python", data, table(target))


def migrated(text: str, target: str = "npu") -> str:
    """The text after one run. Raises `AssertionError` for a text that the tool cannot handle."""
    data = text.encode()
    result = result_of(data, target)
    assert result.error is None, result.error
    return rewritten(data, result).decode()


def findings(text: str, target: str = "npu") -> tuple[Finding, ...]:
    """What one run reports, in the order of the report."""
    return result_of(text.encode(), target).findings


def check_same(text: str, target: str = "npu") -> None:
    """The tool leaves the text as it is."""
    check_changes(text, text, target)


def check_changes(before: str, after: str, target: str = "npu") -> None:
    """The tool turns one text into the other, which is Python and stays as it is."""
    parse(after)
    assert migrated(before, target) == after
    assert migrated(after, target) == after


def check_finding(text: str, rule_id: str, target: str = "npu", safety: str = "manual") -> Finding:
    """The tool reports exactly one finding of a rule, of this safety, without an edit if it is manual."""
    found = [finding for finding in findings(text, target) if finding.rule_id == rule_id]
    assert [finding.safety for finding in found] == [safety], found
    assert not found[0].edits or safety in ("safe", "review")
    return found[0]


def lines_of(result: FileResult) -> Iterator[str]:
    """A result as the lines of a `findings.<target>.txt`: `line:column rule_id safety message`."""
    if result.error:
        yield f"error on line {result.error.line}\n" if result.error.line else "error\n"
    for finding in result.findings:
        yield f"{finding.line}:{finding.column} {finding.rule_id} {finding.safety} {finding.message}\n"


def cases() -> list[str]:
    """The names of the case directories, sorted."""
    return sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())


def source_of(case: str) -> Path:
    """The input of a case: `in.py` or `in.pyi`."""
    (source,) = (FIXTURES / case).glob("in.*")
    return source

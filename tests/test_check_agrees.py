"""What check reports is what migration works on: all of it before, what is for people after."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit import all_cases, source_of, table, tree

from migrate import check as module
from migrate.check import Scope, check
from migrate.discover import Discovery
from migrate.engine import rewritten
from migrate.filetypes import kind_of
from migrate.leftovers import CheckResult
from migrate.model import FileResult
from migrate.runner import run

Place = tuple[str, int, int, str, str]


@pytest.fixture(autouse=True)
def tables_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_table", lambda target, *_: table(target))


def checked(discovery: Discovery, target: str) -> CheckResult:
    return check(discovery, target, None, Scope(), None)


def alone(source: Path) -> Discovery:
    kind = kind_of(source.name)
    assert kind
    return Discovery(source.parent, ((source.name, kind),), ())


def reported(result: CheckResult) -> list[Place]:
    return sorted(
        (item.finding.rule_id, item.finding.line, item.finding.column, item.finding.safety, item.finding.message)
        for item in result.leftovers
    )


def worked_on(result: FileResult, *safeties: str) -> list[Place]:
    """What a migration rewrites or leaves to a person; the lines that it inserts only serve what it rewrites."""
    return sorted(
        (item.rule_id, item.line, item.column, item.safety, item.message)
        for item in result.findings
        if item.is_reference and item.safety in safeties
    )


def test_check_reports_what_migration_rewrites_or_reports(case: str, target: str) -> None:
    found = alone(source_of(case))
    (result,) = run(found, table(target)).files
    checks = checked(found, target)
    assert reported(checks) == worked_on(result, "safe", "review", "manual")
    assert checks.errors == ((result,) if result.error else ())


def test_edits_are_those_of_leftovers_and_of_what_they_import(case: str, target: str) -> None:
    found = alone(source_of(case))
    (result,) = run(found, table(target)).files
    edits = [edit for item in checked(found, target).leftovers for edit in item.finding.edits]
    inserted = [edit for item in result.findings if not item.is_reference for edit in item.edits]
    assert sorted(edits + inserted, key=repr) == sorted(result.edits, key=repr)
    assert edits or not inserted


def test_check_after_migration_reports_what_is_left_to_people(case: str, target: str, tmp_path: Path) -> None:
    found = alone(source_of(case))
    (result,) = run(found, table(target)).files
    if result.error:
        return
    data = (found.root / found.files[0][0]).read_bytes()
    tree(tmp_path, {source_of(case).name: rewritten(data, result)})
    after = checked(alone(tmp_path / source_of(case).name), target)
    assert {item.finding.safety for item in after.leftovers} <= {"manual"}
    before = [(rule, message) for rule, _, _, _, message in worked_on(result, "manual")]
    assert sorted((item.finding.rule_id, item.finding.message) for item in after.leftovers) == sorted(before)


def test_there_are_cases_of_every_outcome() -> None:
    results = [checked(alone(source_of(case)), "npu") for case in all_cases()]
    assert {item.finding.safety for result in results for item in result.leftovers} == {"safe", "review", "manual"}
    assert any(result.errors for result in results)
    assert any(not result.leftovers and not result.errors for result in results)

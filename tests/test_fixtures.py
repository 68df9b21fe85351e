"""Every case of `fixtures/` for every target: what is recorded, and what must hold whatever is recorded.

`fixtures/<case>/in.py` (or `in.pyi`, `in.sh`, …) is the input, `out.<target>.py` the output where it differs from it,
`findings.<target>.txt` the report. Record new ones with `pytest --update`, then read the diff.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from kit import FIXTURES, lines_of, result_of, source_of

from migrate.engine import decode, parse, rewritten
from migrate.model import FileResult


@cache
def run(case: str, target: str) -> tuple[bytes, FileResult, bytes]:
    """The input of a case, the result of the tool, and its output."""
    data = source_of(case).read_bytes()
    result = result_of(data, target, source_of(case).name)
    return data, result, data if result.error else rewritten(data, result)


def recorded_output(case: str, target: str) -> Path:
    return FIXTURES / case / f"out.{target}{source_of(case).name.removeprefix('in')}"


def recorded_findings(case: str, target: str) -> Path:
    return FIXTURES / case / f"findings.{target}.txt"


def test_output_is_the_recorded_one(case: str, target: str, update: bool) -> None:
    data, _, output = run(case, target)
    path = recorded_output(case, target)
    expected = path.read_bytes() if path.exists() else data
    if update and output != expected:
        record_output(path, output, data)
    if path.exists():
        assert expected != data, f"{path} is the input once more: remove it"
    assert output == expected


def record_output(path: Path, output: bytes, data: bytes) -> None:
    if output == data:
        path.unlink()
    else:
        path.write_bytes(output)
    pytest.fail(f"recorded {path}: read the diff", pytrace=False)


def test_findings_are_the_recorded_ones(case: str, target: str, update: bool) -> None:
    report = "".join(lines_of(run(case, target)[1]))
    path = recorded_findings(case, target)
    expected = path.read_bytes().decode() if path.exists() else None
    if update and report != expected:
        path.write_bytes(report.encode())
        pytest.fail(f"recorded {path}: read the diff", pytrace=False)
    assert report == expected


def test_every_mention_is_understood_and_in_order(case: str, target: str) -> None:
    _, result, _ = run(case, target)
    assert "unaccounted" not in {finding.rule_id for finding in result.findings}
    places = [(finding.start, finding.end, finding.rule_id) for finding in result.findings]
    assert places == sorted(places)


def test_second_run_edits_nothing_and_asks_for_the_same(case: str, target: str) -> None:
    _, result, output = run(case, target)
    again = result_of(output, target, result.path)
    assert again.edits == ()
    assert manual(again) == manual(result)


def manual(result: FileResult) -> Counter[str]:
    return Counter(finding.rule_id for finding in result.findings if finding.safety == "manual")


def test_everything_outside_the_edits_stays(case: str, target: str) -> None:
    data, result, output = run(case, target)
    if result.error:
        assert output == data
        return
    assert output.startswith(BOM_UTF8) == data.startswith(BOM_UTF8)
    before, after = decode(data, result.kind)[0], decode(output, result.kind)[0]
    at = done = 0
    for edit in sorted(result.edits, key=lambda edit: (edit.start, edit.end)):
        kept = before[done : edit.start] + edit.text
        assert after.startswith(kept, at)
        at, done = at + len(kept), edit.end
    assert after[at:] == before[done:]


def test_output_parses(case: str, target: str) -> None:
    _, result, output = run(case, target)
    if result.error is None and result.kind == "python":
        parse(decode(output)[0])

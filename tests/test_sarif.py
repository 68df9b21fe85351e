"""What is left of CUDA, as SARIF: valid, within GitHub's limits, with fixes that are the edits."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from checks import HOSTILE, check, checked, error, fixable, hostile, leftover, mixed
from jsonschema import Draft202012Validator
from kit import CUDA, FIXTURES, TARGETS, found, table

from migrate.edits import apply_edits, line_starts
from migrate.engine import decode
from migrate.leftovers import CheckResult, Leftover, leftovers_of
from migrate.model import Edit
from migrate.report import sarif
from migrate.report.sarif import render_sarif
from migrate.report.shown import printable
from migrate.runner import run

SCHEMA = Path(__file__).parent / "data" / "sarif-2.1.0.schema.json"
VALIDATOR = Draft202012Validator(json.loads(SCHEMA.read_text("utf-8-sig")))


def run_of(result: CheckResult) -> Any:
    """The one run of a document, which is checked against the official schema."""
    text = render_sarif(result)
    assert text.isascii()
    value = json.loads(text)
    VALIDATOR.validate(value)
    (only,) = value["runs"]
    for item in only["results"]:
        assert only["tool"]["driver"]["rules"][item["ruleIndex"]]["id"] == item["ruleId"]
    return only


def test_document_is_valid_whatever_it_holds() -> None:
    for result in (mixed(), check(), hostile()):
        run_of(result)
    assert not VALIDATOR.is_valid({"version": "2.1.0", "runs": [{}]})


def test_fixable_leftovers_are_errors_and_others_warnings() -> None:
    only = run_of(check(fixable(), leftover(line=4), leftover(line=5, safety="review")))
    assert [item["level"] for item in only["results"]] == ["error", "warning", "error"]


def test_run_names_the_tool_its_version_and_the_target() -> None:
    only = run_of(mixed())
    assert (only["tool"]["driver"]["name"], only["tool"]["driver"]["version"]) == ("accel-migrate", "1.0")
    assert only["automationDetails"]["id"] == "accel-migrate/npu/"
    assert "automationDetails" not in run_of(check(target=""))


def test_every_rule_has_help() -> None:
    rules = run_of(check(*(leftover(rule_id=rule) for rule in ("api:torch.cuda.x", "unaccounted", "odd:thing"))))
    texts = [rule["shortDescription"]["text"] for rule in rules["tool"]["driver"]["rules"]]
    assert texts == [
        "torch.cuda.x is an API of PyTorch for CUDA.",
        "A reference to CUDA (thing).",
        "A reference to CUDA (unaccounted).",
    ]
    assert all(rule["help"]["text"].endswith("says.") for rule in rules["tool"]["driver"]["rules"])


def test_baseline_state_is_there_if_a_baseline_made_a_difference() -> None:
    assert [item["baselineState"] for item in run_of(mixed())["results"]] == ["new", "new", "unchanged", "new"]
    assert "baselineState" not in run_of(check(leftover()))["results"][0]


def test_files_that_could_not_be_checked_are_notifications() -> None:
    (invocation,) = run_of(mixed())["invocations"]
    assert not invocation["executionSuccessful"]
    (note,) = invocation["toolExecutionNotifications"]
    assert (note["level"], note["message"]["text"]) == ("error", "Could not be checked: does not parse")
    assert note["locations"][0]["physicalLocation"]["region"] == {"startLine": 4}
    assert run_of(check(errors=(error(line=None),)))["invocations"][0]["toolExecutionNotifications"]
    assert run_of(check())["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_paths_are_percent_encoded_and_relative() -> None:
    only = run_of(hostile())
    places = [item["locations"][0]["physicalLocation"]["artifactLocation"] for item in only["results"]]
    paths = {unquote_to_bytes(place["uri"]).decode("utf-8", "surrogateescape") for place in places}
    assert paths == {item.path for item in hostile().leftovers}
    assert {place["uriBaseId"] for place in places} == {"%SRCROOT%"} == set(only["originalUriBaseIds"])
    assert not any(set(place["uri"]) & set(' :?#[]@\\"<>{}|^`') for place in places)


def test_messages_hold_no_placeholder_no_link_and_no_control_character() -> None:
    for item in run_of(hostile())["results"]:
        text = item["message"]["text"]
        assert printable(text) == text
        assert "](" not in text
        assert "{" not in text.replace("{{", "")
    assert "{{0}} {{{{x}}}}" in {item["message"]["text"] for item in run_of(hostile())["results"]}


def test_columns_count_utf16_code_units() -> None:
    text = "é日\U0001f600 torch.cuda.x"
    (item,) = run_of(check(fixable(column=5, text=text)))["results"]
    region = item["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 3, "startColumn": 6, "endColumn": 18}
    (change,) = item["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [{
        "deletedRegion": {"startLine": 3, "startColumn": 17, "endLine": 3, "endColumn": 18},
        "insertedContent": {"text": "y"},
    }]  # fmt: skip


@pytest.mark.parametrize(
    "item",
    [
        leftover(safety="safe", edits=(Edit(20, 21, "y"),)),
        leftover(safety="safe", edits=(Edit(40, 41, "y"), Edit(900, 901, "y"))),
        leftover(safety="safe", found="torch.cuda…", text="torch.cuda.x", column=1, edits=(Edit(40, 41, "y"),)),
        leftover(safety="safe", text="something else", edits=(Edit(40, 41, "y"),)),
        leftover(safety="safe"),
    ],
    ids=["before the line", "after the line", "cut", "another line", "no edit"],
)
def test_fix_is_left_out_where_it_cannot_be_told_whole(item: Leftover) -> None:
    assert "fixes" not in run_of(check(item))["results"][0]


@pytest.mark.parametrize("target", TARGETS)
def test_fixes_of_every_fixture_are_its_edits(target: str) -> None:
    report = run(found(FIXTURES), table(target))
    leftovers = tuple(leftovers_of(report, lambda path: (FIXTURES / path).read_bytes()))
    results = run_of(CheckResult(target, "1", leftovers, 1, 0.0))["results"]
    fixes = 0
    for item, shown in zip(leftovers, results, strict=True):
        if "fixes" not in shown:
            continue
        fixes += 1
        text = decode((FIXTURES / item.path).read_bytes())[0]
        (change,) = shown["fixes"][0]["artifactChanges"]
        edits = [edit_of(replacement, text) for replacement in change["replacements"]]
        assert apply_edits(text, edits) == apply_edits(text, item.finding.edits)
    assert fixes > 0.98 * sum(bool(item.finding.edits) for item in leftovers)


def edit_of(replacement: Any, text: str) -> Edit:
    """A replacement as an edit, the way a consumer would read it."""
    region = replacement["deletedRegion"]
    assert region["startLine"] == region["endLine"]
    start = line_starts(text)[region["startLine"] - 1]
    units = text[start:].encode("utf-16-le")
    ends = [len(units[: 2 * (region[key] - 1)].decode("utf-16-le")) for key in ("startColumn", "endColumn")]
    return Edit(start + ends[0], start + ends[1], replacement["insertedContent"]["text"])


def test_fingerprints_do_not_change_with_the_line(tmp_path: Path) -> None:
    before, after = (
        run_of(checked(tmp_path / name, {"a.py": data}))["results"]
        for name, data in (("a", CUDA), ("b", b"\n\n" + CUDA))
    )
    assert before[0]["partialFingerprints"] == after[0]["partialFingerprints"]
    assert set(before[0]["partialFingerprints"]) == {"accelMigrate/v1"}


def test_file_stays_within_the_results_that_github_takes_and_says_what_it_dropped() -> None:
    known = [leftover("a.py", line, state="known") for line in range(1, 3001)]
    new = [leftover("b.py", line) for line in range(1, 3001)]
    only = run_of(check(*known, *new))
    states = [item["baselineState"] for item in only["results"]]
    assert (states.count("new"), states.count("unchanged")) == (3000, 2000)
    (note,) = only["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("1,000 of 6,000 leftovers are not in this file: ")
    errors = tuple(error(f"{number}.py") for number in range(1500))
    notes = run_of(check(errors=errors))["invocations"][0]["toolExecutionNotifications"]
    assert len(notes) == 1001
    assert notes[-1]["message"]["text"].startswith("500 more files")


def test_file_stays_within_the_size_that_github_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_BYTES", 8_000)
    items = [leftover(line=line, fingerprint=f"{hash((line, 1)):x}") for line in range(1, 1001)]
    only = run_of(check(*items))
    assert 100 < len(only["results"]) < 1000
    assert len(gzip.compress(render_sarif(check(*items)).encode())) <= 8_000
    (note,) = only["invocations"][0]["toolExecutionNotifications"]
    assert "leftovers are not in this file" in note["message"]["text"]


def test_insertion_keeps_the_text_of_an_edit_as_it_is() -> None:
    results = run_of(hostile())["results"]
    inserted = {
        fix["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"]
        for item in results
        for fix in item["fixes"]
    }
    assert inserted == set(HOSTILE)

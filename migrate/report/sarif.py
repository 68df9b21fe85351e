"""A check as SARIF 2.1.0, for GitHub code scanning and for editors."""

from __future__ import annotations

import gzip
import json
from typing import Any
from urllib.parse import quote

from migrate.about import rule_of
from migrate.leftovers import CheckResult, Leftover
from migrate.model import FileResult, Finding
from migrate.report.shown import inert_json, is_fixable, is_whole, printable

Json = dict[str, Any]
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS = 5_000  # GitHub drops what goes beyond, and refuses a run with more than 25,000
MOST_PROBLEMS = 1_000
MOST_BYTES = 10_000_000  # GitHub refuses a larger file; it counts them after gzip
ROOT = "%SRCROOT%"


def render_sarif(result: CheckResult) -> str:
    """One run: new leftovers before known ones, as many as GitHub takes; a notification says what was dropped.

    Leftovers that migration would rewrite are errors, those that need a person are warnings.
    """
    ordered = sorted(result.leftovers, key=lambda leftover: (leftover.state != "new", not is_fixable(leftover.finding)))
    kept, problems = min(len(ordered), MOST_RESULTS), min(len(result.errors), MOST_PROBLEMS)
    while True:
        text = _document(result, ordered[:kept], result.errors[:problems])
        if len(text) <= MOST_BYTES or len(gzip.compress(text.encode(), 6)) <= MOST_BYTES:
            return text
        kept, problems = kept // 2, problems // 2


def _document(result: CheckResult, leftovers: list[Leftover], errors: tuple[FileResult, ...]) -> str:
    leftovers = sorted(leftovers, key=lambda item: (item.path, item.finding.line, item.finding.column))
    ids = sorted({leftover.finding.rule_id for leftover in leftovers})
    numbers = {rule_id: number for number, rule_id in enumerate(ids)}
    compared = bool(result.fixed) or any(leftover.state == "known" for leftover in result.leftovers)
    run: Json = {
        "tool": {"driver": _driver(result, ids)},
        "columnKind": "utf16CodeUnits",  # as CodeQL and editors count, hence also those that do not look here
        "originalUriBaseIds": {ROOT: {"description": {"text": "The folder that paths are relative to."}}},
        "invocations": [_invocation(result, len(leftovers), errors)],
        "results": [_result(leftover, numbers, compared) for leftover in leftovers],
    }
    if result.target:  # GitHub keeps uploads apart by it, so that those for two targets do not replace each other
        run["automationDetails"] = {"id": f"accel-migrate/{printable(result.target)}/"}
    return inert_json(json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=True)) + "\n"


def _driver(result: CheckResult, ids: list[str]) -> Json:
    return {"name": "accel-migrate", "version": result.version, "rules": [_rule(rule_id) for rule_id in ids]}


def _rule(rule_id: str) -> Json:
    short, text = rule_of(rule_id)
    return {
        "id": printable(rule_id),
        "shortDescription": {"text": _message(short)},
        "fullDescription": {"text": _message(f"{short} {text}")},
        "help": {"text": _message(text)},
        "properties": {"tags": ["portability", "cuda"]},
    }


def _invocation(result: CheckResult, kept: int, errors: tuple[FileResult, ...]) -> Json:
    notes = [_problem(error) for error in errors]
    if kept < len(result.leftovers):
        dropped = len(result.leftovers) - kept
        notes.append(_note(f"{dropped:,} of {len(result.leftovers):,} leftovers are not in this file: GitHub takes "
                           f"{MOST_RESULTS:,} of a run and files of {MOST_BYTES // 1_000_000} MB."))  # fmt: skip
    if len(errors) < len(result.errors):
        more = len(result.errors) - len(errors)
        notes.append(_note(f"{more:,} more files could not be checked and are not in this file."))
    return {"executionSuccessful": not result.errors, "toolExecutionNotifications": notes}


def _note(text: str) -> Json:
    return {"level": "warning", "message": {"text": text}}


def _problem(result: FileResult) -> Json:
    message = result.error.message if result.error else ""
    location: Json = {"artifactLocation": _artifact(result.path)}
    if result.error and result.error.line:
        location["region"] = {"startLine": result.error.line}
    note = {"level": "error", "message": {"text": _message(f"Could not be checked: {message}")}}
    return {**note, "locations": [{"physicalLocation": location}]}


def _result(leftover: Leftover, numbers: dict[str, int], compared: bool) -> Json:
    finding = leftover.finding
    value: Json = {
        "ruleId": printable(finding.rule_id),
        "ruleIndex": numbers[finding.rule_id],
        "level": "error" if is_fixable(finding) else "warning",
        "message": {"text": _message(finding.message or finding.rule_id)},
        "locations": [
            {"physicalLocation": {"artifactLocation": _artifact(leftover.path), "region": _region(leftover)}}
        ],
        "partialFingerprints": {"accelMigrate/v1": leftover.fingerprint},
    }
    if compared:
        value["baselineState"] = "new" if leftover.state == "new" else "unchanged"
    fix = _fix(leftover)
    return {**value, "fixes": [fix]} if fix else value


def _region(leftover: Leftover) -> Json:
    finding, text = leftover.finding, leftover.text
    region: Json = {"startLine": finding.line, "startColumn": _column(text, finding.column - 1)}
    if is_whole(finding):
        region["endColumn"] = _column(text, finding.column - 1 + len(finding.found))
    return region


def _fix(leftover: Leftover) -> Json | None:
    """The edits of a leftover as one change, None where they are not all in the line that is at hand."""
    finding, text = leftover.finding, leftover.text
    base = _line_start(finding, text)
    if base is None or any(not base <= edit.start <= edit.end <= base + len(text) for edit in finding.edits):
        return None
    replacements = [
        {
            "deletedRegion": {
                "startLine": finding.line,
                "startColumn": _column(text, edit.start - base),
                "endLine": finding.line,
                "endColumn": _column(text, edit.end - base),
            },
            "insertedContent": {"text": edit.text},
        }
        for edit in finding.edits
    ]
    change = {"artifactLocation": _artifact(leftover.path), "replacements": replacements}
    return {"description": {"text": _message(finding.message or finding.rule_id)}, "artifactChanges": [change]}


def _line_start(finding: Finding, text: str) -> int | None:
    """The offset at which the line of a finding begins, if it can be told: not for a text of several lines."""
    at = finding.column - 1
    known = finding.edits and is_whole(finding) and text.startswith(finding.found, at)
    return finding.start - at if known else None


def _column(text: str, index: int) -> int:
    """The column of a character, from 1, in UTF-16 code units."""
    if text.isascii():
        return index + 1
    return len(text[:index].encode("utf-16-le", "surrogatepass")) // 2 + max(0, index - len(text)) + 1


def _artifact(path: str) -> Json:
    return {"uri": quote(path.encode("utf-8", "surrogateescape"), safe="/"), "uriBaseId": ROOT}


def _message(text: str) -> str:
    """Plain text as SARIF wants it: braces doubled, and nothing that reads as a link."""
    return printable(text).replace("{", "{{").replace("}", "}}").replace("](", "] (")

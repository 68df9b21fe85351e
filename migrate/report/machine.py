"""The report for programs: JSON (docs/report.md has its schema) and a patch for git."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from migrate.edits import unified_diff
from migrate.engine import decode, rewritten
from migrate.model import FileResult, Finding, RepoReport, Safety
from migrate.report.shown import inert_json


def render_json(report: RepoReport) -> str:
    """The whole report as JSON, files in path order; the same report gives the same bytes but for `seconds`."""
    return inert_json(json.dumps(report_value(report), indent=2, ensure_ascii=True)) + "\n"


def report_value(report: RepoReport) -> dict[str, Any]:
    """The report in the types of JSON."""
    return {
        "version": report.version,
        "target": report.target,
        "summary": summary(report),
        "files": [_file(result) for result in report.files if result.findings or result.error],
    }


def summary(report: RepoReport) -> dict[str, Any]:
    """The counts of a report; `files` counts all that were looked at."""
    return {
        "files": len(report.files),
        "changed": len(report.changed),
        "errors": len(report.errors),
        "references": report.count("safe", "review", "left", "manual"),
        "rewritten": report.count("safe", "review"),
        "review": report.count("review"),
        "left": report.count("left"),
        "manual": report.count("manual"),
        "by_kind": _by_kind(report),
        "seconds": round(report.seconds, 3),
    }


def _by_kind(report: RepoReport) -> dict[str, Any]:
    """The counts for each kind of files that has references."""
    outcomes: dict[str, tuple[Safety, ...]] = {
        "references": ("safe", "review", "left", "manual"), "rewritten": ("safe", "review"), "left": ("left",),
        "manual": ("manual",),
    }  # fmt: skip
    counts: dict[str, Counter[str]] = {}
    for result in report.files:
        kind = counts.setdefault(result.kind, Counter())
        kind.update({name: result.count(*safeties) for name, safeties in outcomes.items()})
    return {kind: dict(counts[kind]) for kind in sorted(counts) if counts[kind]["references"]}


def _file(result: FileResult) -> dict[str, Any]:
    error = None
    if result.error:
        error = {"message": result.error.message, "line": result.error.line}
    return {
        "path": result.path,
        "kind": result.kind,
        "error": error,
        "findings": [_finding(finding) for finding in result.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    cell = {"cell": asdict(finding.cell)} if finding.cell else {}
    return {
        "rule_id": finding.rule_id,
        "line": finding.line,
        "column": finding.column,
        **cell,
        "found": finding.found,
        "message": finding.message,
        "safety": finding.safety,
        "edits": [{"start": edit.start, "end": edit.end, "text": edit.text} for edit in finding.edits],
    }


def render_patch(report: RepoReport, read: Callable[[str], bytes], folder: str = "") -> bytes:
    """All edits as one patch that `git apply` takes; `read` gives a file's bytes as they were looked at.

    `folder` goes before the paths: "src/" where the root of the run is that folder of a repository.
    """
    return b"".join(_diff(result, read(result.path), folder) for result in report.changed if not result.error)


def _diff(result: FileResult, data: bytes, folder: str) -> bytes:
    return unified_diff(folder + result.path, data, rewritten(data, result), decode(data, result.kind)[0], result.edits)

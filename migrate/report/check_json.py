"""A check as JSON (docs/check.schema.json)."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from migrate.leftovers import CheckResult, Leftover
from migrate.model import FileResult
from migrate.report.shown import inert_json, is_fixable


def render_json(result: CheckResult) -> str:
    """All of a check, known leftovers too; the same result gives the same bytes, and they are ASCII."""
    value = {
        "version": result.version,
        "target": result.target,
        "summary": _summary(result),
        "leftovers": [_leftover(leftover) for leftover in result.leftovers],
        "fixed": [
            {"path": entry.path, "rule_id": entry.rule_id, "found": entry.found, "count": entry.count}
            for entry in result.fixed
        ],
        "errors": [_error(error) for error in result.errors],
    }
    return inert_json(json.dumps(value, indent=2, ensure_ascii=True)) + "\n"


def _summary(result: CheckResult) -> dict[str, Any]:
    new = result.new
    return {
        "files": result.files,
        "new": len(new),
        "known": len(result.leftovers) - len(new),
        "fixed": sum(entry.count for entry in result.fixed),
        "errors": len(result.errors),
        "fixable": sum(1 for leftover in new if is_fixable(leftover.finding)),
        "seconds": round(result.seconds, 3),
    }


def _leftover(leftover: Leftover) -> dict[str, Any]:
    finding = leftover.finding
    cell = {"cell": asdict(finding.cell)} if finding.cell else {}
    return {
        "path": leftover.path,
        "line": finding.line,
        "column": finding.column,
        **cell,
        "rule_id": finding.rule_id,
        "found": finding.found,
        "message": finding.message,
        "safety": finding.safety,
        "state": leftover.state,
        "fingerprint": leftover.fingerprint,
        "edits": [{"start": edit.start, "end": edit.end, "text": edit.text} for edit in finding.edits],
    }


def _error(result: FileResult) -> dict[str, Any]:
    error = result.error
    return {
        "path": result.path,
        "line": error.line if error else None,
        "message": error.message if error else "",
    }

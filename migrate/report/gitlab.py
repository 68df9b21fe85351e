"""A check as a Code Quality report of GitLab."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

from migrate.leftovers import CheckResult, Leftover
from migrate.model import FileResult
from migrate.report.shown import advice, inert, inert_json, is_fixable, printable


def render_gitlab(result: CheckResult) -> str:
    """All leftovers, since GitLab compares reports itself, and files that could not be checked."""
    issues = [_issue(leftover) for leftover in result.leftovers] + [_problem(error) for error in result.errors]
    return inert_json(json.dumps(issues, indent=2, ensure_ascii=True)) + "\n"


def _issue(leftover: Leftover) -> dict[str, Any]:
    finding = leftover.finding
    return {
        "description": f"{inert(finding.found)}: {advice(finding)}",
        "check_name": printable(finding.rule_id),
        "fingerprint": leftover.fingerprint,
        "severity": _severity(leftover),
        "location": {"path": printable(leftover.path), "lines": {"begin": finding.line}},
    }


def _severity(leftover: Leftover) -> str:
    if leftover.state == "known":
        return "info"
    return "major" if is_fixable(leftover.finding) else "minor"


def _problem(result: FileResult) -> dict[str, Any]:
    key = f"error\0{result.path}".encode("utf-8", "surrogateescape")
    return {
        "description": f"cannot be checked: {printable(result.error.message if result.error else '')}",
        "check_name": "error",
        "fingerprint": blake2b(key, digest_size=16).hexdigest(),
        "severity": "critical",
        "location": {
            "path": printable(result.path),
            "lines": {"begin": (result.error.line if result.error else None) or 1},
        },
    }

"""A run on the simulated device as JSON (docs/verify.schema.json)."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from migrate.report.check_json import render_json as render_check
from migrate.report.shown import inert_json
from migrate.verify.events import Event
from migrate.verify.verdict import Verification


def render_json(run: Verification) -> str:
    """All of a run; `scan` is what `accel-migrate check --format json` says of the repository."""
    value = {
        "version": run.scan.version,
        "target": run.target,
        "command": list(run.command),
        "python": asdict(run.python),
        "holds": run.holds,
        "script": {
            "exit_code": run.ending.code,
            "signal": run.ending.signal or None,
            "timed_out": run.ending.timed_out,
            "seconds": round(run.ending.seconds, 3),
        },
        "device": _device(run),
        "events": [_event(event) for event in run.events],
        "coverage": {
            "rewritten": run.coverage.rewritten,
            "ran": run.coverage.ran,
            "known_by": run.coverage.known,
            "missed": [asdict(missed) for missed in run.coverage.missed],
            "changed": list(run.coverage.changed),
        },
        "scan": json.loads(render_check(run.scan)),
    }
    return inert_json(json.dumps(value, indent=2, ensure_ascii=True)) + "\n"


def _device(run: Verification) -> dict[str, Any]:
    device = run.device
    return {
        "simulated": run.devices,
        "processes": device.processes,
        "unended": device.unended,
        "used": list(device.devices),
        "calls": device.calls,
        "operators": dict(device.operators),
        "seconds": round(device.seconds_device, 3),
        "seconds_of": round(device.seconds_total, 3),
        "peak_bytes": {str(number): size for number, size in device.peak.items()},
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "path": event.path or None,
        "line": event.line or None,
        "what": event.what,
        "text": event.text,
        "why": event.why,
        "rule_id": event.rule or None,
        "raised": event.raised,
        "accepted": event.accepted or None,
    }

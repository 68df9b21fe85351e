"""The simulated device behaves as a device does: every check of device_behaviour.py, in one process."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from machines import profile, run_command

SCRIPT = Path(__file__).with_name("device_behaviour.py")
CHECKS = [
    node.name
    for node in ast.parse(SCRIPT.read_bytes()).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
]


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The tracebacks of the checks that failed."""
    folder = tmp_path_factory.mktemp("device")
    run = run_command(folder, profile(SCRIPT.parent), "-W", "ignore", str(SCRIPT))
    assert run.code == 0, run.err
    found: dict[str, str] = json.loads(run.out)
    return found


@pytest.mark.parametrize("check", CHECKS)
def test_device_behaves(check: str, failures: dict[str, str]) -> None:
    assert check not in failures, failures[check]

"""Operators of the simulated device against the CPU's: every tenth entry of torch's OpInfo database, with gradients."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parents[2] / "tools" / "opinfo.py"


def test_operators_agree_with_the_cpu() -> None:
    command = [sys.executable, str(TOOL), "--every", "10", "--list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = re.match(r"(\d+) entries: (\d+) of (\d+) that can be compared agree", done.stdout)
    assert figures, done.stdout
    total, equal, compared = map(int, figures.groups())
    assert total >= 70
    assert compared >= 65
    assert equal >= compared - 1, done.stdout
    assert "    0  different" in done.stdout

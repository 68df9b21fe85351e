"""What the commands of a shell mean: pairs of scripts, and what is said of those that stay."""

from __future__ import annotations

import subprocess
from collections import Counter

import pytest
from kit import result_of
from shells import CHANGED, KEPT

from migrate.engine import rewritten
from migrate.model import FileResult


def script(text: str, target: str = "npu") -> tuple[FileResult, str]:
    """The result for a script, and the script after it."""
    result = result_of(text.encode(), target, "in.sh")
    assert result.error is None, result.error
    return result, rewritten(text.encode(), result).decode()


def check_bash(text: str) -> None:
    """Bash can read a script."""
    done = subprocess.run(["bash", "-n"], input=text.replace("\r", "").encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", CHANGED)
def test_script_is_rewritten(name: str) -> None:
    before, after = CHANGED[name]
    check_bash(before)
    check_bash(after)
    result, output = script(before)
    assert output == after
    assert {finding.safety for finding in result.findings} <= {"safe", "left"}
    again, same = script(after)
    assert same == after
    assert not again.edits


@pytest.mark.parametrize("name", KEPT)
def test_script_stays_and_nothing_is_silent(name: str) -> None:
    before, said = KEPT[name]
    check_bash(before)
    result, output = script(before)
    assert output == before
    counted = Counter(f"{finding.rule_id} {finding.safety}" for finding in result.findings)
    shown = ", ".join(name if number == 1 else f"{name}*{number}" for name, number in counted.items())
    if said is None:  # rows of the table decide
        assert all(finding.safety == "manual" for finding in result.findings)
        assert result.findings
    else:
        assert sorted(shown.split(", ")) == sorted(said.split(", "))


@pytest.mark.parametrize("name", [*CHANGED, *KEPT])
@pytest.mark.parametrize("vendor", ["mlu", "tpu"])
def test_other_targets_read_the_same(name: str, vendor: str) -> None:
    before = (CHANGED.get(name) or KEPT[name])[0] or ""
    result, output = script(before, vendor)
    check_bash(output)
    again, same = script(output, vendor)
    assert same == output
    assert manual(again) == manual(result)


def manual(result: FileResult) -> Counter[str]:
    return Counter(finding.rule_id for finding in result.findings if finding.safety == "manual")


def test_variable_that_is_missing_is_reported_wherever_it_stands() -> None:
    result, _ = script("export CUDA_VISIBLE_DEVICES=0\necho $CUDA_VISIBLE_DEVICES\n", "tpu")
    assert [(finding.line, finding.safety) for finding in result.findings] == [(1, "manual"), (2, "manual")]


def test_suppression_keeps_the_place() -> None:
    _, output = script("python a.py --device cuda  # accel: ignore[device:cuda]\npython b.py --device cuda\n")
    assert output == "python a.py --device cuda  # accel: ignore[device:cuda]\npython b.py --device npu\n"


@pytest.mark.parametrize("text", ["echo 'cuda\n", 'echo "cuda\n', "a=$(cuda\n", "cuda )\n", "echo `cuda\n"])
def test_script_that_cannot_be_read_is_an_error_with_its_line(text: str) -> None:
    result = result_of(b"true\n" + text.encode(), name="in.sh")
    assert result.error
    assert result.error.line == 2

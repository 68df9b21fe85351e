"""What the commands of a shell mean: pairs of scripts, and what is said of those that stay."""

from __future__ import annotations

import subprocess
from collections import Counter

import bodies
import pytest
import shells
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import result_of

from migrate.engine import rewritten
from migrate.model import FileResult

CHANGED = {**shells.CHANGED, **bodies.CHANGED}
KEPT = {**shells.KEPT, **bodies.KEPT}


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


WORDS = st.sampled_from(
    [
        "--device", "cuda", "cuda:0", "--backend=nccl", "device=cuda", "$DEVICE", '"${DEVICE:-cuda}"',
        "$CUDA_VISIBLE_DEVICES",
        "'x cuda y'", '"on $DEVICE, nccl"', "train.py", "run.sh", "--cuda", "/usr/local/cuda", "$(nvidia-smi)", "-x",
        "CUDA_VISIBLE_DEVICES=1", '"python a.py --device cuda"', "$CMD", "NCCL_DEBUG", "`echo nccl`", "npu", "xcuda",
    ]
)  # fmt: skip
NAMES = st.sampled_from(
    [
        "python", "torchrun", "echo", "bash -c", "eval", "foo", "export", "ssh h", "srun", "docker run", "pip install",
        "[", "$CMD",
    ]
)  # fmt: skip
ASSIGNED = st.builds("{}={}".format, st.sampled_from(["DEVICE", "CMD", "X", "CUDA_VISIBLE_DEVICES"]), WORDS)
LINES = st.one_of(
    ASSIGNED,
    st.builds("{} {} {}".format, NAMES, WORDS, st.lists(WORDS, max_size=4).map(" ".join)),
    st.builds("{} {} {}".format, ASSIGNED, NAMES, WORDS),
    st.builds("if [ {} = {} ]; then {} {}; fi".format, WORDS, WORDS, NAMES, WORDS),
    st.builds("case {} in {}) {} {} ;; esac".format, WORDS, st.sampled_from(["cuda", "npu|cuda", "*"]), NAMES, WORDS),
    st.builds("for DEVICE in {} {}; do {} {}; done".format, WORDS, WORDS, NAMES, WORDS),
    st.builds("{} <<EOF\n{} {}\nEOF".format, NAMES, WORDS, WORDS),
    st.just("# cuda"),
)


@pytest.fixture(scope="module", autouse=True)
def _deep() -> None:
    """The first file raises the recursion limit, which must not happen inside of a property."""
    script("python a.py --device cuda\n")


@given(st.lists(LINES, max_size=6).map("\n".join), st.sampled_from(["npu", "mlu", "tpu"]))
@settings(max_examples=200, derandomize=True, deadline=None)
def test_any_script_is_accounted_for_and_stable(text: str, target: str) -> None:
    result, output = script(text + "\n", target)
    lines = {
        finding.line + row
        for finding in result.findings
        for row in range(text[finding.start : finding.end].count("\n") + 1)
    }
    for number, line in enumerate(text.split("\n"), 1):
        assert number in lines or not any(word in line.lower() for word in ("cuda", "nccl", "nvidia"))
    again, same = script(output, target)
    assert same == output
    assert manual(again) == manual(result)
    assert not result.edits or bash_reads(output) or not bash_reads(text)


def bash_reads(text: str) -> bool:
    return subprocess.run(["bash", "-n"], input=text.encode(), capture_output=True, check=False).returncode == 0

"""The GitHub Action of action.yml: its scripts, run as a runner runs them, with this package as the installed one."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import run
from typing import Any, NamedTuple

import pytest
import yaml
from kit import CUDA, command, git, repository, tree

ROOT = Path(__file__).parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: dict[str, dict[str, Any]] = {step["id"]: step for step in ACTION["runs"]["steps"] if "run" in step}
CLEAN = b"import torch\nx = torch.accelerator.is_available()\n"
MANUAL = b"import flash_attn\n"
HOSTILE = ("; touch pwned", "$(touch pwned)", "`touch pwned`", "a\ntouch pwned", "' && touch pwned #", '"; touch pwned')


class Ended(NamedTuple):
    """How a step ended; the outputs of the action as far as it set them."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


class Runner:
    """A machine that runs one step of the action in a checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace = repository(folder / "workspace", {"a.py": CLEAN})
        self.temp = folder / "temp"
        self.bin = folder / "bin with space"
        for path in (self.temp, self.bin):
            path.mkdir()
        start = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from migrate.cli import main; main()"
        self._program("python", sys.executable)
        self._program("accel-migrate", sys.executable, "-I", "-c", start)

    def _program(self, name: str, *words: str) -> None:
        path = self.bin / name
        path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', "utf-8")
        path.chmod(0o755)

    def step(self, name: str, **inputs: str) -> Ended:
        """Run a step with the inputs that a workflow gives; dashes in their names are written as underscores."""
        step = STEPS[name]
        given = {key: value.get("default", "") for key, value in ACTION["inputs"].items()}
        given |= {key.replace("_", "-"): value for key, value in inputs.items()}
        values = {f"inputs.{key}": value for key, value in given.items()} | {"steps.install.outputs.bin": str(self.bin)}
        script, output, summary = (self.folder / part for part in ("script.sh", "output", "summary"))
        script.write_text(step["run"], "utf-8")
        output.write_bytes(b"")
        summary.write_bytes(b"")
        environment = {
            "PATH": os.environ["PATH"], "RUNNER_TEMP": str(self.temp), "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_ACTION_PATH": str(ROOT),
            **{key: values[re.sub(r"^\$\{\{ (.*) \}\}$", r"\1", value)] for key, value in step["env"].items()},
        }  # fmt: skip
        words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        done = run(words, cwd=self.workspace, env=environment, capture_output=True, text=True)
        outputs = dict(line.split("=", 1) for line in output.read_text("utf-8").splitlines())
        return Ended(done.returncode, done.stdout + done.stderr, outputs, summary.read_text("utf-8"))

    def check(self, **inputs: str) -> Ended:
        return self.step("check", **inputs)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def counts(ended: Ended) -> tuple[str, str, str]:
    return ended.outputs["new"], ended.outputs["total"], ended.outputs["fixable"]


def expressions(value: Any) -> Iterator[str]:
    return iter(re.findall(r"\$\{\{.*?\}\}", json.dumps(value)))


def test_scripts_hold_no_expressions_and_stop_at_errors() -> None:
    assert list(STEPS) == ["install", "check"]
    for step in STEPS.values():
        assert step["shell"] == "bash"
        assert step["run"].startswith("set -euo pipefail\n")
        assert not list(expressions(step["run"]))


def test_every_input_and_output_is_used() -> None:
    used = set(re.findall(r"inputs\.([\w-]+)", json.dumps(ACTION["runs"])))
    assert used == set(ACTION["inputs"])
    outputs = re.findall(r'echo "(\w+)=', STEPS["check"]["run"])
    assert outputs == list(ACTION["outputs"])
    for name, output in ACTION["outputs"].items():
        assert output["value"] == f"${{{{ steps.check.outputs.{name} }}}}"


def test_clean_checkout_passes_with_a_summary(runner: Runner) -> None:
    ended = runner.check(target="npu")
    assert ended.code == 0, ended.log
    assert counts(ended) == ("0", "0", "0")
    assert "no CUDA left" in ended.summary


def test_leftovers_fail_with_annotations_outputs_and_sarif(runner: Runner) -> None:
    tree(runner.workspace, {"b.py": CUDA, "c.py": MANUAL})
    ended = runner.check(target="npu")
    assert ended.code == 1
    assert counts(ended) == ("2", "2", "1")
    assert "::error file=b.py," in ended.log
    assert "`api:torch.cuda.is_available`" in ended.summary
    sarif = json.loads(Path(ended.outputs["sarif"]).read_bytes())
    assert len(sarif["runs"][0]["results"]) == 2


@pytest.mark.parametrize(
    ("fail_on", "data", "code"),
    [("new", MANUAL, 1), ("fixable", MANUAL, 0), ("fixable", CUDA, 1), ("never", CUDA, 0), ("new", CLEAN, 0)],
)
def test_what_fails_the_step_is_an_input(runner: Runner, fail_on: str, data: bytes, code: int) -> None:
    tree(runner.workspace, {"b.py": data})
    assert runner.check(target="npu", fail_on=fail_on).code == code


def test_baseline_forgives_what_it_lists_and_total_counts_it(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(runner.workspace, {"b.py": CUDA})
    monkeypatch.chdir(runner.workspace)
    assert command("baseline", "--target", "npu", "--output", "known file.jsonl").code == 0
    ended = runner.check(target="npu", baseline="known file.jsonl")
    assert (ended.code, counts(ended)) == (0, ("0", "1", "0"))
    tree(runner.workspace, {"c.py": CUDA})
    ended = runner.check(target="npu", baseline="known file.jsonl")
    assert (ended.code, counts(ended)) == (1, ("1", "2", "1"))


def test_diff_base_counts_added_lines_only(runner: Runner) -> None:
    tree(runner.workspace, {"b.py": CUDA})
    git(runner.workspace, "add", "--all")
    git(runner.workspace, "commit", "-q", "-m", "old")
    git(runner.workspace, "branch", "base")
    assert runner.check(target="npu", diff_base="base").code == 0
    tree(runner.workspace, {"b.py": CUDA + b"y = x.cuda()\n"})
    ended = runner.check(target="npu", diff_base="base")
    assert (ended.code, counts(ended)) == (1, ("1", "1", "1"))


@pytest.mark.parametrize("fail_on", ["new", "fixable", "never"])
def test_file_that_cannot_be_checked_always_fails_and_is_in_the_summary(runner: Runner, fail_on: str) -> None:
    tree(runner.workspace, {"b.py": b"import torch\nx = torch.cuda.(\n"})
    ended = runner.check(target="npu", fail_on=fail_on)
    assert ended.code == 2
    assert "b.py:2: error: does not parse" in ended.summary
    assert counts(ended) == ("0", "0", "0")


def test_paths_are_one_to_a_line_and_may_hold_spaces(runner: Runner) -> None:
    tree(runner.workspace, {"b.py": CUDA, "with space/c.py": CUDA, "-d.py": CUDA})
    ended = runner.check(target="npu", paths="with space\n\n-d.py\n")
    assert (ended.code, counts(ended)) == (1, ("2", "2", "2"))


def test_format_is_that_of_the_log(runner: Runner) -> None:
    tree(runner.workspace, {"b.py": CUDA})
    assert runner.check(target="npu", format="concise").log.startswith("b.py:2:5: api:torch.cuda.is_available ")


@pytest.mark.parametrize("name", ["target", "paths", "baseline", "diff_base", "format", "fail_on"])
def test_hostile_input_is_refused_and_not_run(runner: Runner, name: str) -> None:
    for text in HOSTILE:
        ended = runner.check(**{"target": "npu", name: text})
        assert ended.code == 2, ended
        assert ended.outputs == {}
    assert not list(runner.folder.rglob("pwned"))


@pytest.mark.parametrize("text", [*HOSTILE, "--index-url=x", "1.0 @ file:///x", "1.0\n2.0"])
def test_hostile_version_is_refused_before_anything_is_installed(runner: Runner, text: str) -> None:
    ended = runner.step("install", version=text)
    assert (ended.code, ended.outputs) == (2, {})
    assert list(runner.temp.iterdir()) == []
    assert not list(runner.folder.rglob("pwned"))


def test_modules_of_the_checkout_are_not_run(runner: Runner) -> None:
    trap = b"raise SystemExit('pwned')\n"
    tree(runner.workspace, {f"{name}.py": trap for name in ("json", "migrate", "click", "pip", "venv", "torch")})
    assert runner.check(target="npu").code == 0

"""The sample of the repository, from its CUDA original, on the simulated devices: what is met, and the same losses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from kit import command
from test_readme import README, blocks, check_block

from migrate.verify.folder import CHILD, STAND_IN
from migrate.verify.launch import OLDEST_TORCH
from migrate.verify.run import UNSUPPORTED

ROOT = Path(__file__).parents[2]
BY_HAND = (  # what a person does about the two findings; without autocast the numbers can be compared
    (r"    major, _ = .*\n    return .*\n", "    return torch.bfloat16\n"),
    (r"(FusedAdam as Adam)\n", r"\1  # accel: ignore[package:apex]\n"),
    (r"autocast\(dtype=half_precision\(\)\)", "autocast(enabled=False, dtype=half_precision())"),
)
BY_HAND_FOR = {"tpu": ((r"(os\.environ\.setdefault\(.*\))\n", r"\1  # accel: ignore[env]\n"),)}
ON_CPU = (  # what makes a script for CUDA one for the CPU
    (r"\.cuda\(non_blocking=True\)", ""),
    (r"used = .*", "used = 0"),
    (r'default="cuda"', 'default="cpu"'),
)
LOGGED = """\
import runpy
import torch

plain = torch.nn.functional.cross_entropy


def logged(*arguments):
    loss = plain(*arguments)
    print("loss", loss.item().hex(), flush=True)
    return loss


torch.nn.functional.cross_entropy = logged
torch.manual_seed(0)
runpy.run_path("train.py", run_name="__main__")
"""


def rewritten(folder: Path, changes: Iterable[tuple[str, str]]) -> Path:
    """The folder after these replacements in its files, each of which has to do something."""
    for pattern, text in changes:
        counts = 0
        for path in sorted(folder.glob("*.py")):
            changed, count = re.subn(pattern, text, path.read_text("utf-8"))
            path.write_text(changed, "utf-8")
            counts += count
        assert counts, pattern
    return folder


def sample(folder: Path, target: str, changes: Iterable[tuple[str, str]] = BY_HAND) -> Path:
    """A migrated copy of the sample, after what a person does."""
    assert command("--target", target, "--output", folder, ROOT / "examples" / "train").code == 0
    (folder / "logged.py").write_text(LOGGED, "utf-8")
    return rewritten(folder, changes)


def verified(folder: Path, target: str, *words: str, options: tuple[str, ...] = ()) -> tuple[dict[str, Any], str, str]:
    """The report of a run in the folder, what the script printed, and what followed on standard error."""
    report = folder.parent / "report.json"
    start = [sys.executable, "-W", "ignore", "-m", "migrate", "verify", "--target", target, "--report", str(report)]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*start, *options, "--", *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    value: dict[str, Any] = json.loads(report.read_bytes())
    assert value["holds"] is (done.returncode == 0), done.stderr
    return value, done.stdout, done.stderr


def losses(output: str) -> list[float]:
    return [float.fromhex(text) for text in re.findall(r"loss (\S+)", output)]


def test_sample_as_it_was_migrated_stops_where_the_card_would(tmp_path: Path, update: bool) -> None:
    run, _, said = verified(sample(tmp_path / "train", "npu", ()), "npu", "train.py")
    assert run["script"]["exit_code"] == 1
    met = {(event["path"], event["line"], event["kind"]) for event in run["events"]}
    assert met == {("model.py", 22, "leftover")}
    rules = {item["rule_id"] for item in run["scan"]["leftovers"]}
    assert rules == {"api:torch.cuda.get_device_capability", "package:apex"}
    (block,) = blocks(README, "text", "verified")
    check_block(README, block, alike(block, said[said.index("accel-migrate verify: ") :]), update)


def alike(block: str, said: str) -> str:
    """What was said, with the numbers of a block that no two machines, or versions of the device, have in common."""
    said = said.replace("6 files checked", "5 files checked")  # one is of this test
    for pattern in (r"[\d.]+ s$", r"device: .*"):
        before = re.search(pattern, block, re.M)
        said = re.sub(pattern, before.group() if before else "", said, flags=re.M)
    return said


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[float]:
    """The losses of the CUDA original on the CPU, without a simulation."""
    folder = tmp_path_factory.mktemp("cpu") / "train"
    folder.mkdir()
    for path in (ROOT / "examples" / "train").glob("*.py"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "logged.py").write_text(LOGGED, "utf-8")
    rewritten(folder, (*BY_HAND, *ON_CPU))
    run = [sys.executable, "-W", "ignore", "logged.py"]
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=True)
    found = losses(done.stdout)
    assert len(found) == 16
    assert found[0] > found[-1]
    return found


@pytest.mark.parametrize("target", ["npu", "mlu", "tpu"])
def test_sample_holds_with_the_losses_of_the_cpu(target: str, tmp_path: Path, expected: list[float]) -> None:
    folder = sample(tmp_path / "train", target, (*BY_HAND, *BY_HAND_FOR.get(target, ())))
    run, output, _ = verified(folder, target, "logged.py", options=("--root", str(folder)))
    assert run["holds"], run
    assert losses(output) == pytest.approx(expected, rel=1e-5)
    assert run["device"]["used"] == [0]
    assert run["device"]["calls"] > 100
    assert run["device"]["peak_bytes"]["0"] > 1_000_000
    missed = {missed["text"].partition("(")[0] for missed in run["coverage"]["missed"]}
    assert missed == {f"torch.{target}.set_device", "model.load_state_dict"}


def test_sample_holds_in_two_processes(tmp_path: Path) -> None:
    run, _, _ = verified(sample(tmp_path / "train", "npu"), "npu", "train.py", options=("--nproc", "2"))
    assert run["holds"], run
    assert run["device"]["used"] == [0, 1]
    assert [missed["text"].partition("(")[0] for missed in run["coverage"]["missed"]] == ["model.load_state_dict"]


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ([(r'default="npu"', 'default="cuda"')], {"leftover"}),
        ([(r"images\.npu\(", "images.cuda(")], {"leftover"}),
        ([(r"torch\.npu\.max_memory_allocated\(\)", "torch.npu.mem_get_more()")], {"missing"}),
        (
            [
                (r"torch\.npu\.amp", "torch.cuda.amp"),
                (r"torch\.npu\.is_available", "torch.cuda.is_available"),
                (r"images\.is_npu", "images.is_cuda"),
            ],
            {"silent", "compare"},
        ),
    ],
)
def test_what_a_migration_forgot_is_met(changes: list[tuple[str, str]], kinds: set[str], tmp_path: Path) -> None:
    run, _, _ = verified(sample(tmp_path / "train", "npu", (*BY_HAND, *changes)), "npu", "train.py")
    assert not run["holds"]
    assert {event["kind"] for event in run["events"]} == kinds
    assert run["script"]["exit_code"] == (0 if "silent" in kinds else 1)
    assert kinds == {"missing"} or run["scan"]["summary"]["new"] >= len(changes)


def test_the_two_sides_agree_on_what_they_share() -> None:
    spec = spec_from_file_location("schema", CHILD / "accel_device" / "schema.py")
    assert spec is not None
    assert spec.loader is not None
    schema = module_from_spec(spec)
    spec.loader.exec_module(schema)
    assert schema.STAND_IN == STAND_IN
    assert schema.EXIT_UNSUPPORTED == UNSUPPORTED
    assert ".".join(map(str, schema.OLDEST_TORCH)) == OLDEST_TORCH

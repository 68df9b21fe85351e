"""Run folders written by hand, and scripts that run on the simulated device in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

CHILD = Path(__file__).parents[2] / "migrate" / "verify" / "child"
BACKENDS = {"npu": "hccl", "mlu": "cncl", "tpu": "sccl", "musa": "mccl", "gcu": "eccl"}
NAMES = (
    "Event", "FloatTensor", "NPUGraph", "Stream", "StreamContext", "amp.GradScaler", "amp.autocast", "amp.custom_bwd",
    "amp.custom_fwd", "current_device", "current_stream", "default_stream", "device", "device_count", "device_of",
    "empty_cache", "get_device_capability", "get_device_name", "get_device_properties", "get_rng_state",
    "get_rng_state_all", "initial_seed", "is_available", "is_bf16_supported", "is_initialized", "manual_seed",
    "manual_seed_all", "max_memory_allocated", "mem_get_info", "memory.memory_allocated", "memory_allocated",
    "memory_stats", "memory_summary", "mstx.range_pop", "mstx.range_push", "random.get_rng_state",
    "reset_peak_memory_stats", "seed", "seed_all", "set_device", "set_rng_state", "set_rng_state_all", "set_stream",
    "stream", "synchronize",
)  # fmt: skip
STAND_IN = "def _autoload():\n    pass\n\n\nimport accel_device\n\naccel_device.install(__name__)\n"


class Run(NamedTuple):
    """How a process ended, what it printed, and the events of it and its children."""

    code: int
    out: str
    err: str
    events: list[dict[str, Any]]

    def met(self, *kinds: str) -> list[tuple[str, str, int]]:
        """Kind, what and line of the events that are no bookkeeping."""
        wanted = kinds or ("leftover", "silent", "compare", "missing", "unmodelled", "mixed", "dtype", "fork")
        return [(event["kind"], event["what"], event["line"]) for event in self.events if event["kind"] in wanted]

    def ends(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event["kind"] == "end"]


def profile(root: Path, device: str = "npu", **changes: object) -> dict[str, object]:
    """A profile as the command writes it, with two devices."""
    names = {name: {"status": "same", "advice": "", "rule": f"api:torch.cuda.{name}"} for name in NAMES}
    names["nvtx"] = {"status": "missing", "advice": "Use torch.npu.mstx.", "rule": "api:torch.cuda.nvtx"}
    return {
        "target": device, "device": device, "module": f"torch.{device}", "package": f"torch_{device}",
        "backend": BACKENDS.get(device, ""), "devices": 2, "version": "2.13.0", "root": str(root),
        "strict_dtypes": False, "names": names, "watch": {}, "autoload": False, **changes,
    }  # fmt: skip


def write_run(folder: Path, content: dict[str, object]) -> Path:
    """A run folder with that profile and its stand-in package."""
    package = str(content["package"])
    home, info = folder / "site" / package, folder / "site" / f"{package}-2.13.0.dist-info"
    for made in (home, info, folder / "events"):
        made.mkdir(parents=True)
    (home / "__init__.py").write_text(STAND_IN, "utf-8")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 2.13.0\n", "utf-8")
    if content["autoload"]:
        (info / "entry_points.txt").write_text(f"[torch.backends]\n{package} = {package}:_autoload\n", "utf-8")
    (folder / "profile.json").write_text(json.dumps(content), "utf-8")
    return folder


def environment(folder: Path) -> dict[str, str]:
    paths = f"{CHILD}:{folder / 'site'}"
    return {**os.environ, "ACCEL_VERIFY": str(folder), "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}


def read_events(folder: Path) -> list[dict[str, Any]]:
    files = sorted((folder / "events").iterdir())
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


def run_command(folder: Path, content: dict[str, object], *command: str) -> Run:
    """Run a Python command under a profile, from the root."""
    run = write_run(folder / "run", content)
    done = subprocess.run(
        [sys.executable, *command], cwd=str(content["root"]), env=environment(run), capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    return Run(done.returncode, done.stdout, done.stderr, read_events(run))


def run_script(folder: Path, source: str, *arguments: str, device: str = "npu", **changes: object) -> Run:
    """Run a script of a repository under a profile."""
    root = folder / "repo"
    root.mkdir(exist_ok=True)
    (root / "train.py").write_text(source, "utf-8")
    content = profile(root, device, **changes)
    return run_command(folder, content, "-W", "ignore", "train.py", *arguments)

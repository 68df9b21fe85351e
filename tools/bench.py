"""Whole-process times of accel-migrate against two baselines, interleaved, on the trees you name.

    python tools/bench.py [--runs 5] [--target npu] TREE…

The baselines do part of the work in the same run on the same machine, so that the ratios mean something
where the seconds do not: `libcst` parses the files that mention CUDA as wholes, `no gc` does so without collecting
garbage, as we do; `floor` parses them with `ast`. Each reads and filters every file, bound to one core.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_FLOOR = """
import ast, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
for tree in sys.argv[1:]:
    for path in Path(tree).rglob("*.py"):
        if not path.is_file():
            continue
        data = path.read_bytes()
        lower = data.lower()
        if b"cuda" in lower or b"nccl" in lower or b"cudnn" in lower:
            try:
                PARSE(data)
            except Exception:
                pass
"""
BASELINES = {
    "libcst": "import libcst\n" + _FLOOR.replace("PARSE", "libcst.parse_module"),
    "no gc": "import libcst, gc; gc.disable()\n" + _FLOOR.replace("PARSE", "libcst.parse_module"),
    "floor": _FLOOR.replace("PARSE", "ast.parse"),
}


def main() -> None:
    """Time the three commands in turn and print medians, ratios and peak memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees", nargs="+", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--target", default="npu")
    options = parser.parse_args()
    trees = [str(tree.resolve()) for tree in options.trees]
    ours = [sys.executable, "-m", "migrate", "--target", options.target, "--diff", "--quiet", *trees]
    commands = {"ours": ours, **{name: [sys.executable, "-c", code, *trees] for name, code in BASELINES.items()}}
    times: dict[str, list[float]] = {name: [] for name in commands}
    memory: dict[str, int] = dict.fromkeys(commands, 0)
    for _ in range(options.runs):
        for name, command in commands.items():
            seconds, peak = timed(command)
            times[name].append(seconds)
            memory[name] = max(memory[name], peak)
    for name, values in times.items():
        middle = statistics.median(values)
        print(
            f"{name:<7} {middle:7.3f} s  (min {min(values):.3f}, max {max(values):.3f})  {memory[name] / 1024:6.0f} MB"
        )
    for name in BASELINES:
        ratios = [mine / base for mine, base in zip(times["ours"], times[name], strict=True)]
        print(f"ours / {name:<7} {statistics.median(ratios):5.2f}")


def timed(command: list[str]) -> tuple[float, int]:
    """Wall seconds and peak memory in KiB of one process on one core. Raises if it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, preexec_fn=one_core)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status) not in (0, 2):
        raise RuntimeError(f"{command[:4]} ended with {status}")
    return seconds, usage.ru_maxrss


def one_core() -> None:
    """Keep a child process on one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


if __name__ == "__main__":
    main()

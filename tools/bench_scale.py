"""What a run over many repositories takes, measured on a list of checkouts, and what that means for thousands.

    python tools/bench_scale.py [--runs 5] [--address dask://HOST:PORT] [--count 10000] [--price 0.05] LIST

Runs `--repos LIST --diff` in one process, with `-j 2`, and, given an address, on that cluster, in turn. Prints medians
and ratios, and an estimate, in hours and in the price, for `--count` repositories like those of the list on average.
`--price` is that of a core for an hour.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the checkout that this file is part of

from migrate.discover import discover  # noqa: E402
from migrate.repos import read_places  # noqa: E402
from migrate.table import load_table  # noqa: E402

CORES = (1, 8, 64)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--address")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--price", type=float, default=0.05)
    options = parser.parse_args()
    kinds = {"one process": [], "-j 2": ["-j", "2"]}
    if options.address:
        kinds["cluster"] = ["--executor", options.address]
    times: dict[str, list[tuple[float, float, int]]] = {name: [] for name in kinds}
    for _ in range(options.runs):
        for name, words in kinds.items():
            times[name].append(timed(options.list, words))
    files = sizes(options.list)
    for name, rows in times.items():
        wall, work = (statistics.median(row[index] for row in rows) for index in (0, 1))
        memory = max(row[2] for row in rows) / 1024
        ratio = statistics.median(one[0] / row[0] for one, row in zip(times["one process"], rows, strict=True))
        print(f"{name:<12}{wall:8.2f} s, {work:.2f} s of cores here, {memory:.0f} MB; one process / this {ratio:.2f}")
    count, mean = sum(map(len, files)) / len(files), sum(map(sum, files)) / len(files)
    table = len(pickle.dumps(load_table("npu")))
    print(f"{len(files)} repositories, on average {count:.0f} files, {mean / 1e6:.2f} MB; a table {table / 1e3:.0f} kB")
    each, here = (statistics.median(row[1] for row in times.get(name, [(0, 0, 0)])) / len(files)
                  for name in ("one process", "cluster"))  # fmt: skip
    estimate(each, here, options.count, options.price)


def timed(listed: Path, words: list[str]) -> tuple[float, float, int]:
    """Seconds of wall, seconds of cores (in this process and those it waits for), and peak memory in KiB, of a run."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "migrate", "--target", "npu", "--diff", "-q", "--repos", str(listed)]
        started = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--report", str(report), *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        if os.waitstatus_to_exitcode(status) not in (0, 2) or json.loads(report.read_bytes())["summary"]["failed"]:
            raise RuntimeError(f"{[*command, *words]} ended with {status}")
        return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def sizes(listed: Path) -> list[list[int]]:
    """The sizes in bytes of the files that are looked at, for each repository of a list."""
    found = [discover([place.folder], (), 1_000_000) for place in read_places(listed)]
    return [[(item.root / path).stat().st_size for path, _ in item.files] for item in found]


def estimate(each: float, here: float, count: int, price: float) -> None:
    """What so many repositories take, if each takes so many seconds of a core, and here those of a cluster's client."""
    hours = each * count / 3600
    print(f"{count:,} repositories: {hours:.2f} hours of a core, {hours * price:.2f} at {price} for one")
    for cores in CORES:
        print(f"  on {cores} cores, as runs of their own each over a part of the list: {hours / cores:.2f} h")
    if here:
        print(f"  one client of a cluster: {here * count / 3600:.2f} h or more ({each / here:.1f} times as fast)")


if __name__ == "__main__":
    main()

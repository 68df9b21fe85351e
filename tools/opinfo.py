"""Compare the operators of the simulated device with the CPU's: every entry of torch's OpInfo database, with gradients.

    python tools/opinfo.py [--target npu] [--every 1] [--list]

Needs torch and expecttest. Prints how many entries agree, differ and fail, and the share that agrees of those that can
be compared; random operators draw the same numbers on both. Entries that leave memory unwritten, that have no dtype on
the CPU, or whose samples fit no device are left out, and --list names them. Exits with 1 below 95 %.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from migrate.table import load_table
from migrate.verify.folder import run_folder
from migrate.verify.profile import profile_of

WANTED = 0.95
SWEEP = Path(__file__).with_name("opinfo_sweep.py")


def sweep(target: str, every: int) -> dict[str, list[str]]:
    """The entries by what became of them, compared in a process that runs on the simulated device."""
    table = load_table(target)
    with tempfile.TemporaryDirectory() as name:
        content = profile_of(
            table,
            "2.13.0",
            None,
            {"devices": 1, "root": name, "strict_dtypes": False, "watch": {}, "shared_random": True},
        )
        answer = Path(name) / "answer.json"
        with run_folder(content, table.target.distribution or table.target.package) as folder:
            command = [sys.executable, "-W", "ignore", str(SWEEP), table.target.package, str(every), str(answer)]
            environment = folder.environment({**os.environ, "OMP_NUM_THREADS": "1"})
            subprocess.run(command, env=environment, check=True)
        found: dict[str, list[str]] = json.loads(answer.read_bytes())
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", default="npu", help="whose device (default: npu)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every Nth entry only")
    parser.add_argument("--list", action="store_true", help="name every entry that does not agree")
    options = parser.parse_args()
    found = sweep(options.target, options.every)
    counts = Counter({state: len(names) for state, names in found.items()})
    compared = counts["equal"] + counts["different"] + counts["failed"]
    share = counts["equal"] / compared if compared else 0.0
    total = counts.total()
    print(f"{total} entries: {counts['equal']} of {compared} that can be compared agree with the CPU ({share:.1%})")
    for state in ("different", "failed", "left out"):
        names = found.get(state, [])
        print(f"{len(names):>5}  {state}")
        if options.list or state in ("different", "failed"):
            print("".join(f"         {name}\n" for name in names), end="")
    sys.exit(share < WANTED)


if __name__ == "__main__":
    main()

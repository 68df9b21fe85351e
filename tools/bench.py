"""Whole-process times of accel-migrate against others, interleaved, on the trees you name.

    python tools/bench.py [--runs 5] [--target npu] [--rivals VENV] [--only PART]… TREE…

The parts: `floor`, against programs that do some of the work; `cores`, two processes against one; `startup`; `growth`,
copies of the first tree; `rivals`, torchfix, libcst's own runner of codemods and ruff, where they are installed in
VENV or here. Seconds depend on the machine: compare the ratios, and on a busy one those of processor time.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench_timing import Command, interleaved, ours, python, show, show_ratio

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
_TRIVIAL = """
import libcst as cst
from libcst.codemod import VisitorBasedCodemodCommand

class Trivial(VisitorBasedCodemodCommand):
    DESCRIPTION = "Changes nothing."

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        return updated_node
"""
PARTS = ("floor", "cores", "startup", "growth", "rivals")


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees", nargs="+", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--target", default="npu")
    parser.add_argument("--rivals", type=Path, metavar="VENV", help="where torchfix is installed")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be repeated")
    options = parser.parse_args()
    trees = [str(tree.resolve()) for tree in options.trees]
    for part in options.only or PARTS:
        {"floor": floor, "cores": cores, "startup": startup, "growth": growth, "rivals": rivals}[part](trees, options)


def migration(target: str, jobs: int, trees: Sequence[str]) -> list[str]:
    """A full run that writes nothing."""
    return ours("--target", target, "--diff", "--quiet", "--no-cache", "-j", str(jobs), *trees)


def floor(trees: Sequence[str], options: argparse.Namespace) -> None:
    """One core, against a part of the work."""
    commands = {"ours": Command(migration(options.target, 1, trees))}
    commands.update((name, Command(python("-c", code, *trees))) for name, code in BASELINES.items())
    samples = interleaved(commands, options.runs)
    show("One core", samples)
    for name, aim in (("libcst", "below 1"), ("no gc", "below 1"), ("floor", "3 at most on a large tree")):
        show_ratio(samples, "ours", name, aim)


def cores(trees: Sequence[str], options: argparse.Namespace) -> None:
    """Two processes on two cores against one."""
    two = Command(migration(options.target, 2, trees), cores=2)
    samples = interleaved({"-j 1": Command(migration(options.target, 1, trees), cores=2), "-j 2": two}, options.runs)
    show("Two cores (memory: of the largest process)", samples)
    show_ratio(samples, "-j 1", "-j 2", "wall 1.6 at least where -j 1 takes over two seconds")


def startup(trees: Sequence[str], options: argparse.Namespace) -> None:
    """What a run costs that does nothing."""
    commands = {
        "--version": ours("--version"),
        "import click": python("-c", "import click"),
        "pass": python("-c", "pass"),
    }
    samples = interleaved({name: Command(line) for name, line in commands.items()}, max(options.runs, 11))
    show("Start-up", samples)
    show_ratio(samples, "--version", "import click", "1.5 at most")


def growth(trees: Sequence[str], options: argparse.Namespace) -> None:
    """Copies of the first tree: twice the files, twice the time."""
    with tempfile.TemporaryDirectory() as folder:
        commands: dict[str, Command] = {}
        for count in (1, 2, 4, 8):
            copies = Path(folder, str(count))
            for number in range(count):
                shutil.copytree(trees[0], copies / f"copy{number}", symlinks=True)
            commands[f"{count} ×"] = Command(migration(options.target, 1, [str(copies)]))
        samples = interleaved(commands, options.runs)
    show(f"Growth: copies of {Path(trees[0]).name}", samples)
    middle = [statistics.median(one.cpu for one in found) for found in samples.values()]
    steps = [(middle[number + 1] - middle[number]) / 2**number for number in range(3)]
    print("processor time for one more copy, up to 2, 4, 8:", ", ".join(f"{step:.3f} s" for step in steps))


def rivals(trees: Sequence[str], options: argparse.Namespace) -> None:
    """Other tools on the same trees, on one core, those that are installed."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "trivial_codemod.py").write_text(_TRIVIAL)
        codemod = ["codemod", "-x", "trivial_codemod.Trivial", "-j", "1", "--hide-progress", *trees]
        runner = f"import sys; sys.path[0] = {folder!r}; from libcst.tool import main; sys.exit(main('', sys.argv[1:]))"
        commands = {
            "ours": Command(migration(options.target, 1, trees)),
            "libcst.tool": Command(python("-c", runner, *codemod), codes=frozenset({0, 1})),  # 1: cannot parse a file
        }
        for name, line in (("torchfix", ["--select", "ALL"]), ("ruff", ["check", "--no-cache", "--exit-zero"])):
            if program := _program(name, options.rivals):
                commands[name] = Command([program, *line, *trees], codes=frozenset({0, 1}))
        samples = interleaved(commands, options.runs)
    show("Rivals", samples)
    for name in commands:
        if name != "ours":
            show_ratio(samples, name, "ours", "none: for scale" if name == "ruff" else "40 at least")


def _program(name: str, venv: Path | None) -> str | None:
    homes = [Path(sys.executable).parent, *([venv / "bin"] if venv else [])]
    return next((str(home / name) for home in homes if (home / name).is_file()), shutil.which(name))


if __name__ == "__main__":
    main()

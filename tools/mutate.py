"""Whether a bad migration is caught: each rewritten token of a script is put back to CUDA, one at a time, and verified.

python tools/mutate.py --target npu --python PATH examples/train/train.py -- --epochs 1

Migrates a copy of the script's folder and runs `accel-migrate verify` for each token, with what a migration leaves as
the baseline. Prints for each whether the run met it and whether the scan found it, at its line; exits with 1 if one was
caught by neither. Imports that a migration adds are no tokens of CUDA.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the checkout that this file is part of

from migrate.edits import apply_edits, line_starts, position  # noqa: E402
from migrate.engine import decode, migrate_bytes  # noqa: E402
from migrate.model import Edit  # noqa: E402
from migrate.table import load_table  # noqa: E402
from migrate.verify.statements import statements_of  # noqa: E402


@dataclass(frozen=True)
class Mutant:
    """A file in which one token is CUDA's again; `line` is that of the token."""

    path: str
    line: int
    token: str
    text: str


@dataclass(frozen=True)
class Trial:
    """How a verification of a mutant went: where the run and the scan saw something, and how the script ended."""

    met: frozenset[int]
    found: frozenset[int]
    ended: str


def main() -> None:
    """Try every token of every Python file beside the script, and print a table."""
    arguments = parsed()
    script, table = arguments.script.resolve(), load_table(arguments.target)
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name) / "work"
        copytree(script.parent, work, ignore=ignore_patterns("__pycache__", ".git"))
        originals = {path.relative_to(work).as_posix(): path.read_bytes() for path in sorted(work.rglob("*.py"))}
        results = {path: migrate_bytes(path, "python", data, table) for path, data in originals.items()}
        edits = {path: sorted(result.edits, key=lambda edit: edit.start) for path, result in results.items()}
        added = {
            edit for result in results.values() for item in result.findings if not item.found for edit in item.edits
        }
        texts = {path: decode(data)[0] for path, data in originals.items()}
        mutants = [mutant for path in texts for mutant in mutants_of(path, texts[path], edits[path], added)]
        for path, text in texts.items():
            (work / path).write_text(apply_edits(text, edits[path]), "utf-8")
        known = Path(name) / "known.jsonl"
        run_tool("baseline", "--target", arguments.target, "--output", known, work)
        print(f"as migrated: {tried(work, script.name, known, arguments).ended}", flush=True)
        for mutant in mutants:
            kept = (work / mutant.path).read_bytes()
            (work / mutant.path).write_text(mutant.text, "utf-8")
            rows.append(row_of(mutant, tried(work, script.name, known, arguments, mutant.path)))
            (work / mutant.path).write_bytes(kept)
            print("| " + " | ".join(rows[-1]) + " |", flush=True)
    counts = Counter(row[-1] for row in rows)
    print(", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())))
    sys.exit(1 if counts["missed"] else 0)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", required=True)
    parser.add_argument("--python", default=sys.executable, help="the Python that has torch")
    parser.add_argument("--nproc", type=int, default=1)
    parser.add_argument("--through", type=Path, help="a script that runs the other, with its name and arguments")
    parser.add_argument("script", type=Path, help="the CUDA original")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser.parse_args()


def mutants_of(path: str, text: str, edits: Sequence[Edit], added: Set[Edit]) -> Iterator[Mutant]:
    """One mutant for each edit that takes the place of something: the text after all others."""
    for edit in (edit for edit in edits if edit not in added):
        others = [other for other in edits if other is not edit]
        mutated = apply_edits(text, others)
        start = edit.start + sum(
            len(other.text) - (other.end - other.start) for other in others if other.end <= edit.start
        )
        yield Mutant(path, position(line_starts(mutated), start)[0], edit.text.strip(), mutated)


def tried(work: Path, script: str, known: Path, arguments: argparse.Namespace, path: str = "") -> Trial:
    """Verify what stands in the work folder, and read what was said of one file."""
    report = known.with_suffix(".report.json")
    report.unlink(missing_ok=True)
    command = [str(arguments.through.resolve()), script] if arguments.through else [script]
    given = arguments.arguments[1:] if arguments.arguments[:1] == ["--"] else arguments.arguments
    run_tool(
        "verify", "--target", arguments.target, "--python", os.path.abspath(arguments.python), "--root", work,
        "--nproc", arguments.nproc, "--baseline", known, "--timeout", 300, "--report", report, "--", *command, *given,
        folder=work,
    )  # fmt: skip
    if not report.exists():
        return Trial(frozenset(), frozenset(), "no report")
    value = json.loads(report.read_bytes())
    met = {item["line"] for item in value["events"] if item["path"] == path and not item["accepted"]}
    found = {item["line"] for item in value["scan"]["leftovers"] if item["path"] == path and item["state"] == "new"}
    ended = "holds" if value["holds"] else f"exit {value['script']['exit_code'] or value['script']['signal'] or 0}"
    return Trial(frozenset(met), frozenset(found), ended)


def row_of(mutant: Mutant, trial: Trial) -> tuple[str, ...]:
    """What is printed of a mutant; the last cell is the verdict."""
    near = set(statements_of(mutant.text).lines(mutant.line))
    run, scan = not near.isdisjoint(trial.met), not near.isdisjoint(trial.found)
    caught = "caught at its line" if run or scan else "caught elsewhere" if trial.ended != "holds" else "missed"
    cells = (f"{mutant.path}:{mutant.line}", f"`{mutant.token}`", trial.ended)
    return (*cells, "run" if run else "", "scan" if scan else "", caught)


def run_tool(*words: object, folder: Path | None = None) -> None:
    """Run accel-migrate; its exit code says what the report says as well."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "migrate", *map(str, words)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == 2:
        sys.exit(done.stderr)


if __name__ == "__main__":
    main()

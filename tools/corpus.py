"""What the tool finds in real packages, compared with what it found before.

    python tools/corpus.py [--fast] [--update] [--jobs N] [--cache FOLDER] [PACKAGE ...]

The packages are pinned in corpus_packages.txt and fetched from the registry once. corpus_counts.tsv holds, for every
package, rule and target, how many findings are safe (s), for review (r), manual (m) and left (l). A difference is
printed, and the exit code is 1; `--update` records the new counts and ends with 1 as well, so that somebody reads them.
Whatever is recorded, nothing may be unaccounted for, no internal error may happen, a file that compiled has to
compile afterwards, and a second run has to edit nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import nullcontext
from pathlib import Path

from corpus_archives import CorpusError, Package, archive_of, default_cache, pinned, unpack

from migrate.discover import MEGABYTE, discover
from migrate.engine import digest_of
from migrate.model import RepoReport
from migrate.runner import run
from migrate.table import load_table
from migrate.writer import write_in_place

RECORD = Path(__file__).parent / "corpus_counts.tsv"
TARGETS = ("mlu", "npu", "tpu")
FAST = ("open_clip_torch", "timm", "yolov5")
_SAFETIES = {"safe": "s", "review": "r", "manual": "m", "left": "l", "info": "i"}
_HEAD = ("package", "rule", *TARGETS)
Counts = dict[tuple[str, str, str], str]  # package, rule, target → "12s 1m"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the corpus, or the packages named, and say what is new; the exit code says whether anything is."""
    options = _parser().parse_args(arguments)
    try:
        known, packages = recorded(), _chosen(options.package, fast=options.fast)
        found, wrong = _looked_at(packages, options.cache, options.jobs)
    except CorpusError as error:
        print(f"corpus: {error}", file=sys.stderr)
        return 2
    names = {package.name for package in packages}
    before = {key: text for key, text in known.items() if key[0] in names}
    news = list(differences(before, found))
    print("\n".join([*wrong, *news]) or "corpus: as recorded")
    if options.update and news:
        everything = {package.name for package in pinned()}
        others = {key: text for key, text in known.items() if key[0] in everything - names}
        RECORD.write_text(written({**others, **found}), "utf-8")
        print(f"corpus: recorded {len(news)} differences: read them")
    return 1 if wrong or news else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", nargs="*")
    parser.add_argument("--fast", action="store_true", help=f"only {', '.join(FAST)}")
    parser.add_argument("--update", action="store_true", help="record what is found, and fail where it differs")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="where archives are kept (%(default)s)")
    return parser


def _chosen(names: Sequence[str], *, fast: bool) -> list[Package]:
    every = pinned()
    wanted = {*names, *(FAST if fast else ())} or {package.name for package in every}
    if unknown := sorted(wanted - {package.name for package in every}):
        raise CorpusError(f"no such package in the corpus: {', '.join(unknown)}")
    return [package for package in every if package.name in wanted]


# -- looking ------------------------------------------------------------------------------------------


def _looked_at(packages: Iterable[Package], cache: Path, jobs: int) -> tuple[Counts, list[str]]:
    """The counts of all packages, and what may never happen but did."""
    found: Counts = {}
    wrong: list[str] = []
    with ProcessPoolExecutor(jobs) if jobs > 1 else nullcontext() as executor:
        for package in packages:
            started = time.perf_counter()
            archive = archive_of(package, cache)
            for target in TARGETS:
                with tempfile.TemporaryDirectory() as folder:
                    root = Path(folder) / package.name
                    unpack(archive, root)
                    counts, broken = examined(root, target, executor)
                found.update({(package.name, rule, target): text for rule, text in counts.items()})
                wrong += (f"{package.name} {target} {line}" for line in broken)
            seconds = time.perf_counter() - started
            print(f"{package.name} {package.version}: {seconds:.1f} s", file=sys.stderr)
    return found, wrong


def examined(root: Path, target: str, executor: Executor | None = None) -> tuple[dict[str, str], list[str]]:
    """Migrate a tree in place, twice: its counts by rule, and what may never happen but did."""
    table = load_table(target)
    first = run(discover([root], (), MEGABYTE), table, executor)
    compiled = {result.path for result in first.changed if _compiles(root / result.path)}
    results = write_in_place(root, first.files)
    broken = [f"{result.path}: {result.error.message}" for result in results if result.error and result.edits]
    broken += _never(first)
    broken += (f"{path}: does not compile any more" for path in sorted(compiled) if not _compiles(root / path))
    second = run(discover([root], (), MEGABYTE), table, executor)
    broken += (f"{result.path}: is edited by a second run" for result in second.changed)
    return counted(first), broken


def _never(report: RepoReport) -> Iterator[str]:
    for result in report.files:
        if result.error and result.error.message.startswith(("internal error", "ends the process")):
            yield f"{result.path}: {result.error.message}"
    for result, finding in report.findings():
        if finding.rule_id == "unaccounted":
            yield f"{result.path}:{finding.line}: unaccounted {finding.found}"


def _compiles(path: Path) -> bool:
    """Whether a file is Python for the Python that runs; others count as such that do not."""
    if path.suffix != ".py":
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(path.read_bytes(), path.name, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
    return True


def counted(report: RepoReport) -> dict[str, str]:
    """For each rule of a report, how many of its findings are how safe; also the files, errors and their edits."""
    rules: dict[str, Counter[str]] = {}
    for _, finding in report.findings():
        rules.setdefault(finding.rule_id, Counter())[_SAFETIES[finding.safety]] += 1
    texts = {rule: " ".join(f"{counts[mark]}{mark}" for mark in _SAFETIES.values() if counts[mark])
             for rule, counts in rules.items()}  # fmt: skip
    texts["(files)"] = f"{len(report.files)} {len(report.changed)} edited {len(report.errors)} errors"
    edits = sorted(f"{result.path} {edit}" for result in report.changed for edit in result.edits)
    texts["(edits)"] = digest_of("\n".join(edits).encode("utf-8", "surrogateescape"))[:8]
    return texts


# -- comparing ----------------------------------------------------------------------------------------


def recorded(path: Path = RECORD) -> Counts:
    """The counts of a file. Raises `CorpusError` naming a line that is none."""
    found: Counts = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines() if path.exists() else [], 1):
        cells = line.split("\t")
        if len(cells) != len(_HEAD):
            raise CorpusError(f"{path.name}:{number}: {len(_HEAD)} cells expected, {len(cells)} found: {line}")
        if number > 1:
            found.update(
                {(cells[0], cells[1], target): text for target, text in zip(TARGETS, cells[2:], strict=True) if text}
            )
    return found


def written(counts: Mapping[tuple[str, str, str], str]) -> str:
    """Counts as the text of a file."""
    rows = sorted({(package, rule) for package, rule, _ in counts})
    lines = ["\t".join(_HEAD)]
    lines += ("\t".join([*row, *(counts.get((*row, target), "") for target in TARGETS)]) for row in rows)
    return "\n".join(lines) + "\n"


def differences(before: Counts, after: Counts) -> Iterator[str]:
    """A line for each package, rule and target whose counts differ."""
    for key in sorted({*before, *after}):
        old, new = before.get(key, "none"), after.get(key, "none")
        if old != new:
            package, rule, target = key
            yield f"{package} {target} {rule}: {old} → {new}"


if __name__ == "__main__":
    sys.exit(main())

"""Many files: read, hand to the engine in batches, collect in order."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from migrate import __version__
from migrate.discover import MEGABYTE, Discovery, discover, is_project, project_root
from migrate.engine import NOTHING_KNOWN, concerns, examine
from migrate.finder import may_mention
from migrate.model import FileResult, Finding, Kind, Problem, RepoReport, Table
from migrate.pool import BATCH, Job, Pool
from migrate.repository import Facts, Names, Survey, facts_of, names_that_change, survey

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from migrate.cache import Cache

_OVERLAP = 64  # bytes; no word is longer
Progress = Callable[[int, int], None]


def run_cached(
    discovery: Discovery, table: Table, executor: Executor | None = None, progress: Progress | None = None
) -> RepoReport:
    """Like `run`, without the work that an earlier run did on the same bytes."""
    from migrate.cache import open_cache

    cache = open_cache(discovery, table)
    report = run(discovery, table, executor, progress, cache)
    if cache:
        cache.save()
    return report


def run(
    discovery: Discovery, table: Table, executor: Executor | None = None, progress: Progress | None = None,
    cache: Cache | None = None,
) -> RepoReport:  # fmt: skip
    """Look at every file of a discovery; nothing is written.

    `executor` is any `concurrent.futures.Executor`; without one the work is done in this process. The
    report is the same either way, with the files in path order. `progress(done, total)` counts files.
    Every file is read once to see whether it has to be looked at, and once more if so: memory does not grow with
    the repository.
    """
    started = time.perf_counter()
    pool = Pool(table, executor)
    results = {result.path: result for result in discovery.problems}
    results.update((path, _large(discovery.root, path, kind, table)) for path, kind in discovery.large)
    facts = _sifted(discovery.root, discovery.files, pool, results, cache)
    read = [item for item in discovery.files if item[0] not in results]
    concerned = [item for item in read if facts[item[0]].concerns]
    results.update((path, FileResult(path, kind, "")) for path, kind in read if not facts[path].concerns)
    paths = sorted({*results, *(path for path, _ in concerned)})
    jobs = _informed(discovery, concerned, facts, pool, results, cache)
    for batch in pool.answers(process, _unknown(jobs, results, cache), _lost):
        for job, result in batch:
            results[job.path] = result
            if cache:
                cache.keep_result(job, result)
        if progress:
            progress(len(results), len(paths))
    files = tuple(results[path] for path in paths)
    return RepoReport(table.target.words.name, __version__, files, time.perf_counter() - started)


def sift(names: Names, jobs: Sequence[Job], table: Table) -> list[Facts]:
    """What is to be known of each file of a batch before any is looked at."""
    return [facts_of(job.data, job.kind, table, names) for job in jobs]


def look_at(path: str, kind: Kind, data: bytes, table: Table) -> FileResult:
    """The result of one file that need not be on disk."""
    if not concerns(data, kind, table):
        return FileResult(path, kind, "")
    (((_, result),),) = Pool(table).answers(process, [Job(path, kind, data)], _lost)
    return result


def process(jobs: Sequence[Job], table: Table) -> list[FileResult]:
    """The results of one batch. Catches everything: a bug costs one file, not the run."""
    results: list[FileResult] = []
    collecting = gc.isenabled()
    gc.disable()  # parsing makes no garbage cycles, and looking for them takes a third of its time
    try:
        for job in jobs:
            try:
                results.append(examine(job.path, job.kind, job.data, table, job.repository or NOTHING_KNOWN))
            except MemoryError:
                results.append(_lost(job, "takes more memory than one file may have"))
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # libcst's parser has one that is no `Exception`
                results.append(_lost(job, blamed(error)))
    finally:
        if collecting:
            gc.enable()
    return results


def blamed(error: BaseException) -> str:
    """What to say of an exception that should not have come."""
    from traceback import extract_tb

    where = extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}:{where.lineno}"
    return f"internal error, please report it: {error!r} in {place}"


def _sifted(
    root: Path, files: Iterable[tuple[str, Kind]], pool: Pool, results: dict[str, FileResult], cache: Cache | None
) -> dict[str, Facts]:
    """The facts of every file that can be read; of the others, `results` say why not."""
    known: dict[str, Facts] = {}

    def unknown() -> Iterator[Job]:
        for path, kind, data in _readable(root, files, results):
            facts = cache.facts(kind, data) if cache else None
            if facts is None:
                yield Job(path, kind, data)
            else:
                known[path] = facts

    for batch in pool.here().answers(partial(sift, names_that_change(pool.table)), unknown()):
        for job, facts in batch:
            known[job.path] = facts
            if cache:
                cache.keep_facts(job.kind, job.data, facts)
    return known


def _unknown(jobs: Iterable[Job], results: dict[str, FileResult], cache: Cache | None) -> Iterator[Job]:
    """The jobs whose results the cache does not have; `results` gain the others."""
    for job in jobs:
        result = cache.result(job) if cache else None
        if result is None:
            yield job
        else:
            results[job.path] = result


def _readable(
    root: Path, files: Iterable[tuple[str, Kind]], results: dict[str, FileResult]
) -> Iterator[tuple[str, Kind, bytes]]:
    for path, kind in files:
        try:
            with open(f"{root}/{path}", "rb", buffering=0) as file:  # a third faster than by `Path`
                data = file.read()
        except OSError as error:
            problem = Problem(f"cannot be read: {error.strerror or error}")
            results[path] = FileResult(path, kind, "", error=problem)
        else:
            yield path, kind, data


def _large(root: Path, path: str, kind: Kind, table: Table) -> FileResult:
    """A file too large to be settings: data, which is listed if it mentions CUDA, and is not read into memory."""
    why = "taken for data: larger than a file of settings; --max-file-size makes it one"
    finding = Finding("left:data", 0, 0, 1, 1, path.rpartition("/")[2], why, "left")
    overlap = b""
    try:
        with (root / path).open("rb") as file:
            while chunk := file.read(BATCH):
                if may_mention(overlap + chunk, table.sites, kind):
                    return FileResult(path, kind, "", (finding,))
                overlap = chunk[-_OVERLAP:]
    except OSError as error:
        return FileResult(path, kind, "", error=Problem(f"cannot be read: {error.strerror or error}"))
    return FileResult(path, kind, "")


def _informed(
    discovery: Discovery, concerned: Sequence[tuple[str, Kind]], facts: dict[str, Facts], pool: Pool,
    results: dict[str, FileResult], cache: Cache | None,
) -> Iterator[Job]:  # fmt: skip
    """The jobs, each with what the rest of the repository says about it, also where only some files were named."""
    if not concerned:
        return
    whole = _project(discovery) if discovery.named else discovery
    known = _surveyed(discovery, whole, facts, pool, cache)
    inside = discovery.root.relative_to(whole.root).as_posix()
    circle = _circle(whole, pool.table)
    for name, kind, data in _readable(discovery.root, concerned, results):
        path = name if inside == "." else f"{inside}/{name}"
        own = known.of(path)
        yield Job(name, kind, data, replace(own, circular=True) if path in circle else own)


def _surveyed(
    discovery: Discovery, whole: Discovery, facts: dict[str, Facts], pool: Pool, cache: Cache | None
) -> Survey:
    """What is known of the project together: of all its files, not only of those that a run is asked for."""
    every = list(facts.values())
    if whole is not discovery:
        taken = {discovery.root / path for path in facts}
        rest = [item for item in whole.files if item[1] == "python" and whole.root / item[0] not in taken]
        every += _sifted(whole.root, rest, pool, {}, cache).values()
    return survey(whole.files, every, pool.table)


def _circle(whole: Discovery, table: Table) -> frozenset[str]:
    """The files that cannot import the project's expression for a device, as it imports them."""
    expression = table.target.expression
    if expression is None or not expression.is_device:
        return frozenset()
    from migrate.circles import run_by

    return run_by(expression, (path for path, _ in whole.files), lambda path: (whole.root / path).read_bytes())


def _project(discovery: Discovery) -> Discovery:
    """All files of the project that some were named of; those alone where there is no project around them."""
    root = project_root(discovery.root)
    return discover([root], (), MEGABYTE, root=root) if is_project(root) else discovery


def _lost(job: Job, why: str) -> FileResult:
    return FileResult(job.path, job.kind, "", error=Problem(why))

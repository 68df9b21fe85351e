"""Many files: read, hand to the engine in batches, collect in order."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from migrate import __version__
from migrate.discover import MEGABYTE, Discovery, discover, is_project, project_root
from migrate.engine import NOTHING_KNOWN, concerns, examine
from migrate.finder import may_mention
from migrate.model import FileResult, Finding, Kind, Problem, RepoReport, Repository, Table

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

BATCH = 256_000  # bytes of source per task
_OVERLAP = 64  # bytes; no word is longer
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One file for a worker: its bytes travel with it, so that workers need no access to the disk."""

    path: str
    kind: Kind
    data: bytes
    repository: Repository = NOTHING_KNOWN


def run(
    discovery: Discovery, table: Table, executor: Executor | None = None, progress: Progress | None = None
) -> RepoReport:
    """Look at every file of a discovery; nothing is written.

    `executor` is any `concurrent.futures.Executor`; without one the work is done in this process. The
    report is the same either way, with the files in path order. `progress(done, total)` counts files.
    """
    started = time.perf_counter()
    results = {result.path: result for result in discovery.problems}
    jobs: list[Job] = []
    for path, kind, data in _readable(discovery, results):
        if not concerns(data, kind, table):
            results[path] = FileResult(path, kind, "")
        else:
            jobs.append(Job(path, kind, data))
    results.update((path, _large(discovery.root, path, kind, table)) for path, kind in discovery.large)
    total = len(results) + len(jobs)
    for batch in _processed(_batches(_informed(discovery, jobs, table)), table, executor):
        results.update((result.path, result) for result in batch)
        if progress:
            progress(len(results), total)
    files = tuple(results[path] for path in sorted(results))
    return RepoReport(table.target.words.name, __version__, files, time.perf_counter() - started)


def process(jobs: Sequence[Job], table: Table) -> list[FileResult]:
    """The results of one batch. Catches everything: a bug costs one file, not the run."""
    results: list[FileResult] = []
    collecting = gc.isenabled()
    gc.disable()  # parsing makes no garbage cycles, and looking for them takes a third of its time
    try:
        for job in jobs:
            try:
                results.append(examine(job.path, job.kind, job.data, table, job.repository))
            except Exception as error:
                results.append(FileResult(job.path, job.kind, "", error=Problem(blamed(error))))
    finally:
        if collecting:
            gc.enable()
    return results


def blamed(error: Exception) -> str:
    """What to say of an exception that should not have come."""
    from traceback import extract_tb

    where = extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}:{where.lineno}"
    return f"internal error, please report it: {error!r} in {place}"


def _readable(discovery: Discovery, results: dict[str, FileResult]) -> Iterator[tuple[str, Kind, bytes]]:
    for path, kind in discovery.files:
        try:
            yield path, kind, (discovery.root / path).read_bytes()
        except OSError as error:
            problem = Problem(f"cannot be read: {error.strerror or error}")
            results[path] = FileResult(path, kind, "", error=problem)


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


def _informed(discovery: Discovery, jobs: Sequence[Job], table: Table) -> Iterator[Job]:
    """The jobs, each with what the rest of the repository says about it, also where only some files were named."""
    from migrate.repository import survey

    if not jobs:
        return
    whole = _project(discovery) if discovery.named else discovery
    sources = [job.data for job in jobs if job.kind == "python"]
    taken = {discovery.root / job.path for job in jobs}
    rest = [whole.root / path for path, kind in whole.files if kind == "python" and whole.root / path not in taken]
    others = list(_contents(rest)) if whole is not discovery else None
    sources += [data for data in others or () if may_mention(data, table.sites)]
    known = survey(whole.files, sources, lambda: _contents(rest) if others is None else others, table)
    inside = discovery.root.relative_to(whole.root).as_posix()
    circle = _circle(whole, table)
    for job in jobs:
        path = job.path if inside == "." else f"{inside}/{job.path}"
        known_here = known.of(path)
        yield replace(job, repository=replace(known_here, circular=True) if path in circle else known_here)


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


def _contents(paths: Iterable[Path]) -> Iterator[bytes]:
    for path in paths:
        with suppress(OSError):  # reported when it was read for the first time
            yield path.read_bytes()


def _batches(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    batch: list[Job] = []
    size = 0
    for job in jobs:
        batch.append(job)
        size += len(job.data)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _processed(batches: Iterable[list[Job]], table: Table, executor: Executor | None) -> Iterator[list[FileResult]]:
    if executor is None:
        for batch in batches:
            yield process(batch, table)
        return
    from concurrent.futures import BrokenExecutor, as_completed

    futures: dict[Future[list[FileResult]], list[Job]] = {}
    lost: list[Job] = []
    for batch in batches:
        try:
            futures[executor.submit(process, batch, table)] = batch
        except BrokenExecutor:
            lost += batch
    for future in as_completed(futures):
        try:
            yield future.result()
        except Exception:  # `process` lets nothing out, so this is a worker that died, in the words of its executor
            lost += futures[future]
    yield from _rescued(lost, table)


def _rescued(jobs: Iterable[Job], table: Table) -> Iterator[list[FileResult]]:
    """Each of the jobs alone, in a process of our own: the file that kills it costs no other."""
    from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
    from multiprocessing import get_context

    pool = None
    for job in jobs:
        pool = pool or ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        try:
            yield pool.submit(process, [job], table).result()
        except BrokenExecutor:
            pool.shutdown()
            pool = None
            yield [FileResult(job.path, job.kind, "", error=Problem("ends the process that looks at it"))]
    if pool:
        pool.shutdown()

"""Work on many files by any executor: batches go out, results come back, whichever of its workers dies."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from migrate.model import Kind, Repository, Table

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

BATCH = 256_000  # bytes of source per task
_AHEAD = 64  # tasks on their way, so that memory does not grow with the repository
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Job:
    """One file for a worker: its bytes travel with it, so that workers need no access to the disk."""

    path: str
    kind: Kind
    data: bytes
    repository: Repository | None = None


Task = Callable[[Sequence[Job], Table], list[Answer]]


@dataclass(frozen=True, slots=True)
class Pool:
    """Who does the work: an executor, or without one this process; and the table that all of it needs."""

    table: Table
    executor: Executor | None = None

    def here(self) -> Pool:
        """A pool for work that is less than sending files far away."""
        if self.executor is None:
            return self
        from migrate.processes import are_here

        return self if are_here(self.executor) else Pool(self.table)

    def answers(
        self, task: Task[Answer], jobs: Iterable[Job], failed: Callable[[Job], Answer]
    ) -> Iterator[list[tuple[Job, Answer]]]:
        """The jobs, each with what the task says of it, batch by batch in the order in which they are done.

        `failed` answers for a job that ends its process.
        """
        if self.executor is None:
            for batch in _batches(jobs):
                yield list(zip(batch, task(batch, self.table), strict=True))
            return
        from concurrent.futures import BrokenExecutor

        packed = pickle.dumps(self.table)
        waiting: dict[Future[list[Answer]], list[Job]] = {}
        lost: list[Job] = []
        for batch in _batches(jobs):
            try:
                waiting[self.executor.submit(perform, task, batch, packed)] = batch
            except BrokenExecutor:
                lost += batch
            if len(waiting) >= _AHEAD:
                yield from _finished(waiting, lost)
        while waiting:
            yield from _finished(waiting, lost)
        yield from _rescued(task, lost, packed, failed)


def perform(task: Task[Answer], batch: Sequence[Job], packed: bytes) -> list[Answer]:
    """What a worker does. The table comes as bytes: a process unpacks it once, not with every batch."""
    return task(batch, _table(packed))


@lru_cache(maxsize=1)
def _table(packed: bytes) -> Table:
    table: Table = pickle.loads(packed)
    return table


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


def _finished(waiting: dict[Future[list[Answer]], list[Job]], lost: list[Job]) -> Iterator[list[tuple[Job, Answer]]]:
    """The batches that are done, at least one; those whose worker died are added to `lost`."""
    from concurrent.futures import FIRST_COMPLETED, wait

    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        batch = waiting.pop(future)
        try:
            yield list(zip(batch, future.result(), strict=True))
        except Exception:  # tasks let nothing out, so this is a worker that died, in the words of its executor
            lost += batch


def _rescued(
    task: Task[Answer], jobs: Iterable[Job], packed: bytes, failed: Callable[[Job], Answer]
) -> Iterator[list[tuple[Job, Answer]]]:
    """Each of the jobs alone, in a process of our own: the file that kills it costs no other."""
    from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
    from multiprocessing import get_context

    pool = None
    for job in jobs:
        pool = pool or ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        try:
            yield [(job, pool.submit(perform, task, [job], packed).result()[0])]
        except BrokenExecutor:
            pool.shutdown()
            pool = None
            yield [(job, failed(job))]
    if pool:
        pool.shutdown()

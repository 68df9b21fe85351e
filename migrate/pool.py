"""Work on many files by any executor: batches go out, results come back, whichever of its workers dies."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from migrate.guard import guarded, limited
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


Failed = Callable[[Job, str], Answer]


class Task(Protocol[Answer]):
    """What is to be done with a batch of files."""

    def __call__(self, jobs: Sequence[Job], /, table: Table) -> list[Answer]: ...


@runtime_checkable
class Remote(Protocol):
    """An executor that wants to know how many files it did not finish, which are done here."""

    def lose(self, files: int, /) -> None: ...


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
        self, task: Task[Answer], jobs: Iterable[Job], failed: Failed[Answer] | None = None
    ) -> Iterator[list[tuple[Job, Answer]]]:
        """The jobs, each with what the task says of it, batch by batch in the order in which they are done.

        `failed` answers for a job that ends its process, or takes more of it than one file may. Without it the task
        is one that does no such thing, and is done in this process where there are no others.
        """
        if self.executor is None:
            yield from self._alone(task, _batches(jobs), failed)
            return
        from concurrent.futures import BrokenExecutor

        from migrate.processes import are_here

        packed = pickle.dumps(self.table)
        bounded = failed is not None and are_here(self.executor)
        waiting: dict[Future[list[Answer]], list[Job]] = {}
        lost: list[Job] = []
        for batch in _batches(jobs):
            try:
                waiting[self.executor.submit(perform, task, batch, packed, bounded)] = batch
            except BrokenExecutor:
                lost += batch
            if len(waiting) >= _AHEAD:
                yield from _finished(waiting, lost)
        while waiting:
            yield from _finished(waiting, lost)
        if lost and isinstance(self.executor, Remote):
            self.executor.lose(len(lost))
        yield from self._alone(task, ([job] for job in lost), failed)

    def _alone(
        self, task: Task[Answer], batches: Iterable[list[Job]], failed: Failed[Answer] | None
    ) -> Iterator[list[tuple[Job, Answer]]]:
        """Batches without an executor: in a process of our own, which the file that ends it costs, and no other."""
        sent: deque[list[Job]] = deque()

        def noted() -> Iterator[list[Job]]:
            for batch in batches:
                sent.append(batch)
                yield batch

        work = partial(task, table=self.table)
        every = map(work, noted()) if failed is None else guarded(work, noted(), failed)
        for answers in every:
            yield list(zip(sent.popleft(), answers, strict=True))


def perform(task: Task[Answer], batch: Sequence[Job], packed: bytes, bounded: bool) -> list[Answer]:
    """What a worker does, with bounds for each file where the process is ours to end.

    The table comes as bytes: a process unpacks it once, not with every batch.
    """
    work = partial(task, table=_table(packed))
    return limited(work, batch) if bounded else work(batch)


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

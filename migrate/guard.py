"""A process of our own that looks at files: each may take so much time and memory, and one that ends it costs no other.

Parsers in native code can end a process, or not come back for hours, and nothing inside of it could help then.
"""

from __future__ import annotations

import math
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO, Generic, NoReturn, TypeVar

SECONDS = 60  # of processor time for one file; 1 MB that is nothing but CUDA takes up to 20
MEGABYTES = 2_000  # that one file may add to the process
_SIZE = "/proc/self/statm"
Job = TypeVar("Job")
Answer = TypeVar("Answer")
Task = Callable[[Sequence[Job]], list[Answer]]


def guarded(
    task: Task[Job, Answer], batches: Iterable[Sequence[Job]], failed: Callable[[Job, str], Answer]
) -> Iterator[list[Answer]]:
    """The answers of a task to each batch of jobs, in order; `failed` answers for a job that ends its process.

    The process begins with the first job, and again where one has ended it. Where there can be none, as on Windows,
    the work is done in this one, without bounds.
    """
    child: _Child[Job, Answer] | None = None
    try:
        for batch in batches:
            answers: list[Answer] = []
            while rest := batch[len(answers) :]:
                child = child or _started(task)
                if child is None:
                    answers += task(rest)
                    continue
                answers += child.answers(rest)
                if len(answers) < len(batch):
                    why, child = child.end(), None
                    answers.append(failed(batch[len(answers)], why))
            yield answers
    finally:
        if child:
            child.end(at_once=True)


def limited(task: Task[Job, Answer], jobs: Sequence[Job]) -> list[Answer]:
    """The answers of a task to jobs, each within the bounds of a file. Only for processes that may end of it."""
    answers: list[Answer] = []
    _limit_memory()
    for job in jobs:
        _limit_time()
        answers += task([job])
    return answers


class _Child(Generic[Job, Answer]):
    """The process, as its parent sees it."""

    def __init__(self, pid: int, to: BinaryIO, back: BinaryIO) -> None:
        self._pid, self._to, self._back = pid, to, back

    def answers(self, jobs: Sequence[Job]) -> Iterator[Answer]:
        """What the process says of some jobs, one by one; fewer where one has ended it."""
        try:
            pickle.dump(jobs, self._to, pickle.HIGHEST_PROTOCOL)
            self._to.flush()
            for _ in jobs:
                yield pickle.load(self._back)
        except (OSError, EOFError, pickle.UnpicklingError):
            return

    def end(self, *, at_once: bool = False) -> str:
        """Wait for its end, or see to it; how it ended, in words."""
        if at_once:
            os.kill(self._pid, signal.SIGKILL)
        for file in (self._to, self._back):
            with suppress(OSError):  # what was not sent is not to be
                file.close()
        status = os.waitpid(self._pid, 0)[1]
        if not os.WIFSIGNALED(status):
            return "ends the process that looks at it"
        number = signal.Signals(os.WTERMSIG(status))
        if number == signal.SIGXCPU:
            return f"takes more than {SECONDS} s of processor time"
        return f"ends the process that looks at it ({number.name})"


def _started(task: Task[Job, Answer]) -> _Child[Job, Answer] | None:
    """A process for a task; None where none can be made. It knows what this one knows, and no module is looked for."""
    if not hasattr(os, "fork"):
        return None
    jobs, to = os.pipe()
    back, answers = os.pipe()
    try:
        pid = _forked()
    except OSError:
        for end in (jobs, to, back, answers):
            os.close(end)
        return None
    if not pid:
        os.close(to)
        os.close(back)
        _serve(task, jobs, answers)
    os.close(jobs)
    os.close(answers)
    return _Child(pid, os.fdopen(to, "wb"), os.fdopen(back, "rb"))


def _forked() -> int:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of other threads: the child uses nothing of theirs
        return os.fork()


def _serve(task: Task[Job, Answer], jobs: int, answers: int) -> NoReturn:
    """What the process does until its parent has no more jobs, or is gone."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)  # what native code says when it dies is for nobody
        with os.fdopen(jobs, "rb") as source, os.fdopen(answers, "wb") as sink:
            while True:
                batch = pickle.load(source)
                _limit_memory()
                for job in batch:
                    _limit_time()
                    (answer,) = task([job])
                    pickle.dump(answer, sink, pickle.HIGHEST_PROTOCOL)
                    sink.flush()
    finally:
        os._exit(1)


def _limit_time() -> None:
    """Give this process the time for one more file; it ends where it takes more."""
    if sys.platform != "win32":
        import resource

        _lower(resource.RLIMIT_CPU, math.ceil(time.process_time()) + SECONDS)


def _limit_memory() -> None:
    """Give this process the memory for one more file, and let it leave none on the disk when it ends."""
    if sys.platform != "win32":
        import resource

        _lower(resource.RLIMIT_CORE, 0)
        with suppress(OSError), open(_SIZE, "rb") as file:  # only Linux says how large it is, and keeps to the limit
            pages = int(file.read().split()[0])
            _lower(resource.RLIMIT_AS, pages * resource.getpagesize() + MEGABYTES * 1_000_000)


def _lower(what: int, limit: int) -> None:
    import resource

    hard = resource.getrlimit(what)[1]
    with suppress(ValueError, OSError):
        resource.setrlimit(what, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))

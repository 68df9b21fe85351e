"""Where the work is done: in this process, in others of this machine, or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Executor


class WorkersError(Exception):
    """Workers that cannot be used; the message says why."""


@contextmanager
def workers(
    jobs: int, address: str | None = None, *, lasting: bool = False, told: Callable[[str], None] | None = None
) -> Iterator[Executor | None]:
    """The executor for `jobs` processes, or for a cluster where there is an address; None for this process.

    A `lasting` one goes on after one of its processes died, and takes work from several threads.
    `told` is given what is to be said of the cluster at the end.
    Raises `WorkersError` for a cluster that cannot be used.
    """
    if address is not None:
        from migrate.remote import cluster

        with cluster(address, told) as executor:
            yield executor
    elif jobs == 1:
        yield None
    elif lasting:
        from migrate.processes import LastingPool

        with LastingPool(jobs) as lasting_pool:
            yield lasting_pool
    else:
        with _processes(jobs) as executor:
            yield executor


def _processes(jobs: int) -> AbstractContextManager[Executor | None]:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_all_start_methods, get_context

    forks = "fork" in get_all_start_methods()  # another interpreter would look for modules in the current folder
    try:
        return ProcessPoolExecutor(jobs, mp_context=get_context("fork" if forks else None))
    except (ImportError, NotImplementedError, OSError):  # a sandbox without semaphores: slower, and the same report
        return nullcontext()

"""Workers of a dask cluster as an executor. The only module that imports `distributed`."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from importlib import import_module
from threading import Lock, Thread
from typing import Any, TypeVar

from migrate import __version__
from migrate.identity import Identity, identity
from migrate.model import Table
from migrate.workers import WorkersError

WAIT = 5.0  # seconds for a scheduler to answer, and then for its first worker
_ADDRESS = re.compile(r"dask(?P<tls>\+tls)?://(?P<place>[^/\s]+:\d+)/?")
_SETTINGS = {
    "distributed.comm.timeouts.connect": f"{WAIT}s",  # also how long a scheduler that is gone is waited for
    "distributed.admin.large-graph-warning-threshold": "1GB",
}
_LOGS = ("distributed", "distributed.client")
_HELD = 16  # tables that are kept for tasks to come
_Result = TypeVar("_Result")


@contextmanager
def cluster(address: str, told: Callable[[str], None] | None = None) -> Iterator[Executor]:
    """An executor on the workers of the scheduler at `dask://HOST:PORT`, or `dask+tls://HOST:PORT`.

    At the end, or at an interrupt, all work that is not done is dropped; `told` is given a line, at the end, where
    files were left for this process. Raises `WorkersError` where nobody answers within seconds, where there are no
    workers, and where one would not give the results of this process.
    """
    client = _connected(_imported(), _place(address), address)
    try:
        _check_workers(client, address)
        executor = _Cluster(client)
        yield executor
        if told and executor.lost:
            files = "1 file was" if executor.lost == 1 else f"{executor.lost:,} files were"
            told(f"{files} looked at here: the workers of {address} that had them died or were lost")
    finally:
        client.close(timeout=WAIT)


def _imported() -> Any:
    """The package, silent: work that it loses is done again, and what cannot be done is in the report."""
    try:
        distributed = import_module("distributed")
    except ImportError as error:
        raise WorkersError(f'--executor needs more packages: pip install "accel-migrate[dask]" ({error})') from None
    import_module("dask").config.set(_SETTINGS)
    for name in _LOGS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return distributed


def _connected(distributed: Any, place: str, address: str) -> Any:
    """A client, made in a thread, which is left behind where something else than a scheduler keeps it waiting."""
    security = distributed.Security()
    if place.startswith("tls:") and security.get_connection_args("client")["ssl_context"] is None:
        raise WorkersError(f"--executor {address}: the settings of dask name no certificate (distributed.comm.tls)")
    made: Future[Any] = Future()

    def connect() -> None:
        try:
            made.set_result(distributed.Client(place, timeout=WAIT, set_as_default=False, security=security))
        except Exception as error:
            made.set_exception(error)

    Thread(target=connect, daemon=True).start()
    try:
        return made.result(WAIT + 1)
    except Exception as error:
        raise WorkersError(f"no scheduler of dask answers at {address}: {str(error) or 'timed out'}") from None


def _place(address: str) -> str:
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise WorkersError(f"--executor {address}: must be dask://HOST:PORT or dask+tls://HOST:PORT")
    return f"{'tls' if match['tls'] else 'tcp'}://{match['place']}"


def _check_workers(client: Any, address: str) -> None:
    """Raises `WorkersError` unless there are workers, and they and the scheduler are like this process."""
    try:
        client.wait_for_workers(1, timeout=WAIT)
    except (TimeoutError, asyncio.TimeoutError):  # two before Python 3.11
        raise WorkersError(f"the scheduler at {address} has no workers") from None
    for worker, found in sorted(client.run(identity, on_error="return").items()):
        _check(found, f"the worker {worker}")
    try:
        _check(client.run_on_scheduler(identity), f"the scheduler at {address}")  # it unpacks and packs every task
    except ImportError as error:
        _check(error, f"the scheduler at {address}")


def _check(found: Identity | Exception, who: str) -> None:
    if isinstance(found, Exception):
        raise WorkersError(f"{who} cannot run accel-migrate {__version__}: {found}")
    compare(found, who)


def compare(found: Identity, who: str) -> None:
    """Raises `WorkersError` if somebody with that identity would not give the results of this process."""
    differing = [f"{name} {theirs}, here {ours}" for (name, theirs), (_, ours) in zip(found, identity(), strict=True)
                 if theirs != ours]  # fmt: skip
    if differing:
        raise WorkersError(f"{who} has {'; '.join(differing)}: the results would not be the same")


def done_there(wanted: Identity, task: Callable[..., _Result], *arguments: Any) -> _Result:
    """Run a task in a worker; one that came late was not looked at before. Raises `WorkersError`."""
    compare(wanted, "the client")
    return task(*arguments)


def itself(shared: _Result) -> _Result:
    """A task whose result is a table: the cluster takes it to each worker once, and anew if all with it are lost."""
    return shared


async def _passed_on(there: Any, future: Future[_Result]) -> None:
    """The outcome of a task there; `Client.get_executor` never gives one if the scheduler goes meanwhile."""
    try:
        future.set_result(await there)
    except (Exception, asyncio.CancelledError) as error:
        future.set_exception(error if isinstance(error, Exception) else WorkersError("the work was dropped"))


class _Cluster(Executor):
    """Gives every task to the cluster, with a reference in the place of a table, which would outweigh a small batch."""

    def __init__(self, client: Any) -> None:
        self.lost = 0  # files
        self._client = client
        self._held: dict[str | bytes, Any] = {}
        self._lock = Lock()

    def lose(self, files: int, /) -> None:
        with self._lock:
            self.lost += files

    def submit(self, task: Callable[..., _Result], /, *arguments: Any, **_: Any) -> Future[_Result]:
        given = [self._reference(item) if isinstance(item, Table | bytes) else item for item in arguments]
        future: Future[_Result] = Future()
        future.set_running_or_notify_cancel()
        there = self._client.submit(done_there, identity(), task, *given, pure=False)
        self._client.loop.add_callback(_passed_on, there, future)
        return future

    def _reference(self, shared: Table | bytes) -> Any:
        """The task that gives a table, or the bytes of one; by value, since every repository loads its own."""
        key = shared if isinstance(shared, bytes) else repr(shared)
        with self._lock:
            if key not in self._held:
                if len(self._held) >= _HELD:
                    del self._held[next(iter(self._held))]
                self._held[key] = self._client.submit(itself, shared, pure=False)
            return self._held[key]

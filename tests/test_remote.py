"""A cluster that cannot be used ends the run within seconds, with a message; no cluster is needed for these tests."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from kit import CUDA, command, found, table, tree

from migrate import pool, remote
from migrate.model import Table
from migrate.remote import compare, done_there, identity
from migrate.runner import run
from migrate.workers import WorkersError


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of something that takes connections and says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"dask://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def unused() -> str:
    """An address at which nobody listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return f"dask://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("name", ["silent", "unused"])
@pytest.mark.parametrize("words", [("migrate", "--diff"), ("check",), ("baseline",)])
def test_scheduler_that_does_not_answer(
    words: tuple[str, ...], name: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "WAIT", 0.5)
    address = request.getfixturevalue(name)
    started = time.monotonic()
    code, out, err = command(*words, "--target", "npu", "--executor", address, tree(tmp_path, {"a.py": CUDA}))
    assert (code, out) == (2, "")
    assert err.startswith(f"accel-migrate: no scheduler of dask answers at {address}: ")
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "address", ["", "127.0.0.1:8786", "tcp://127.0.0.1:8786", "dask://host", "dask://:1", "dask://a b:1", "dask://a:x"]
)
def test_address_of_another_form(address: str, tmp_path: Path) -> None:
    outcome = command("--target", "npu", "--diff", "--executor", address, tree(tmp_path, {"a.py": CUDA}))
    message = f"accel-migrate: --executor {address}: must be dask://HOST:PORT or dask+tls://HOST:PORT\n"
    assert outcome == (2, "", message)


def test_encrypted_address_needs_certificates(tmp_path: Path) -> None:
    code, out, err = command("--target", "npu", "--diff", "--executor", "dask+tls://127.0.0.1:1", tmp_path)
    assert (code, out) == (2, "")
    assert err.endswith(": the settings of dask name no certificate (distributed.comm.tls)\n")


@pytest.mark.parametrize("words", [("migrate",), ("check",), ("baseline",)])
def test_processes_and_a_cluster_at_once(words: tuple[str, ...]) -> None:
    code, out, err = command(*words, "--target", "npu", "-j", 2, "--executor", "dask://127.0.0.1:1")
    assert (code, out) == (2, "")
    assert "--executor for a cluster: choose one" in err


def test_package_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, out, err = command("--target", "npu", "--diff", "--executor", "dask://127.0.0.1:1", tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith('accel-migrate: --executor needs more packages: pip install "accel-migrate[dask]" (')


def test_identity_tells_versions_and_source_apart() -> None:
    names = [name for name, _ in identity()]
    assert names[:2] == ["accel-migrate", "Python"]
    compare(identity(), "it")
    older = tuple((name, "0" if name == "libcst" else value) for name, value in identity())
    with pytest.raises(WorkersError, match=r"^it has libcst 0, here [\d.]+: the results would not be the same$"):
        compare(older, "it")


def test_worker_that_came_late_and_differs_does_nothing() -> None:
    assert done_there(identity(), len, "abc") == 3
    with pytest.raises(WorkersError):
        done_there((("accel-migrate", "0"), *identity()[1:]), pytest.fail, "it ran")


class Recorder:
    """A client that runs each task at once, and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self.loop = self

    def submit(self, task: Callable[..., Any], *arguments: Any, pure: bool) -> Any:
        self.given.append((task, arguments))
        held = [item.result() if isinstance(item, Future) else item for item in arguments]
        future: Future[Any] = Future()
        future.set_result(task(*held))
        return future

    def add_callback(self, _: Any, there: Future[Any], future: Future[Any]) -> None:
        future.set_result(there.result())


def test_table_travels_once_and_not_with_every_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "BATCH", 1)
    files = found(tree(tmp_path, {f"{number}.py": CUDA for number in range(5)}))
    client = Recorder()
    there = run(files, table("npu"), remote._Cluster(client))
    assert there.files == run(files, table("npu")).files
    holding = [task for task, given in client.given if any(isinstance(item, Table | bytes) for item in given)]
    assert holding == [remote.itself]
    assert len(client.given) > 5

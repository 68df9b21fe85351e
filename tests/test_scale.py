"""A cluster gives the report of one process, byte for byte, whatever becomes of its workers."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from clusters import Deadly, Site, site, wait_for
from kit import CUDA, FIXTURES, command, found, table, tree

import migrate
from migrate import pool, remote
from migrate.discover import Discovery, discover
from migrate.model import Problem
from migrate.remote import cluster
from migrate.runner import run

SOURCE = Path(migrate.__file__).parent
FILES = {f"{number}.py": CUDA + b"# %d\n" % number for number in range(40)}
_SECONDS = re.compile(r'"seconds": [\d.]+')


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("site")) as place, pytest.MonkeyPatch.context() as patch:
        patch.setattr(remote, "WAIT", 30)  # the machine may be busy
        yield place


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "BATCH", 1)


def processes(executor: Any, count: int = 2) -> list[int]:
    """The processes of a cluster's workers, once there are so many."""
    executor._client.wait_for_workers(count, timeout=30)
    return sorted(executor._client.run(os.getpid, on_error="ignore").values())


def test_cluster_gives_the_report_of_one_process(workers: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "BATCH", 50_000)
    discovery = discover([path for path in FIXTURES.iterdir() if path.name[0] in "ab"], (), 1_000_000)
    here = run(discovery, table("npu"))
    with cluster(workers.address) as executor:
        assert len(processes(executor)) == 2
        there = run(discovery, table("npu"), executor)
    assert replace(there, seconds=here.seconds) == here
    assert len(here.changed) > 40


@pytest.mark.parametrize("words", [("migrate", "--diff"), ("check",)])
def test_json_is_the_same_byte_for_byte(workers: Site, words: tuple[str, ...]) -> None:
    arguments = (*words, "--target", "npu", "--format", "json", FIXTURES / "alias_cuda_imported_from_torch")
    here, there = command(*arguments), command(*arguments, "--executor", workers.address)
    assert (there.code, there.err) == (here.code, here.err)
    assert _SECONDS.sub("", there.out) == _SECONDS.sub("", here.out)
    assert "rule_id" in here.out


@pytest.mark.usefixtures("small")
def test_worker_that_is_killed_costs_a_retry_and_no_file(workers: Site, tmp_path: Path) -> None:
    discovery = found(tree(tmp_path, FILES))
    killed: list[int] = []

    def kill_one(done: int, _: int) -> None:
        if done >= 3 and not killed:
            killed.append(processes(executor)[0])
            os.kill(killed[0], signal.SIGKILL)

    said: list[str] = []
    with cluster(workers.address, said.append) as executor:
        there = run(discovery, table("npu"), executor, kill_one)
        assert killed
        wait_for(lambda: killed[0] not in processes(executor))
    assert not said
    assert there.files == run(discovery, table("npu")).files
    assert len(there.changed) == len(FILES)


@pytest.mark.usefixtures("small")
def test_file_that_kills_every_worker_costs_no_other(workers: Site, tmp_path: Path) -> None:
    tree(tmp_path, {"a.py": CUDA, "b.py": CUDA, "c.py": CUDA})
    kinds: Any = (("a.py", "python"), ("b.py", Deadly("python")), ("c.py", "python"))
    said: list[str] = []
    with cluster(workers.address, said.append) as executor:
        there = run(Discovery(tmp_path, kinds, ()), table("npu"), executor)
    assert len(said) == 1  # a file that was with the same worker may have gone with it
    assert re.match(r"(1 file was|[23] files were) looked at here: the workers of dask://", said[0])
    assert [result.path for result in there.changed] == ["a.py", "c.py"]
    assert [(result.path, result.error) for result in there.errors] == [
        ("b.py", Problem("ends the process that looks at it"))
    ]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("words", [("migrate", "--diff"), ("check",), ("migrate", "--diff", "--repos")])
def test_files_that_a_cluster_lost_are_said_beside_the_same_report(
    workers: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    repo = tree(tmp_path / "repo", FILES)
    listed = tree(tmp_path, {"repos.txt": f"{repo}\n".encode()}) / "repos.txt"
    arguments = (*words, *([listed] if "--repos" in words else []), "--target", "npu", "--format", "json",
                 *([] if "--repos" in words else [repo]))  # fmt: skip
    here = command(*arguments)
    monkeypatch.setattr(remote, "done_there", lost_there)
    there = command(*arguments, "--executor", workers.address)
    lost = f"{len(FILES)} files were looked at here: the workers of {workers.address} that had them died or were lost\n"
    assert (there.code, there.err) == (here.code, here.err + lost)
    assert _SECONDS.sub("", there.out) == _SECONDS.sub("", here.out)


def lost_there(*_: object) -> None:
    """What a client sees of a task that dask gave up."""
    raise RuntimeError("KilledWorker")


@pytest.mark.usefixtures("small")
def test_interrupt_drops_the_work(workers: Site, tmp_path: Path) -> None:
    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), cluster(workers.address) as executor:
        run(found(tree(tmp_path, FILES)), table("npu"), executor, interrupt)
    with cluster(workers.address) as executor:
        client: Any = executor._client  # type: ignore[attr-defined]
        wait_for(lambda: client.run_on_scheduler(tasks_of_scheduler) == 0)


def tasks_of_scheduler(dask_scheduler: Any) -> int:
    return len(dask_scheduler.tasks)


@pytest.mark.usefixtures("small")
def test_work_of_a_scheduler_that_goes_is_done_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "WAIT", 30)
    monkeypatch.setitem(remote._SETTINGS, "distributed.comm.timeouts.connect", "2s")
    discovery = found(tree(tmp_path, {f"in/{name}": data for name, data in FILES.items()}))
    said: list[str] = []
    with site(tmp_path, 1) as place, cluster(place.address, said.append) as executor:
        there = run(discovery, table("npu"), executor, lambda done, _: place.kill_at(done, 3))
    assert len(said) == 1
    assert re.match(r"\d+ files were looked at here: the workers of dask://", said[0])
    assert there.files == run(discovery, table("npu")).files


def test_worker_with_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repo := tmp_path / "repo").mkdir()
    tree(repo, {"a.py": CUDA})
    shutil.copytree(SOURCE, tmp_path / "other" / "migrate")
    source = tmp_path / "other" / "migrate" / "__init__.py"
    source.write_text(source.read_text("utf-8").replace(migrate.__version__, "0.0.9"), "utf-8")
    with site(tmp_path, 0) as place:
        monkeypatch.setattr(remote, "WAIT", 2)
        assert command("--target", "npu", "--diff", "--executor", place.address, repo) == (
            2, "", f"accel-migrate: the scheduler at {place.address} has no workers\n"
        )  # fmt: skip
        monkeypatch.setattr(remote, "WAIT", 30)
        place.start_worker(PYTHONPATH=str(tmp_path / "other"))
        code, out, err = command("--target", "npu", "--diff", "--executor", place.address, repo)
    assert (code, out) == (2, "")
    assert re.fullmatch(
        r"accel-migrate: the worker tcp://127\.0\.0\.1:\d+ has accel-migrate 0\.0\.9 \(source \w+\), "
        rf"here {migrate.__version__} \(source \w+\): the results would not be the same\n", err
    )  # fmt: skip

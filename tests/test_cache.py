"""A warm run reports what a cold one does, whatever changed between them and whatever became of the cache's file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest
from kit import CUDA, EVERY_TARGET, FIXTURES, command, found, repository, table, tree

from migrate import cache, runner
from migrate.cache import Cache, canonical, open_cache
from migrate.discover import discover
from migrate.model import Finding, Repository, Table
from migrate.pool import Job
from migrate.report.machine import render_json
from migrate.repository import Facts
from migrate.runner import run, run_cached
from migrate.table import legacy_names, load_table, with_expression

pytestmark = pytest.mark.usefixtures("home")
OWN = b"import torch\n\n\nclass Net:\n    def cuda(self):\n        return self\n"
USE = b"import torch\nfrom own import Net\nnet = Net()\nnet.cuda()\n"


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the files that are looked at, as that happens."""
    paths: list[str] = []
    whole = runner._unknown

    def noted(*arguments: object) -> Iterator[Job]:
        for job in whole(*arguments):  # type: ignore[arg-type]
            paths.append(job.path)
            yield job

    monkeypatch.setattr(runner, "_unknown", noted)
    return paths


def same(folder: Path, rows: Table) -> str:
    """The report of a run with the cache, which is that of one without."""
    discovery = discover([folder], (), 10**6)
    cold, cached = run(discovery, rows), run_cached(discovery, rows)
    text = render_json(replace(cached, seconds=0))
    assert text == render_json(replace(cold, seconds=0))
    assert cached.files == cold.files
    return text


def the_file(home: Path) -> Path:
    (path,) = (home / "accel-migrate").iterdir()
    return path


def test_fixtures_cold_warm_and_after_an_edit(tmp_path: Path, looked_at: list[str]) -> None:
    folder = tmp_path / "tree"
    shutil.copytree(FIXTURES, folder)
    rows = table("npu")
    first = same(folder, rows)
    errors = {result.path for result in run_cached(found(folder), rows).errors}
    looked_at.clear()
    warm = run_cached(found(folder), rows)
    assert render_json(replace(warm, seconds=0)) == first
    assert set(looked_at) == errors
    (folder / "api_events" / "in.py").write_bytes(CUDA)
    looked_at.clear()
    partly = run_cached(found(folder), rows)
    assert set(looked_at) == errors | {"api_events/in.py"}
    second = same(folder, rows)
    assert second == render_json(replace(partly, seconds=0)) != first


@pytest.mark.parametrize("target", EVERY_TARGET)
def test_every_target_has_results_of_its_own(target: str, tmp_path: Path) -> None:
    folder = tree(tmp_path, {"own.py": OWN, "use.py": USE, "a.py": CUDA})
    same(folder, table("npu"))
    assert same(folder, table(target)) == same(folder, table(target))


def test_class_with_a_cuda_of_its_own_changes_what_others_become(tmp_path: Path) -> None:
    folder = tree(tmp_path, {"own.py": OWN.replace(b"cuda(", b"gpu("), "use.py": USE})
    before = same(folder, table("npu"))
    (folder / "own.py").write_bytes(OWN)
    after = same(folder, table("npu"))
    assert before != after
    (folder / "own.py").write_bytes(OWN.replace(b"cuda(", b"gpu("))
    assert same(folder, table("npu")) == before


def test_module_that_is_added_or_goes_changes_what_others_become(tmp_path: Path) -> None:
    folder = tree(tmp_path, {"use.py": b"import pynvml\npynvml.nvmlInit()\n"})
    alone = same(folder, table("npu"))
    tree(folder, {"pynvml.py": b"def nvmlInit(): ...\n"})
    assert same(folder, table("npu")) != alone
    (folder / "pynvml.py").unlink()
    assert same(folder, table("npu")) == alone


def test_same_bytes_under_another_name_are_another_file(tmp_path: Path, looked_at: list[str]) -> None:
    folder = tree(tmp_path, {"a.py": CUDA})
    run_cached(found(folder), table("npu"))
    (folder / "a.py").rename(folder / "setup.py")
    looked_at.clear()
    assert [result.path for result in run_cached(found(folder), table("npu")).files] == ["setup.py"]
    assert looked_at == ["setup.py"]


def tables() -> dict[str, Table]:
    npu = table("npu")
    return {
        "npu": npu,
        "older": load_table("npu", min_torch="2.1"),
        "dependency": replace(npu, add_dependency=True),
        "idempotent": replace(npu, verify_idempotent=True),
        "support": replace(npu, support={"torch.x": "no"}),
        "expression": with_expression(npu, "utils.device", "from own import utils"),
    }


def test_every_option_has_results_of_its_own(tmp_path: Path) -> None:
    folder = tree(
        tmp_path, {"a.py": b"import torch\nx = torch.zeros(1, device='cuda')\n", "own/utils.py": b"device = 1\n"}
    )
    paths = set()
    for rows in tables().values():
        assert same(folder, rows) == same(folder, rows)
        opened = open_cache(found(folder), rows)
        assert opened
        paths.add(opened.path)
    assert len(paths) == len(tables())


def test_every_table_has_a_canonical_text_of_its_own() -> None:
    every = [*(table(name) for name in EVERY_TARGET), *map(load_table, legacy_names()), *tables().values()]
    assert len(set(map(canonical, every))) == len(every) - 1  # npu is in it twice


def test_canonical_text_tells_values_apart() -> None:
    values = [
        None,
        True,
        1,
        "1",
        ("1",),
        ("1", ""),
        ("1,'',",),
        frozenset("ab"),
        frozenset(["ab"]),
        {"a": "b"},
        {"b": "a"},
    ]
    assert len(set(map(canonical, values))) == len(values)
    assert canonical(frozenset("abc")) == canonical(frozenset("cba"))
    with pytest.raises(TypeError):
        canonical(object())


def test_all_that_is_known_of_the_repository_tells_results_apart(tmp_path: Path) -> None:
    kept = Cache(tmp_path / "x", b"seed", {})
    some = frozenset(["a"])
    cases = [
        None, Repository(some), Repository(overriding=some), Repository(exported=some), Repository(apart="a"),
        Repository(served=True), Repository(circular=True),
    ]  # fmt: skip
    assert len(cases) == len(fields(Repository)) + 1
    names = {kept._work(Job("a.py", "python", CUDA, case)) for case in cases}
    names |= {kept._work(Job("b.py", "python", CUDA)), kept._work(Job("a.py", "prose", CUDA))}
    names |= {kept._work(Job("a.py", "python", b"")), Cache(tmp_path, b"other", {})._work(Job("a.py", "python", CUDA))}
    assert len(names) == len(cases) + 4


def test_another_version_of_the_tool_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tree(tmp_path, {"a.py": CUDA})
    run_cached(found(folder), table("npu"))
    assert (opened := open_cache(found(folder), table("npu")))
    assert opened.old
    monkeypatch.setattr(cache, "identity", lambda: (("accel-migrate", "0"),))
    assert (opened := open_cache(found(folder), table("npu")))
    assert not opened.old


def test_small_trees_have_none(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "WORTH", 10_000)
    run_cached(found(tree(tmp_path, {"a.py": CUDA})), table("npu"))
    assert not list(home.iterdir())


@pytest.mark.parametrize("words", [["--no-cache"], ["--no-cache", "--min-torch", "2.1"]])
@pytest.mark.parametrize("name", ["check", "migrate"])
def test_options_and_settings_switch_it_off(
    name: str, words: list[str], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path / "repo", {"a.py": CUDA})
    monkeypatch.chdir(root)
    line = [name, "--target", "npu", *(["--diff"] if name == "migrate" else [])]
    command(*line, *words)
    tree(root, {"accel-migrate.toml": b"cache = false\n"})
    command(*line)
    assert not list(home.iterdir())
    command(*line, "--cache")
    assert the_file(home)
    (root / "accel-migrate.toml").unlink()
    assert command(*line).out.split(" in ")[0] == command(*line, "--no-cache").out.split(" in ")[0]


def test_migrated_files_are_written_from_a_warm_run(tmp_path: Path, home: Path) -> None:
    root = repository(tmp_path / "repo", {"a.py": CUDA})
    command("--target", "npu", "--diff", root)
    assert the_file(home)
    assert command("--target", "npu", root).code == 0
    assert b"torch.npu" in (root / "a.py").read_bytes()


def test_facts_and_findings_have_the_fields_that_are_kept(tmp_path: Path) -> None:
    kept = Cache(tmp_path, b"seed", {})
    facts = Facts(True, ("A",), (("A", "B"),), True, ("x",))
    assert all(getattr(facts, item.name) for item in fields(Facts))
    kept.keep_facts("python", CUDA, facts)
    assert Cache(tmp_path, b"seed", kept.used).facts("python", CUDA) == facts
    assert len(fields(Finding)) == 11

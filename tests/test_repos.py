"""One run over many repositories: each as a run of its own, and what is wrong with one costs no other."""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any

import pytest
from kit import CUDA, NPU, Outcome, command, git, repository, tree

from migrate import cli_repos
from migrate.processes import LastingPool
from migrate.repos import read_places

BROKEN = b"import torch\nx = torch.cuda.(\n"
_SECONDS = re.compile(r'"seconds": [\d.]+')


@pytest.fixture
def list_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list of three repositories, in the current folder."""
    for name in ("one", "two", "three"):
        repository(tmp_path / name, {"a.py": CUDA + f"# {name}\n".encode(), "b.py": b"import os\n"})
    monkeypatch.chdir(tmp_path)
    return tree(tmp_path, {"list": b"one\nthree\n\n# the last\ntwo\n"}) / "list"


def over(*arguments: object) -> Outcome:
    return command("--target", "npu", "--repos", "list", *arguments)


def timeless(text: str) -> Any:
    return json.loads(_SECONDS.sub('"seconds": 0', text))


def places(folder: Path, text: str) -> list[tuple[int, str, str | None]]:
    (folder / "list").write_bytes(text.encode("utf-8", "surrogateescape"))
    return [(place.line, place.name, place.problem) for place in read_places(folder / "list")]


def test_list_has_comments_patterns_and_other_ends_of_lines(tmp_path: Path) -> None:
    for name in ("a", "b b", "c#c", ".hidden", "deep/x", "deep/y", "[z]"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "file").touch()
    text = "\ufeff# first\r\n  b b # why\r\n\r\nc#c\r\ndeep/*\n[z]\n?\n"
    assert places(tmp_path, text) == [
        (2, "b b", None), (4, "c#c", None), (5, "deep/x", None), (5, "deep/y", None), (6, "[z]", None),
        (7, "a", None),
    ]  # fmt: skip


def test_folders_are_relative_to_the_list_and_count_once(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to("a")
    assert places(tmp_path / "sub", f"../a\n{tmp_path}/a\n../link\n../a/\n../[ab]\n") == [(1, "../a", None)]
    assert [place.folder for place in read_places(tmp_path / "sub" / "list")] == [tmp_path / "a"]
    assert places(tmp_path, f"{tmp_path}/[ab]\n") == [(1, f"{tmp_path}/a", None)]


def test_lines_that_name_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "circle").symlink_to("circle")
    found = places(tmp_path, f"gone\nfile\nx*\na\0b\n{'n' * 300}\n\udcff\ncircle\n")
    assert [(line, problem and problem.partition(":")[0]) for line, _, problem in found[:-1]] == [
        (1, "no such folder"), (2, "is not a folder"), (3, "no folder fits"), (4, "is no path"), (5, "is no path"),
        (6, "no such folder"),
    ]  # fmt: skip
    assert found[-1][2]  # in the words of the Python that runs


def test_folder_in_another_is_a_repository_of_its_own_or_a_mistake(tmp_path: Path) -> None:
    for name in ("a/.git", "a/sub", "a/own/.git", "b/own/.git"):
        (tmp_path / name).mkdir(parents=True)
    assert places(tmp_path, "a/sub\na/own\na\nb\nb/own\n") == [
        (1, "a/sub", "lies in a, of line 3"), (2, "a/own", None), (3, "a", None), (4, "b", None),
        (5, "b/own", "lies in b, of line 4"),
    ]  # fmt: skip


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_repository_is_migrated(list_file: Path, jobs: int) -> None:
    code, out, err = over("-j", jobs)
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["repository", "files", "changed", "rewritten", "left", "manual", "errors", "seconds"]
    assert [line[:-1] for line in lines[1:5]] == [
        [name, *counts.split()]
        for name, counts in (("one", "2 1 1 0 0 0"), ("three", "2 1 1 0 0 0"), ("two", "2 1 1 0 0 0"),
                             ("total", "6 3 3 0 0 0"))
    ]  # fmt: skip
    assert out.endswith("\n\n3 repositories, 0 failed; 3 references: 3 rewritten, 0 left, 0 need you\n")
    assert all((list_file.parent / name / "a.py").read_bytes().startswith(NPU) for name in ("one", "two", "three"))


@pytest.mark.parametrize("jobs", [1, 2])
def test_json_has_the_reports_of_single_runs(list_file: Path, jobs: int) -> None:
    tree(list_file.parent, {"three/broken.py": BROKEN})
    code, out, err = over("--diff", "--format", "json", "--report", "all.json", "-j", jobs)
    assert (code, err.count("\n")) == (2, 1)
    assert _SECONDS.sub("", (list_file.parent / "all.json").read_text("ascii")) == _SECONDS.sub("", out)
    value = timeless(out)
    assert [(item["path"], item["line"], item["error"]) for item in value["repositories"]] == [
        ("one", 1, None), ("three", 2, None), ("two", 5, None)
    ]  # fmt: skip
    for item in value["repositories"]:
        assert item["report"] == timeless(command("--target", "npu", "--diff", "--format", "json", item["path"]).out)
    assert value["summary"] == {
        "repositories": 3, "failed": 0, "files": 7, "changed": 3, "errors": 1, "references": 3, "rewritten": 3,
        "review": 0, "left": 0, "manual": 0, "seconds": 0,
    }  # fmt: skip
    assert not list(list_file.parent.glob("*.part"))


def test_what_is_wrong_with_one_costs_no_other(list_file: Path) -> None:
    root = list_file.parent
    tree(root, {"three/a.py": CUDA, "list": b"gone\none\nthree\ntwo\n", "two/broken.py": BROKEN})
    code, out, err = over()
    assert code == 2
    assert err.startswith(
        "accel-migrate: list:1: gone: no such folder\n"
        "accel-migrate: list:3: three: these files differ from the last commit, or are not in it, and would be "
        "written:\n  a.py\n"
    )
    assert "\nerror: two/broken.py:2: does not parse" in err
    assert [line.split()[:2] for line in out.splitlines()[1:5]] == [
        ["gone", "failed:"], ["one", "2"], ["three", "failed:"], ["two", "3"]
    ]  # fmt: skip
    assert (root / "three/a.py").read_bytes() == CUDA
    assert (root / "one/a.py").read_bytes().startswith(NPU)
    assert (root / "two/a.py").read_bytes().startswith(NPU)


def test_every_repository_has_its_own_settings(list_file: Path) -> None:
    tree(list_file.parent, {"one/accel-migrate.toml": b'target = "mlu"\n', "two/accel-migrate.toml": b"tragets = 1\n"})
    code, out, err = command("--repos", "list", "--diff", "--format", "json")
    assert code == 2
    value = json.loads(out)["repositories"]
    assert [item["report"] and item["report"]["target"] for item in value] == ["mlu", None, None]
    assert "accel-migrate: list:2: three: --target is missing" in err
    assert "accel-migrate.toml:1: unknown key 'tragets'; did you mean 'target'?\n" in err


def test_bug_costs_one_repository(list_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(discovery: Any, *rest: Any) -> Any:
        return honest(discovery if discovery.root.name != "three" else None, *rest)

    honest = cli_repos.run
    monkeypatch.setattr(cli_repos, "run", run)
    code, out, err = over("--diff")
    assert (code, out.count("failed:")) == (2, 1)
    assert err.startswith("accel-migrate: list:2: three: internal error, please report it: AttributeError(")


def test_repository_inside_another_is_named(list_file: Path) -> None:
    repository(list_file.parent / "one" / "inner", {"a.py": CUDA})
    git(list_file.parent / "one", "-c", "advice.addEmbeddedRepo=false", "add", "inner")
    code, _, err = over("--diff", "-q")
    assert (code, err) == (0, "not looked at: one/inner, a repository of its own; list it\n")


def test_exit_code_says_whether_anything_would_change(list_file: Path) -> None:
    assert over("--diff", "-q", "--exit-code").code == 1
    assert over("-q") == (0, "3 repositories, 0 failed; 3 references: 3 rewritten, 0 left, 0 need you\n", "")
    assert over("--diff", "-q", "--exit-code").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["one"], "--repos names what to migrate: it goes without PATHS"),
        (["--output", "x"], "--output does not go with --repos"),
        (["--force-exclude"], "--force-exclude does not go with --repos"),
        (["--report", "x.patch"], "--report x.patch: with --repos the suffix must be .json"),
        (["--report", "no/x.json"], "accel-migrate: cannot write the report no/x.json: No such file or directory"),
        (["--repos", "gone"], "accel-migrate: cannot read gone: No such file or directory"),
        (["--repos", "empty"], "accel-migrate: empty names no repository"),
        (["--executor", "dask:8786"], "accel-migrate: --executor dask:8786: must be dask://HOST:PORT"),
    ],
)
def test_wrong_use_ends_with_2_before_anything_is_written(list_file: Path, arguments: list[str], message: str) -> None:
    tree(list_file.parent, {"empty": b"\n# nothing\n"})
    code, out, err = over(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert (list_file.parent / "one/a.py").read_bytes().startswith(CUDA)


def test_names_are_shown_without_being_obeyed(list_file: Path) -> None:
    tree(list_file.parent, {"list": b"\x1b[2J\none\n"})
    code, out, err = over("--diff")
    assert code == 2
    assert "\\x1b[2J" in out
    assert "\\x1b[2J" in err
    assert "\x1b" not in out + err


def test_only_so_many_are_in_hand(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number:02}").mkdir()
    (tmp_path / "list").write_text("*\n", "utf-8")
    begun: list[str] = []

    def work(place: Any) -> cli_repos.Outcome:
        begun.append(place.name)
        return cli_repos.Outcome(place)

    listed = [place for place in read_places(tmp_path / "list") if place.problem is None]
    outcomes = cli_repos._outcomes(listed, work, 3)
    for number, outcome in enumerate(outcomes, 1):
        assert outcome.place.name == f"{number - 1:02}"
        assert len(begun) <= number + 3
    assert len(begun) == 20


def test_pool_goes_on_after_a_process_died() -> None:
    with LastingPool(1) as pool:
        lost = pool.submit(os._exit, 1)
        with pytest.raises(BrokenExecutor):
            lost.result()
        assert pool.submit(abs, -1).result() == 1

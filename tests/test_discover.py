"""Which files are looked at, under which names, and what is said of those that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kit import found, git, repository, tree

from migrate.discover import Discovery, discover, local_modules


def names(discovery: Discovery) -> list[str]:
    return [name for name, _ in discovery.files]


def problems(discovery: Discovery) -> dict[str, str]:
    return {result.path: result.error.message for result in discovery.problems if result.error}


def test_kinds_follow_the_suffix_or_the_first_line(tmp_path: Path) -> None:
    files = dict.fromkeys(("a.py", "b.pyi", "c.PYW", "k.cu", "k.cuh", "t.txt", "shell", "x.sh"), b"#!/bin/sh\n")
    tree(tmp_path, {**files, "script": b"#!/usr/bin/env python3\n", "empty": b"", "other": b"# python\n"})
    assert found(tmp_path).files == (
        ("a.py", "python"), ("b.pyi", "python"), ("c.PYW", "python"), ("k.cu", "cuda-source"),
        ("k.cuh", "cuda-source"), ("script", "python"), ("shell", "shell"), ("x.sh", "shell"),
    )  # fmt: skip


def test_folders_of_tools_are_passed_over_without_a_repository(tmp_path: Path) -> None:
    tool = ("__pycache__/a.py", "node_modules/b/c.py", ".tox/d.py", ".hg/e.py", "sub/.git/f.py", "env/pyvenv.cfg")
    tree(tmp_path, dict.fromkeys((*tool, "env/lib/g.py", ".github/h.py", "sub/i.py"), b""))
    assert names(found(tmp_path)) == [".github/h.py", "sub/i.py"]


def test_ignored_files_are_passed_over_in_a_repository(tmp_path: Path) -> None:
    repository(tmp_path, {"a.py": b"", "gone.py": b"", "forced/b.py": b""})
    tree(tmp_path, {".gitignore": b"build/\nforced/\n", "build/c.py": b"", "new.py": b""})
    (tmp_path / "gone.py").unlink()
    discovery = found(tmp_path)
    assert names(discovery) == ["a.py", "forced/b.py", "new.py"]
    assert discovery.problems == ()


def test_file_that_is_named_is_looked_at_even_if_git_ignores_it(tmp_path: Path) -> None:
    repository(tmp_path, {".gitignore": b"a.py\n"})
    tree(tmp_path, {"a.py": b"", "b.py": b""})
    assert names(discover([tmp_path / "a.py"], (), 100)) == ["a.py"]


def test_folder_that_is_named_is_looked_at_even_if_git_ignores_it(tmp_path: Path) -> None:
    repository(tmp_path, {".gitignore": b"build/\n*.pyi\n"})
    tree(tmp_path, {"build/sub/a.py": b"", "build/.tox/a.py": b"", "b.py": b"", "src/c.py": b"", "src/d.pyi": b""})
    assert names(found(tmp_path)) == ["b.py", "src/c.py"]
    assert names(found(tmp_path / "build")) == ["sub/a.py"]
    assert names(found(tmp_path / "build" / "sub")) == ["a.py"]
    assert names(discover([tmp_path / "src", tmp_path / "build"], (), 100)) == ["build/sub/a.py", "src/c.py"]


def test_repositories_in_the_repository_are_passed_over_and_named(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.py": b""})
    for name in ("module", "new", "left/out"):
        repository(root / name, {"b.py": b""})
    git(root, "add", "module")
    discovery = found(root, "left")
    assert (names(discovery), discovery.repositories) == (["a.py"], ("module", "new"))
    discovery = discover([root, root / "new"], (), 100)
    assert (names(discovery), discovery.repositories) == (["a.py", "new/b.py"], ("left/out", "module"))


def test_paths_are_relative_to_what_the_arguments_have_in_common(tmp_path: Path) -> None:
    tree(tmp_path, {"a/x.py": b"", "b/c/y.py": b"", "b/z.py": b""})
    discovery = discover([tmp_path / "b" / "c", tmp_path / "a" / "x.py", tmp_path / "b" / "c" / "y.py"], (), 100)
    assert discovery.root == tmp_path.resolve()
    assert names(discovery) == ["a/x.py", "b/c/y.py"]


def test_relative_argument_means_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, {"a/x.py": b"", "y.py": b""})
    monkeypatch.chdir(tmp_path / "a")
    assert names(discover([Path()], (), 100)) == ["x.py"]
    assert names(discover([Path("..")], (), 100)) == ["a/x.py", "y.py"]


def test_argument_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing"):
        discover([tmp_path, tmp_path / "nothing"], (), 100)


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("third_party", ["a.py", "src/b.py", "src/third_party/c.py"]),
        ("third_party/", ["a.py", "src/b.py", "src/third_party/c.py"]),
        ("*/third_party", ["a.py", "src/b.py", "third_party/x/d.py"]),
        ("src/*.py", ["a.py", "third_party/x/d.py"]),
        ("[ab].py", ["src/b.py", "src/third_party/c.py", "third_party/x/d.py"]),
        ("src/b", ["a.py", "src/b.py", "src/third_party/c.py", "third_party/x/d.py"]),
    ],
)
def test_excluded_paths_are_left_out(tmp_path: Path, pattern: str, left: list[str]) -> None:
    tree(tmp_path, dict.fromkeys(("a.py", "src/b.py", "src/third_party/c.py", "third_party/x/d.py"), b""))
    assert names(found(tmp_path, pattern)) == left


def test_large_file_is_a_problem_with_its_size(tmp_path: Path) -> None:
    tree(tmp_path, {"a.py": b"#" * 2000, "b.py": b"#" * 1999, "large.txt": b"#" * 5000})
    discovery = found(tmp_path, max_file_size=1999)
    assert names(discovery) == ["b.py"]
    assert problems(discovery) == {"a.py": "is larger than 1,999 bytes (2,000); see --max-file-size"}


@pytest.mark.parametrize("in_git", [True, False])
def test_link_is_followed_under_its_own_name_or_not_at_all(tmp_path: Path, in_git: bool) -> None:
    root = tree(tmp_path / "tree", {"a.py": b"", "sub/b.py": b""})
    tree(tmp_path, {"outside/c.py": b""})
    links = {"in.py": "a.py", "out.py": "../outside/c.py", "dead.py": "x.py", "loop.py": "loop.py",
             "folder": "../outside", "sub/up": ".."}  # fmt: skip
    for name, target in links.items():
        (root / name).symlink_to(target)
    if in_git:
        repository(root, {})
    discovery = found(root)
    assert names(discovery) == ["a.py", "sub/b.py"]
    outside = tmp_path.resolve() / "outside" / "c.py"
    assert problems(discovery) == {"out.py": f"a symbolic link out of the tree, to {outside}"}


def test_file_behind_a_link_that_took_the_place_of_its_folder_is_not_taken(tmp_path: Path) -> None:
    root = repository(tmp_path / "tree", {"a/x.py": b"", "b/y.py": b"", "c/y.py": b""})
    tree(tmp_path, {"outside/x.py": b""})
    git(root, "mv", "a", "old")
    git(root, "reset", "-q")
    (root / "a").symlink_to("../outside")
    (root / "c" / "y.py").unlink()
    (root / "c").rmdir()
    (root / "c").symlink_to("b")
    discovery = found(root)
    assert names(discovery) == ["b/y.py", "old/x.py"]
    assert list(problems(discovery)) == ["a/x.py"]


def test_named_link_stands_for_its_file(tmp_path: Path) -> None:
    root = repository(tmp_path / "tree", {".gitignore": b"*.py\n"})
    tree(root, {"real.py": b"", "sub/x.py": b""})
    (root / "link.py").symlink_to("real.py")
    (root / "sub" / "up.py").symlink_to("../real.py")
    assert names(discover([root / "link.py"], (), 100)) == ["real.py"]
    assert list(problems(discover([root / "sub" / "up.py"], (), 100))) == ["up.py"]


def test_named_link_to_a_folder_stands_for_the_folder(tmp_path: Path) -> None:
    root = tree(tmp_path, {"real/x.py": b"", "other/y.py": b""})
    (root / "link").symlink_to("real")
    discovery = discover([root / "link", root / "real", root / "other"], (), 100)
    assert names(discovery) == ["other/y.py", "real/x.py"]
    assert discovery.problems == ()


def test_what_is_no_file_is_a_problem_and_a_folder_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    os.mkfifo(tmp_path / "pipe")
    tree(tmp_path, {"folder.py/x.txt": b""})
    discovery = found(tmp_path)
    assert discovery.files == ()
    assert problems(discovery) == {"pipe.py": "is not a regular file"}


def test_own_modules_are_known_by_folder() -> None:
    files = [("numba/cuda.py", "python"), ("src/cupy.py", "python"), ("a/b/numba.pyi", "python"), ("x.py", "python")]
    assert local_modules(files, frozenset({"numba", "cupy", "pynvml"})) == {
        "": {"numba"}, "src": {"cupy"}, "a/b": {"numba"},
    }  # fmt: skip

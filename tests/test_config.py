"""Where the settings of a run come from, and what is said of those that cannot be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from kit import git, tree

from migrate.config import Config, ConfigError, load_config


def config(folder: Path, **options: object) -> Config:
    return load_config(folder, options)


def message(folder: Path) -> str:
    """What is wrong with the settings of a folder, without the folder's name."""
    with pytest.raises(ConfigError) as caught:
        load_config(folder, {})
    return str(caught.value).replace(f"{folder.resolve()}/", "")


def test_defaults_hold_without_a_file(tmp_path: Path) -> None:
    assert config(tmp_path) == Config(None, None, None, (), 1_000_000, 0)


def test_all_settings_are_read_from_pyproject(tmp_path: Path) -> None:
    text = (
        b'[tool.accel-migrate]\ntarget = "mlu"\nmin-torch = "2.5"\ntarget-version = "2.6"\nexclude = ["a"]\n'
        b"max-file-size = 9\njobs = 3\n"
    )
    tree(tmp_path, {"pyproject.toml": text})
    assert config(tmp_path) == Config("mlu", "2.5", "2.6", ("a",), 9, 3)


def test_own_file_goes_before_pyproject(tmp_path: Path) -> None:
    tree(tmp_path, {"accel-migrate.toml": b"jobs = 2\n", "pyproject.toml": b"[tool.accel-migrate]\njobs = 3\n"})
    assert config(tmp_path).jobs == 2


def test_options_go_before_the_file(tmp_path: Path) -> None:
    tree(tmp_path, {"accel-migrate.toml": b'jobs = 2\ntarget = "npu"\n'})
    assert config(tmp_path, jobs=4, target=None) == Config("npu", jobs=4)


def test_version_is_that_of_the_target_beside_it(tmp_path: Path) -> None:
    tree(tmp_path, {"accel-migrate.toml": b'target = "npu"\ntarget-version = "2.6"\n'})
    assert config(tmp_path, target="npu").target_version == "2.6"
    assert config(tmp_path, target="tpu").target_version is None
    assert config(tmp_path, target="tpu", target_version="2.8").target_version == "2.8"


def test_file_is_looked_for_up_to_the_top_of_the_repository(tmp_path: Path) -> None:
    top = tree(tmp_path, {"accel-migrate.toml": b"jobs = 9\n"})
    repo = tree(top / "repo", {"pyproject.toml": b"[tool.accel-migrate]\njobs = 2\n", "a/b/c.py": b""})
    assert config(repo / "a" / "b").jobs == 2
    git(repo / "a", "init", "-q")
    assert config(repo / "a" / "b").jobs == 0


def test_pyproject_without_our_table_is_passed_over(tmp_path: Path) -> None:
    tree(tmp_path, {"pyproject.toml": b"[tool.accel-migrate]\njobs = 2\n", "a/pyproject.toml": b"[tool.black]\n"})
    assert config(tmp_path / "a").jobs == 2
    tree(tmp_path, {"a/pyproject.toml": b"tool = 1\n"})
    assert config(tmp_path / "a").jobs == 2


def test_unknown_key_is_named_with_its_line_and_the_likely_one(tmp_path: Path) -> None:
    tree(tmp_path, {"pyproject.toml": b"[tool.black]\ntragets = 1\n\n[tool.accel-migrate]\njobs = 2\ntragets = 1\n"})
    assert message(tmp_path) == "pyproject.toml:6: [tool.accel-migrate]: unknown key 'tragets'; did you mean 'target'?"


def test_unknown_key_like_no_other_is_named_with_all(tmp_path: Path) -> None:
    tree(tmp_path, {"accel-migrate.toml": b"\nzzz = 1\n"})
    known = (
        "add-dependency, allow-fixed, baseline, cache, device, device-import, docs, exclude, force-exclude, ignore, "
        "jobs, max-file-size, min-torch, per-file-ignores, rules, select, target, "
        "target-version"
    )
    assert message(tmp_path) == f"accel-migrate.toml:2: unknown key 'zzz' (known: {known})"


def test_key_is_spelled_with_dashes(tmp_path: Path) -> None:
    tree(tmp_path, {"accel-migrate.toml": b'"min_torch" = "2.5"\n'})
    assert message(tmp_path) == "accel-migrate.toml:1: unknown key 'min_torch'; did you mean 'min-torch'?"


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("min-torch = 2.10", "min-torch = 2.1 must be a quoted string"),
        ("target = ['npu']", "target = ['npu'] must be a quoted string"),
        ("exclude = 'a'", "exclude must be a list of glob patterns"),
        ("exclude = [1]", "exclude must be a list of glob patterns"),
        ("jobs = 0", "jobs must be a positive number of at most 256"),
        ("jobs = true", "jobs must be a positive number of at most 256"),
        ("max-file-size = '1 MB'", "max-file-size must be a positive number of at most 100,000,000"),
    ],
)
def test_value_of_the_wrong_type_is_named_with_its_line(tmp_path: Path, line: str, wrong: str) -> None:
    tree(tmp_path, {"accel-migrate.toml": f"# ours\n{line}\n".encode()})
    assert message(tmp_path) == f"accel-migrate.toml:2: {wrong}"


def test_header_of_pyproject_in_our_own_file_is_named(tmp_path: Path) -> None:
    tree(tmp_path, {"accel-migrate.toml": b"[tool.accel-migrate]\njobs = 3\n"})
    assert message(tmp_path) == "accel-migrate.toml: settings stand in this file without [tool.accel-migrate]"


def test_setting_in_place_of_our_table_is_named(tmp_path: Path) -> None:
    tree(tmp_path, {"pyproject.toml": b"[tool]\naccel-migrate = 3\n"})
    assert message(tmp_path) == "pyproject.toml: tool.accel-migrate must be a table"


@pytest.mark.parametrize(
    "data", [b"jobs = \n", b"\xff\xfe", b"jobs = " + b"[" * 100_000], ids=["no-toml", "no-text", "deep"]
)
def test_file_that_is_no_toml_is_named(tmp_path: Path, data: bytes) -> None:
    tree(tmp_path, {"accel-migrate.toml": data})
    assert re.match(r"accel-migrate\.toml: \S", message(tmp_path))

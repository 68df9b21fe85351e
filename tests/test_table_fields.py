"""Fields of a table beyond the names: patterns of variables, first versions, how the package is installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_table import TARGET, errors, rules, save

from migrate.table import read_table

PATTERN = "only a variable may be a pattern, of one or two words, such as TORCH_NCCL_*"


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ('[env."*"]\nstatus = "unknown"', PATTERN),
        ('[env."NCCL*"]\nstatus = "unknown"', PATTERN),
        ('[env."A_B_C_*"]\nstatus = "unknown"', PATTERN),
        ('[package."nvidia_*"]\nstatus = "unknown"', PATTERN),
        ('[env."NCCL_*"]\nstatus = "renamed"\nto = "VCCL_X"', "a pattern takes no 'to'"),
        (
            '[package.a]\nstatus = "native"\nmessage = "m"\nfrom = 2.10',
            "from = 2.1 must be a quoted string (2.10 would",
        ),
        (
            '[package.a]\nstatus = "native"\nmessage = "m"\nfrom = "x"',
            "from = 'x' is not a version number, such as 0.21.0",
        ),
        ('[package.a]\nstatus = "unknown"\nfrom = "1"', "only a package with status 'native' takes a 'from'"),
        ('[cli.a]\nstatus = "native"\nmessage = "m"\nfrom = "1"', "only a package with status 'native' takes a 'from'"),
    ],
)
def test_mistake_in_a_pattern_or_a_first_version_is_named(tmp_path: Path, row: str, error: str) -> None:
    (found,) = errors(tmp_path, f'{TARGET}{row}\nevidence = "docs:x"\n')
    assert error in found


def test_first_version_of_a_package_is_read(tmp_path: Path) -> None:
    text = '[package.a]\nstatus = "native"\nfrom = "0.21.0"\nmessage = "m"\nevidence = "docs:x"\n'
    assert [rule.first for rule in rules(tmp_path, TARGET + text)] == ["0.21.0"]


INSTALL = '[target.install]\ndistribution = "torch-v"\nhow = "pip install torch-v."\nevidence = "docs:x"\n'


def test_how_the_package_is_installed_is_read(tmp_path: Path) -> None:
    target = read_table(save(tmp_path, TARGET.replace("[sources]", INSTALL + "[sources]"))).target
    assert (target.distribution, target.install) == ("torch-v", "pip install torch-v.")
    absent = read_table(save(tmp_path, TARGET)).target
    assert (absent.distribution, absent.install) == (None, "")


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("how =", "hwo =", "[target.install]: unknown key 'hwo'; did you mean 'how'?"),
        ('how = "pip install torch-v."\n', "", "[target.install]: 'how' is missing"),
        ('evidence = "docs:x"', "", "[target.install]: 'evidence' is missing"),
        ('"torch-v"', "2", "[target.install]: distribution = 2 must be a quoted string"),
    ],
)
def test_mistake_in_how_the_package_is_installed_is_named(tmp_path: Path, old: str, new: str, error: str) -> None:
    text = TARGET.replace("[sources]", INSTALL.replace(old, new) + "[sources]")
    assert errors(tmp_path, text)[0] == f"v.toml: {error}"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("NCCL_DEBUG", "NCCL_DEBUG"),
        ("NCCL_TREE_THRESHOLD", "NCCL_*"),
        ("TORCH_NCCL_DEBUG", "TORCH_NCCL_*"),
        ("TORCH_HOME", None),
        ("NCCL", None),
        ("_", None),
        ("X_" * 100_000, None),
    ],
)
def test_variable_without_a_row_falls_to_a_pattern(tmp_path: Path, name: str, key: str | None) -> None:
    keys = ("NCCL_*", "TORCH_NCCL_*", "NCCL_DEBUG")
    text = "".join(f'[env."{key}"]\nstatus = "unknown"\nevidence = "docs:x"\n' for key in keys)
    rule = read_table(save(tmp_path, TARGET + text)).rule_for("env", name)
    assert (rule and rule.key) == key


DTYPES = '[target.dtypes]\nrefused = ["float64"]\nnarrowed = { int64 = "int32" }\nevidence = "docs:x"\n'


def test_types_of_tensors_that_the_device_lacks_are_read(tmp_path: Path) -> None:
    target = read_table(save(tmp_path, TARGET.replace("[sources]", DTYPES + "[sources]"))).target
    assert (target.refused, target.narrowed) == (("float64",), {"int64": "int32"})
    absent = read_table(save(tmp_path, TARGET)).target
    assert (absent.refused, absent.narrowed) == ((), {})


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("refused =", "refusd =", "unknown key 'refusd'; did you mean 'refused'?"),
        ('["float64"]', '"float64"', 'refused must be a list of types, such as ["float64"]'),
        ('["float64"]', '["double"]', 'refused must be a list of types, such as ["float64"]'),
        ('{ int64 = "int32" }', '["int64"]', 'narrowed must map types to types, such as { int64 = "int32" }'),
        ('"int32"', "32", 'narrowed must map types to types, such as { int64 = "int32" }'),
        ('evidence = "docs:x"', "", "'evidence' is missing"),
    ],
)
def test_mistake_in_the_types_is_named(tmp_path: Path, old: str, new: str, error: str) -> None:
    text = TARGET.replace("[sources]", DTYPES.replace(old, new) + "[sources]")
    assert errors(tmp_path, text) == [f"v.toml: [target.dtypes]: {error}"]

"""What the simulated device is told of a vendor: the names of its table, and no others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from kit import EVERY_TARGET, table

from migrate.verify.profile import loads_itself, names_of, package_version, profile_of

THERE = ("renamed", "same", "differs")


def test_names_are_those_that_the_table_leads_to() -> None:
    names = names_of(table("npu"))
    assert names["torch.npu.synchronize"] == {"status": "renamed", "advice": "", "rule": "api:torch.cuda.synchronize"}
    assert names["torch.npu.NPUGraph"]["rule"] == "api:torch.cuda.CUDAGraph"
    assert names["torch.npu.get_device_properties"]["status"] == "differs"
    assert names["torch.npu.get_device_capability"]["status"] == "differs"
    assert names["torch.npu.get_device_capability"]["advice"].startswith("CUDA compute capability")
    assert "torch.npu.CUDAGraph" not in names
    assert "torch.cuda.synchronize" not in names


def test_names_that_the_vendor_lacks_have_the_advice_of_their_row() -> None:
    tables = {name: names_of(table(name)) for name in ("npu", "tpu")}
    rows = [
        rule for rule in table("tpu").rules.values() if rule.status == "missing" and rule.key.startswith("torch.cuda.")
    ]
    moved = {rule.key.replace("torch.cuda.", "torch.tpu."): rule for rule in rows if "(" not in rule.key}
    lacking = {name: row for name, row in tables["tpu"].items() if row["status"] == "missing" and "(" not in name}
    assert len(lacking) > 50
    assert set(lacking) <= set(moved)
    assert all(row["advice"] == moved[name].message for name, row in lacking.items())


@pytest.mark.parametrize("target", EVERY_TARGET)
def test_every_name_that_the_table_writes_is_there(target: str) -> None:
    rules, names = table(target), names_of(table(target))
    written = {rule.to.partition("(")[0] for rule in rules.rules.values() if rule.kind == "api" and rule.to}
    assert all(names[name]["status"] in THERE for name in written)


def test_profile_has_names_below_the_module_and_below_the_package() -> None:
    profile = profile_of(table("npu"), "2.13.0", None, {"devices": 2, "root": "/repo", "watch": {}})
    names, package = profile["names"], profile["package_names"]
    assert isinstance(names, dict)
    assert isinstance(package, dict)
    assert {"synchronize", "amp.autocast", "amp.GradScaler", "memory.empty_cache"} <= set(names)
    assert not any(name.startswith(("torch", "npu.")) for name in names)
    assert package
    assert (profile["device"], profile["backend"], profile["package"]) == ("npu", "hccl", "torch_npu")
    assert (profile["devices"], profile["root"]) == (2, "/repo")


@pytest.mark.parametrize(
    ("target", "torch", "min_torch", "expected"),
    [
        ("npu", "2.13.0", None, True),
        ("npu", "2.4.1", None, False),
        ("npu", "2.13.0", "2.5", True),
        ("npu", "2.13.0", "2.1", False),  # the code has to import it, whatever this torch does
        ("mlu", "2.13.0", None, False),
        ("gcu", "2.10.0", None, True),
    ],
)
def test_plug_in_loads_itself_where_every_torch_asked_for_does_so(
    target: str, torch: str, min_torch: str | None, expected: bool
) -> None:
    assert loads_itself(table(target), torch, min_torch) is expected


@pytest.mark.parametrize(
    ("target", "torch", "version"),
    [("npu", "2.13.0", "2.13.0"), ("npu", "2.11.0", "2.11.0"), ("npu", "2.99.0", "2.14.0"), ("mlu", "2.13.0", "2.4"),
     ("tpu", "2.1.0", "2.8")],
)  # fmt: skip
def test_version_is_the_newest_known_that_goes_with_torch(target: str, torch: str, version: str) -> None:
    assert package_version(table(target), torch) == version


def test_vendor_without_versions_has_one_all_the_same() -> None:
    bare = replace(table("npu"), target=replace(table("npu").target, versions=(), published=()))
    assert package_version(bare, "2.13.0") == "0"

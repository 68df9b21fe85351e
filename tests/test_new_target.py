"""A vendor that nobody has: one TOML, and every case has an outcome for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from kit import all_cases, lines_of, source_of, table

from migrate.engine import decode, migrate_bytes, parse, rewritten
from migrate.filetypes import kind_of
from migrate.model import Table
from migrate.table import RULES, load_table, read_table

EXTENDING = """\
schema = 1
extends = "npu"

[target]
name = "foo"
title = "Foo"
module = "torch.foo"
device = "foo"
backend = "fccl"
method = "foo"
predicate = "is_foo"
package = "torch_foo"
versions = ["2.5"]

[target.import]
line = "import torch_foo"
until = "2.5"
"""
WORDS = re.compile(r"npu|hccl|\bHCCL\b")
THEIRS = re.compile(r"npu|hccl|ascend", re.IGNORECASE)


def exchanged(text: str) -> str:
    return WORDS.sub(lambda match: {"npu": "foo", "hccl": "fccl", "HCCL": "FCCL"}[match.group()], text)


@pytest.fixture(params=["copied", "extending"])
def foo(request: pytest.FixtureRequest, tmp_path: Path) -> Table:
    """The table of the vendor: that of another copied, with the words exchanged, or one that extends it."""
    path = tmp_path / "foo.toml"
    if request.param == "copied":
        path.write_text(exchanged((RULES / "npu.toml").read_text("utf-8")), "utf-8")
        return read_table(path)
    path.write_text(EXTENDING, "utf-8")
    return load_table("foo", rules=[path])


def test_every_case_has_an_outcome(foo: Table, tmp_path: Path) -> None:
    compared, other = 0, []
    for case in all_cases():
        source = source_of(case)
        data, kind = source.read_bytes(), kind_of(source.name)
        assert kind
        result = migrate_bytes(source.name, kind, data, foo)
        known = migrate_bytes(source.name, kind, data, table("npu"))
        (tmp_path / f"{case}.findings.foo.txt").write_text("".join(lines_of(result)), "utf-8")
        if result.error or known.error:
            assert (result.error, result.edits) == (known.error, ())
            continue
        output = rewritten(data, result)
        (tmp_path / f"{case}.out.foo").write_bytes(output)
        text, encoding = decode(output, kind)
        if kind == "python":
            parse(text)
        assert migrate_bytes(source.name, kind, output, foo).edits == (), case
        if not THEIRS.search(data.decode(encoding, "replace")):
            compared += 1
            if text != exchanged(decode(rewritten(data, known), kind)[0]):
                other.append(case)
    assert compared > 500
    assert len(list(tmp_path.glob("*.findings.foo.txt"))) == len(all_cases())
    assert "\n".join(other) == ""

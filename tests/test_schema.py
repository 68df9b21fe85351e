"""The schema of tables of rules, for editors: that it says what the reader says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from test_own_rules import ACME, OVER, SMALL

from migrate.table import RULES, target_names
from migrate.toml import parse_toml

ROOT = Path(__file__).parents[1]
SCHEMA = Draft202012Validator(json.loads((ROOT / "docs" / "rules.schema.json").read_bytes()))


def mistakes(text: str) -> list[str]:
    return [error.message for error in SCHEMA.iter_errors(parse_toml(text.encode()))]


def test_schema_is_the_one_of_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    monkeypatch.setattr(sys, "argv", ["render_schema.py", "--check"])
    from render_schema import main

    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0


@pytest.mark.parametrize("target", target_names())
def test_every_table_of_the_tool_fits(target: str) -> None:
    assert mistakes((RULES / f"{target}.toml").read_text("utf-8")) == []


@pytest.mark.parametrize("text", [ACME, OVER, SMALL, 'schema = 1\nextends = ["npu", "mlu"]\n'])
def test_table_of_a_project_fits(text: str) -> None:
    assert mistakes(text) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schema = 1", "schema = 2"),
        ("schema = 1", "schema = 1\nform = 1"),
        ('"npu"', "1"),
        ('to = "torch.npu.peers"', ""),
        ("to =", "too ="),
        ('"missing"', '"mising"'),
        ("message =", "review ="),
        ('"missing"', '"missing"\nto = "torch.x"'),
        ('"missing"', '"differs"\nkeywords = { a = 1 }'),
        ('"missing"', '"differs"\npositional = "1"'),
    ],
)
def test_mistake_is_found(old: str, new: str) -> None:
    assert old in OVER
    assert mistakes(OVER.replace(old, new))

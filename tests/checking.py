"""Helpers for the tests of the command check: a repository to check, and what is found in it."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from kit import Outcome, command, repository, tree

CLEAN = b"import torch\nx = torch.accelerator.is_available()\n"
BROKEN = b"import torch\nx = torch.cuda.(\n"
MIXED = b'import torch\nx = torch.cuda.is_available()\ny = model.cuda()\nz = torch.device("cuda")\n'
RULES = ["api:torch.cuda.is_available", "method:cuda", "device:cuda"]
ALL = [f"a.py {rule}" for rule in RULES]


def project(folder: Path) -> Path:
    """A repository with one file of three leftovers and one without any."""
    return repository(folder / "repo", {"a.py": MIXED, "pkg/clean.py": CLEAN})


def check(*arguments: object) -> Outcome:
    return command("check", "--target", "npu", *arguments)


def found(*arguments: object) -> list[str]:
    """The leftovers of a check as `path rule`, in its order; those that are known in parentheses."""
    items = json.loads(check("--format", "json", *arguments).out)["leftovers"]
    lines = [(item["state"], f"{item['path']} {item['rule_id']}") for item in items]
    return [line if state == "new" else f"({line})" for state, line in lines]


def configure(root: Path, text: str) -> None:
    tree(root, {"accel-migrate.toml": text.encode()})


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))


def baseline(name: str, *arguments: object) -> None:
    assert command("baseline", "--target", "npu", "--output", name, *arguments) == (0, "", "")

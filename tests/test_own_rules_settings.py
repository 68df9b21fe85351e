"""Tables of a project, named by its settings or by an option."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from kit import command, tree
from test_own_rules import ACME, OVER

from migrate.table import load_table

USES = b"import torch\ntorch.cuda.can_device_access_peer(0, 1)\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose settings name a table, as the current folder."""
    settings = b'rules = ["rules/our.toml"]\n'
    folder = tree(tmp_path / "p", {"accel-migrate.toml": settings, "rules/our.toml": OVER.encode(), "a.py": USES})
    monkeypatch.chdir(folder)
    return folder


def test_settings_name_tables(project: Path) -> None:
    assert "+torch.npu.peers(0, 1)" in command("--target", "npu", "--diff").out
    assert "torch.npu.peers" in command("check", "--target", "npu").out
    assert "npu: torch.npu.peers" in command("check").out
    assert '"torch.cuda.can_device_access_peer", "torch.cuda.can' not in command("baseline", "--target", "npu").err
    assert "→ torch.npu.peers" in command("explain", "torch.cuda.can_device_access_peer").out
    rows = json.loads(command("rules", "--target", "npu", "--format", "json").out)
    assert [row["to"] for row in rows if row["rule"] == "api:torch.cuda.can_device_access_peer"] == ["torch.npu.peers"]


def test_options_name_tables_over_those_of_the_settings(project: Path) -> None:
    other = tree(project.parent, {"x.toml": OVER.replace("npu.peers", "npu.others").encode()}) / "x.toml"
    option = ("--rules", other)
    assert "+torch.npu.others(0, 1)" in command("--target", "npu", "--diff", *option).out
    assert "torch.npu.others" in command("check", "--target", "npu", *option).out
    assert command("baseline", "--target", "npu", *option).code == 0
    assert "→ torch.npu.others" in command("explain", "torch.cuda.can_device_access_peer", *option).out
    assert "torch.npu.others" in command("rules", "--target", "npu", *option).out


def test_target_of_a_project_is_chosen_by_its_name(project: Path) -> None:
    tree(project, {"acme.toml": ACME.encode(), "b.py": b"import torch\ntorch.cuda.synchronize()\n"})
    assert "+torch.acme.sync()" in command("--target", "acme", "--rules", "acme.toml", "--diff").out
    assert command("check", "--target", "acme", "--rules", "acme.toml", "-j", 2).code == 1
    code, _, err = command("--target", "acne", "--rules", "acme.toml", "--diff")
    assert (code, err) == (2, "accel-migrate: unknown target 'acne'; did you mean 'acme'?\n")
    assert "known: acme, " in command("--diff", "--rules", "acme.toml").err


@pytest.mark.parametrize("arguments", [("--target", "npu", "--diff"), ("check",), ("baseline",), ("rules",)])
def test_mistake_in_a_table_ends_every_command(project: Path, arguments: tuple[str, ...]) -> None:
    tree(project, {"rules/our.toml": OVER.replace("to =", "too =").encode(), "a.py": b"x = 1\n"})
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    where = f'{project.resolve() / "rules" / "our.toml"}: [api."torch.cuda.can_device_access_peer"]: '
    assert err.startswith(f"accel-migrate: {where}unknown key 'too'; did you mean 'to'?\n{where}")


@pytest.mark.parametrize("path", ["../x.toml", "/etc/hosts", "link.toml", "rules/../../x.toml", "a\\u0000b"])
def test_settings_name_no_files_outside_of_the_project(project: Path, path: str) -> None:
    tree(project.parent, {"x.toml": OVER.encode()})
    (project / "link.toml").symlink_to(project.parent / "x.toml")
    tree(project, {"accel-migrate.toml": f'rules = ["{path}"]\n'.encode()})
    code, _, err = command("--target", "npu", "--diff")
    assert code == 2
    assert err.startswith(f"accel-migrate: {project.resolve() / 'accel-migrate.toml'}:1: rules: ")
    assert "outside of the project" in err or "null" in err


def test_settings_below_the_top_of_a_repository_may_name_files_above(project: Path) -> None:
    os.mkdir(project / ".git")
    tree(project, {"sub/accel-migrate.toml": b'rules = ["../rules/our.toml"]\n', "sub/a.py": USES})
    assert "+torch.npu.peers(0, 1)" in command("--target", "npu", "--diff", "sub").out


def test_rules_in_settings_are_a_list(project: Path) -> None:
    tree(project, {"accel-migrate.toml": b'rules = "our.toml"\n'})
    assert "rules must be a list of files" in command("check").err


def test_tables_shown_are_tables(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "own-rules.md").read_text("utf-8")
    texts = [block for block in re.findall(r"^```toml\n(.*?)^```", page, re.M | re.S) if "schema = 1" in block]
    rules = [tmp_path / f"{number}.toml" for number in range(len(texts))]
    for path, text in zip(rules, texts, strict=True):
        path.write_text(text, "utf-8")
    own = load_table("acme", rules=rules)
    assert own.rules["api:torch.cuda.Event"].to == "torch.acme.Event"
    assert own.rules["api:torch.cuda.synchronize"].to == "torch.acme.wait"
    assert own.rules["env:NCCL_IB_DISABLE"].message == "Our cluster has no InfiniBand: remove it."

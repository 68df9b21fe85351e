"""`--api-support`: uses of PyTorch's own API that a vendor's tables mark as not supported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from kit import command, repository, table

from migrate.engine import migrate_bytes
from migrate.leftovers import is_leftover
from migrate.model import Finding
from migrate.support import load_support
from migrate.table import TableError

NAMES = {"torch.nn.RNN": "no", "torch.poisson": "no", "torch.nn.functional.gumbel_softmax": "no"}
TABLE = replace(table("npu"), support=NAMES)


def found(text: str) -> list[Finding]:
    result = migrate_bytes("in.py", "python", text.encode(), TABLE)
    assert result.error is None, result.error
    return [finding for finding in result.findings if finding.rule_id.startswith("support:")]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import torch\ny = torch.poisson(x)\n", ["torch.poisson"]),
        ("import torch as th\ny = th.nn.RNN(1, 2)\n", ["th.nn.RNN"]),
        ("import torch.nn as nn\ny = nn.RNN(1, 2)\n", ["nn.RNN"]),
        ("from torch import nn\nclass Net(nn.RNN): ...\n", ["nn.RNN"]),
        ("from torch.nn import RNN as Cell\ny = 'é', Cell(1, 2)\n", ["Cell"]),
        ("import torch.nn.functional as F\ny = F.gumbel_softmax(x)\n", ["F.gumbel_softmax"]),
        ("import torch\nx.cuda()\ny = torch.poisson(x)\n", ["torch.poisson"]),
    ],
)
def test_use_that_is_not_supported_is_found(text: str, names: list[str]) -> None:
    findings = found(text)
    assert [finding.found for finding in findings] == names
    assert [text[finding.start : finding.end] for finding in findings] == names
    assert all(finding.safety == "info" and not finding.edits and not is_leftover(finding) for finding in findings)


@pytest.mark.parametrize(
    "text",
    [
        "import torch\ny = torch.normal(x)\n",
        "from mine import torch\ny = torch.poisson(x)\n",
        "import torch\ntorch = fake\ny = torch.poisson(x)\n",
        "import torch\ndef f(torch): return torch.poisson(1)\n",
        "from torch.nn import RNN\nfrom mine import RNN\nRNN(1)\n",
        "from .torch.nn import RNN\nRNN(1)\n",
        "import numpy\ny = numpy.poisson(torch_poisson)  # torch.poisson\n",
        "import torch\ny = x.poisson()\ns = 'torch.poisson'\n",
    ],
)
def test_other_names_are_passed_over(text: str) -> None:
    assert found(text) == []


def test_nothing_is_looked_for_unless_asked() -> None:
    result = migrate_bytes("in.py", "python", b"import torch\ny = torch.poisson(x)\n", table("npu"))
    assert (result.findings, result.digest) == ((), "")


def test_table_follows_version_and_hardware() -> None:
    every = load_support("npu", None, None)
    assert "torch.poisson" in every
    assert "torch 2.13" in every["torch.poisson"]
    assert "torch 2.7" in load_support("npu", None, "2.5")["torch.nn.RNN"]
    assert "torch 2.13" in load_support("npu", None, "2.8")["torch.poisson"]
    assert "torch 2.13" in load_support("npu", None, "2.20")["torch.poisson"]
    newest = load_support("npu", "950dt", None)
    assert len(newest) > 5 * len(every)
    assert "Ascend 950DT" in newest["torch.aminmax"]
    assert set(every) <= set(load_support("npu", "a2", None))


def test_unknown_hardware_or_target_is_an_error() -> None:
    with pytest.raises(TableError, match=r"known: a2 \(Atlas A2\)"):
        load_support("npu", "h100", None)
    with pytest.raises(TableError, match="there is one for npu"):
        load_support("mlu", None, None)


def test_command_lists_them_without_counting_references(tmp_path: Path) -> None:
    folder = repository(tmp_path, {"a.py": b"import torch\ny = torch.poisson(x)\nz = x.cuda()\n"})
    code, out, _ = command("--target", "npu", "--diff", "--api-support", folder)
    assert code == 0
    assert "a.py: 1 to know" in out
    assert "\n1 reference: 1 rewritten, 0 left, 0 need you" in out
    assert command("--target", "npu", "--diff", "--hardware", "a2", folder).code == 2
    assert "unknown hardware" in command("--target", "npu", "--diff", "--api-support", "--hardware", "b", folder).err

"""To CATCH: the calls of its guide, out of scripts for CUDA."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from kit import cases, command, source_of, tree

from migrate.engine import decode, migrate_bytes, parse, rewritten
from migrate.model import FileResult, Table
from migrate.table import TableError, load_table, target_names, with_expression, with_mode

LINE = "import torch_mlu.core.mlu_model as ct\n"
TRAINING = """\
import torch
from torch import nn, optim
from torch.utils.data import DataLoader


def train(model, loader, optimizer):
    model.train()
    for images, labels in loader:
        images = images.cuda()
        labels = labels.cuda(non_blocking=True)
        optimizer.zero_grad()
        nn.functional.nll_loss(model(images), labels).backward()
        optimizer.step()


if __name__ == "__main__":
    torch.cuda.set_device(0)
    model = Digits()
    model = model.to(torch.device("cuda"))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    train(model, DataLoader(digits(), batch_size=64), optimizer)
    torch.cuda.synchronize()
"""
INFERENCE = """\
import torch

model = Digits()
model.load_state_dict(torch.load("digits.pth", map_location="cpu"))
model = model.cuda()
for image in images():
    print(model(image.cuda()).cpu())
"""


@cache
def catch(mode: str = "training") -> Table:
    return with_mode(load_table("mlu-catch"), mode)


def result(text: str, mode: str = "training") -> FileResult:
    found = migrate_bytes("a.py", "python", text.encode(), catch(mode))
    assert found.error is None
    return found


def after(text: str, mode: str = "training") -> str:
    out = rewritten(text.encode(), result(text, mode)).decode()
    parse(out)
    assert result(out, mode).edits == ()
    return out


def test_training_script() -> None:
    expected = TRAINING.replace("import DataLoader\n", f"import DataLoader\n{LINE}ct.set_cnml_enabled(False)\n")
    expected = expected.replace(".cuda()", ".to(ct.mlu_device())").replace(
        "labels.cuda(", "labels.to(ct.mlu_device(), "
    )
    expected = expected.replace("torch.cuda.", "ct.").replace('torch.device("cuda")', "ct.mlu_device()")
    line = '    optimizer = ct.to(optimizer, torch.device("mlu"))\n'
    assert after(TRAINING) == expected.replace("lr=0.1)\n", f"lr=0.1)\n{line}")


def test_inference_script() -> None:
    expected = INFERENCE.replace("import torch\n", f"import torch\n{LINE}torch.set_grad_enabled(False)\n")
    assert after(INFERENCE, "inference") == expected.replace(".cuda()", ".to(ct.mlu_device())")
    told = [item for item in result(INFERENCE, "inference").findings if item.rule_id == "script:import"]
    assert [item.safety for item in told] == ["manual"]
    assert "ct.set_core_number" in told[0].message


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("import torch\nx.cuda()\n", f"import torch\n{LINE}x.to(ct.mlu_device())\n"),
        ('import torch\nx.to("cuda:1")\n', f'import torch\n{LINE}x.to("mlu:1")\n'),
        ('import torch\nd = torch.device("cuda", 1)\n', f'import torch\n{LINE}d = torch.device("mlu", 1)\n'),
        ('import torch\nd = torch.device("cuda" if torch.cuda.is_available() else "cpu")\n',
         f'import torch\n{LINE}d = torch.device("mlu" if ct.is_available() else "cpu")\n'),
        ("from torch.cuda import set_device\nset_device(0)\n",
         f"{LINE}from torch_mlu.core.mlu_model import set_device\nset_device(0)\n"),
        ('import torch\ntorch.distributed.init_process_group("nccl")\n',
         f'import torch\n{LINE}torch.distributed.init_process_group("cncl")\n'),
        ("import torch\nimport torch.optim as o\nx.cuda()\nself.opt = o.Adam(p)\n",
         f"import torch\nimport torch.optim as o\n{LINE}x.to(ct.mlu_device())\nself.opt = o.Adam(p)\n"
         'self.opt = ct.to(self.opt, torch.device("mlu"))\n'),
        ("import torch\nx.cuda()\no = torch.optim.Adam(\n    p,\n)  # slow",
         f"import torch\n{LINE}x.to(ct.mlu_device())\no = torch.optim.Adam(\n    p,\n)  # slow\n"
         'o = ct.to(o, torch.device("mlu"))'),
        ("device = 'cuda'\n", "device = 'mlu'\n"),
    ],
)  # fmt: skip
def test_what_becomes_of_a_line(before: str, expected: str) -> None:
    assert after(before) == expected


@pytest.mark.parametrize(
    "text",
    [
        "x.cuda(0)\n",
        "ct = 1\nx.cuda()\n",
        "def f(ct):\n    return x.cuda()\n",
        "import torch\nwith torch.cuda.amp.autocast():\n    pass\n",
        "import torch\ns = torch.cuda.Stream()\n",
        "import torch\ntorch.cuda.memory_summary()\n",
    ],
)
def test_what_a_person_has_to_see(text: str) -> None:
    found = result(text)
    assert not found.edits
    assert "manual" in {item.safety for item in found.findings}


@pytest.mark.parametrize(
    "text",
    [
        "from torch import optim\noptimizer = optim.SGD(p, 0.1)\n",  # nothing moves
        "import torch\nx = 1\n",
    ],
)
def test_text_that_stays(text: str) -> None:
    assert after(text) == text


@pytest.mark.parametrize(
    "line", ["s = torch.optim.lr_scheduler.StepLR(o)", "o = mine.SGD(p)", "o, p = torch.optim.SGD(q), 1"]
)
def test_only_optimizers_are_moved(line: str) -> None:
    assert after(f"import torch\nx.cuda()\n{line}\n").endswith(f"\n{line}\n")


def test_optimizer_that_shares_its_line_is_reported() -> None:
    found = result("import torch\nx.cuda()\nif x: o = torch.optim.SGD(p)\n")
    assert [item.safety for item in found.findings if item.rule_id == "script:torch.optim"] == ["manual"]


def test_target_is_not_among_the_others() -> None:
    assert "mlu-catch" not in target_names()
    with pytest.raises(TableError, match="mlu-catch has an expression of its own"):
        with_expression(catch(), "utils.d", "from a import utils")


def test_command_takes_a_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree(tmp_path, {"a.py": INFERENCE.encode()}))
    assert (
        "+torch.set_grad_enabled(False)" in command("--target", "mlu-catch", "--catch-mode", "inference", "--diff").out
    )
    assert "set_grad_enabled" not in command("--target", "mlu-catch", "--diff").out
    assert command("check", "--target", "mlu-catch").code == 1


@pytest.mark.parametrize("name", cases())
def test_every_case_parses_and_stays(name: str) -> None:
    data = source_of(name).read_bytes()
    found = migrate_bytes("a/in.py", "python", data, catch())
    if found.error is None:
        out = rewritten(data, found)
        parse(decode(out)[0])
        again = migrate_bytes("a/in.py", "python", out, catch())
        assert (again.error, again.edits) == (None, ())


def test_change_shown_is_made() -> None:
    page = (Path(__file__).parents[1] / "docs" / "catch.md").read_text("utf-8")
    shown, *_ = re.findall(r"```text\n(.*?)```", page, re.S)
    lines = shown.splitlines(keepends=True)
    before, expected = ("".join(line[1:] or line for line in lines if line[0] != mark) for mark in "+-")
    script = "for image in images:\n    loss(image).backward()\n"
    assert after(before + script) == expected + script

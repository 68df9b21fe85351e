"""Quantization for CATCH: written where the file says which model, and from which data; else said to a person."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from kit import cases, command, source_of, tree

from migrate.engine import decode, migrate_bytes, parse, rewritten
from migrate.model import FileResult, Table
from migrate.table import load_table, with_mode

IMPORTS = "import torch_mlu.core.mlu_model as ct\nimport torch_mlu.core.mlu_quantize as mlu_quantize\n"
TRAINING = """\
import torch
from torch import nn, optim
from torch.utils.data import DataLoader


def train(model, train_data, optimizer, epoch):
    model = model.train()
    for number, (image, label) in enumerate(train_data):
        optimizer.zero_grad()
        nn.functional.nll_loss(model(image.cuda()), label.cuda()).backward()
        optimizer.step()


train_data = DataLoader(digits(), batch_size=64)
test_data = DataLoader(others(), batch_size=64)
plain = Digits()
net = plain.cuda()
optimizer = optim.SGD(net.parameters(), 1e-1)
for epoch in range(9):
    train(net, train_data, optimizer, epoch)
"""
ADAPTIVE = "plain = mlu_quantize.adaptive_quantize(model=plain, steps_per_epoch=len(train_data), bitwidth=16)\n"
INFERENCE = """\
import torch
from torchvision import transforms

shape = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (1 / 255,))])
net = Digits()
net.load_state_dict(torch.load("digits.pth", map_location="cpu"), False)
moved = net.cuda()
print(moved(shape(image).cuda()).cpu())
"""
DYNAMIC = """\
net_quantization = mlu_quantize.quantize_dynamic_mlu(net, {"mean": [0.1307], "std": [1 / 255], "firstconv": True}, \
dtype="int8", gen_quant=True)
net = mlu_quantize.quantize_dynamic_mlu(net)
net.load_state_dict(net_quantization.state_dict())
"""


@cache
def catch(kind: str) -> Table:
    return with_mode(load_table("mlu-catch"), "training" if kind == "adaptive" else "inference", kind, "16")


def result(text: str, kind: str = "adaptive") -> FileResult:
    found = migrate_bytes("a.py", "python", text.encode(), catch(kind))
    assert found.error is None
    return found


def after(text: str, kind: str = "adaptive") -> str:
    out = rewritten(text.encode(), result(text, kind)).decode()
    parse(out)
    assert result(out, kind).edits == ()
    return out


def told(text: str, kind: str = "adaptive") -> list[str]:
    """What a person is to add."""
    found = [item for item in result(text, kind).findings if item.rule_id == "script:quantize"]
    assert [item.safety for item in found if not item.edits] == ["manual"] * len(found)
    return [item.message for item in found]


def test_model_is_quantized_before_it_moves() -> None:
    out = after(TRAINING)
    assert f"{IMPORTS}ct.set_cnml_enabled(False)\n" in out
    assert f"plain = Digits()\n{ADAPTIVE}net = plain.to(ct.mlu_device())\noptimizer = optim.SGD(" in out


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("plain = Digits()\nnet = plain.cuda()\n",
         f"plain = Digits()\n{ADAPTIVE}net = plain.to(ct.mlu_device())\n"),
        ("net = Digits().cuda()\n",
         "net = mlu_quantize.adaptive_quantize(model=Digits(), steps_per_epoch=len(train_data), bitwidth=16)"
         ".to(ct.mlu_device())\n"),
        ("net = Digits()\nprint(net)\nnet.load_state_dict(old)\nnet.cuda()\n",
         "net = Digits()\nprint(net)\nnet.load_state_dict(old)\n"
         f"{ADAPTIVE.replace('plain', 'net')}net.to(ct.mlu_device())\n"),
        ('device = torch.device("cuda")\nnet = Digits()\nnet = net.to(device)\n',
         f"device = ct.mlu_device()\nnet = Digits()\n{ADAPTIVE.replace('plain', 'net')}net = net.to(device)\n"),
    ],
)  # fmt: skip
def test_where_the_line_goes(before: str, expected: str) -> None:
    assert expected in after(TRAINING.replace("plain = Digits()\nnet = plain.cuda()\n", before))


def test_in_a_function_that_trains_itself() -> None:
    head, _, rest = TRAINING.partition("train_data = ")
    body = "".join(f"    {line}\n" for line in f"train_data = {rest}".splitlines())
    text = f"{head}def main():\n{body}\n\nif __name__ == '__main__':\n    main()\n"
    assert f"    plain = Digits()\n    {ADAPTIVE}    net = plain.to(" in after(text)
    assert after(text.replace("\n", "\r\n")).count("\n") == after(text.replace("\n", "\r\n")).count("\r\n")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("net = plain.cuda()\n", "other = optim.SGD(plain.parameters())\nnet = plain.cuda()\n", "several may be meant"),
        ("plain = Digits()\nnet = plain.cuda()\noptimizer = optim.SGD(net.parameters(), 1e-1)\n",
         "net = Digits()\noptimizer = optim.SGD(net.parameters(), 1e-1)\nnet.cuda()\n",
         "something else gets net before it moves"),
        ("plain = Digits()\n", "if big:\n    plain = Digits(9)\nelse:\n    plain = Digits()\n",
         "plain is not made by one statement"),
        ("plain = Digits()\n", "plain = Digits()\naverage = Average(plain)\n", "something else gets plain"),
        ("train(net, train_data,", "train(net, train_data if epoch else test_data,", "which loader"),
        ("train_data = DataLoader(digits(), batch_size=64)\n", "train_data = loader()\n", "not made by one DataLoader"),
        ("enumerate(train_data)", "enumerate(other.data)", "which loader"),
        ("optimizer = optim.SGD(net.parameters(), 1e-1)", "optimizer = optim.SGD(groups(net), 1e-1)", "which it is"),
        ("plain = Digits()", "plain = digits", "not made by a call"),
        ("plain = Digits()", "plain = Digits()\ndef f():\n    global plain\n    plain = 1", "made by one statement"),
        ("plain = Digits()\nnet = plain.cuda()", "plain = Digits(); net = plain.cuda()", "moved in the same block"),
        ("net = plain.cuda()", "size = 1; net = plain.cuda()", "shares its line"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_told_with_the_line(old: str, new: str, why: str) -> None:
    text = TRAINING.replace(old, new)
    assert text != TRAINING
    (message,) = told(text)
    assert "import torch_mlu.core.mlu_quantize as mlu_quantize; " in message
    assert "mlu_quantize.adaptive_quantize(model=" in message
    assert any(part in message for part in why.split("|"))
    assert "mlu_quantize" not in after(text)


def test_loader_that_is_made_later_is_told() -> None:
    line = "train_data = DataLoader(digits(), batch_size=64)\n"
    moved = TRAINING.replace(line, "").replace("for epoch", f"{line}for epoch")
    assert "train_data is made later than the model" in told(moved)[0]


@pytest.mark.parametrize(
    "text",
    [
        "import torch\nx = torch.zeros(2).cuda()\n",  # nothing is trained
        TRAINING.replace(".cuda()", ""),  # nothing moves
        TRAINING.replace("plain = Digits()\n", f"plain = Digits()\n{ADAPTIVE}"),
        INFERENCE,
    ],
)
def test_nothing_to_quantize(text: str) -> None:
    assert told(text) == []
    assert after(text).count("adaptive_quantize") == text.count("adaptive_quantize")


def test_model_that_runs_is_quantized_and_loaded() -> None:
    out = after(INFERENCE, "dynamic")
    assert f"{IMPORTS}torch.set_grad_enabled(False)\n" in out
    assert f", False)\n{DYNAMIC}moved = net.to(ct.mlu_device())\n" in out


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("transforms.Normalize((0.1307,), (1 / 255,))", "transforms.Pad(1)", "no transforms.Normalize"),
        ("(0.1307,)", "MEAN", "the numbers of its transforms.Normalize are made elsewhere"),
        ("shape =", "other = transforms.Normalize([0], [1])\nshape =", "several transforms.Normalize"),
        ("moved = net.cuda()", "moved = net.cuda()\nmoved.load_state_dict(other)", "weights are loaded later"),
        (
            "net = Digits()\n",
            "net = Digits().cuda()\n",
            "net is made and moved in one statement|weights are loaded later",
        ),
    ],
)
def test_what_is_not_certain_of_a_model_that_runs(old: str, new: str, why: str) -> None:
    (message,) = told(INFERENCE.replace(old, new), "dynamic")
    assert "mlu_quantize.quantize_dynamic_mlu(net, {" in message
    assert any(part in message for part in why.split("|"))


def test_model_that_is_quantized_already_stays() -> None:
    assert told(INFERENCE.replace("Digits()", "models.quantization.resnet50(quantize=True)"), "dynamic") == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "npu", "--quantize", "adaptive"], "--quantize goes with --target mlu-catch, not with npu"),
        (["--target", "npu", "--catch-mode", "training"], "--catch-mode goes with --target mlu-catch, not with npu"),
        (["--target", "mlu-catch", "--bitwidth", "16"], "--bitwidth goes with --quantize adaptive"),
        (["--target", "mlu-catch", "--quantize", "dynamic", "--bitwidth", "16"], "--bitwidth goes with --quantize"),
        (["--target", "mlu-catch", "--quantize", "adaptive", "--bitwidth", "4"], "'4' is not one of '8', '16', '31'"),
        (["--target", "mlu-catch", "--quantize", "adaptive", "--catch-mode", "inference"],
         "--quantize adaptive is for training, not for --catch-mode inference"),
        (["--target", "mlu-catch", "--quantize", "dynamic", "--catch-mode", "training"],
         "--quantize dynamic is for inference, not for --catch-mode training"),
    ],
)  # fmt: skip
def test_wrong_use(arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree(tmp_path, {"a.py": TRAINING.encode()}))
    code, out, err = command(*arguments, "--diff")
    assert (code, out) == (2, "")
    assert message in " ".join(err.split())


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree(tmp_path, {"a.py": TRAINING.encode(), "b.py": INFERENCE.encode()}))
    out = command("--target", "mlu-catch", "--quantize", "adaptive", "--diff").out
    assert f"+{ADAPTIVE.replace('16', '8')}" in out
    assert "quantize_dynamic_mlu" not in out
    out = command("--target", "mlu-catch", "--quantize", "dynamic", "--diff").out
    assert "+net = mlu_quantize.quantize_dynamic_mlu(net)\n" in out
    assert "adaptive" not in out
    assert "mlu_quantize." not in command("--target", "mlu-catch", "--diff").out


@pytest.mark.parametrize("kind", ["adaptive", "dynamic"])
@pytest.mark.parametrize("name", cases())
def test_every_case_parses_and_stays(name: str, kind: str) -> None:
    data = source_of(name).read_bytes()
    found = migrate_bytes("a/in.py", "python", data, catch(kind))
    if found.error is None:
        out = rewritten(data, found)
        parse(decode(out)[0])
        again = migrate_bytes("a/in.py", "python", out, catch(kind))
        assert (again.error, again.edits) == (None, ())


def test_change_shown_is_made() -> None:
    page = (Path(__file__).parents[1] / "docs" / "catch.md").read_text("utf-8")
    _, shown = re.findall(r"```text\n(.*?)```", page, re.S)
    before, expected = ("".join(line[1:] for line in shown.splitlines(True) if line[0] != mark) for mark in "+-")
    head, _, rest = TRAINING.partition("train_data = ")
    rest = f"optimizer{rest.partition('optimizer')[2]}"
    assert expected.replace("bitwidth=8", "bitwidth=16") in after(f"{head}{before}{rest}")

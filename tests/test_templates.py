"""Words of a target that are calls or comparisons: what becomes of calls, attributes and imports with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit import check_changes, check_finding, check_same, findings, found, migrated, tree

from migrate.engine import parse
from migrate.runner import run
from migrate.table import load_table

HPU = "import torch\nimport habana_frameworks.torch.core as htcore\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x.cuda()", 'x.to("hpu")'),
        ("model.cuda().half()", 'model.to("hpu").half()'),
        ("x.cuda(non_blocking=True)", 'x.to("hpu", non_blocking=True)'),
        ("x.cuda(0)", 'x.to("hpu:0")'),
        ("x.cuda(device=1, non_blocking=True)", 'x.to(device="hpu:1", non_blocking=True)'),
        ("x.cuda('cuda:1')", "x.to('hpu:1')"),
        ('x.cuda(f"cuda:{rank}")', 'x.to(f"hpu:{rank}")'),
        ('x.cuda(torch.device("cuda", rank))', 'x.to(torch.device("hpu", rank))'),
        ("(x\n    .cuda(  # now\n    ))", '(x\n    .to("hpu"  # now\n    ))'),
        ('f"{x.cuda()} {y}"', "f\"{x.to('hpu')} {y}\""),
        ("f'{x.cuda()} {y}'", "f'{x.to(\"hpu\")} {y}'"),
        ("f\"{a['x']} {x.cuda()}\"", "f\"{a['x']} {x.to('hpu')}\""),
        ("f(x.cuda(), y.cuda())", 'f(x.to("hpu"), y.to("hpu"))'),
    ],
)
def test_tensor_without_a_method_for_its_device_is_told_the_device(before: str, after: str) -> None:
    check_changes(f"import torch\n{before}\n", f"{HPU}{after}\n", "hpu")


@pytest.mark.parametrize(
    "call",
    [
        "x.cuda(rank)", "x.cuda(device)", "x.cuda(device=rank)", "x.cuda(None)", "x.cuda(0, True)", "x.cuda(*rest)",
        "x.cuda(**rest)", "x.cuda(ranks[0])", "x.cuda(torch.device(a) or b)", "x.cuda(-1)", "x.cuda(0 + rank)",
        "x.cuda(1_0)", "x.cuda('a' 'b')", "f'{a}' f\"{x.cuda()}\"",
        "f\"\"\"{f'{x.cuda()}'}\"\"\"",
    ],
)  # fmt: skip
def test_argument_that_may_be_a_number_or_a_device_is_for_a_person(call: str) -> None:
    text = f"import torch\n{call}\n"
    check_finding(text, "method:cuda", "hpu")
    check_same(text, "hpu")


def test_method_and_predicate_of_the_class_itself_are_for_a_person() -> None:
    text = "import torch\nmap(torch.Tensor.cuda, xs)\ntorch.nn.Module.cuda(m)\nt = torch.Tensor.is_cuda\n"
    check_same(text, "hpu")
    for name in ("Tensor.cuda", "nn.Module.cuda", "Tensor.is_cuda"):
        check_finding(text, f"api:torch.{name}", "hpu")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if x.is_cuda: pass", 'if x.device.type == "hpu": pass'),
        ("a = x.is_cuda and not y.is_cuda", 'a = x.device.type == "hpu" and not y.device.type == "hpu"'),
        ("f(x.is_cuda, a=y.is_cuda)", 'f(x.device.type == "hpu", a=y.device.type == "hpu")'),
        ("a = [x.is_cuda for x in y]", 'a = [x.device.type == "hpu" for x in y]'),
        ("a = x.is_cuda == y.is_cuda", 'a = (x.device.type == "hpu") == (y.device.type == "hpu")'),
        ("a = x.is_cuda | y.is_cuda", 'a = (x.device.type == "hpu") | (y.device.type == "hpu")'),
        ("a = x.is_cuda in b", 'a = (x.device.type == "hpu") in b'),
        ("a = (x\n     .is_cuda)", 'a = (x\n     .device.type == "hpu")'),
        ("a = b(x)[0].is_cuda.real", 'a = (b(x)[0].device.type == "hpu").real'),
        ("a = -x.is_cuda", 'a = -(x.device.type == "hpu")'),
        ("a = x.is_cuda if b else y.is_cuda", 'a = x.device.type == "hpu" if b else y.device.type == "hpu"'),
        ('f"{x.is_cuda}"', "f\"{(x.device.type == 'hpu')}\""),
        ("é = 'ä', x.is_cuda", "é = 'ä', x.device.type == \"hpu\""),
    ],
)
def test_comparison_in_place_of_a_predicate_stays_one(before: str, after: str) -> None:
    check_changes(f"import torch\n{before}\n", f"{HPU}{after}\n", "hpu")


@pytest.mark.parametrize("target", ["hpu", "xpu"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("torch.cuda.amp.autocast()", 'torch.amp.autocast("{}")'),
        ("torch.cuda.amp.autocast(fp16)", 'torch.amp.autocast("{}", enabled=fp16)'),
        ("torch.cuda.amp.autocast(a, b, c)", 'torch.amp.autocast("{}", enabled=a, dtype=b, cache_enabled=c)'),
        ("torch.cuda.amp.autocast(a, dtype=b)", 'torch.amp.autocast("{}", enabled=a, dtype=b)'),
        ("torch.cuda.amp.autocast(enabled=a, **b)", 'torch.amp.autocast("{}", enabled=a, **b)'),
        ("torch.cuda.amp.autocast(\n    a,\n)", 'torch.amp.autocast(\n    "{}", enabled=a,\n)'),
        ("torch.cuda.amp.GradScaler(1024.0)", 'torch.amp.GradScaler("{}", 1024.0)'),
        ("x: torch.cuda.amp.GradScaler", "x: torch.amp.GradScaler"),
        ("isinstance(x, torch.cuda.amp.GradScaler)", "isinstance(x, torch.amp.GradScaler)"),
        ("@torch.cuda.amp.custom_fwd\ndef f(): pass", '@torch.amp.custom_fwd(device_type="{}")\ndef f(): pass'),
        (
            "@torch.cuda.amp.custom_fwd(cast_inputs=t)\ndef f(): pass",
            '@torch.amp.custom_fwd(cast_inputs=t, device_type="{}")\ndef f(): pass',
        ),
        ("f = torch.cuda.amp.custom_bwd(g)", 'f = torch.amp.custom_bwd(g, device_type="{}")'),
    ],
)
def test_mixed_precision_is_that_of_torch_where_the_vendor_has_none(target: str, before: str, after: str) -> None:
    assert amp_of(f"import torch\n{before}\n", target) == f"import torch\n{after.format(target)}\n"


def amp_of(text: str, target: str) -> str:
    """The text after one run, without the vendor's import. A second run changes nothing."""
    output = migrated(text, target)
    parse(output)
    check_same(output, target)
    return output.replace("import habana_frameworks.torch.core as htcore\n", "")


@pytest.mark.parametrize(
    "use",
    ["f(torch.cuda.amp.autocast)", "torch.cuda.amp.autocast(*a)", "torch.cuda.amp.autocast(a, b, c, d)"],
)  # fmt: skip
def test_mixed_precision_whose_arguments_are_not_seen_is_for_a_person(use: str) -> None:
    text = f"import torch\n{use}\n"
    check_same(text, "xpu")
    check_finding(text, "api:torch.cuda.amp.autocast", "xpu")


def test_imported_function_that_takes_other_arguments_moves_with_all_its_calls() -> None:
    check_changes(
        "from torch.cuda.amp import autocast as ac, GradScaler\nwith ac(fp16):\n    s: GradScaler = GradScaler()\n",
        'from torch.amp import autocast as ac, GradScaler\nwith ac("xpu", enabled=fp16):\n'
        '    s: GradScaler = GradScaler("xpu")\n',
        "xpu",
    )
    check_changes(
        "from torch.cuda import amp\nwith amp.autocast():\n    s = amp.GradScaler(enabled=a)\n",
        'from torch import amp\nwith amp.autocast("xpu"):\n    s = amp.GradScaler("xpu", enabled=a)\n',
        "xpu",
    )


@pytest.mark.parametrize("use", ["f(autocast)", "with autocast(*a): pass", "ac = autocast"])
def test_import_stays_where_one_of_the_calls_cannot_follow(use: str) -> None:
    text = f"from torch.cuda.amp import autocast\nwith autocast():\n    pass\n{use}\n"
    check_same(text, "xpu")
    assert {finding.safety for finding in findings(text, "xpu")} == {"manual"}


def test_import_stays_where_other_files_take_the_function_from_it(tmp_path: Path) -> None:
    files = {
        "a.py": b"from torch.cuda.amp import autocast\nwith autocast():\n    pass\n",
        "b.py": b"from a import autocast\nwith autocast():\n    pass\n",
    }
    first, _ = run(found(tree(tmp_path, files)), load_table("xpu")).files
    assert first.edits == ()
    assert "other files import autocast" in first.findings[0].message


def test_what_an_import_hides_is_seen() -> None:
    text = "from torch.cuda import Event\ne = Event(enable_timing=True, blocking=True)\n"
    messages = [finding.message for finding in findings(text, "xpu")]
    assert messages[1] == "torch.xpu.Event takes no blocking: decide what to do without it"
    check_changes(
        "from torch.cuda import can_device_access_peer as peer\npeer(0, peer_device=1)\n",
        "from torch.xpu import can_device_access_peer as peer\npeer(0, peer=1)\n",
        "xpu",
    )


def test_comparison_is_no_pattern() -> None:
    text = "match v:\n    case x.is_cuda:\n        pass\n"
    assert check_finding(text, "method:is_cuda", "hpu").message.endswith("which no pattern can be: write an `if`")
    check_changes(text, text.replace("is_cuda", "is_npu"), "npu")
    text = text.replace("x.is_cuda", "_ if x.is_cuda")
    check_changes(text, text.replace("x.is_cuda", '(x.device.type == "hpu")'), "hpu")

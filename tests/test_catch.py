"""From CATCH, which is gone, to today's torch_mlu."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from kit import command, tree

from migrate.between import load_between
from migrate.engine import migrate_bytes, parse, rewritten
from migrate.model import FileResult, Table
from migrate.table import TableError

HEAD = "import torch\nimport torch_mlu.core.mlu_model as ct\n"
LOADED = "import torch\nimport torch_mlu\n"
TRAINING = """\
# Digits, as CATCH's guide trains them
import torch
from torch import optim
import torch_mlu.core.mlu_quantize as mlu_quantize
import torch_mlu.core.mlu_model as ct
ct.set_cnml_enabled(False)  # training


def run(model, batches, epochs):
    model = model.to(ct.mlu_device())
    plain = optim.SGD(model.parameters(), lr=0.1)
    optimizer = ct.to(plain, torch.device("mlu"))
    for images, labels in batches:
        images, labels = images.to(ct.mlu_device()), labels.to(ct.mlu_device(), non_blocking=True)
        optimizer.zero_grad()
    ct.current_queue().synchronize()
    ct.empty_cached_memory()
"""


@cache
def way() -> Table:
    return load_between("catch", "mlu")


def result(text: str) -> FileResult:
    found = migrate_bytes("a.py", "python", text.encode(), way())
    assert found.error is None
    return found


def after(text: str) -> str:
    out = rewritten(text.encode(), result(text)).decode()
    parse(out)
    assert result(out).edits == ()
    return out


def test_training_script() -> None:
    expected = TRAINING.replace("import torch_mlu.core.mlu_quantize as mlu_quantize\n", "import torch_mlu\n")
    expected = expected.replace("import torch_mlu.core.mlu_model as ct\nct.set_cnml_enabled(False)  # training\n", "")
    expected = expected.replace("ct.mlu_device()", 'torch.device("mlu")').replace(
        "ct.current_queue", "torch.mlu.current_stream"
    )
    expected = expected.replace("ct.empty_cached_memory", "torch.mlu.empty_cache")
    assert after(TRAINING) == expected.replace('ct.to(plain, torch.device("mlu"))', "plain")


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (f"{HEAD}ct.set_device(1)\n", f"{LOADED}torch.mlu.set_device(1)\n"),
        (f"import torch_mlu\n{HEAD}x = ct.mlu_device()\n", 'import torch_mlu\nimport torch\nx = torch.device("mlu")\n'),
        (f"{HEAD}ct.to(optimizer, 'mlu')\n", LOADED),
        (f"{HEAD}optimizer = ct.to(optimizer, torch.device('mlu'))\n", LOADED),
        (f"{HEAD}self.optimizer = ct.to(self.optimizer, d)\n", LOADED),
        (f"{HEAD}ct.set_core_number(\n    args.cores,\n)\nx = 1\n", f"{LOADED}x = 1\n"),
        ("import torch\nfrom torch_mlu.core import mlu_model\nmlu_model.synchronize()\n",
         f"{LOADED}torch.mlu.synchronize()\n"),
        ("import torch\nfrom torch_mlu.core.mlu_model import set_device\nset_device(0)\n",
         f"{LOADED}torch.mlu.set_device(0)\n"),
        ("import torch\nimport torch_mlu.core.mlu_model\nd = torch_mlu.core.mlu_model.mlu_device()\n",
         f'{LOADED}d = torch.device("mlu")\n'),
        ("import torch\ntorch.mlu.empty_cached_memory()\n", "import torch\ntorch.mlu.empty_cache()\n"),
        ("if x:\n    import torch, torch_mlu\n    import torch_mlu\n    import torch_mlu.core.mlu_model as ct\n",
         "if x:\n    import torch, torch_mlu\n    import torch_mlu\n"),
        ("def f():\n    import torch_mlu.core.mlu_model as ct\n", "def f():\n    import torch_mlu\n"),
        (f"{HEAD}ct.set_core_version('MLU270')\r\nx = 1\r\n", f"{LOADED}x = 1\r\n"),
    ],
)  # fmt: skip
def test_what_becomes_of_a_call(before: str, expected: str) -> None:
    assert after(before) == expected


@pytest.mark.parametrize(
    "line",
    [
        "ct.set_memory_strategy(True)",
        "ct.current_queue(-1)",
        "y = ct.set_core_number(4)",
        "ct.set_core_number(4); x = 1",
        "if x: ct.set_core_number(4)",
        "if x:\n    ct.set_core_number(4)",
        "if x:\n    ct.set_core_number(4)\n    ct.set_core_version('MLU270')",
        "x = [ct.to(optimizer, 'mlu')]",
        "optimizer = ct.to(*given)",
        "f(ct)",
        "y = ct",
        "ct.unheard_of()",
        "y = ct.mlu_device",
    ],
)
def test_call_that_a_person_has_to_see_keeps_its_import(line: str) -> None:
    found = result(f"{HEAD}{line}\n")
    assert not found.edits
    assert {item.safety for item in found.findings} >= {"manual"}
    assert [item.safety for item in found.findings if item.rule_id == "import:torch_mlu"] == ["manual"]


@pytest.mark.parametrize(
    "text",
    [
        "import torch\nimport torch_mlu\nx = torch.zeros(2).to('mlu')\ntorch.mlu.synchronize()\n",
        "import ct\nct.set_device(0)\n",
        "import torch\nx = torch.zeros(2).cuda()\n",
        "from mine import mlu_model as ct\nct.mlu_device()\n",
        "def mlu_device():\n    return 'mlu'\n",
        "import torch_mlu.core.mlu_quantize as q\nnet = q.adaptive_quantize(model=net, bitwidth=8)\n",
        "from torch_mlu.core.device.notifier import Notifier\nn = Notifier()\n",
        "import torch_mlu.core.device.queue\nq = torch_mlu.core.device.queue.Queue()\n",
        "from torch_mlu.core.mlu_model import *\nset_device(0)\n",
    ],
)
def test_text_that_stays(text: str) -> None:
    assert after(text) == text


def test_command_takes_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree(tmp_path, {"a.py": f"{HEAD}ct.set_device(0)\n".encode()}))
    code, out, _ = command("--from", "catch", "--target", "mlu", "--diff", "-q")
    assert (code, out) == (0, "2 references: 2 rewritten, 0 left, 0 need you\n")
    assert "CATCH leads to mlu only, not to 'npu'" in command("--from", "catch", "--target", "npu", "--diff").err


def test_way_leads_to_its_target_only() -> None:
    with pytest.raises(TableError, match="CATCH leads to mlu only"):
        load_between("catch", "cuda")

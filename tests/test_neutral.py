"""Checking for no vendor in particular: every name that is CUDA's alone, and nothing that serves other devices too."""

from __future__ import annotations

import pytest

from migrate.engine import migrate_bytes
from migrate.model import Finding
from migrate.neutral import advised, neutral_table

TABLE = neutral_table()


def checked(text: str) -> list[Finding]:
    result = migrate_bytes("in.py", "python", text.encode(), TABLE)
    assert result.error is None
    return list(advised(result.findings))


def manual(text: str) -> list[str]:
    return [finding.rule_id for finding in checked(text) if finding.safety == "manual"]


@pytest.mark.parametrize(
    ("line", "rule_id"),
    [
        ("torch.cuda.synchronize()", "api:torch.cuda.synchronize"),
        ("x = x.cuda()", "method:cuda"),
        ("ok = x.is_cuda", "method:is_cuda"),
        ('d = torch.device("cuda:0")', "device:cuda"),
        ('torch.distributed.init_process_group("nccl")', "backend:nccl"),
        ('os.environ["CUDA_VISIBLE_DEVICES"] = "0"', "env:CUDA_VISIBLE_DEVICES"),
        ("import pynvml", "package:pynvml"),
        ("t = torch.cuda.FloatTensor(3)", "api:torch.cuda.FloatTensor"),
        ("scaler = torch.cuda.amp.GradScaler()", "api:torch.cuda.amp.GradScaler"),
    ],
)
def test_what_only_cuda_has_is_reported(line: str, rule_id: str) -> None:
    assert manual(f"import os\nimport torch\n{line}\n") == [rule_id]


@pytest.mark.parametrize(
    "text",
    [
        "# uses cuda\n",
        '"""Runs on cuda."""\n',
        "use_cuda = args.cuda\n",
        'print("no cuda")\n',
        "torch.backends.cudnn.benchmark = True\n",
        'if kind == "cuda":\n    x.cuda()\nelif kind == "xpu":\n    x.xpu()\n',
        'DEVICES = ["cuda", "npu", "mlu"]\n',
        "import transformers\n",
        "device = torch.accelerator.current_accelerator()\n",
    ],
)
def test_what_serves_other_devices_or_only_speaks_of_cuda_is_left(text: str) -> None:
    assert manual(f"import torch\n{text}") == []


def test_no_finding_has_an_edit_or_a_made_up_name() -> None:
    text = 'import torch\nx.cuda()\nd = "cuda"\ny.to(d)\ntorch.amp.GradScaler()\nfrom torch.cuda import Stream\n'
    for finding in checked(text):
        assert finding.edits == ()
        assert "accelerator." not in finding.message.replace("torch.accelerator (", "")


def test_call_that_takes_cuda_by_default_is_reported_unless_it_names_its_device() -> None:
    assert manual("import torch\ntorch.amp.GradScaler()\n") == ["api:torch.amp.GradScaler"]
    assert manual("import torch\ntorch.amp.GradScaler(device)\ntorch.amp.GradScaler('xpu')\n") == []


def test_message_names_what_the_vendors_have() -> None:
    (stream, nvtx) = checked("import torch\ntorch.cuda.random.seed()\ntorch.cuda.nvtx.mark('x')\n")
    same = "torch.gcu, torch.hpu, torch.mlu, torch.npu, torch.tpu, torch.xpu"
    assert stream.message == f"CUDA only (random.seed is also in {same}; musa: torch.musa.seed)"
    have = "gcu: torch.gcu.topstx.mark; mlu: torch.mlu.cnpx.mark; npu: torch.npu.mstx.mark"
    assert nvtx.message == f"CUDA only ({have})"

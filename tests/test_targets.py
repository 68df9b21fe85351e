"""What is special about the targets whose outcome is not recorded for every case, and what holds for all of them."""

from __future__ import annotations

import pytest
from kit import (
    EVERY_TARGET,
    TARGETS,
    all_cases,
    check_changes,
    check_finding,
    check_same,
    result_of,
    source_of,
)

from migrate.engine import decode, parse, rewritten
from migrate.model import Edit

OTHERS = tuple(target for target in EVERY_TARGET if target not in TARGETS)
HPU = "import torch\nimport habana_frameworks.torch.core as htcore\n"


@pytest.mark.parametrize("target", OTHERS)
def test_every_case_has_an_output_that_parses_and_in_which_nothing_is_left_to_edit(target: str) -> None:
    for case in all_cases():
        path = source_of(case)
        data = path.read_bytes()
        result = result_of(data, target, path.name)
        if result.error:
            assert result.edits == (), case
            continue
        output = rewritten(data, result)
        if result.kind == "python":
            parse(decode(output)[0])
        assert "unaccounted" not in {finding.rule_id for finding in result.findings}, case
        assert result_of(output, target, path.name).edits == (), case
        assert outside(decode(data, result.kind)[0], result.edits) == kept(decode(output, result.kind)[0], result.edits)


def outside(text: str, edits: tuple[Edit, ...]) -> str:
    """The text without what the edits replace."""
    parts, done = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        parts.append(text[done : edit.start])
        done = edit.end
    return "".join([*parts, text[done:]])


def kept(text: str, edits: tuple[Edit, ...]) -> str:
    """The edited text without what the edits put in."""
    shift, inserted = 0, []
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        start = edit.start + shift
        assert text.startswith(edit.text, start)
        inserted.append(Edit(start, start + len(edit.text), ""))
        shift += len(edit.text) - (edit.end - edit.start)
    return outside(text, tuple(inserted))


PAIRS = {
    "xpu": [
        ("import torch\nx = torch.cuda.memory_cached()\n", "import torch\nx = torch.xpu.memory_reserved()\n"),
        ("import torch\ntorch.cuda.graph(cuda_graph=g)\n", "import torch\ntorch.xpu.graph(xpu_graph=g)\n"),
        ("import torch.cuda\nx = torch.cuda.Stream()\n", "import torch\nx = torch.xpu.Stream()\n"),
        ("x = y.cuda(rank)\nz = x.is_cuda\n", "x = y.xpu(rank)\nz = x.is_xpu\n"),
        ('import torch\nd = torch.device("cuda:0")\n', 'import torch\nd = torch.device("xpu:0")\n'),
        (
            'import torch.distributed as dist\ndist.init_process_group("nccl")\n',
            'import torch.distributed as dist\ndist.init_process_group("xccl")\n',
        ),
        ('import os\nos.environ["CUDA_VISIBLE_DEVICES"] = "0"\n', 'import os\nos.environ["ZE_AFFINITY_MASK"] = "0"\n'),
    ],
    "hpu": [
        ("import torch\ntorch.cuda.synchronize()\n", f"{HPU}torch.hpu.synchronize()\n"),
        (
            "from torch.cuda.streams import Event\nEvent()\n",
            "import habana_frameworks.torch.core as htcore\nfrom torch.hpu import Event\nEvent()\n",
        ),
        ("import torch\nn = torch.cuda.device_count()\n", f"{HPU}n = torch.hpu.device_count()\n"),
        (
            "import torch\nif torch.distributed.is_nccl_available(): pass\n",
            f'{HPU}if torch.distributed.is_backend_available("hccl"): pass\n',
        ),
        (
            "import torch\ng = torch.cuda.make_graphed_callables(m, x, num_warmup_iters=3)\n",
            f"{HPU}g = torch.hpu.make_graphed_callables(m, x, warmups=3)\n",
        ),
    ],
    "musa": [
        (
            "import torch\nwith torch.cuda.graph(cuda_graph=g):\n    pass\n",
            "import torch\nimport torch_musa\nwith torch.musa.graph(musa_graph=g):\n    pass\n",
        ),
        (
            "import torch\ntorch.cuda.random.manual_seed(1)\n",
            "import torch\nimport torch_musa\ntorch.musa.manual_seed(1)\n",
        ),
        (
            "import torch\nx = torch.cuda.streams.Stream()\n",
            "import torch\nimport torch_musa\nx = torch.musa.Stream()\n",
        ),
        (
            "from torch.cuda.amp import autocast\nimport torch\nwith autocast(fp16):\n    x.cuda()\n",
            "import torch_musa\nfrom torch_musa.core.amp import autocast\nimport torch\n"
            "with autocast(fp16):\n    x.musa()\n",
        ),
        (
            "import torch.cuda as tc\nfrom torch.cuda import amp, synchronize\nfrom torch import cuda\n",
            "import torch_musa\nimport torch_musa as tc\n"
            "from torch_musa import amp, synchronize\nfrom torch import musa\n",
        ),
        ('import os\nos.environ["NCCL_DEBUG"] = "INFO"\n', 'import os\nos.environ["MCCL_DEBUG"] = "INFO"\n'),
        (
            "import torch\ntorch.backends.cudnn.allow_tf32 = True\n",
            "import torch\nimport torch_musa\ntorch.backends.mudnn.allow_tf32 = True\n",
        ),
    ],
    "gcu": [
        (
            "import torch\ntorch.cuda.nvtx.range_push('x')\n",
            "import torch\nimport torch_gcu\ntorch.gcu.topstx.range_push('x')\n",
        ),
        ("import torch\ng = torch.cuda.CUDAGraph()\n", "import torch\nimport torch_gcu\ng = torch.gcu.GCUGraph()\n"),
        ("import torch\nx.cuda(0)\n", "import torch\nimport torch_gcu\nx.gcu(0)\n"),
        (
            'import torch\ntorch.distributed.init_process_group(backend="nccl")\n',
            'import torch\nimport torch_gcu\ntorch.distributed.init_process_group(backend="eccl")\n',
        ),
        ('import os\nos.environ["CUDA_VISIBLE_DEVICES"]\n', 'import os\nos.environ["TOPS_VISIBLE_DEVICES"]\n'),
    ],
}


@pytest.mark.parametrize(("target", "before", "after"), [(name, *pair) for name, all in PAIRS.items() for pair in all])
def test_text_becomes_the_other(target: str, before: str, after: str) -> None:
    check_changes(before, after, target)


@pytest.mark.parametrize(
    ("target", "text", "rule"),
    [
        ("hpu", "import torch\ntorch.cuda.synchronize(0)\n", "api:torch.cuda.synchronize"),
        ("hpu", "import torch\ntorch.cuda.empty_cache()\n", "api:torch.cuda.empty_cache"),
        ("hpu", "import torch\nx = torch.cuda.FloatTensor([1])\n", "api:torch.cuda.FloatTensor"),
        ("hpu", "import torch\nx = torch.cuda.get_device_properties(0).name\n", "api:torch.cuda.get_device_properties"),
        ("xpu", "import torch\nx = torch.cuda.FloatTensor([1])\n", "api:torch.cuda.FloatTensor"),
        ("xpu", "import torch\ntorch.cuda.Event(blocking=True)\n", "api:torch.cuda.Event"),
        ("xpu", "import torch\na, b = torch.cuda.get_device_capability()\n", "api:torch.cuda.get_device_capability"),
        ("xpu", "import intel_extension_for_pytorch as ipex\n", "package:ipex"),
        ("musa", "import torch\ntorch.cuda.nvtx.mark('x')\n", "api:torch.cuda.nvtx.mark"),
        ("musa", "import torch\ntorch.cuda.cudart().cudaProfilerStart()\n", "api:torch.cuda.cudart"),
        ("musa", "import torch.cuda.random\n", "api:torch.cuda.random"),
        ("gcu", "import torch\ntorch.cuda.cudart().cudaHostRegister(a, b, 0)\n", "api:torch.cuda.cudart"),
        ("gcu", "import torch\ntorch.cuda.ipc_collect()\n", "api:torch.cuda.ipc_collect"),
    ],
)
def test_what_the_vendor_lacks_is_for_a_person(target: str, text: str, rule: str) -> None:
    check_same(text, target)
    check_finding(text, rule, target)


def test_step_of_lazy_mode_is_said_where_something_is_trained() -> None:
    check_finding("import torch\nx.cuda()\n", "import:habana_frameworks", "hpu", "safe")
    finding = check_finding("import torch\nx.cuda().sum().backward()\n", "import:habana_frameworks", "hpu", "review")
    assert "mark_step()" in finding.message


def test_package_of_one_vendor_is_no_business_of_others() -> None:
    for target in ("npu", "hpu"):
        assert result_of(b"import intel_extension_for_pytorch\n", target).findings == ()

"""Every table speaks of every name by which PyTorch code means CUDA."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit import EVERY_TARGET, findings, table

from migrate.codemods.view import judge
from migrate.explain import explained, found_ids

NAMES = Path(__file__).parent / "data" / "torch_cuda_names.txt"
USED = NAMES.with_name("torch_cuda_used.txt")
PROPERTIES = "torch.cuda._CudaDeviceProperties."  # code sees them below get_device_properties()
SILENT = {
    'torch.compile(mode="reduce-overhead")': "names no CUDA: torch.compile decides itself whether to record graphs",
    "torch.nn.parallel.DistributedDataParallel(device_ids)": "takes numbers; those that are ranks are reported as such",
}
# Ways of calling: no row speaks of the name, but the tool speaks of the call.
CALLS = {
    "FunctionEventAvg.cuda_time_total": "x = event.cuda_time_total",
    "profiler.sort_by:cuda_time_total": 'p.table(sort_by="cuda_time_total")',
    'torch.Generator(device="cuda")': 'torch.Generator(device="cuda")',
    "torch.Tensor.pin_memory(device)": 'x.pin_memory("cuda")',
    "torch.Tensor.type('torch.cuda.FloatTensor')": 'x.type("torch.cuda.FloatTensor")',
    'torch.amp.GradScaler(device="cuda")': 'torch.amp.GradScaler(device="cuda")',
    'torch.amp.autocast(device_type="cuda")': 'torch.amp.autocast(device_type="cuda")',
    'torch.amp.custom_bwd(device_type="cuda")': 'torch.amp.custom_bwd(device_type="cuda")',
    'torch.amp.custom_fwd(device_type="cuda")': 'torch.amp.custom_fwd(device_type="cuda")',
    "torch.autograd.profiler.profile(use_cuda)": "torch.autograd.profiler.profile(use_cuda=True)",
    'torch.autograd.profiler.profile(use_device="cuda")': 'torch.autograd.profiler.profile(use_device="cuda")',
    'torch.compile(backend="cudagraphs")': 'torch.compile(m, backend="cudagraphs")',
    'torch.device("cuda")': 'torch.device("cuda")',
    'torch.distributed.init_process_group(backend="nccl")': 'torch.distributed.init_process_group("nccl")',
    'torch.distributed.new_group(backend="nccl")': 'torch.distributed.new_group(r, backend="nccl")',
    "torch.is_autocast_enabled()": "torch.is_autocast_enabled()",
    'torch.load(map_location="cuda")': 'torch.load(p, map_location="cuda")',
    "torch.random.fork_rng(devices, device_type)": "torch.random.fork_rng()",
    "torch.set_autocast_enabled(bool)": "torch.set_autocast_enabled(True)",
    'torch.set_default_device("cuda")': 'torch.set_default_device("cuda")',
    "torch.set_default_tensor_type(torch.cuda.FloatTensor)": "torch.set_default_tensor_type(torch.cuda.FloatTensor)",
    "torch.utils.cpp_extension.load(cuda sources)": "torch.utils.cpp_extension.load(n, s, extra_cuda_cflags=[])",
    "torch.utils.data.DataLoader(pin_memory_device)": 'torch.utils.data.DataLoader(d, pin_memory_device="cuda")',
}


def names() -> list[str]:
    """The names of the list, without its comment."""
    return [line for line in NAMES.read_text("utf-8").splitlines() if not line.startswith("#")]


def test_list_is_complete_and_sorted() -> None:
    assert names() == sorted(set(names()))
    assert len(names()) == 480
    assert set(names()) > {*SILENT, *CALLS}


@pytest.mark.parametrize("target", EVERY_TARGET)
def test_every_name_has_a_row_or_belongs_to_one(target: str) -> None:
    left = [name for name in names() if name not in CALLS and name not in SILENT]
    spelled = {name: name.replace(PROPERTIES, "torch.cuda.get_device_properties().") for name in left}
    assert [name for name in left if judge(table(target), spelled[name]).rule is None] == []


@pytest.mark.parametrize("target", EVERY_TARGET)
def test_every_name_that_code_uses_has_a_row_of_its_own_and_is_explained(target: str) -> None:
    used = [line.split()[0] for line in USED.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert len(used) == 62
    assert set(used) <= set(names())
    assert [name for name in used if f"api:{name}" not in table(target).rules] == []
    assert [name for name in used if explained(f"api:{name}", [table(target)]).outcomes[0].status == "no row"] == []


def test_every_name_is_explained() -> None:
    spelled = [
        name.replace("torch.cuda._CudaDeviceProperties", "torch.cuda.get_device_properties()") for name in names()
    ]
    left = [name for name in spelled if name not in CALLS and name not in SILENT]
    assert [name for name in left if not found_ids(name, [table("npu")])] == []


@pytest.mark.parametrize("target", EVERY_TARGET)
def test_every_way_of_calling_is_rewritten_or_reported(target: str) -> None:
    silent = []
    for name, call in CALLS.items():
        found = [finding for finding in findings(f"import torch\n{call}\n", target) if finding.line > 1]
        if not any(finding.safety != "left" for finding in found if finding.found):
            silent.append(name)
    assert silent == []


@pytest.mark.parametrize("target", EVERY_TARGET)
def test_row_that_stays_says_what_to_do(target: str) -> None:
    rules = table(target).rules.values()
    stuck = [rule for rule in rules if rule.kind == "api" and rule.to is None and rule.status not in ("same", "native")]
    assert [rule.id for rule in stuck if not rule.message] == []


@pytest.mark.parametrize("target", EVERY_TARGET)
def test_member_that_is_missing_has_a_row_below_a_class_that_is_renamed(target: str) -> None:
    for rule in table(target).rules.values():
        parent = table(target).rule("api", rule.key.rpartition(".")[0])
        if rule.status == "missing" and parent and parent.key not in table(target).sites.modules:
            assert judge(table(target), rule.key).rule is rule


@pytest.mark.parametrize("target", EVERY_TARGET)
def test_template_takes_the_words_of_the_target(target: str) -> None:
    templates = [rule for rule in table(target).rules.values() if rule.is_template]
    words = table(target).target.words
    assert [rule.to for rule in templates if f'"{words.device}"' in (rule.to or "")] == []
    assert {(rule.to or "").partition("(")[2].rstrip(")") for rule in templates} <= {
        '"{device}", ...', '..., device_type="{device}"', '"{device}"', '"{backend}"', "",
    }  # fmt: skip

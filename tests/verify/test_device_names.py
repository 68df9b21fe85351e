"""`torch.<device>` has exactly the names of the profile; what is missing raises and is recorded, never passed over."""

from __future__ import annotations

from pathlib import Path

import pytest
from machines import run_script

HEAD = "import torch\nimport torch_npu\n"


def test_missing_names_raise_at_their_line_with_the_advice(tmp_path: Path) -> None:
    source = HEAD + (
        "for read in (\n"
        "    lambda: torch.npu.nvtx,\n"
        "    lambda: torch.npu.no_such_name(),\n"
        "    lambda: torch_npu.npu.nvtx,\n"
        "    lambda: torch_npu.no_such_kernel,\n"
        "    lambda: torch.npu.amp.no_such_name,\n"
        "):\n"
        "    try:\n"
        "        read()\n"
        "    except AttributeError as error:\n"
        "        print(error)\n"
        "try:\n"
        "    from torch.npu import nvtx\n"
        "except ImportError as error:\n"
        "    print(type(error).__name__)\n"
    )
    run = run_script(tmp_path, source)
    assert run.code == 0, run.err
    assert run.out.splitlines() == [
        "module 'torch.npu' has no attribute 'nvtx'",
        "module 'torch.npu' has no attribute 'no_such_name'",
        "module 'torch.npu' has no attribute 'nvtx'",
        "module 'torch_npu' has no attribute 'no_such_kernel'",
        "module 'torch.npu.amp' has no attribute 'no_such_name'",
        "ImportError",
    ]
    assert run.met() == [
        ("missing", "torch.npu.nvtx", 4),
        ("missing", "torch.npu.no_such_name", 5),
        ("missing", "torch.npu.nvtx", 6),
        ("missing", "torch_npu.no_such_kernel", 7),
        ("missing", "torch.npu.amp.no_such_name", 8),
        ("missing", "torch.npu.nvtx", 15),
    ]
    first = next(event for event in run.events if event["kind"] == "missing")
    assert (first["file"], first["why"], first["rule"], first["raised"]) == (
        "train.py", "Use torch.npu.mstx.", "api:torch.cuda.nvtx", True,
    )  # fmt: skip


def test_asking_whether_a_name_exists_is_no_finding(tmp_path: Path) -> None:
    source = HEAD + (
        "print(hasattr(torch.npu, 'nvtx'), getattr(torch.npu, 'nvtx', None), hasattr(torch.npu, 'synchronize'))\n"
        "import importlib.util, importlib.metadata\n"
        "print(importlib.util.find_spec('torch_npu') is not None, importlib.metadata.version('torch_npu'))\n"
        "print(torch_npu.__version__, torch.npu.is_available(), 'npu' in dir(torch))\n"
    )
    run = run_script(tmp_path, source)
    assert run.out.splitlines() == ["False None True", "True 2.13.0", "2.13.0 True True"], run.err
    assert run.met() == []


def test_what_the_simulation_has_not_raises_when_it_is_called(tmp_path: Path) -> None:
    source = HEAD + (
        "from torch.npu import NPUGraph\n"
        "print(isinstance(1, torch.npu.NPUGraph), torch.npu.NPUGraph.__name__)\n"
        "try:\n"
        "    NPUGraph()\n"
        "except NotImplementedError as error:\n"
        "    print(error)\n"
        "torch.ones(2, device='npu').to_sparse()\n"
    )
    run = run_script(tmp_path, source)
    said = "torch.npu.NPUGraph(): the simulation does not model it, so this line is not proven"
    assert run.out.splitlines() == ["False NPUGraph", said]
    assert run.code == 1
    assert "NotModelledError: a sparse_coo tensor" in run.err
    assert run.met() == [
        ("unmodelled", "torch.npu.NPUGraph()", 6),
        ("unmodelled", "a sparse_coo tensor (aten::_to_sparse)", 9),
    ]


@pytest.mark.parametrize("device", ["mlu", "tpu", "musa", "gcu"])
def test_other_vendors_have_devices_of_their_own_name(device: str, tmp_path: Path) -> None:
    source = (
        f"import torch, torch_{device}\n"
        f"model = torch.nn.Linear(2, 2).{device}()\n"
        f"with torch.{device}.amp.autocast(dtype=torch.bfloat16):\n"
        f"    loss = model(torch.ones(1, 2, device='{device}:0')).mean(0)[0]\n"
        "loss.backward()\n"
        f"print(loss.dtype, model.weight.grad.device, loss.is_{device}, torch.{device}.device_count())\n"
        f"torch.{device}.synchronize()\n"
    )
    run = run_script(tmp_path, source, device=device)
    assert run.out == f"torch.bfloat16 {device}:0 True 2\n", run.err
    assert run.met() == []


@pytest.mark.parametrize("device", ["xpu", "hpu"])
def test_device_types_of_torchs_own_are_refused(device: str, tmp_path: Path) -> None:
    run = run_script(tmp_path, f"import torch_{device}\n", device=device)
    assert run.code == 79
    assert run.err == f"accel-migrate verify: {device} is a device type of torch's own: it cannot be simulated\n"


def test_names_that_the_plug_in_adds_elsewhere(tmp_path: Path) -> None:
    rule = {"status": "same", "advice": ""}
    names = {
        "distributed.is_hccl_available": {**rule, "rule": "api:torch.distributed.is_nccl_available"},
        "backends.npu.matmul.allow_tf32": {**rule, "rule": "api:torch.backends.cuda.matmul.allow_tf32"},
        "backends.npu.gone": {"status": "missing", "advice": "", "rule": "api:torch.backends.cuda.gone"},
    }
    source = HEAD + (
        "print(torch.distributed.is_hccl_available(), torch.backends.npu.matmul.allow_tf32)\n"
        "torch.backends.npu.matmul.allow_tf32 = True\n"
        "kinds = torch.profiler.ProfilerActivity\n"
        "print(hasattr(torch.backends.npu, 'gone'), kinds.NPU == kinds.PrivateUse1)\n"
    )
    run = run_script(tmp_path, source, torch_names=names)
    assert run.out.splitlines() == ["True False", "False True"], run.err


def test_torch_loads_the_plug_in_only_where_the_profile_says_so(tmp_path: Path) -> None:
    source = "import torch\nprint(hasattr(torch, 'npu'))\nprint(torch.ones(2, device='npu').device)\n"
    for autoload, code, out in ((True, 0, "True\nnpu:0\n"), (False, 1, "False\n")):
        folder = tmp_path / str(autoload)
        folder.mkdir()
        run = run_script(folder, source, autoload=autoload)
        assert (run.code, run.out) == (code, out), run.err


def test_compiling_and_data_parallelism_are_said_not_to_be_proven(tmp_path: Path) -> None:
    source = HEAD + (
        "model = torch.nn.Linear(2, 2).npu()\n"
        "print(torch.compile(model, mode='max-autotune')(torch.ones(1, 2).npu()).device)\n"
        "torch.nn.DataParallel(model)(torch.ones(2, 2).npu())\n"
    )
    run = run_script(tmp_path, source)
    assert run.out == "npu:0\n", run.err
    assert run.code == 1
    assert run.met() == [("unmodelled", "torch.compile()", 4), ("unmodelled", "torch.nn.DataParallel", 5)]

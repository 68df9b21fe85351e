"""CUDA that was left behind: what fails beside the card fails here, what says nothing there is recorded here."""

from __future__ import annotations

from pathlib import Path

from machines import Run, run_script

HEAD = [
    "import io, torch, torch_npu",
    "import torch.distributed as dist",
    "x, model = torch.ones(2).npu(), torch.nn.Linear(2, 2)",
]
RAISING = {
    "torch.cuda.synchronize()": "torch.cuda.synchronize()",
    "torch.cuda.set_device(0)": "torch.cuda.set_device()",
    "torch.cuda.get_device_name(0)": "torch.cuda.get_device_name()",
    "torch.cuda.Event().record()": "torch.cuda.Event()",
    "torch.cuda.current_stream()": "torch.cuda.current_stream()",
    "x.cuda()": "Tensor.cuda()",
    "model.cuda()": "Module.cuda()",
    "x.to('cuda')": 'device="cuda"',
    "torch.ones(2, device='cuda:0')": 'device="cuda"',
    "torch.ones(2, device=torch.device('cuda'))": 'device="cuda"',
    "torch.Generator(device='cuda')": 'torch.Generator("cuda")',
    "torch.load(saved(), map_location='cuda:0')": 'map_location="cuda:0"',
    "dist.init_process_group('nccl', rank=0, world_size=1, store=dist.HashStore())": 'init_process_group("nccl")',
}
SILENT = {
    "torch.cuda.is_available()": ("silent", "torch.cuda.is_available()"),
    "torch.cuda.device_count()": ("silent", "torch.cuda.device_count()"),
    "torch.cuda.manual_seed_all(1)": ("silent", "torch.cuda.manual_seed_all()"),
    "torch.cuda.empty_cache()": ("silent", "torch.cuda.empty_cache()"),
    "torch.cuda.max_memory_allocated()": ("silent", "torch.cuda.max_memory_allocated()"),
    "torch.cuda.amp.GradScaler()": ("silent", 'torch.amp.GradScaler("cuda")'),
    "torch.amp.GradScaler()": ("silent", 'torch.amp.GradScaler("cuda")'),
    "torch.autocast('cuda')": ("silent", 'torch.autocast("cuda")'),
    "torch.cuda.amp.autocast()": ("silent", 'torch.autocast("cuda")'),
    "dist.is_nccl_available()": ("silent", "torch.distributed.is_nccl_available()"),
    "x.is_cuda": ("compare", "Tensor.is_cuda"),
    "x.device.type == 'cuda'": ("compare", 'device.type == "cuda"'),
    "'cuda' != x.device.type": ("compare", 'device.type != "cuda"'),
    "x.device.type in ('cuda', 'cpu')": ("compare", 'device.type == "cuda"'),
    "x.device.type.startswith('cuda')": ("compare", 'device.type.startswith("cuda")'),
    "torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA])": (
        "silent", "torch.profiler.ProfilerActivity.CUDA",
    ),
}  # fmt: skip
HARMLESS = [
    "torch.cuda.OutOfMemoryError",
    "torch.device('cuda').type",
    "isinstance(x, torch.cuda.Stream)",
    "torch.backends.cudnn.benchmark",
    "x.device.type == 'npu'",
    "x.device.type != 'cpu'",
    "{'npu': 1}[x.device.type]",
    "torch.optim.AdamW(model.parameters()).step()",
    "torch.autocast('npu')",
]


def run_lines(folder: Path, lines: list[str]) -> tuple[Run, int]:
    """Run each expression on a line of its own, whatever it raises; and the number of the first of them."""
    head = [*HEAD, "def saved():", "    buffer = io.BytesIO(); torch.save(x, buffer); buffer.seek(0); return buffer"]
    body = [
        f"try: {line}\nexcept Exception as error: print(type(error).__name__)\nelse: print('quiet')" for line in lines
    ]
    run = run_script(folder, "\n".join([*head, *body]) + "\n")
    assert run.code == 0, run.err
    return run, len(head) + 1


def test_what_fails_beside_the_card_fails_and_is_recorded(tmp_path: Path) -> None:
    run, first = run_lines(tmp_path, list(RAISING))
    assert "quiet" not in run.out.split()
    assert run.met() == [("leftover", what, first + 3 * number) for number, what in enumerate(RAISING.values())]
    assert all(event["raised"] for event in run.events if event["kind"] == "leftover")


def test_what_says_nothing_is_recorded(tmp_path: Path) -> None:
    run, first = run_lines(tmp_path, list(SILENT))
    assert set(run.out.split()) == {"quiet"}
    assert run.met() == [(*met, first + 3 * number) for number, met in enumerate(SILENT.values())]
    assert not any(event["raised"] for event in run.events if event["kind"] in ("silent", "compare"))


def test_what_is_no_use_of_cuda_is_not_recorded(tmp_path: Path) -> None:
    run, _ = run_lines(tmp_path, HARMLESS)
    assert set(run.out.split()) == {"quiet"}
    assert run.met() == []


def test_leftovers_are_met_without_the_vendors_package(tmp_path: Path) -> None:
    source = "import torch\ndevice = 'cuda' if torch.cuda.is_available() else 'cpu'\nprint(device)\n"
    run = run_script(tmp_path, source)
    assert run.out == "cpu\n", run.err
    assert run.met() == [("silent", "torch.cuda.is_available()", 2)]


def test_a_library_may_ask_for_cuda(tmp_path: Path) -> None:
    (tmp_path / "repo" / ".venv" / "lib" / "site-packages").mkdir(parents=True)
    library = tmp_path / "repo" / ".venv" / "lib" / "site-packages" / "library.py"
    library.write_text("import torch\ndef ask(x):\n    return torch.cuda.is_available() or x.is_cuda\n", "utf-8")
    source = (
        "import sys\nsys.path.insert(0, '.venv/lib/site-packages')\n"
        "import library, torch, torch_npu\nprint(library.ask(torch.ones(2).npu()))\n"
    )
    run = run_script(tmp_path, source)
    assert run.out == "False\n", run.err
    assert run.met() == []


def test_tensor_types_are_recorded_where_they_are_named(tmp_path: Path) -> None:
    run = run_script(tmp_path, "import torch\nkind = torch.cuda.FloatTensor\n")
    assert run.met() == [("leftover", "torch.cuda.FloatTensor", 2)]

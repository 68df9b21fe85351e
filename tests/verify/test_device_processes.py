"""Every process of a run is simulated: workers, spawned and forked children, launchers, plain subprocesses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from machines import environment, profile, run_command, run_script, write_run

CHILDREN = """\
import subprocess, sys
import torch, torch_npu
import torch.multiprocessing as mp
from torch.utils.data import DataLoader, Dataset

class Numbers(Dataset):
    def __len__(self):
        return 4
    def __getitem__(self, index):
        return torch.ones(2) * index

class Hasty(Numbers):
    def __getitem__(self, index):
        return torch.ones(2, device="npu")

def work(rank):
    print("spawned", torch.ones(2, device=f"npu:{rank}").sum().item(), flush=True)

if __name__ == "__main__":
    total = torch.zeros(2).npu()
    for context in ("fork", "spawn"):
        for batch in DataLoader(Numbers(), num_workers=1, pin_memory=True, multiprocessing_context=context):
            assert batch.is_pinned()
            total += batch.sum(0).npu()
    print(total.tolist(), flush=True)
    try:
        list(DataLoader(Hasty(), num_workers=1))
    except RuntimeError as error:
        print(str(error).strip().splitlines()[-1], flush=True)
    mp.spawn(work, nprocs=2)
    subprocess.run([sys.executable, "-c", "import torch_npu, torch; print(torch.ones(1).npu(1).device)"], check=True)
"""

COLLECTIVES = """\
import os, torch, torch_npu
import torch.distributed as dist
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel as DDP

rank = int(os.environ["LOCAL_RANK"])
torch.npu.set_device(rank)
dist.init_process_group(backend=BACKEND)
device = torch.device("npu", rank)
value = torch.full((2,), float(rank + 1), device=device)
dist.all_reduce(value)
assert value.tolist() == [3, 3] and value.device == device
mean = torch.full((2,), float(rank), device=device)
dist.all_reduce(mean, op=dist.ReduceOp.AVG)
assert mean.tolist() == [0.5, 0.5]
gathered = [torch.empty(1, device=device) for _ in range(2)]
dist.all_gather(gathered, torch.full((1,), float(rank), device=device))
assert [one.item() for one in gathered] == [0, 1]
objects = [None, None]
dist.all_gather_object(objects, {"rank": rank})
assert objects[1] == {"rank": 1}
dist.barrier()
try:
    dist.all_reduce(torch.ones(2))
except RuntimeError as error:
    assert "cpu" in str(error)
else:
    raise AssertionError("a CPU tensor went through")
torch.manual_seed(0)
for options in ({}, {"gradient_as_bucket_view": True}, {"static_graph": True}, {"find_unused_parameters": True}):
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2)).to(device)
    model = DDP(model, device_ids=[rank], **options)
    optimizer = torch.optim.AdamW(model.parameters())
    for step in range(3):
        optimizer.zero_grad()
        model(torch.randn(4, 4, device=device) + rank).pow(2).mean().backward()
        optimizer.step()
    weight = model.module[0].weight.detach()
    both = [torch.empty_like(weight) for _ in range(2)]
    dist.all_gather(both, weight)
    assert torch.equal(*both)
sharded = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Linear(8, 2)).to(device)
fully_shard(sharded)
sharded(torch.randn(4, 8, device=device)).sum().backward()
torch.optim.AdamW(sharded.parameters()).step()
dist.destroy_process_group()
"""


def test_children_of_every_kind_are_simulated(tmp_path: Path) -> None:
    run = run_script(tmp_path, CHILDREN)
    assert run.code == 0, run.err
    lines = run.out.splitlines()
    assert lines[0] == "[12.0, 12.0]"
    assert lines[1].startswith("RuntimeError: Cannot re-initialize NPU in forked subprocess")
    assert sorted(lines[2:]) == ["npu:1", "spawned 2.0", "spawned 2.0"]
    assert run.met() == [("fork", "npu in a forked process", 14)]
    ends = run.ends()
    # the script, two workers, two spawned, a subprocess; the refused worker may be ended before it can say so
    assert len(ends) in (6, 7)
    assert sorted(end["devices_used"] for end in ends if end["calls_on_device"]) == [[0], [0], [1], [1]]


@pytest.mark.parametrize("backend", ['"hccl"', '"cpu:gloo,npu:hccl"'])
def test_two_processes_train_together(backend: str, tmp_path: Path) -> None:
    root = tmp_path / "repo"
    root.mkdir()
    (root / "train.py").write_text(COLLECTIVES.replace("BACKEND", backend), "utf-8")
    launch = ("-W", "ignore", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "train.py")
    if backend != '"hccl"':  # the rest has been seen to work
        text = COLLECTIVES.replace("BACKEND", backend).partition("try:")[0]
        (root / "train.py").write_text(text + "dist.destroy_process_group()\n", "utf-8")
    run = run_command(tmp_path, profile(root), *launch)
    assert run.code == 0, run.err
    assert run.met() == []
    assert sorted((end["rank"], end["devices_used"]) for end in run.ends() if end["calls_on_device"]) == [
        (0, [0]), (1, [1]),
    ]  # fmt: skip


def test_a_script_is_run_as_plain_python_runs_it(tmp_path: Path) -> None:
    source = (
        "import sys, torch_npu\n"
        "print(__name__, __file__, sys.argv, sys.path[0] == sys.argv[1])\n"
        "def fail():\n"
        "    raise ValueError('mine')\n"
        "fail()\n"
    )
    root = tmp_path / "repo"
    root.mkdir()
    (root / "train.py").write_text(source, "utf-8")
    run = run_command(tmp_path, profile(root), "-m", "accel_device", "--", "train.py", str(root), "--epochs", "1")
    assert run.code == 1
    assert run.out == f"__main__ {root / 'train.py'} ['train.py', '{root}', '--epochs', '1'] True\n"
    assert run.err == (
        "Traceback (most recent call last):\n"
        f'  File "{root / "train.py"}", line 5, in <module>\n    fail()\n'
        f"  File \"{root / 'train.py'}\", line 4, in fail\n    raise ValueError('mine')\nValueError: mine\n"
    )


def test_a_traceback_has_no_frames_of_the_simulation(tmp_path: Path) -> None:
    source = "import torch, torch_npu\ntorch.ones(2).npu() + torch.ones(3).npu()\n"
    run = run_script(tmp_path, source)
    assert run.code == 1
    assert "accel_device" not in run.err
    assert run.err.startswith("Traceback (most recent call last):\n")
    assert "train.py" in run.err
    assert "RuntimeError: The size of tensor a (2) must match the size of tensor b (3)" in run.err


def test_a_module_is_run_as_plain_python_runs_it(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    (root / "package").mkdir(parents=True)
    (root / "package" / "__init__.py").write_text("", "utf-8")
    (root / "package" / "job.py").write_text("import sys, torch_npu\nprint(__package__, sys.argv[1:])\n", "utf-8")
    run = run_command(tmp_path, profile(root), "-W", "error", "-m", "accel_device", "--", "-m", "package.job", "-x")
    assert (run.code, run.out) == (0, "package ['-x']\n"), run.err


def test_the_users_own_sitecustomize_still_runs(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "sitecustomize.py").write_text("import builtins\nbuiltins.mine = 7\n", "utf-8")
    run = write_run(tmp_path / "run", profile(tmp_path))
    paths = environment(run)
    paths["PYTHONPATH"] += f":{tmp_path / 'own'}"
    source = "import sitecustomize; print(mine, sitecustomize.__file__)"
    done = subprocess.run([sys.executable, "-c", source], env=paths, capture_output=True, text=True, check=True)
    assert done.stdout == f"7 {tmp_path / 'own' / 'sitecustomize.py'}\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("__version__ = '2.9.1'\n", "torch 2.9.1 is too old: the simulated device needs torch 2.10 or later"),
        ("__version__ = '2.99.0'\n", "torch 2.99.0 has no torch._C._to_dlpack, which the simulated device is built on"),
    ],
)
def test_a_torch_that_cannot_carry_it_is_refused(source: str, said: str, tmp_path: Path) -> None:
    root = tmp_path / "repo"
    (root / "torch").mkdir(parents=True)
    (root / "torch" / "__init__.py").write_text(source, "utf-8")
    for statement in ("import torch\nprint(1)\n", "import torch_npu\nprint(1)\n"):
        folder = tmp_path / statement.split()[1]
        folder.mkdir()
        (root / "train.py").write_text(statement, "utf-8")
        run = run_command(folder, profile(root), "train.py")
        assert (run.code, run.out, run.err) == (79, "", f"accel-migrate verify: {said}\n")
        assert [event["what"] for event in run.events if event["kind"] == "unsupported"] == [said]


def test_the_stand_in_alone_says_what_it_is(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", profile(tmp_path))
    paths = {**environment(run), "ACCEL_VERIFY": ""}
    done = subprocess.run(
        [sys.executable, "-c", "import torch_npu"], env=paths, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "ImportError: this is accel-migrate's stand-in for a vendor's package" in done.stderr

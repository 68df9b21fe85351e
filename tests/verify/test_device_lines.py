"""Watched lines are recorded when they run, in whichever process and thread; refused dtypes and values."""

from __future__ import annotations

from pathlib import Path

from machines import run_script

SOURCE = """\
import threading
import torch
import other

def used():
    if torch.ones(1).sum() > 5:
        return 1
    return [
        2,
        3,
    ]

def unused():
    return 4

class Model:
    size = 5

thread = threading.Thread(target=used)
thread.start()
thread.join()
other.go()
"""


def test_lines_that_ran_are_recorded(tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "other.py").write_text("def go():\n    x = 1\n    return x\n", "utf-8")
    watch = {"train.py": [2, 6, 7, 8, 14, 17, 22], "other.py": [2], "absent.py": [1]}
    run = run_script(tmp_path, SOURCE, watch=watch)
    assert run.code == 0, run.err
    ran = [(event["file"], event["line"]) for event in run.events if event["kind"] == "ran"]
    assert sorted(ran) == [("other.py", 2), *[("train.py", line) for line in (2, 6, 8, 17, 22)]]


def test_refused_dtypes_raise_when_the_run_is_strict(tmp_path: Path) -> None:
    source = (
        "import torch, torch_npu\n"
        "for make in (\n"
        "    lambda: torch.ones(2, dtype=torch.float64, device='npu'),\n"
        "    lambda: torch.ones(2, dtype=torch.float64).npu(),\n"
        "    lambda: torch.ones(2).npu().double(),\n"
        "    lambda: torch.tensor([2**40]).npu(),\n"
        "    lambda: torch.tensor([2**30]).npu(),\n"
        "):\n"
        "    try:\n"
        "        make(); print('made')\n"
        "    except RuntimeError as error:\n"
        "        print(error)\n"
    )
    limits = {"refused": ["float64"], "narrowed": {"int64": "int32"}}
    for strict in (False, True):
        folder = tmp_path / str(strict)
        folder.mkdir()
        run = run_script(folder, source, strict_dtypes=strict, **limits)
        assert run.code == 0, run.err
        if not strict:
            assert run.out.split() == ["made"] * 5
            assert run.met() == []
    said = "npu has no float64 (this run asked for strict dtypes)"
    kept = "npu keeps int64 in int32: a value is out of its range (this run asked for strict dtypes)"
    assert run.out.splitlines() == [said, said, said, kept, "made"]
    assert run.met() == [*(("dtype", "float64", line) for line in (3, 4, 5)), ("dtype", "int64", 6)]


def test_random_numbers_can_be_the_cpus(tmp_path: Path) -> None:
    source = (
        "import torch, torch_npu\n"
        "for device in ('cpu', 'npu'):\n"
        "    torch.manual_seed(3)\n"
        "    print(torch.rand(2), torch.randn(3, device=device).tolist(), torch.rand(2))\n"
    )
    run = run_script(tmp_path, source, shared_random=True)
    host, device = run.out.splitlines()
    assert host == device


def test_files_are_known_through_links_and_after_a_change_of_folder(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "repo").symlink_to(real)
    source = "import os\nos.chdir('/')\nimport torch\ntorch.cuda.is_available()\nexec('torch.cuda.empty_cache()')\n"
    run = run_script(tmp_path, source, watch={"train.py": [4]})
    assert run.met() == [("silent", "torch.cuda.is_available()", 4), ("silent", "torch.cuda.empty_cache()", 5)]
    assert {event["file"] for event in run.events if event["kind"] in ("silent", "ran")} == {"train.py"}
    assert [event["line"] for event in run.events if event["kind"] == "ran"] == [4]

"""What one file of a repository changes in what is done to another."""

from __future__ import annotations

from pathlib import Path

from kit import table

from migrate.discover import discover
from migrate.engine import rewritten
from migrate.runner import run

OWN = "class Batch:\n    def cuda(self):\n        return self\n"


def outcome(folder: Path, **files: str) -> dict[str, str]:
    """The texts after one run over files given by their module names."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    report = run(discover([folder], (), 10**6), table("npu"))
    return {
        result.path.removesuffix(".py"): rewritten((folder / result.path).read_bytes(), result).decode()
        for result in report.files
        if result.edits
    }


def test_call_on_a_class_of_another_file_with_its_own_cuda_stays(tmp_path: Path) -> None:
    use = "from data import Batch\nb = Batch()\nb.cuda()\n"
    assert outcome(tmp_path, data=OWN, use=use) == {}


def test_call_in_a_file_that_is_named_alone_stays_too(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "data.py").write_text(OWN)
    (tmp_path / "sub").mkdir()
    use = tmp_path / "sub" / "use.py"
    use.write_text("from data import Batch\nb = Batch()\nb.cuda()\nx.cuda()\n")
    report = run(discover([use], (), 10**6), table("npu"))
    assert [(result.path, [edit.start for edit in result.edits]) for result in report.files] == [("use.py", [46])]


def test_call_on_a_subclass_from_a_third_file_stays(tmp_path: Path) -> None:
    sub = "from data import Batch\n\n\nclass Graph(Batch):\n    pass\n"
    use = "from graph import Graph\ng = Graph()\ng.cuda()\n"
    assert outcome(tmp_path, data=OWN, graph=sub, use=use) == {}


def test_call_on_another_class_is_migrated(tmp_path: Path) -> None:
    use = "import torch\nfrom nets import Net\nNet().cuda()\n"
    assert outcome(tmp_path, data=OWN, use=use) == {
        "use": use.replace("cuda", "npu").replace("h\n", "h\nimport torch_npu\n", 1)
    }


def test_class_of_the_same_name_in_this_file_is_meant(tmp_path: Path) -> None:
    use = "import torch\n\n\nclass Batch(torch.nn.Module):\n    pass\n\n\nBatch().cuda()\n"
    assert list(outcome(tmp_path, data=OWN, use=use)) == ["use"]


def test_renamed_class_keeps_the_name_that_another_file_imports(tmp_path: Path) -> None:
    graphs = "from torch.cuda import CUDAGraph\n\ng = CUDAGraph()\n"
    use = "from graphs import CUDAGraph\n"
    texts = outcome(tmp_path, graphs=graphs, use=use)
    assert texts == {"graphs": "import torch_npu\nfrom torch.npu import NPUGraph as CUDAGraph\n\ng = CUDAGraph()\n"}


def test_renamed_class_that_nobody_imports_takes_its_uses_along(tmp_path: Path) -> None:
    graphs = "from torch.cuda import CUDAGraph\n\ng = CUDAGraph()\n"
    texts = outcome(tmp_path, graphs=graphs, use="from torch.cuda import CUDAGraph as Graph\n")
    assert texts["graphs"] == "import torch_npu\nfrom torch.npu import NPUGraph\n\ng = NPUGraph()\n"


def paths_with_edits(folder: Path, target: str, *paths: str) -> list[str]:
    """Which of some files, all alike, one run would edit."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"import torch\nx.cuda()  # {path}\n")
    report = run(discover([folder], (), 10**6), table(target))
    assert {finding.safety for result in report.files for finding in result.findings} <= {"safe", "manual", "left"}
    return [result.path for result in report.changed]


def test_file_for_another_accelerator_stays(tmp_path: Path) -> None:
    paths = ("hpu_worker.py", "platforms/rocm.py", "ops/xpu/norm.py", "TestXLA.py", "train.py")
    assert paths_with_edits(tmp_path, "npu", *paths) == ["train.py"]


def test_file_beside_one_for_another_accelerator_stays(tmp_path: Path) -> None:
    paths = ("accelerator_cuda.py", "accelerator_hpu.py", "ops/cuda/norm.py", "ops/xpu/norm.py")
    assert paths_with_edits(tmp_path, "npu", *paths) == []
    (tmp_path / "other").mkdir()
    lone = ("cuda.py", "cpu.py", "mps.py", "rocm_notes/cpu.py", "cuda/norm.py", "other/xpu.py")
    assert paths_with_edits(tmp_path / "lone", "npu", *lone) == ["cpu.py", "cuda.py", "cuda/norm.py", "mps.py"]


def test_file_beside_one_of_the_targets_own_is_left_as_it_is(tmp_path: Path) -> None:
    assert paths_with_edits(tmp_path, "npu", "cuda.py", "npu.py", "hpu.py") == ["npu.py"]
    report = run(discover([tmp_path], (), 10**6), table("npu"))
    safeties = {result.path: [finding.safety for finding in result.findings] for result in report.files}
    assert safeties["cuda.py"] == ["left", "left"]
    assert safeties["hpu.py"] == ["manual"]


def test_file_that_is_named_after_the_target_is_migrated(tmp_path: Path) -> None:
    assert paths_with_edits(tmp_path, "npu", "train_npu.py", "ascend/train.py") == ["ascend/train.py", "train_npu.py"]
    assert paths_with_edits(tmp_path, "mlu", "train_npu.py", "ascend/train.py") == []


def test_word_by_chance_in_the_name_of_a_file_says_nothing(tmp_path: Path) -> None:
    assert paths_with_edits(tmp_path, "npu", "chip.py", "input_output.py", "metallic.py") == [
        "chip.py", "input_output.py", "metallic.py",
    ]  # fmt: skip

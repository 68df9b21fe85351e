"""Which lines a migration wrote: from its reports, and from the names of the target."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit import command, found, git, repository, tree

from migrate.between import load_between
from migrate.runner import run
from migrate.verify.rewritten import ChangesError, Rewritten, lines_naming_the_target, lines_of_changes, rewritten_files

CUDA = b'''\
"""About cuda."""
import torch

# the cuda device
device = torch.device("cuda")
model = torch.nn.Linear(2, 2).to(
    device,
).cuda()
print("cuda")
x = torch.zeros(1,
                device="cuda").cuda()
'''
NPU = b'''\
"""About cuda."""
import torch
import torch_npu

# the cuda device
device = torch.device("npu")
model = torch.nn.Linear(2, 2).to(
    device,
).npu()
print("cuda")
x = torch.zeros(1,
                device="npu").npu()
'''
LINES = {3, 6, 9, 12}


@pytest.fixture(params=[".json", ".patch"])
def migrated(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str, bytes]:
    """A repository after its migration, and the report of that."""
    root = repository(tmp_path / "repo", {"src/train.py": CUDA, "clean.py": b"x = 1\n", "run.sh": b"D=cuda\n"})
    report = tmp_path / f"changes{request.param}"
    assert command("--target", "npu", "--report", report, root).code == 0
    assert (root / "src/train.py").read_bytes() == NPU
    return root, report.name, report.read_bytes()


def test_lines_that_a_report_lists(migrated: tuple[Path, str, bytes]) -> None:
    root, name, data = migrated
    assert lines_of_changes(name, data, lambda path: (root / path).read_bytes()) == {"src/train.py": LINES}


def test_file_that_somebody_changed_since_or_took_away(migrated: tuple[Path, str, bytes]) -> None:
    root, name, data = migrated
    (root / "src/train.py").write_bytes(b"# new\n" + NPU)
    assert lines_of_changes(name, data, lambda path: (root / path).read_bytes()) == {"src/train.py": None}
    (root / "src/train.py").unlink()
    assert lines_of_changes(name, data, lambda path: (root / path).read_bytes()) == {"src/train.py": None}


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_lines_count_as_python_counts_them(end: bytes, tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"train.py": CUDA.replace(b"\n", end)})
    for name in ("changes.json", "changes.patch"):
        git(root, "checkout", "-q", "--", ".")
        assert command("--target", "npu", "--report", tmp_path / name, root).code == 0
        told = lines_of_changes(name, (tmp_path / name).read_bytes(), lambda path: (root / path).read_bytes())
        lines = told["train.py"]
        assert lines is not None
        assert lines >= LINES  # a patch of lines that end in CR alone is one of all lines


def test_lines_that_name_the_target(tmp_path: Path) -> None:
    files = {"train.py": NPU, "clean.py": b"import torch\n", "run.sh": b"DEVICE=npu\n"}
    discovery = found(tree(tmp_path, files))
    back = run(discovery, load_between("npu", "cuda"))
    named = lines_naming_the_target(back, lambda path: (tmp_path / path).read_bytes())
    assert {path: lines for path, lines in named.items() if lines} == {"train.py": LINES}


def test_names_that_need_a_person_count_and_words_in_texts_do_not(tmp_path: Path) -> None:
    source = b"import torch_npu\ny = torch.npu.unheard_of()\nprint('npu')  # npu\ninputs = 'input'\n"
    discovery = found(tree(tmp_path, {"a.py": source}))
    back = run(discovery, load_between("npu", "cuda"))
    assert lines_naming_the_target(back, lambda path: (tmp_path / path).read_bytes()) == {"a.py": {1, 2}}


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.json", b"{}"), ("a.json", b"["), ("a.json", b'{"files": [{"kind": "python"}]}'), ("a.json", b"[1]"),
     ("a.patch", b"what is this"), ("a.json", b"\xff")],
)  # fmt: skip
def test_report_that_is_none_is_named(name: str, data: bytes) -> None:
    with pytest.raises(ChangesError, match=rf"^{name}: is n"):
        lines_of_changes(name, data, lambda path: b"")


def test_lines_that_did_not_run() -> None:
    (file,) = rewritten_files({"a.py": frozenset(LINES), "b.py": frozenset()}, lambda path: NPU)
    assert file == Rewritten("a.py", {3: (3,), 6: (6,), 9: (9,), 12: (12,)}) or file.lines[9] == (7, 8, 9)
    assert file.missed([3, 6]) == [9, 12]
    assert file.missed([3, 6, 7, 9, 12]) == []
    assert set(file.watched) >= LINES

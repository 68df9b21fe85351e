"""tools/corpus.py on packages made here: what it counts, what it calls a difference, and what it says of bad files."""

from __future__ import annotations

import hashlib
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from kit import tree

sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))

import corpus
import corpus_archives
from corpus_archives import CorpusError, Package, archive_of, pinned, unpack

FILES = {"pkg/run.py": b"import torch\nx.cuda()\nprint(torch.cuda.nothing)\n", "pkg/plain.py": b"x = 1\n"}


def packed(folder: Path, name: str = "pkg-1.0") -> Package:
    """A package whose archive lies in a cache already."""
    path = folder / name / f"{name}-py3-none-any.whl"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as wheel:
        for file, data in FILES.items():
            wheel.writestr(file, data)
    return Package("pkg", "1.0", hashlib.sha256(path.read_bytes()).hexdigest(), is_source=False)


def test_counts_are_those_of_the_report_and_the_files_are_written(tmp_path: Path) -> None:
    counts, broken = corpus.examined(tree(tmp_path, FILES), "npu")
    digest = counts.pop("(edits)")
    assert (counts, broken) == (
        {
            "(files)": "2 1 edited 0 errors", "api:torch.cuda.nothing": "1m", "import:torch_npu": "1s",
            "method:cuda": "1s",
        },
        [],
    )  # fmt: skip
    assert len(digest) == 8
    assert b"x.npu()" in (tmp_path / "pkg/run.py").read_bytes()
    again, broken = corpus.examined(tmp_path, "npu")
    assert (again["(files)"], broken) == ("2 0 edited 0 errors", [])


def test_what_breaks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "write_in_place", lambda root, results: list(results))
    broken = corpus.examined(tree(tmp_path, FILES), "npu")[1]
    assert broken == ["pkg/run.py: is edited by a second run"]


def test_record_is_read_as_it_is_written_and_compared(tmp_path: Path) -> None:
    before = {("pkg", "device:cuda", "npu"): "2s", ("pkg", "device:cuda", "mlu"): "2s", ("pkg", "gone", "tpu"): "1m"}
    (tmp_path / "counts.tsv").write_text(corpus.written(before))
    assert corpus.recorded(tmp_path / "counts.tsv") == before
    after = {("pkg", "device:cuda", "npu"): "1s 1m", ("pkg", "device:cuda", "mlu"): "2s"}
    assert list(corpus.differences(before, after)) == ["pkg npu device:cuda: 2s → 1s 1m", "pkg tpu gone: 1m → none"]


def test_bad_lines_are_named(tmp_path: Path) -> None:
    (tmp_path / "counts.tsv").write_text("package\trule\tmlu\tnpu\ttpu\npkg\tdevice:cuda\t1s\n")
    with pytest.raises(CorpusError, match=r"counts\.tsv:2: 5 cells expected, 3 found"):
        corpus.recorded(tmp_path / "counts.tsv")
    (tmp_path / "packages.txt").write_text(f"# pinned\n\na==1 --hash=sha256:{'0' * 64}\na==1\n")
    with pytest.raises(CorpusError, match=r"packages\.txt:4: not `name==version"):
        pinned(tmp_path / "packages.txt")


def test_archive_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    package = packed(tmp_path)
    assert archive_of(package, tmp_path).name == "pkg-1.0-py3-none-any.whl"
    other = Package("pkg", "1.0", "0" * 64, is_source=False)
    with pytest.raises(CorpusError, match="does not hold the pinned archive"):
        archive_of(other, tmp_path)


def test_package_that_pip_does_not_find_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus_archives, "_WHEEL", ["--no-index"])
    with pytest.raises(CorpusError, match="pkg: pip ended with 1"):
        archive_of(Package("pkg", "1.0", "0" * 64, is_source=False), tmp_path)


def test_source_archive_cannot_leave_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "pkg-1.0.tar.gz"
    (tmp_path / "evil.py").write_text("x = 1\n")
    with tarfile.open(path, "w:gz") as archive:
        archive.add(tmp_path / "evil.py", "../outside.py")
    with pytest.raises(tarfile.TarError):
        unpack(path, tmp_path / "in" / "side")
    assert not (tmp_path / "in" / "outside.py").exists()


def test_package_that_is_not_of_the_corpus_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert corpus.main(["no-such-package"]) == 2
    assert "no such package in the corpus: no-such-package" in capsys.readouterr().err


def test_every_package_is_pinned_and_recorded() -> None:
    names = {package.name for package in pinned()}
    assert len(names) >= 20
    assert {package for package, _, _ in corpus.recorded()} == names
    assert set(corpus.FAST) <= names

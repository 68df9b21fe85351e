"""The commands check and baseline as a user meets them: what they print and how they end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from checking import BROKEN, CLEAN, MIXED, RULES, check, configure, project
from kit import CUDA, command, git, tree

ROOT = Path(__file__).parent.parent


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = project(tmp_path)
    monkeypatch.chdir(root)
    return root


def test_something_left_ends_with_1_and_is_not_written(repo: Path) -> None:
    code, out, err = check()
    assert (code, err) == (1, "")
    assert out.startswith("a.py:2:5: api:torch.cuda.is_available ")
    assert out.splitlines()[-1].startswith("3 leftovers (3 fixable) in 1 file; 2 files checked for npu in ")
    assert git(repo, "status", "--porcelain") == b""


def test_nothing_left_ends_with_0(repo: Path) -> None:
    code, out, err = check("pkg")
    assert (code, err) == (0, "")
    assert out.startswith("no CUDA left; 1 file checked for npu in ")


def test_file_that_cannot_be_checked_ends_with_2_and_the_others_are_checked(repo: Path) -> None:
    tree(repo, {"b.py": BROKEN})
    code, out, _ = check("--format", "concise")
    assert code == 2
    assert [line.split(" ")[0] for line in out.splitlines()] == ["a.py:2:5:", "a.py:3:11:", "a.py:4:18:", "b.py:2:"]
    assert command("baseline").code == 2
    assert command("baseline").err.startswith("accel-migrate: b.py: does not parse")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "mul"], "unknown target 'mul'; did you mean 'mlu'?"),
        (["--target", "mul", "pkg"], "unknown target 'mul'; did you mean 'mlu'?"),
        (["--min-torch", "new", "pkg"], "min-torch 'new' is not a version number"),
        (["--target-version", "new", "pkg"], "target-version 'new' is not a version number"),
        (["--target-version", "2.0", "pkg"], "target-version 2.0: the table of npu knows torch_npu from 2.1 on"),
        (["--format", "html"], "'html' is not one of"),
        (["--report", "x.html"], "--report x.html: the suffix must be one of .json, .sarif, .md, .xml, .txt"),
        (["--report", "no/x.json"], "cannot write no/x.json: No such file or directory"),
        (["--baseline", "none.jsonl"], "no such file or folder: none.jsonl"),
        (["--baseline", "pkg"], "cannot read pkg: Is a directory"),
        (["--baseline", "a.py"], "a.py:1: is no baseline"),
        (["--diff-base", "nobody"], "'nobody' is no commit"),
        (["--diff-base", "HEAD", "-"], "--diff-base does not go with standard input"),
        (["nothing.py"], "no such file or folder: nothing.py"),
        (["-j", "0"], "0 is not in the range"),
        (["--max-file-size", "1MB"], "'1MB' is not a valid integer"),
        (["--traget", "npu"], "No such option"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_is_wrong(repo: Path, arguments: list[str], message: str) -> None:
    code, out, err = check(*arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_without_a_target_everything_of_cuda_is_advice(repo: Path) -> None:
    code, out, _ = command("check", "--format", "json")
    value = json.loads(out)
    assert (code, value["target"], value["summary"]["fixable"]) == (1, "", 0)
    assert [item["rule_id"] for item in value["leftovers"]] == RULES
    assert all(item["edits"] == [] and item["safety"] == "manual" for item in value["leftovers"])


def test_target_of_the_settings_is_used(repo: Path) -> None:
    configure(repo, 'target = "mlu"\n')
    assert "torch.mlu.is_available" in command("check").out
    assert "torch.npu.is_available" in check().out


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("text", "a.py:2:5: "),
        ("concise", "a.py:2:5: "),
        ("json", '{\n  "version"'),
        ("sarif", '{"$schema":'),
        ("github", "::error file=a.py,line=2,"),
        ("gitlab", "["),
        ("junit", "<?xml "),
        ("markdown", "## accel-migrate check"),
    ],
)
def test_format_is_chosen(repo: Path, form: str, start: str) -> None:
    code, out, err = check("--format", form)
    assert (code, err) == (1, "")
    assert out.replace('{\n  "$schema"', '{"$schema"').startswith(start)


@pytest.mark.parametrize(
    ("name", "form"),
    [("r.json", "json"), ("r.sarif", "sarif"), ("r.md", "markdown"), ("r.xml", "junit"), ("r.txt", "text")],
)
def test_report_has_the_form_of_its_suffix(repo: Path, tmp_path: Path, name: str, form: str) -> None:
    path = tmp_path / name
    code, out, _ = check("--format", form, "--report", path, "--report", tmp_path / "second.json")
    assert code == 1
    assert path.read_text("utf-8").rstrip("\n") == out.rstrip("\n")
    assert json.loads((tmp_path / "second.json").read_bytes())["summary"]["new"] == 3


def test_statistics_count_by_rule(repo: Path) -> None:
    tree(repo, {"b.py": CUDA})
    code, out, _ = check("--statistics")
    assert code == 1
    assert out.split()[:2] == ["2", "api:torch.cuda.is_available"]
    assert "a.py" not in out


def test_several_processes_find_the_same(repo: Path) -> None:
    tree(repo, {f"{number}.py": MIXED for number in range(9)} | {"b.py": BROKEN, "k.cu": b""})
    alone, together = (check("--format", "sarif", "-j", jobs) for jobs in (1, 2))
    assert alone == together
    assert alone.code == 2


def loaded(folder: Path) -> tuple[int, Any]:
    """The exit code of a check in a process of its own, and the modules that it imported."""
    lines = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from migrate.cli import main",
        "try: main(['check', '--target', 'npu'])",
        "except SystemExit as end: print(*sys.modules, file=sys.stderr); raise",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], cwd=folder, capture_output=True, text=True)
    return done.returncode, {name.partition(".")[0] for name in done.stderr.split()}


def test_neither_parser_nor_terminal_is_imported_where_nothing_mentions_cuda(repo: Path) -> None:
    code, modules = loaded(repo)
    assert (code, "libcst" in modules) == (1, True)
    tree(repo, {"a.py": CLEAN})
    code, modules = loaded(repo)
    assert (code, {"migrate", "click"} <= modules) == (0, True)
    assert not {"libcst", "rich", "concurrent"} & modules

"""A run's report for people, for programs and for git."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from kit import CUDA, FIXTURES, NPU, TARGETS, found, git, repository, table, tree
from rich.console import Console

from migrate import __version__
from migrate.model import Edit, FileResult, Finding, Problem, RepoReport
from migrate.report.console import print_report
from migrate.report.machine import render_json, render_patch, summary
from migrate.report.shown import headline, printable, scope_line
from migrate.report.text import render_text
from migrate.runner import run
from migrate.vcs import folder_of
from migrate.writer import write_in_place

DOCS = Path(__file__).parents[1] / "docs"
MIXED = (
    CUDA + b"# cuda\nwith torch.cuda.amp.autocast(): pass\ny = torch.cuda.get_arch_list()\nz = torch.cuda.nothing()\n"
)


def report_of(folder: Path, files: Mapping[str, bytes], target: str = "npu") -> RepoReport:
    return run(found(tree(folder, files)), table(target))


def patch_of(folder: Path, report: RepoReport) -> bytes:
    return render_patch(report, lambda path: (folder / path).read_bytes())


def on_terminal(report: RepoReport, patch: str = "") -> str:
    """What a terminal is sent, with colours."""
    screen = StringIO()
    console = Console(file=screen, force_terminal=True, color_system="standard", width=200, highlight=False)
    print_report(report, patch, console)
    return screen.getvalue()


def plain(sent: str) -> list[str]:
    """The lines a terminal shows."""
    return [line.rstrip() for line in re.sub("\x1b\\[[0-9;]*m", "", sent).split("\n")]


def finding(safety: Any, found: str = "torch.cuda.x", rule_id: str = "api:torch.cuda.x", message: str = "m") -> Finding:
    edits = (Edit(0, 1, "a"),) if safety in ("safe", "review") else ()
    return Finding(rule_id, 0, 1, 3, 7, found, message, safety, edits)


def made(*files: FileResult) -> RepoReport:
    return RepoReport("npu", "1.0", files, 1.25)


def schema() -> Draft202012Validator:
    loaded = json.loads((DOCS / "report.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(loaded)
    return Draft202012Validator(loaded)


def test_text_is_diff_rules_manual_work_errors_and_the_sum() -> None:
    report = made(
        FileResult("a.py", "python", "1", (finding("safe"), finding("safe"), finding("safe", found=""))),
        FileResult("b.py", "python", "2", (finding("manual", message="do"), finding("review", rule_id="r"))),
        FileResult("c.py", "python", "3", (finding("manual"), finding("manual"), finding("left", rule_id="l"))),
        FileResult("d.py", "python", "", error=Problem("does not parse: no", 4)),
        FileResult("e.py", "python", "", error=Problem("cannot be read: no")),
    )
    expected = """\
-old
+new

manual      3  api:torch.cuda.x  b.py:3
review      1  r                 b.py:3
safe        3  api:torch.cuda.x  a.py:3
left        1  l                 c.py:3

c.py: 2 for you
  3:7       torch.cuda.x  [api:torch.cuda.x]
            m
  3:7       torch.cuda.x  [api:torch.cuda.x]
            m

b.py: 1 for you
  3:7       torch.cuda.x  [api:torch.cuda.x]
            do

b.py: 1 worth a review
  3:7       torch.cuda.x  [r]
            m

error: d.py:4: does not parse: no
error: e.py: cannot be read: no
5 files looked at in 1.25 s, 2 files to change for npu, 2 files could not be handled
7 references: 3 rewritten (1 worth a review), 1 left, 3 need you
"""
    assert render_text(report, "-old\n+new\n") == expected
    written = render_text(replace(report, written=True), "-old\n+new\n")
    assert written == expected.replace("2 files to change", "2 files changed")


def test_text_of_nothing_is_the_sum() -> None:
    expected = "0 files looked at in 1.25 s, 0 files to change for npu\n0 references: 0 rewritten, 0 left, 0 need you\n"
    assert render_text(made(), "") == expected


def test_sum_is_singular_for_one_and_has_separators_for_thousands() -> None:
    one = made(FileResult("a.py", "python", "1", (finding("manual"),)))
    assert headline(one) == "1 reference: 0 rewritten, 0 left, 1 needs you"
    assert scope_line(one) == "1 file looked at in 1.25 s, 0 files to change for npu"
    many = made(FileResult("a.py", "python", "1", (finding("left"),) * 1234))
    assert headline(many) == "1,234 references: 0 rewritten, 1,234 left, 0 need you"


def test_terminal_shows_what_the_text_says(tmp_path: Path) -> None:
    report = report_of(tmp_path, {"a.py": MIXED, "b.py": b"cuda(\n"})
    patch = patch_of(tmp_path, report).decode()
    shown, text = plain(on_terminal(report, patch)), render_text(report, patch)
    words = {word for line in text.splitlines() for word in line.split()}
    assert words <= {word for line in shown for word in line.split()}
    assert shown[: patch.count("\n")] == [line.rstrip() for line in patch.splitlines()]
    assert shown[-3:-1] == [scope_line(report), headline(report)]


def test_terminal_has_colours_for_the_diff_and_for_manual_work(tmp_path: Path) -> None:
    report = report_of(tmp_path, {"a.py": MIXED})
    sent = on_terminal(report, patch_of(tmp_path, report).decode())
    assert "\x1b[31m-x = torch.cuda.is_available()" in sent
    assert "\x1b[32m+x = torch.npu.is_available()" in sent
    assert "\x1b[1;33mmanual" in sent


HOSTILE = {
    "\x1b[31m.py": "\\x1b[31m.py",
    "[red]bold[/red].py": "[red]bold[/red].py",
    "new\nline\r.py": "new\\x0aline\\x0d.py",
    "\u202egnp.py": "\\u202egnp.py",
    "\udcff.py": "\\xff.py",
    ":smile:.py": ":smile:.py",
    "\x9b2J\u2028.py": "\\x9b2J\\u2028.py",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_path_code_and_message_never_control_the_terminal(name: str) -> None:
    shown = HOSTILE[name]
    item = finding("manual", found=name, rule_id=name, message=name)
    report = made(
        FileResult(name, "python", "1", (item,)),
        FileResult(name + "x", "python", "", error=Problem(name)),
    )
    text = render_text(report, f"+++ b/{name}\n")
    for lines in (text.split("\n"), plain(on_terminal(report, f"+++ b/{name}\n"))):
        assert f"{shown}: 1 for you" in lines
        assert any(line.endswith(f"  {shown}  [{shown}]") for line in lines)
        assert f"error: {shown}x: {shown}" in lines
        assert all(printable(line) == line for line in lines)


def test_tabs_of_a_diff_stay() -> None:
    text = render_text(made(), "-\tx\x0b\r\n+\ty\n")
    assert text.startswith("-\tx\\x0b\\x0d\n+\ty\n\n")


@pytest.mark.parametrize("target", TARGETS)
def test_json_of_every_fixture_follows_its_schema(target: str) -> None:
    report = run(found(FIXTURES), table(target))
    value = json.loads(render_json(report))
    schema().validate(value)
    assert len(value["files"]) > 100


def test_schema_knows_every_key_and_no_other(tmp_path: Path) -> None:
    value = json.loads(render_json(report_of(tmp_path, {"a.py": MIXED, "b.py": b"cuda(\n"})))
    objects = [value, value["summary"], *value["files"], *(file["error"] for file in value["files"] if file["error"])]
    items = [item for file in value["files"] for item in file["findings"]]
    objects += items + [edit for item in items for edit in item["edits"]]
    assert schema().is_valid(value)
    for part in objects:
        part["more"] = 1
        assert not schema().is_valid(value)
        del part["more"]
        for key in list(part):
            kept = part.pop(key)
            assert not schema().is_valid(value), key
            part[key] = kept


def test_json_says_what_the_report_says(tmp_path: Path) -> None:
    report = report_of(tmp_path, {"a.py": MIXED, "b.py": b"cuda(\n", "c.py": b"import os\n"})
    value = json.loads(render_json(report))
    assert (value["version"], value["target"]) == (__version__, "npu")
    assert [file["path"] for file in value["files"]] == ["a.py", "b.py"]
    assert value["files"][1]["error"]["line"] == 1
    counts = value["summary"]
    assert (counts["files"], counts["changed"], counts["errors"]) == (3, 1, 1)
    assert counts["references"] == counts["rewritten"] + counts["left"] + counts["manual"]
    assert counts["review"] <= counts["rewritten"]
    assert counts == summary(report)


def test_json_is_ascii_and_keeps_every_path(tmp_path: Path) -> None:
    names = sorted(name for name in HOSTILE if "/" not in name)
    report = made(*(FileResult(name, "python", "1", (finding("left", found="é"),)) for name in names))
    text = render_json(report)
    assert text.isascii()
    assert [file["path"] for file in json.loads(text)["files"]] == names
    assert schema().is_valid(json.loads(text))


def test_example_of_the_documentation_is_what_the_tool_says(tmp_path: Path) -> None:
    example, _ = re.findall(r"```json\n(.*?)```", (DOCS / "report.md").read_text("utf-8"), re.DOTALL)
    value, documented = json.loads(render_json(report_of(tmp_path, {"train.py": CUDA}))), json.loads(example)
    for part in (value, documented):
        part["summary"]["seconds"] = part["version"] = None
    assert documented == value


CRLF = CUDA.replace(b"\n", b"\r\n")
LONG = b"import torch\n" + b"".join(b"a = %d\n" % n for n in range(40)) + CUDA + b"b = 1\n" * 9 + b"torch.cuda.init()\n"
CONTENTS = {
    "plain": CUDA,
    "crlf": CRLF,
    "mixed line ends": CUDA + CRLF + b"\r\r\n",
    "mark": BOM_UTF8 + CUDA,
    "mark and crlf": BOM_UTF8 + CRLF,
    "no final newline": CUDA[:-1],
    "crlf without final newline": CRLF[:-2],
    "latin-1": b"# coding: latin-1\n# \xe9\n" + CUDA + b"# \xe9",
    "form feed": b"\x0c\n" + CUDA + b"\x0c",
    "long": LONG,
    "first line": b"from torch import cuda\n",
    "only line": b"import torch; torch.cuda.init()",
}
NAMES = ["a b.py", 'quo"te.py', "back\\slash.py", "é/日本.py", "new\nline.py", "tab\t.py", "b -> c.py", "'.py", " .py"]


@pytest.mark.parametrize("files", [{f"{name}.py": data for name, data in CONTENTS.items()}, dict.fromkeys(NAMES, CUDA)],
                         ids=["contents", "names"])  # fmt: skip
def test_patch_makes_the_same_edits_with_git(tmp_path: Path, files: dict[str, bytes]) -> None:
    root = repository(tmp_path / "repo", files)
    report = report_of(root, {})
    assert [result.path for result in report.changed] == sorted(files)
    (tmp_path / "it.patch").write_bytes(patch_of(root, report))
    git(root, "apply", "--check", "--whitespace=nowarn", "../it.patch")
    git(root, "apply", "--whitespace=nowarn", "../it.patch")
    assert report_of(root, {}).changed == ()
    changed = git(root, "diff", "--name-only", "-z").split(b"\0")
    assert changed == [*(name.encode() for name in sorted(files)), b""]


def test_patch_reads_as_git_writes_it(tmp_path: Path) -> None:
    root = repository(tmp_path, {f"{name}.py": data for name, data in CONTENTS.items()})
    report = report_of(root, {})
    patch = patch_of(root, report)
    write_in_place(root, report.files)
    theirs = git(root, "-c", "diff.noprefix=false", "diff", "--no-color", "--no-ext-diff")
    theirs = re.sub(rb"(?m)^index .*\n", b"", theirs)
    theirs = re.sub(rb"(?m)^(@@ .* @@).*", rb"\1", theirs)
    assert re.sub(rb"(?m)^(@@.*[-+]\d+),1(?= )", rb"\1", patch) == theirs


@pytest.mark.parametrize("folder", [".", "src/é b"])
def test_patch_of_a_folder_is_applied_and_taken_back_from_anywhere_in_its_repository(
    tmp_path: Path, folder: str
) -> None:
    root = repository(tmp_path / "repo", {"src/é b/a.py": CUDA})
    base = root / folder
    report = report_of(base, {})
    read = {result.path: (base / result.path).read_bytes() for result in report.changed}
    (tmp_path / "it.patch").write_bytes(render_patch(report, read.__getitem__, folder_of(base)))
    for place in (root, root / "src"):
        git(place, "apply", str(tmp_path / "it.patch"))
        assert (root / "src/é b/a.py").read_bytes() == NPU
        git(place, "apply", "-R", str(tmp_path / "it.patch"))
        assert (root / "src/é b/a.py").read_bytes() == CUDA


def test_patch_leaves_out_files_with_errors(tmp_path: Path) -> None:
    failed = FileResult("a.py", "python", "1", (finding("safe"),), Problem("no"))
    assert render_patch(made(failed), lambda path: b"") == b""

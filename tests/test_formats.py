"""What is left of CUDA, as text, JSON, annotations, Code Quality and JUnit."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from checks import HOSTILE, check, checked, error, fixable, hostile, leftover, mixed
from kit import CUDA

from migrate.leftovers import CheckResult, Entry
from migrate.model import Edit
from migrate.report.formats import FORMATS, render_statistics
from migrate.report.shown import printable

DOCS = Path(__file__).parents[1] / "docs"
ALL = {**FORMATS, "statistics": render_statistics}


def lines(name: str, result: CheckResult) -> list[str]:
    return FORMATS[name](result).split("\n")[:-1]


def test_text_is_new_leftovers_errors_what_is_fixed_and_the_sum() -> None:
    expected = """\
a.py:1:5: api:torch.cuda.x do it [fixable: → torch.cuda.y]
    |     torch.cuda.x
    |     ^^^^^^^^^^^^
a.py:2:5: api:torch.cuda.x do it
    |     torch.cuda.x
    |     ^^^^^^^^^^^^
k/c.cu:1:1: file:cuda-source do it
e.py:4: error: does not parse
in the baseline but gone:
    b.py: device:cuda "cuda" (2 times)
3 new leftovers (1 fixable) in 2 files, 1 known, 2 fixed; 7 files checked for npu in 1.25 s, 1 file could not be checked
"""
    assert FORMATS["text"](mixed()) == expected


def test_sum_says_what_there_is() -> None:
    known = leftover(state="known")
    assert lines("text", check()) == ["no CUDA left; 7 files checked for npu in 1.25 s"]
    assert lines("text", check(target="")) == ["no CUDA left; 7 files checked in 1.25 s"]
    assert lines("text", check(known)) == ["0 new leftovers, 1 known; 7 files checked for npu in 1.25 s"]
    assert lines("text", check(fixable()))[-1].startswith("1 leftover (1 fixable) in 1 file; ")
    assert lines("text", check(errors=(error(),)))[-1].startswith("0 leftovers; ")


def test_leftover_that_the_edit_of_an_import_takes_care_of_is_fixable() -> None:
    (first, *_) = lines("text", check(leftover(safety="safe")))
    assert first == "a.py:3:5: api:torch.cuda.x do it [fixable]"


@pytest.mark.parametrize(
    ("text", "column", "found", "shown", "carets"),
    [
        ("\tx\tcuda", 4, "cuda", "    x   cuda", "        ^^^^"),
        ("日本 cuda", 4, "cuda", "日本 cuda", "     ^^^^"),
        ("é\u0301 cuda 日本", 4, "cuda 日本", "é\u0301 cuda 日本", "  ^^^^^^^^^"),
        ("\x1b[1m cuda", 6, "cuda", "\\x1b[1m cuda", "        ^^^^"),
        ("##[error] cuda", 11, "cuda", "\\x23#[error] cuda", "             ^^^^"),
        ("     .cuda  # its", 6, ".cuda  # it…", "     .cuda  # its", "     ^^^^^^^^^^^"),
        ("from torch.cuda \\", 12, "torch.cuda \\", "from torch.cuda \\", "     ^^^^^^^^^^^^"),
        ("x = cuda", 40, "other", "x = cuda", "       ^"),
        ("x", 1, "more than there is", "x", "^"),
    ],
)
def test_carets_are_under_what_was_found(text: str, column: int, found: str, shown: str, carets: str) -> None:
    _, source, marks, _ = lines("text", check(leftover(column=column, found=found, text=text)))
    assert source == f"    | {shown}"
    assert marks == f"    | {carets}"


@pytest.mark.parametrize("filler", ["a", "日", "\t", "\x1b", "\u0301"])
def test_long_lines_are_cut_around_what_was_found(filler: str) -> None:
    text = filler * 5000 + "cuda" + filler * 5000
    _, source, marks, _ = lines("text", check(leftover(column=5001, found="cuda", text=text)))
    assert source.startswith("    | …")
    assert "cuda" in source
    assert len(source.replace("\u0301", "")) <= 120
    assert marks.count("^") == 4


def test_long_found_text_is_cut_too() -> None:
    text = '"' + "cuda" * 200 + '"'
    _, source, marks, _ = lines("text", check(leftover(column=1, found=text, text=text)))
    assert source.endswith("…")
    assert marks == "    | " + "^" * 110


def test_concise_is_one_line_for_each_new_leftover_and_error() -> None:
    assert lines("concise", mixed()) == [
        "a.py:1:5: api:torch.cuda.x do it",
        "a.py:2:5: api:torch.cuda.x do it",
        "k/c.cu:1:1: file:cuda-source do it",
        "e.py:4: error: does not parse",
    ]
    assert FORMATS["concise"](check()) == ""


def test_statistics_count_new_leftovers_by_rule_the_most_frequent_first() -> None:
    result = check(leftover(rule_id="b"), leftover(rule_id="c"), fixable(rule_id="c"), fixable(rule_id="a"),
                   leftover(rule_id="d", state="known"))  # fmt: skip
    assert render_statistics(result).split("\n")[:3] == [
        "      2  c  (1 fixable)",
        "      1  a  (1 fixable)",
        "      1  b",
    ]
    assert render_statistics(check()) == "no CUDA left; 7 files checked for npu in 1.25 s\n"


def test_example_of_the_text_is_what_the_tool_says(tmp_path: Path) -> None:
    text = (DOCS / "check-formats.md").read_text("utf-8")
    shown = lines("text", checked(tmp_path, {"train.py": CUDA}))
    assert "\n".join(shown[:-1]) in text
    assert re.sub(r"[\d.]+ s", "0.05 s", shown[-1]) in text


def test_documentation_speaks_of_every_format() -> None:
    text = (DOCS / "check-formats.md").read_text("utf-8")
    assert re.findall(r"(?m)^## (\S+)$", text) == list(FORMATS)


def test_annotations_are_errors_where_migration_can_do_it_and_warnings_where_it_cannot() -> None:
    assert lines("github", mixed()) == [
        "::error file=a.py,line=1,col=5,title=api%3Atorch.cuda.x::torch.cuda.x: do it [fixable: → torch.cuda.y]",
        "::error file=e.py,line=4,title=cannot be checked::does not parse",
        "::warning file=a.py,line=2,col=5,title=api%3Atorch.cuda.x::torch.cuda.x: do it",
        "::warning file=k/c.cu,line=1,col=1,title=file%3Acuda-source::c.cu: do it",
        "::notice file=b.py,line=3,col=5,title=api%3Atorch.cuda.x::torch.cuda.x: do it",
    ]
    assert FORMATS["github"](check()) == ""


def test_annotations_are_ten_of_a_kind_and_a_notice_counts_the_rest() -> None:
    known = [leftover("a.py", line, state="known") for line in range(1, 31)]
    new = [leftover("b.py", line) for line in range(1, 12)] + [fixable("c.py", line) for line in range(1, 23)]
    shown = lines("github", check(*known, *new))
    assert [sum(line.startswith(f"::{kind} ") for line in shown) for kind in ("error", "warning", "notice")] == [10] * 3
    rest = "12 more errors, 1 more warning, 21 more notices, which GitHub does not show. In all: 33 new"
    assert shown[-1].startswith(f"::notice title=accel-migrate::{rest}")
    assert not any("more" in line for line in lines("github", check(*known[:10])))


def test_annotation_escapes_what_separates_its_parts() -> None:
    (shown,) = lines("github", check(leftover("a,b:c%\n.py", message="100%\n::error::x", rule_id="r,s")))
    assert shown.startswith("::warning file=a%2Cb%3Ac%25%0A.py,line=3,col=5,title=r%2Cs::")
    assert shown.endswith("100%25\\x0a::error::x")


def test_code_quality_has_known_leftovers_and_errors_too() -> None:
    issues = json.loads(FORMATS["gitlab"](mixed()))
    assert [issue["severity"] for issue in issues] == ["major", "minor", "info", "minor", "critical"]
    assert issues[0]["location"] == {"path": "a.py", "lines": {"begin": 1}}
    assert issues[0]["check_name"] == "api:torch.cuda.x"
    assert len({issue["fingerprint"] for issue in issues}) == 5
    assert json.loads(FORMATS["gitlab"](check())) == []


def test_fingerprints_do_not_change_with_the_line(tmp_path: Path) -> None:
    before = checked(tmp_path / "a", {"a.py": CUDA + b"y = torch.cuda.nothing()\n" * 2})
    after = checked(tmp_path / "b", {"a.py": b"\n\n" + CUDA + b"\n" + b"y = torch.cuda.nothing()\n" * 2})
    old, new = (json.loads(FORMATS["gitlab"](result)) for result in (before, after))
    assert [issue["fingerprint"] for issue in old] == [issue["fingerprint"] for issue in new]
    assert len({issue["fingerprint"] for issue in old}) == 3
    assert all(a["location"]["lines"] != b["location"]["lines"] for a, b in zip(old, new, strict=True))


def test_junit_has_a_case_for_each_file() -> None:
    (suite,) = ElementTree.fromstring(FORMATS["junit"](mixed()))
    assert {name: suite.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "4", "failures": "2", "errors": "1"
    }  # fmt: skip
    assert [(case.get("file"), [child.tag for child in case]) for case in suite] == [
        ("a.py", ["failure"]), ("b.py", []), ("k/c.cu", ["failure"]), ("e.py", ["error"])
    ]  # fmt: skip
    failure = suite[0][0]
    assert failure.get("message") == "2 new leftovers"
    assert (failure.text or "").splitlines()[1] == "a.py:2:5: api:torch.cuda.x do it"
    assert suite[3][0].get("message") == "line 4: does not parse"


def test_junit_of_nothing_is_one_case_that_passes() -> None:
    (suite,) = ElementTree.fromstring(FORMATS["junit"](check()))
    (case,) = suite
    assert (suite.get("tests"), len(case)) == ("1", 0)


def test_junit_is_well_formed_whatever_it_holds() -> None:
    (suite,) = ElementTree.fromstring(FORMATS["junit"](hostile()))
    cases = list(suite)
    assert len(cases) == 2 * len(HOSTILE)
    expected = [printable(text).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd") for text in HOSTILE]
    assert [case.get("file") for case in cases[len(HOSTILE) :]] == [f"{text}e" for text in expected]


@pytest.mark.parametrize("name", ALL)
def test_nothing_in_a_repository_is_obeyed_by_a_terminal_or_a_ci_log(name: str) -> None:
    text = ALL[name](hostile())
    text.encode()
    for line in text.split("\n")[:-1]:
        assert printable(line) == line
        assert not re.search(r"##(?:[A-Za-z]*)\[", line) or line.startswith("::")
        command = re.match(r"\s*::(.*?)::", line)
        if name == "github":
            assert command
            assert re.match(r"(error|warning|notice) (file|title)=", command[1])
            names = [part.partition("=")[0] for part in command[1].partition(" ")[2].split(",")]
            assert names in (["file", "line", "col", "title"], ["file", "line", "title"], ["title"])
        else:
            assert not command


@pytest.mark.parametrize("name", ALL)
def test_same_result_gives_the_same_bytes(name: str) -> None:
    assert ALL[name](mixed()) == ALL[name](mixed())
    assert ALL[name](hostile()) == ALL[name](hostile())


@pytest.mark.parametrize("name", ALL)
def test_every_format_shows_a_real_run(name: str, tmp_path: Path) -> None:
    files = {"a.py": CUDA + b"y = torch.cuda.nothing()  # \xf0\x9f\x98\x80\n", "b.py": b"cuda(\n", "k.cu": b"kernel"}
    text = ALL[name](checked(tmp_path, files))
    assert text.endswith("\n")
    assert "api:torch.cuda.nothing" in text.replace("%3A", ":")
    assert "b.py" in text or name == "statistics"


def test_choosing_a_format_imports_no_other() -> None:
    code = (
        "import sys\nfrom migrate.leftovers import CheckResult\nfrom migrate.report.formats import FORMATS\n"
        "FORMATS['concise'](CheckResult('npu', '1', (), 0, 0.0))\n"
        "print(*sorted(name for name in sys.modules if name.startswith('migrate.report.')))\n"
        "print('json' in sys.modules, 'libcst' in sys.modules, 'rich' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.split("\n")[:2] == [
        "migrate.report.concise migrate.report.formats migrate.report.shown", "False False False"
    ]  # fmt: skip


def test_replacement_is_shown_only_where_it_is_the_whole_truth() -> None:
    outside = leftover(safety="safe", edits=(Edit(0, 1, "y"),))
    cut = leftover(safety="safe", found="torch.cuda…", start=40, edits=(Edit(40, 41, "y"),))
    assert lines("text", check(outside))[0].endswith("do it [fixable]")
    assert lines("concise", check(cut)) == ["a.py:3:5: api:torch.cuda.x do it"]
    assert lines("text", check(fixed=(Entry("r", "::error::.py", "x", 1),)))[1] == "    ./::error::.py: r x"

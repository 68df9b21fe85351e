"""Results of checks for the tests of formats: made by hand, or of a real run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kit import found, table, tree

from migrate.leftovers import CheckResult, Entry, Leftover, leftovers_of
from migrate.model import Edit, FileResult, Finding, Problem
from migrate.runner import run

CODE = "torch.cuda.x"
HOSTILE = (
    "\x1b[31m\x07",
    "new\nline\r",
    "::set-output name=a::b",
    " \u3000::error::x",
    "##[add-mask]secret",
    "##vso[task.setvariable variable=a]b",
    "]]>",
    "<script>alert(1)</script>",
    "&amp;<!--",
    "```\n# title",
    "`a` ``b`` ```",
    "a`",
    "%0A::error::x",
    "a,b:c=d",
    "a|b\\|c",
    "[text](https://example.org)",
    "https://example.org @someone #1",
    "\udcff\udc80",
    "\u202egnp\u2066",
    "\x00\x0b\x85\u2028",
    "\ufffe\uffff",
    "{0} {{x}}",
    "日本\U0001f600",
    '\t"quo\'te"\\',
    " ",
)


def leftover(
    path: str = "a.py",
    line: int = 3,
    column: int = 5,
    found: str = CODE,
    message: str = "do it",
    rule_id: str = "api:torch.cuda.x",
    safety: Any = "manual",
    state: Any = "new",
    text: str | None = None,
    edits: tuple[Edit, ...] = (),
    start: int = 40,
    fingerprint: str = "",
) -> Leftover:
    """One leftover; its line is made of the found text unless it is given."""
    text = " " * (column - 1) + found if text is None else text
    item = Finding(rule_id, start, start + len(found), line, column, found, message, safety, edits)
    return Leftover(path, item, fingerprint or f"{path}:{line}:{column}:{rule_id}", text, state)


def fixable(path: str = "a.py", line: int = 3, column: int = 5, **given: Any) -> Leftover:
    """A leftover with an edit: x becomes y."""
    end = 40 + len(CODE)
    return leftover(path, line, column, safety="safe", edits=(Edit(end - 1, end, "y"),), **given)


def check(
    *leftovers: Leftover, fixed: tuple[Entry, ...] = (), errors: tuple[FileResult, ...] = (), target: str = "npu"
) -> CheckResult:
    return CheckResult(target, "1.0", leftovers, 7, 1.25, fixed, errors)


def error(path: str = "e.py", message: str = "does not parse", line: int | None = 4) -> FileResult:
    return FileResult(path, "python", "", error=Problem(message, line))


def mixed() -> CheckResult:
    """One of everything."""
    return check(
        fixable("a.py", 1),
        leftover("a.py", 2),
        leftover("b.py", 3, state="known"),
        leftover("k/c.cu", 1, 1, found="c.cu", rule_id="file:cuda-source", text="", start=0),
        fixed=(Entry("device:cuda", "b.py", '"cuda"', 2),),
        errors=(error(),),
    )


def hostile() -> CheckResult:
    """Every hostile text as a path, code, message, rule, replacement, baseline entry and error."""
    items = [
        leftover(f"{text}.py" if text != " " else text, found=text, message=text, rule_id=text, text=f"{text}{text}",
                 column=len(text) + 1, safety="safe", edits=(Edit(40, 41, text),), fingerprint=f"{number:032x}")
        for number, text in enumerate(HOSTILE)
    ]  # fmt: skip
    entries = tuple(Entry(text, text, text, 1) for text in HOSTILE)
    errors = tuple(error(f"{text}e", text, None) for text in HOSTILE)
    return check(*items, fixed=entries, errors=errors)


def checked(folder: Path, files: Mapping[str, bytes], target: str = "npu") -> CheckResult:
    """What a real run finds."""
    root = tree(folder, files)
    report = run(found(root), table(target))
    leftovers = tuple(leftovers_of(report, lambda path: (root / path).read_bytes()))
    return CheckResult(target, report.version, leftovers, len(report.files), report.seconds, (), report.errors)

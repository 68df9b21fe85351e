"""What is promised of every change is looked at, file by file: codemods that go wrong are caught before they write."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from kit import CUDA, NPU, Outcome, command, repository, table, tree

from migrate import codemods, engine, writer
from migrate.edits import apply_edits
from migrate.engine import migrate_bytes
from migrate.kinds import reading
from migrate.model import Draft, Edit
from migrate.promises import PromiseError, check_bytes
from migrate.sameness import MismatchError, check_trees

MARK = "fault"  # what the codemod that goes wrong edits; `settled` puts its edits among the others
Change = tuple[str, str]  # old text, of which the first occurrence is meant, and what an edit makes of it


def edited(text: str, changes: tuple[Change, ...]) -> tuple[str, list[Edit]]:
    """A text after some edits; one of nothing is put before the text that its new one repeats behind a `|`, or last."""
    edits: list[Edit] = []
    for old, new in changes:
        known = old or new.rpartition("|")[2]
        at = text.index(known) if known else len(text)
        edits.append(Edit(at, at + len(old), new if old else new.rpartition("|")[0]))
    return apply_edits(text, edits), edits


EXPLAINED = {
    "a name": ("x = torch.cuda.a(b)\n", ("cuda", "npu")),
    "a comparison for an attribute": ("y = not x.is_cuda\n", ("is_cuda", 'device.type == "npu"')),
    "one in brackets of its own": ("z = y + x.is_cuda\n", ("x.is_cuda", '(x.device.type == "npu")')),
    "brackets put around": ("z = y + x.is_cuda\n", ("", "(|x.is"), ("is_cuda", 'device.type == "npu")')),
    "an argument in place of its call": ("f(x + 1, y)\n", ("f(", ""), (", y)", "")),
    "a first argument": ("f(x)\n", ("", "1, |x)")),
    "a last argument": ("f(x)\n", ("", ", 1|)")),
    "an import": ("import a\nx = 1\n", ("", "import b\n|x")),
    "an import where nothing else is": ("é = 'é'; import a\nx = c.d()\n", ("", "import b\n|x"), ("c.", "e.")),
    "one name of several": ("from a.b import c, d\n", ("a.b", "a.e"), (", d", "")),
    "a decorator": ("@a.cuda\ndef f(): pass\n", ("cuda", "npu")),
    "an f-string": ('x = f"cuda:{r}"\n', ("cuda:", "{D}:")),
    "a block that grows": ("if T:\n    import a  # c\nx = 1\n", ("", "    import b\n|x")),
    "a block that grows at the end": ("if T:\n    a.b\n    c", (".b", ".d"), ("", "\n    import e|")),
    "a block that grows and ends with one": ("if T:\n  if U:\n    a\nelse:\n  b\n", ("else", "  c\nelse")),
    "a case that grows": ("match x.y:\n  case 1:\n    a  # b\nz = 1\n", (".y", ".w"), ("", "    d\n|z")),
    "a case before another that grows": ("match x:\n  case 1:\n    a\n  case _:\n    b\n", ("", "    c\n|  case _")),
    "two blocks that grow": ("def f():\n  if T:\n    a\nb\n", ("", "    c\n  d\n|b")),
    "a branch that goes": ("if T:\n    a\nelse:\n    b\nc\n", ("else:\n    b\n", "")),
    "a statement that goes": ("a\nb\nc\n", ("b\n", "")),
    "a keyword": ("f(device_ids=[0], b=lambda: c)\n", ("device_ids", "ids")),
}
REGROUPED = {
    "a sign": ("y = -x.is_cuda\n", ("is_cuda", 'device.type == "npu"')),
    "a chain of comparisons": ("y = x.is_cuda == z\n", ("is_cuda", 'device.type == "npu"')),
    "a product": ("f(x + 1, y) * 2\n", ("f(", ""), (", y)", "")),
    "a difference": ("a - b\n", ("b", "c - d")),
    "a sign before what is put": ("y = -x\n", ("", " ** 2|\n")),
    "a difference behind what is put": ("y = a - b\n", ("", "c * |a")),
    "a line that joins a block": ("if a:\n  b\nz\n", ("", "  |z")),
    "an or": ("2 * a\n", ("a", "c or d")),
    "a power": ("a ** 2\n", ("a", "-c")),
    "an attribute": ("x = a.y\n", ("a", "1 + c")),
    "a line that a comment takes": ("a = f(x)\nb = 1\n", ("f(x)\n", "f(x) # ")),
    "a line that a string takes": ("a = 1\nb = 2\nc = 3\n", ("1", '"""'), ("3", '"""')),
    "a block": ("if a:\n    b\n    c\nd\n", ("b\n    ", "e\n")),
    "a statement inside an f-string": ('x = f"{a}{b}{c}"\n', ("{a}{", "{a"), ("}{c", "c")),
    "an await": ("async def f():\n    await a\n", ("a\n", "b if c else d\n")),
}


@pytest.mark.parametrize("case", EXPLAINED)
def test_difference_that_edits_explain_is_none(case: str) -> None:
    before, *changes = EXPLAINED[case]
    after, edits = edited(before, tuple(changes))
    check_trees(ast.parse(before), ast.parse(after), before, after, edits)


@pytest.mark.parametrize("case", REGROUPED)
def test_difference_that_edits_do_not_explain_is_found(case: str) -> None:
    before, *changes = REGROUPED[case]
    after, edits = edited(before, tuple(changes))
    with pytest.raises(MismatchError):
        check_trees(ast.parse(before), ast.parse(after), before, after, edits)


@pytest.mark.parametrize("after", [b"a B c", b"a b c ", b"\xef\xbb\xbfa b C", b"a b", b"A b C", b""])
def test_byte_outside_the_edits_is_missed(after: bytes) -> None:
    check_bytes(b"a b c", b"a b C", "a b c", [Edit(4, 5, "C")])
    with pytest.raises(PromiseError, match="bytes outside the edits"):
        check_bytes(b"a b c", after, "a b c", [Edit(4, 5, "C")])


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", {"a.py": CUDA, "b.py": CUDA})


def inject(monkeypatch: pytest.MonkeyPatch, new: str, old: str = MARK) -> None:
    """A codemod of Python that writes a text for the mark, or for another one."""

    def find_all(view: object) -> Iterator[Draft]:
        yield from honest(view)  # type: ignore[arg-type]
        text: str = view.scan.text  # type: ignore[attr-defined]
        if old in text:
            at = text.index(old)
            yield Draft("api:torch.cuda.fault", at, at + len(old), "safe", "", (Edit(at, at + len(old), new),))

    honest = codemods.find_all
    monkeypatch.setattr(codemods, "find_all", find_all)


def check_blamed(outcome: Outcome, repo: Path, name: str, before: bytes, *words: str) -> None:
    """A file is left as it was and reported, with a way to see it again; the other one is written."""
    assert outcome.code == 2
    report = outcome.out + outcome.err
    assert f"error: {name}" in report
    words = ("internal error, please report it: ", "the file is left as it was", f"--diff {name}", *words)
    assert all(word in report for word in words), report
    assert f"diff --git a/{name}" not in report
    assert (repo / name).read_bytes() == before
    assert (repo / "b.py").read_bytes() == NPU
    assert "1 file changed" in report


FAULTS = {
    "(": "the result does not parse",
    "1; return": "the result does not compile",
    "1; from __future__ import annotations": "the result does not compile",
    "f(a=1, a=2)": "the result does not compile",
    "a or b": "more than the edits would change",
    "1 #": "more than the edits would change",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_codemod_that_goes_wrong_costs_its_file_only(repo: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    data = CUDA + f"z = 2 * {MARK} * y\n".encode()
    if "from" in fault or "return" in fault:
        data = CUDA + f"z = {MARK}\n".encode()
    tree(repo, {"a.py": data})
    inject(monkeypatch, fault)
    outcome = command("--target", "npu", "--allow-dirty", repo)
    check_blamed(outcome, repo, "a.py", data, FAULTS[fault], "error: a.py:3: ", "by api:torch.cuda.fault: z = ")


@pytest.mark.parametrize("end", ["def g(): pass", "class C: pass", "@a\ndef g():\n    return 1"])
def test_definition_without_an_edit_is_not_lost(repo: Path, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    data = CUDA + f"{MARK}1 = 1\n{end}\n{MARK}2 = 2\n".encode()
    tree(repo, {"a.py": data})
    inject(monkeypatch, '"""', f"{MARK}1 = 1")
    inject(monkeypatch, '"""', f"{MARK}2 = 2")
    outcome = command("--target", "npu", "--allow-dirty", repo)
    check_blamed(outcome, repo, "a.py", data, "more than the edits would change")


def test_code_that_did_not_compile_before_is_still_migrated(repo: Path) -> None:
    tree(repo, {"a.py": CUDA + b"return 1\n"})
    assert command("--target", "npu", "--allow-dirty", repo).code == 0
    assert (repo / "a.py").read_bytes() == NPU + b"return 1\n"


def test_wrong_change_is_not_shown_either(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(repo, {"a.py": CUDA + f"z = 2 * {MARK}\n".encode()})
    inject(monkeypatch, "a or b")
    outcome = command("--target", "npu", "--diff", repo)
    assert outcome.code == 2
    assert "a or b" not in outcome.out
    assert "diff --git a/b.py" in outcome.out


def test_wrong_change_is_not_in_a_copy(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(repo, {"a.py": CUDA + f"z = 2 * {MARK}\n".encode()})
    inject(monkeypatch, "a or b")
    assert command("--target", "npu", "--output", tmp_path / "out", repo).code == 2
    assert (tmp_path / "out" / "a.py").read_bytes() == (repo / "a.py").read_bytes()
    assert (tmp_path / "out" / "b.py").read_bytes() == NPU


def test_change_that_a_second_run_would_go_on_with_is_refused(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = CUDA + f"{MARK} = 1\n".encode()
    tree(repo, {"a.py": data})
    inject(monkeypatch, f"{MARK}_")
    outcome = command("--target", "npu", "--allow-dirty", "--verify-idempotent", repo)
    check_blamed(outcome, repo, "a.py", data, "a second run would edit it again, by api:torch.cuda.fault")


def test_bytes_that_change_outside_the_edits_are_refused(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = engine.rewritten
    monkeypatch.setattr(
        engine, "rewritten", lambda data, result: honest(data, result).replace(b"x = ", b"y = ", result.path == "a.py")
    )
    outcome = command("--target", "npu", repo)
    check_blamed(outcome, repo, "a.py", CUDA, "bytes outside the edits would change")


def test_nothing_is_written_but_what_was_checked(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = writer.rewritten
    monkeypatch.setattr(writer, "rewritten", lambda data, result: honest(data, result) + b"#" * (result.path == "a.py"))
    outcome = command("--target", "npu", repo)
    assert outcome.code == 2
    assert "error: a.py: internal error, please report it: the edits do not give what was promised" in outcome.out
    assert (repo / "a.py").read_bytes() == CUDA
    assert (repo / "b.py").read_bytes() == NPU


CELL = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
NOTEBOOK = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{**CELL, "source": f"{MARK} = 'cuda'"}]}


@pytest.mark.parametrize(
    ("name", "text", "new"),
    [
        pytest.param("c.json", f'{{"device": "cuda", "{MARK}": 1}}\n', 'a": "', id="json"),
        pytest.param("c.yaml", f"device: cuda\n{MARK}: 1\n", "a: b", id="yaml"),
        pytest.param("c.toml", f'device = "cuda"\n{MARK} = 1\n', "a = ", id="toml"),
        pytest.param("c.sh", f"python a.py --device cuda\n{MARK}\n", "a; b", id="shell"),
        pytest.param("c.ipynb", json.dumps(NOTEBOOK), 'a", "b": "', id="notebook"),
        pytest.param("d.ipynb", json.dumps(NOTEBOOK), "(", id="cell"),
    ],
)
def test_edit_that_breaks_another_kind_of_file_costs_that_file(
    repo: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, new: str
) -> None:
    def reported(source: reading.Source, found: reading.Reading) -> object:
        if MARK in source.text:
            at = source.text.index(MARK)
            draft = Draft("text:fault", at, at + len(MARK), "safe", "", (Edit(at, at + len(MARK), new),))
            found = replace(found, drafts=[*found.drafts, draft])
        return honest(source, found)

    from migrate import kinds

    honest = kinds.reported
    monkeypatch.setattr(kinds, "reported", reported)
    (repo / "a.py").unlink()
    tree(repo, {name: text.encode()})
    outcome = command("--target", "npu", "--allow-dirty", repo)
    check_blamed(outcome, repo, name, text.encode(), "the result is not what it should be", "text:fault")


@pytest.mark.parametrize("text", ["await f()\nx = torch.cuda.a\n", "x = torch.cuda.a\ntype X = int\n"])
def test_code_that_only_others_compile_keeps_its_promises(text: str) -> None:
    result = migrate_bytes("a.py", "python", b"import torch\n" + text.encode(), table("npu"))
    assert result.error is None

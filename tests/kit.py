"""Tiny helpers of the test suite: text in, text or findings out; repositories and commands for the tests of both."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import cache
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from migrate.cli import main
from migrate.discover import Discovery, discover
from migrate.engine import migrate_bytes, parse, rewritten
from migrate.filetypes import kind_of
from migrate.model import FileResult, Finding, Table
from migrate.table import load_table, target_names

FIXTURES = Path(__file__).parent / "fixtures"
TARGETS = ("mlu", "npu", "tpu")  # those whose outcome is recorded for every case
EVERY_TARGET = target_names()
CUDA = b"import torch\nx = torch.cuda.is_available()\n"
NPU = b"import torch\nimport torch_npu\nx = torch.npu.is_available()\n"


@cache
def table(target: str) -> Table:
    return load_table(target)


@cache
def settling(target: str) -> Table:
    """The same; what a run with it makes of a file has to be settled, as `--verify-idempotent` has it."""
    return replace(table(target), verify_idempotent=True)


def result_of(data: bytes, target: str = "npu", name: str = "in.py") -> FileResult:
    kind = kind_of(name)
    assert kind, f"{name} is of no kind"
    return migrate_bytes(name, kind, data, settling(target))


def migrated(text: str, target: str = "npu") -> str:
    """The text after one run. Raises `AssertionError` for a text that the tool cannot handle."""
    data = text.encode()
    result = result_of(data, target)
    assert result.error is None, result.error
    return rewritten(data, result).decode()


def findings(text: str, target: str = "npu") -> tuple[Finding, ...]:
    """What one run reports, in the order of the report."""
    return result_of(text.encode(), target).findings


def check_same(text: str, target: str = "npu") -> None:
    """The tool leaves the text as it is."""
    check_changes(text, text, target)


def check_changes(before: str, after: str, target: str = "npu") -> None:
    """The tool turns one text into the other, which is Python and stays as it is."""
    parse(after)
    assert migrated(before, target) == after
    assert migrated(after, target) == after


def check_finding(text: str, rule_id: str, target: str = "npu", safety: str = "manual") -> Finding:
    """The tool reports exactly one finding of a rule, of this safety, without an edit if it is manual."""
    found = [finding for finding in findings(text, target) if finding.rule_id == rule_id]
    assert [finding.safety for finding in found] == [safety], found
    assert not found[0].edits or safety in ("safe", "review")
    return found[0]


def lines_of(result: FileResult) -> Iterator[str]:
    """A result as the lines of a `findings.<target>.txt`: `line:column rule_id safety message`."""
    if result.error:
        yield f"error on line {result.error.line}\n" if result.error.line else "error\n"
    for finding in result.findings:
        yield f"{finding.line}:{finding.column} {finding.rule_id} {finding.safety} {finding.message}\n"


def all_cases() -> list[str]:
    """The names of the case directories, sorted."""
    return sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())


def cases() -> list[str]:
    """The names of those whose input is Python."""
    return [case for case in all_cases() if kind_of(source_of(case).name) == "python"]


def source_of(case: str) -> Path:
    """The input of a case: `in.py`, `in.sh`, `in.requirements.txt`."""
    (source,) = (FIXTURES / case).glob("in.*")
    return source


def tree(folder: Path, files: Mapping[str, bytes]) -> Path:
    """A folder with these files in it."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def repository(folder: Path, files: Mapping[str, bytes]) -> Path:
    """A git repository with these files committed, byte for byte."""
    tree(folder, files)
    git(folder, "init", "-q")
    git(folder, "config", "core.autocrlf", "false")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    return folder


def git(folder: Path, *arguments: str) -> bytes:
    """What a git command prints, whatever the settings of the user. Raises `CalledProcessError` if it fails."""
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgSign=false")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True).stdout


def found(folder: Path, *exclude: str, max_file_size: int = 1_000_000) -> Discovery:
    """The files of a folder."""
    return discover([folder], exclude, max_file_size)


class Outcome(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


def command(*arguments: object) -> Outcome:
    """Run `accel-migrate` in this process."""
    out, err = StringIO(), StringIO()
    code = None
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main([str(argument) for argument in arguments], prog_name="accel-migrate")
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    return Outcome(code, out.getvalue(), err.getvalue())

"""One file that would take the run with it: it costs itself, and no other."""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import signal
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from kit import CUDA, command, found, table, tree

from migrate import guard, runner
from migrate.finder import may_mention
from migrate.model import FileResult, RepoReport
from migrate.pool import Job
from migrate.repository import facts_of, names_that_change
from migrate.runner import process, run

LINE = 990_000  # characters, just below what a Python file may have
PATIENCE = 1.0  # seconds of processor time for a line of 1 MB
SLOW = 2.0  # the same where it takes more than half of that, on a machine that is busy


def fill(unit: str, length: int = LINE) -> str:
    return unit * (length // len(unit))


def spin() -> None:
    while True:
        pass


def hoard() -> None:
    hoarded = []
    while True:
        hoarded.append(bytearray(10_000_000))


def abort() -> None:
    faulthandler.disable()  # it would speak of every one
    os.abort()


def panic() -> None:
    class PanicException(BaseException):
        """What libcst's parser raises."""

    raise PanicException("at the disco")


ENDS: list[tuple[Callable[[], None], str]] = [
    (spin, "takes more than 1 s of processor time"),
    (hoard, "takes more memory than one file may have"),
    (abort, "ends the process that looks at it (SIGABRT)"),
    (lambda: os.kill(os.getpid(), signal.SIGKILL), "ends the process that looks at it (SIGKILL)"),
    (lambda: os._exit(3), "ends the process that looks at it"),
    (panic, "internal error, please report it: PanicException('at the disco') in test_hostile_files.py:"),
]


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second and 200 MB for a file."""
    monkeypatch.setattr(guard, "SECONDS", 1)
    monkeypatch.setattr(guard, "MEGABYTES", 200)


def with_end(monkeypatch: pytest.MonkeyPatch, end: Callable[[], None]) -> None:
    """Let the file b.py end the process that looks at it."""

    def examine(path: str, *rest: Any) -> FileResult:
        if path == "b.py":
            end()
        return honest(path, *rest)

    honest = runner.examine
    monkeypatch.setattr(runner, "examine", examine)


@pytest.mark.parametrize(("end", "message"), ENDS, ids=[message[:25] for _, message in ENDS])
@pytest.mark.parametrize("jobs", [1, 2])
def test_file_that_ends_its_process_costs_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strict: None, jobs: int, end: Callable[[], None], message: str
) -> None:
    with_end(monkeypatch, end)
    monkeypatch.setattr(runner, "BATCH", 500)
    tree(tmp_path, {"b.py": CUDA} | {f"{number}.py": CUDA for number in range(200)})
    report = of_jobs(tmp_path, jobs)
    assert len(report.changed) == 200
    (failed,) = report.errors
    assert failed.path == "b.py"
    assert failed.error is not None
    assert failed.error.message.startswith(message)


def of_jobs(folder: Path, jobs: int) -> RepoReport:
    if jobs == 1:
        return run(found(folder), table("npu"))
    from multiprocessing import get_context

    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as executor:
        return run(found(folder), table("npu"), executor)


def test_every_file_may_end_its_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "examine", lambda *_: abort())
    report = run(found(tree(tmp_path, {f"{number}.py": CUDA for number in range(9)})), table("npu"))
    assert len(report.errors) == 9


def test_bounds_are_those_of_a_file_and_not_of_all(strict: None) -> None:
    def task(jobs: Any) -> list[int]:
        started = time.process_time()
        while time.process_time() - started < 0.5:
            pass
        return list(jobs)

    def failed(job: int, _: str) -> int:
        return -job

    assert list(guard.guarded(task, [[1, 2], [3, 4]], failed)) == [[1, 2], [3, 4]]


def test_bounds_are_not_those_of_this_process(tmp_path: Path) -> None:
    kinds = (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_CORE)
    before = [resource.getrlimit(kind) for kind in kinds]
    run(found(tree(tmp_path, {"a.py": CUDA})), table("npu"))
    assert [resource.getrlimit(kind) for kind in kinds] == before


def test_process_is_gone_after_the_run_and_after_an_interruption(tmp_path: Path) -> None:
    def interrupted() -> Any:
        yield [1]
        raise KeyboardInterrupt

    list(guard.guarded(lambda jobs: list(jobs), [[1], [2]], lambda job, _: job))
    with pytest.raises(KeyboardInterrupt):
        list(guard.guarded(lambda jobs: list(jobs), interrupted(), lambda job, _: job))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.parametrize("gone", ["none", "failing"])
def test_without_another_process_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch, gone: str) -> None:
    def fork() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    if gone == "none":
        monkeypatch.delattr(os, "fork")
    else:
        monkeypatch.setattr(os, "fork", fork)
    here = list(guard.guarded(lambda jobs: [(job, os.getpid()) for job in jobs], [[1, 2]], lambda job, _: (job, 0)))
    assert here == [[(1, os.getpid()), (2, os.getpid())]]


def test_standard_input_is_looked_at_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with_end(monkeypatch, abort)
    error = runner.look_at("b.py", "python", CUDA, table("npu")).error
    assert error is not None
    assert error.message == "ends the process that looks at it (SIGABRT)"


SEARCHED = {
    "spaces": "import" + fill(" ") + "torch",
    "imports": fill("import ") + "\n",
    "one word": fill("importimport"),
    "names": "import " + fill("a, ") + "b",
    "line ends": fill("import\\\n"),
    "colons": fill("import:"),
    "wheels": fill("cu11"),
    "quoted": fill("%2bcu1"),
    "setup": "torch install_requires" + fill("nvidia-"),
}


@pytest.mark.parametrize("text", SEARCHED.values(), ids=SEARCHED)
@pytest.mark.parametrize("kind", ["python", "notebook", "shell"])
def test_search_for_mentions_takes_linear_time(text: str, kind: Any) -> None:
    sites = table("npu").sites
    assert seconds(lambda: may_mention(text.encode(), sites, kind)) < PATIENCE


@pytest.mark.parametrize(
    "unit", ["from a import (\n", "class a(a,\n", "from torch import (#\n", "class a(" + "b" * 900]
)
def test_survey_takes_linear_time(unit: str) -> None:
    data = b"def cuda(self):\n" + fill(unit).encode() + b" empty_cache memory_allocated"
    npu = table("npu")
    assert seconds(lambda: facts_of(data, "python", npu, names_that_change(npu))) < PATIENCE


CODE = {
    "string": f'y = "{fill("cuda ")}"',
    "open string": f'y = "{fill("cuda ")}',
    "open triple": f'y = """{fill("cuda" + chr(92) + chr(34))}',
    "comment": "#" + fill("cuda "),
    "sum": "y = 1" + fill(" + torch.cuda"),
    "strings": "y = " + fill("'cuda' "),
    "number": "y = " + fill("9"),
    "calls": "y" + fill(".cuda()"),
    "parentheses": "y = " + fill("("),
    "suppression": "y = torch.cuda  # accel: ignore[" + fill("a,"),
    "spaces": "y = torch.cuda" + fill(" "),
}
OTHERS: dict[str, list[str]] = {
    "shell": [
        "$(",
        "<<a ",
        "a[",
        "${",
        "[[ ",
        "\"'` ",
        "import torch ",
        "'",
        "`",
        "$",
        "\\ ",
        "a=b;",
        "|",
        "--gpus all ",
    ],
    "make": ["$(", "\\\n", "cuda,", "a=cuda;", "`cuda` ", "$a "],
    "yaml": ["[", "? ", "*a, ", '"', "- - ", "cuda: "],
    "json": ["[", '{"cuda":', "/*cuda*", '"\\u0041', '"cuda",'],
    "toml": ["a.", "[", "{a=", '"""', "'cuda',"],
    "ini": ["cuda = ", "[", "  a\n", "cuda#"],
    "env": ["A=", '"', "${", "cuda#"],
    "docker": ["FROM cuda ", "${A:-", 'CMD ["', "\\\n", "nvidia/cuda:"],
    "requirements": ["nvidia-cublas-cu12;(", "[", " \\\n", "-e ", "torch==2.0+cu118 "],
    "docs": ["[", "> ", "*a **", "<a ", "``` ", "`cuda` "],
    "prose": ["`cuda` ", "[cuda]("],
    "notebook": ["[", '{"cells":', '"'],
}
ALIKE = [
    "cuda ", "cuda", "CUDA_VISIBLE_DEVICES=", '"cuda" ', "cuda \"'", "cu121 ", "nvidia-", "--gpus ", "$(cuda ", '\\"',
    "{{cuda", "cuda;", "a=cuda;", "-", " ", '"', "(", "nccl|cuda; ",
]  # fmt: skip
WITHIN = {  # a place for a line among what is rewritten or run
    "shell": "DEVICE=cuda\necho {}\n",
    "make": "all:\n\tpython a.py --device cuda {}\n",
    "yaml": "device: cuda\nrun: {}\n",
    "json": '{{"device": "cuda", "scripts": {{"a": "{}"}}}}\n',
    "toml": "device = 'cuda'\nx = '{}'\n",
    "ini": "[a]\ndevice = cuda\ncommands = {}\n",
    "env": "DEVICE=cuda\nX={}\n",
    "docker": "FROM cuda\nRUN {}\n",
    "requirements": "torch\nnvidia-nccl-cu12 {}\n",
    "docs": "```bash\npython a.py --device cuda {}\n```\n",
    "prose": "cuda {}\n",
}
CELLS = {"code": "x.cuda()\n{}", "command": "!python a.py --device cuda {}", "script": "%%bash\ncuda {}"}


@pytest.mark.parametrize("code", CODE.values(), ids=CODE)
def test_line_of_python_of_a_megabyte_takes_a_second(code: str) -> None:
    assert time_of("python", "import torch\nx = torch.cuda\n" + code + "\n") < PATIENCE


@pytest.mark.parametrize(("kind", "unit"), [(kind, unit) for kind, units in OTHERS.items() for unit in units])
def test_line_of_another_kind_of_a_megabyte_takes_a_second(kind: str, unit: str) -> None:
    assert time_of(kind, "cuda\n" + fill(unit)) < SLOW


@pytest.mark.parametrize("unit", ALIKE)
@pytest.mark.parametrize("kind", WITHIN)
def test_line_among_others_of_a_megabyte_takes_a_second(kind: str, unit: str) -> None:
    assert time_of(kind, WITHIN[kind].format(fill(unit))) < SLOW


@pytest.mark.parametrize("unit", ALIKE)
@pytest.mark.parametrize("form", CELLS.values(), ids=CELLS)
def test_line_of_a_cell_of_a_megabyte_takes_a_second(form: str, unit: str) -> None:
    cell = {"cell_type": "code", "metadata": {}, "source": form.format(fill(unit))}
    assert time_of("notebook", json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4})) < SLOW


BOMBS = {
    "yaml": "a0: &a0 [cuda]\n" + "".join(f"a{n + 1}: &a{n + 1} [{f'*a{n}, ' * 9}]\n" for n in range(2000)),
    "json": '{"cuda":' * 100_000 + "1" + "}" * 100_000,
    "toml": "a" + ".a" * 400_000 + ' = "cuda"\n',
    "notebook": json.dumps(
        {"cells": [{"cell_type": "code", "metadata": {}, "source": "x.cuda()"}] * 100_000, "metadata": {},
         "nbformat": 4, "nbformat_minor": 5}
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", BOMBS)
def test_bomb_is_not_unfolded(kind: str) -> None:
    assert time_of(kind, BOMBS[kind]) < PATIENCE


def time_of(kind: Any, text: str) -> float:
    """How long a file takes, which may be good or bad, but is nobody's bug."""
    (small,) = process([Job("a", kind, b"cuda")], table("npu"))  # what is loaded for the first file of a kind
    result: list[FileResult] = []
    taken = seconds(lambda: result.extend(process([Job("a", kind, text.encode())], table("npu"))))
    for one in (small, *result):
        assert one.error is None or "report it" not in one.error.message
    return taken


def seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def test_imports_in_branches_are_handled_in_proportion() -> None:
    unit = "try:\n    import torch.cuda\nexcept ImportError:\n    pass\n"
    small, large = (time_of("python", "import torch\n" + unit * count) for count in (400, 4_000))
    assert large < 20 * small + 1


def test_large_literal_is_handled_in_proportion(tmp_path: Path) -> None:
    small, large = (time_of("python", f"y = [torch.cuda, {'1,' * count}]\n") for count in (2_000, 20_000))
    assert large < 40 * small + 1


def test_command_goes_on_after_a_file_that_ends_its_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_end(monkeypatch, abort)
    tree(tmp_path, {"a.py": CUDA, "b.py": CUDA, "c.py": CUDA})
    monkeypatch.chdir(tmp_path)
    for options in (["--diff"], ["--output", tmp_path.parent / "out"], ["--allow-no-vcs"]):
        code, out, err = command("--target", "npu", "-q", *options, ".")
        assert (code, out) == (2, "2 references: 2 rewritten, 0 left, 0 need you\n"), options
        assert err == "error: b.py: ends the process that looks at it (SIGABRT)\n"
    assert partial(command, "check", "--target", "npu", ".")().code == 2

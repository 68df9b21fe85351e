"""Lines and files made to take long: how much time one may take grows with its size, and no faster."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kit import table

from migrate.finder import may_mention
from migrate.model import FileResult
from migrate.pool import Job
from migrate.repository import facts_of, names_that_change
from migrate.runner import process

LINE = 990_000  # characters, just below what a Python file may have
PATIENCE = 1.0  # seconds of processor time for a line of 1 MB
SLOW = 2.0  # twice that, as other work on the machine counts as well: for kinds that come closer to it


def fill(unit: str, length: int = LINE) -> str:
    return unit * (length // len(unit))


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

"""Notebooks: the JSON around the code stays as it is, and the code becomes what it would become in a file."""

from __future__ import annotations

import json
import time
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import FIXTURES, TARGETS, all_cases, cases, findings, source_of
from kit import migrated as migrated_text
from notebooks import bytes_of, code, lines, migrated, notebook, result, sources, text_cell

from migrate.between import load_between
from migrate.engine import DecodeError, decode, migrate_bytes, rewritten
from migrate.finder import Span
from migrate.kinds import foreign
from migrate.kinds.cells import notebook_of
from migrate.kinds.cells import source_of as read_source
from migrate.kinds.rows import device
from migrate.model import Draft, Table

NOTEBOOKS = [case for case in all_cases() if case.startswith("notebook_")]
LAYOUTS: list[dict[str, Any]] = [
    {"indent": 1}, {"indent": 4, "ensure_ascii": True}, {"indent": None}, {"indent": None, "separators": (",", ":")},
    {"indent": "\t"},
]  # fmt: skip
SOURCE = "import torch\ns = 'é\"\\n\U0001f600'  # cuda\nx = torch.zeros(2).cuda()"
NPU = "import torch\nimport torch_npu\ns = 'é\"\\n\U0001f600'  # cuda\nx = torch.zeros(2).npu()"
PIECES = st.sampled_from(
    ["a", "\n", "\r\n", '"', "\\", "\t", "é", "\U0001f600", "\ud83d", "\x00", "\u2028", "cuda", " "]
)
many = settings(max_examples=200, derandomize=True, deadline=None)


def plain(case: str) -> str | None:
    """The text of a Python case, None where it cannot be a cell."""
    try:
        text, encoding = decode(source_of(case).read_bytes())
    except DecodeError:
        return None
    return None if "\0" in text or encoding != "utf-8" or text != text.lstrip(" \t") else text


@pytest.mark.parametrize("name", cases())
def test_one_cell_becomes_what_a_file_becomes(name: str) -> None:
    text = plain(name)
    data = bytes_of(notebook(code(lines(text or ""))))
    found = result(data)
    if text is None or any("does not parse as Python" in item.message for item in found.findings):
        return
    alone = findings(text)
    assert sources(rewritten(data, found)) == [migrated_text(text)]
    assert [(item.rule_id, item.safety, item.message) for item in found.findings] == [
        (item.rule_id, item.safety, item.message) for item in alone
    ]
    places = [(item.cell.line, item.cell.column) if item.cell else None for item in found.findings if item.found]
    assert places == [(item.line, item.column) for item in alone if item.found]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_comes_out_is_a_notebook_if_what_went_in_was(name: str, target: str) -> None:
    data = (FIXTURES / name / "in.ipynb").read_bytes()
    found = result(data, target)
    if found.error is None:
        text = decode(rewritten(data, found))[0]
        nbformat.validate(nbformat.reads(text, as_version=4))  # type: ignore[no-untyped-call]
        assert without_sources(text) == without_sources(decode(data)[0])


def without_sources(text: str) -> Any:
    value = json.loads(text)
    return {**value, "cells": [{**cell, "source": type(cell["source"])} for cell in value["cells"]]}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "source", [SOURCE, lines(SOURCE), [SOURCE], ["", *lines(SOURCE), ""], [SOURCE[:-4], SOURCE[-4:]]]
)
def test_every_layout_is_edited(layout: dict[str, Any], source: str | list[str]) -> None:
    cells = [code("y = 1"), code(source), code("z = 1")]
    data = bytes_of(notebook(*cells), **layout)
    after = rewritten(data, result(data))
    assert sources(after) == ["y = 1", NPU, "z = 1"]
    if source in (SOURCE, lines(SOURCE)):
        expected = NPU if isinstance(source, str) else lines(NPU)
        assert after == bytes_of(notebook(cells[0], code(expected), cells[2]), **layout)


@pytest.mark.parametrize("ending", ["", "\n", "\n\n", "\n# end", "\r\n"])
@pytest.mark.parametrize("one", [True, False])
def test_import_stays_in_the_cell_of_the_import(ending: str, one: bool) -> None:
    texts = ["x = 1\n", f"import torch{ending}", "y = torch.zeros(2).cuda()\n"]
    data = bytes_of(notebook(*(code(text if one else lines(text)) for text in texts)))
    after = rewritten(data, result(data))
    first, middle, last = sources(after)
    assert (first, last) == ("x = 1\n", "y = torch.zeros(2).npu()\n")
    assert middle.split() == ["import", "torch", "import", "torch_npu", *ending.split()]
    assert middle.endswith("\n") == ending.endswith("\n")
    assert result(after).edits == ()
    if not one:
        assert [lines(text) for text in sources(after)] == [cell["source"] for cell in json.loads(after)["cells"]]


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
@pytest.mark.parametrize("one", [True, False])
def test_import_that_goes_leaves_no_trace(ending: str, one: bool) -> None:
    for texts in (
        [f"import torch{ending}", "x = torch.zeros(2).cuda()"],
        ["import torch\n", "import torch.nn", "x.cuda()"],
    ):
        data = bytes_of(notebook(*(code(text if one else lines(text)) for text in texts)))
        there = rewritten(data, result(data))
        found = migrate_bytes("in.ipynb", "notebook", there, load_between("npu", "cuda"))
        assert rewritten(there, found) == data


def test_import_that_has_to_come_first_stays_in_its_cell_too() -> None:
    first, second = migrated("x = 1\n", "from torch.cuda.amp import GradScaler\n")
    assert first == "x = 1\n"
    assert second == "import torch_npu\nfrom torch.npu.amp import GradScaler\n"


@many
@given(st.lists(st.lists(PIECES).map("".join), min_size=1, max_size=4), st.booleans(), st.booleans(), st.data())
def test_any_source_is_read_and_written(parts: list[str], one: bool, ascii_only: bool, data: st.DataObject) -> None:
    value = notebook(code("".join(parts) if one else parts))
    text = json.dumps(value, ensure_ascii=ascii_only, indent=data.draw(st.sampled_from([None, 1])))
    text = text.replace("\ud83d", "\\ud83d")  # no text that was decoded holds half a pair
    (cell,) = notebook_of(text).cells
    source = read_source(text, cell, ascii_only=ascii_only)
    whole = json.loads(json.dumps("".join(parts)))
    assert source.text == "".join("\ufffd" if 0xD800 <= ord(char) < 0xE000 else char for char in whole)
    assert len(source.starts) == len(source.ends) == len(source.text)
    at = data.draw(st.integers(0, len(whole)))
    inserted = data.draw(st.sampled_from(["x", "a\n", "\n", 'é"\n']))
    place = source.starts[at] if at < len(whole) else source.end
    after = text[:place] + source.write(inserted, at) + text[place:]
    assert "".join(json.loads(after)["cells"][0]["source"]) == whole[:at] + inserted + whole[at:]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('{"cells": [\n{"source": "cuda" "x"}]}', 2, "no JSON"), ('{"cells": [], "a": "cuda"}\n}', 2, "behind the end"),
        ('["cuda"]', 1, "no JSON object"), ('{"a": "cuda"}', 1, "no cells"), ('{"cells": "cuda"}', 1, "no list"),
        ('{"cells": [\n"cuda"]}', 2, "cell 1"), ('{"cells": [{"source": "cuda"},\n{}]}', 2, "cell 2"),
        ('{"cells": [{"source": ["cuda", 1]}]}', 1, "source of cell 1"), ('{"nbformat": 3, "": "cuda"}', 1, "convert"),
        ('{"worksheets": ["cuda"]}', 1, "nbconvert"), ('{"cells": [{"source": "cuda\n"}]}', 1, "control"),
        ('{"cells": [{"source": "cuda"},]}', 1, "trailing comma"), ('{"cells": [{"source": "cuda"}', 1, "delimiter"),
        ('{"cells": [{"source": "cuda"\n"a": 1}]}', 2, "delimiter"), ('{"cells": [{"cuda", 1}]}', 1, "':'"),
        ('{"cells": [{"source": "cuda",}]}', 1, "property name"), ('{"cells": [], "cuda"', 1, "':'"),
        ("cuda", 1, "object"),
        ('{"cells": [{"source": "cuda"} {"source": ""}]}', 1, "delimiter"), ('{"cells": [], "cuda": }', 1, "no JSON"),
        ('{"cuda": ' + "[" * 100_000, 1, ""),
    ],
)  # fmt: skip
def test_what_is_no_notebook_is_an_error_with_its_line(text: str, line: int, words: str) -> None:
    found = result(text.encode())
    assert found.error
    assert found.error.line == line
    assert words in found.error.message
    assert found.findings == ()


@many
@given(st.data())
def test_what_is_no_json_is_no_notebook(data: st.DataObject) -> None:
    text = json.dumps(notebook(code(["a\n", "b"]), code("c")), indent=1)
    start = data.draw(st.integers(0, len(text)))
    end = start + data.draw(st.integers(0, 3))
    text = text[:start] + data.draw(st.sampled_from(["", ",", "]", "}", "{", "[", '"', ":", "1", " "])) + text[end:]
    try:
        found = notebook_of(text)
    except SyntaxError:
        return
    value = json.loads(text)
    assert [cell.number for cell in found.cells] == list(range(1, len(value["cells"]) + 1))
    for cell, expected in zip(found.cells, value["cells"], strict=True):
        assert json.loads(text[cell.start : cell.end]) == expected["source"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (bytes_of(notebook(code("x.cuda()\n" * 250_000))), "2,000,000 characters of code"),
        (bytes_of(notebook(text_cell("cuda\n" * 21_000))), "20,000 mentions"),
        (bytes_of(notebook(*[text_cell("cuda")] * 20_001)), "20,000 cells"),
        (bytes_of(notebook(text_cell(["cuda", *[""] * 1_000_001])), indent=None), "lines in cell 1"),
        (bytes_of(notebook(code("cuda"))) + b"\n" * 2_000_000, "2,000,000 lines"),
        (b'{"cuda": [' + b"[]," * 1_000_000 + b"1]}", "1,000,000 lists"),
    ],
    ids=range(6),
)
def test_too_much_of_anything_is_an_error(data: bytes, words: str) -> None:
    found = result(data)
    assert found.error
    assert words in found.error.message


def test_of_a_key_that_stands_twice_the_last_one_counts() -> None:
    cell = '{"cell_type": "code", "source": "import torch.cuda", "source": "import torch\\nx = torch.zeros(2).cuda()"}'
    data = f'{{"cells": [], "cells": [{cell}], "nbformat": 4}}'.encode()
    after = rewritten(data, result(data))
    assert (
        b'"source": "import torch.cuda", "source": "import torch\\nimport torch_npu\\nx = torch.zeros(2).npu()"'
        in after
    )


def test_outputs_are_read_in_no_time() -> None:
    output = {"output_type": "stream", "name": "stdout", "text": ["on cuda:0 and NVIDIA\n"] * 100_000}
    data = bytes_of(notebook({**code(lines(SOURCE)), "outputs": [output]}))
    started = time.perf_counter()
    found = result(data)
    assert time.perf_counter() - started < 10
    assert {item.rule_id for item in found.findings} == {"import:torch_npu", "left:comment", "method:cuda"}


def test_cell_that_only_libcst_cannot_read_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    real = foreign.migrated

    def stumbling(source: Any, text: str) -> Any:
        if "stumble" in text:
            line = text[: text.index("stumble")].count("\n") + 1
            raise SyntaxError("stumbled", (None, line, None, None))
        return real(source, text)

    monkeypatch.setattr("migrate.kinds.notebook.migrated", stumbling)
    texts = ("import torch\n", "stumble = torch.zeros(2).cuda()", "x = torch.zeros(2).cuda()")
    assert migrated(*texts) == ["import torch\nimport torch_npu\n", texts[1], "x = torch.zeros(2).npu()"]
    assert migrated(*(f"stumble = {number}\nx.cuda()" for number in range(5)))[0] == "stumble = 0\nx.cuda()"


def test_shell_in_cells_is_read_as_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def script_drafts(rows: Table, text: str) -> tuple[list[Draft], list[Span]]:
        asked.append(text)
        at = text.find("cuda")
        draft = device(rows, "cuda", at)
        comment = text.find("#")
        return [draft] if draft and at >= 0 else [], [(comment, len(text))] if comment >= 0 else []

    monkeypatch.setattr("migrate.kinds.foreign.script_drafts", script_drafts)
    texts = (
        "!a --device cuda # accel: ignore\n!!b \\\n  --device cuda\nx = !c cuda {y}\n%pip install cuda\n",
        "%run train.py --device cuda\npip install a\n",
        "%%bash\nrun cuda\n",
        "%%script bash --bg\nrun\tcuda",
        "%%writefile a.sh\nfor cuda",
    )
    changed = [text.replace("cuda", "npu") for text in texts]
    changed[0] = changed[0].replace("npu", "cuda", 1)
    assert migrated(*texts) == changed
    assert asked[:6] == [
        "a --device cuda # accel: ignore", "b \\\n  --device cuda", "c cuda {y}", "pip install cuda",
        "python train.py --device cuda", "pip install a",
    ]  # fmt: skip


def test_shell_that_cannot_be_read_is_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    def script_drafts(rows: Table, text: str) -> tuple[list[Draft], list[Span]]:
        raise SyntaxError("no shell")

    monkeypatch.setattr("migrate.kinds.foreign.script_drafts", script_drafts)
    (found,) = result(bytes_of(notebook(code("!run --device cuda")))).findings
    assert (found.rule_id, found.safety, found.found) == ("text:code", "manual", "cuda")
    assert found.message == "cannot be read: migrate it by hand"

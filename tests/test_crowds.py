"""A line of thousands of mentions, which is one finding; and what is no such line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kit import command, result_of, table, tree
from notebooks import bytes_of, code, notebook, result, text_cell

from migrate.engine import migrate_bytes
from migrate.kinds.crowds import LONG, MANY
from migrate.kinds.shellwords import Words

CROWD = "cuda " * 25_000
WHY = (
    "25,000 mentions of CUDA in one line of {:,} characters: "
    "taken for data, and the file is not read: look at it yourself"
)
BESIDE = "in a file that is not read, as a line of it is taken for data"
FILES = {  # what is rewritten in a file of each kind, then a line that is data
    "a.sh": ("export CUDA_VISIBLE_DEVICES=0\n", "# {}\n"),
    "a.mk": ("all:\n\tpython a.py --device cuda\n", "# {}\n"),
    "a.yaml": ("device: cuda\n", "text: {}\n"),
    "a.json": ('{"device": "cuda",\n', '"text": "{}"}\n'),
    "a.toml": ('device = "cuda"\n', 'text = "{}"\n'),
    "a.ini": ("[a]\ndevice = cuda\n", "text = {}\n"),
    ".env": ("DEVICE=cuda\n", "TEXT='{}'\n"),
    "Dockerfile": ("FROM a\nENV CUDA_VISIBLE_DEVICES=0\n", "RUN {}\n"),
    "requirements.txt": ("nvidia-cublas-cu12\n", "# {}\n"),
}


def line_of(length: int, count: int) -> str:
    return ("cuda " * count).ljust(length, "-")


@pytest.mark.parametrize("name", FILES)
def test_line_is_one_finding_and_every_other_mention_another(name: str) -> None:
    before, form = FILES[name]
    line = form.replace("{}", CROWD)
    other = result_of(before.encode() + form.replace("{}", "x").encode(), name=name)
    found = result_of((before + line).encode(), name=name)
    assert other.findings
    assert found.error is None
    assert not found.edits
    *rest, crowd = found.findings
    assert [(item.rule_id, item.safety, item.message) for item in rest] == [("text:data", "manual", BESIDE)] * len(rest)
    assert {item.line for item in other.findings} <= {item.line for item in rest}
    assert (crowd.rule_id, crowd.safety, crowd.message) == ("text:data", "manual", WHY.format(len(line) - 1))
    assert (crowd.line, crowd.column) == (before.count("\n") + 1, line.index("cuda") + 1)
    assert crowd.found == ("cuda " * 16)[:79] + "…"
    assert found.count("manual") == len(rest) + 1


@pytest.mark.parametrize("name", ["a.md", "a.rst"])
def test_line_of_a_document_is_left(name: str) -> None:
    found = result_of(f"cuda\n{CROWD}\ncuda\n".encode(), name=name).findings
    assert [(item.line, item.rule_id, item.safety) for item in found] == [(at, "left:docs", "left") for at in (1, 2, 3)]
    assert found[1].message == WHY.format(len(CROWD))


def test_code_in_a_document_with_such_a_line_is_for_a_person() -> None:
    text = f"```python\nimport torch\nx.cuda()\n```\n{CROWD}\n"
    found = migrate_bytes("a.md", "docs", text.encode(), table("npu"))
    assert not found.edits
    assert [(item.line, item.safety) for item in found.findings] == [(3, "manual"), (5, "manual")]


@pytest.mark.parametrize(("length", "count"), [(LONG, MANY + 1), (LONG + 1, MANY), (LONG // 2, 10_000)])
def test_long_line_with_few_mentions_is_read_and_so_is_a_short_one_with_many(length: int, count: int) -> None:
    found = result_of(f"device: cuda\n# {line_of(length - 2, count)}\n".encode(), name="a.yaml")
    assert [(item.rule_id, item.safety) for item in found.findings] == [
        ("device:cuda", "safe"),
        ("left:comment", "left"),
    ]
    if count == MANY + 1:
        more = result_of(f"device: cuda\n# {line_of(length - 1, count)}\n".encode(), name="a.yaml")
        assert [item.rule_id for item in more.findings] == ["text:data", "text:data"]


def test_many_lines_are_read() -> None:
    found = result_of(("export CUDA_VISIBLE_DEVICES=0\n" + "# cuda\n" * 20_000).encode(), name="a.sh")
    assert len(found.findings) == 20_001
    assert found.edits


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_every_such_line_is_a_finding_of_its_own_whatever_ends_it(end: str) -> None:
    found = result_of(end.join(["cuda", CROWD, "nccl", CROWD, ""]).encode(), name="a.ini").findings
    assert [(item.line, item.found[:5]) for item in found] == [(1, "cuda"), (2, "cuda "), (3, "nccl"), (4, "cuda ")]


def test_line_in_a_cell_makes_a_notebook_data() -> None:
    cells = [code("import torch\nx.cuda()"), text_cell("none"), code(f"a\n!echo {CROWD}\ncuda")]
    for indent in (1, None):
        found = result(bytes_of(notebook(*cells), indent=indent))
        assert found.error is None
        assert not found.edits
        assert [(item.cell.number, item.cell.line, item.cell.column) for item in found.findings if item.cell] == [
            (1, 2, 3), (3, 2, 7), (3, 3, 1),
        ]  # fmt: skip
        assert found.findings[1].message.startswith("25,000 mentions of CUDA in one line of 125,006 characters")


@pytest.mark.parametrize("indent", [1, None])
def test_outputs_and_the_layout_of_a_notebook_are_no_line_of_it(indent: int | None) -> None:
    cell = code("import torch\nx = torch.zeros(2).cuda()\n" + f"# {'-' * 50} cuda\n" * 3_000)
    cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": [CROWD]}]
    found = result(bytes_of(notebook(cell), indent=indent))
    assert found.edits
    assert found.count("left") == 3_000


def test_check_fails_for_such_a_line_until_a_baseline_knows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, {"a.sh": f"# {CROWD}\n".encode()})
    monkeypatch.chdir(tmp_path)
    for target in (["--target", "npu"], []):
        assert command("check", *target, ".").code == 1
        assert command("baseline", *target, "--output", "known.jsonl", ".").code == 0
        assert command("check", *target, "--baseline", "known.jsonl", ".").code == 0
        report = json.loads(command("check", *target, "--format", "json", ".").out)
        assert [item["rule_id"] for item in report["leftovers"]] == ["text:data"]
    (tmp_path / "a.sh").write_text(f"# {CROWD}\nexport CUDA_HOME=/\n")
    assert command("check", "--baseline", "known.jsonl", ".").code == 1


def test_line_of_shell_with_more_words_than_anybody_writes_is_an_error() -> None:
    error = result_of(b"export CUDA_VISIBLE_DEVICES=0\na " + b"ab " * 50_000, name="a.sh").error
    assert error
    assert (error.message, error.line) == (
        "does not parse: too much for a line: more than 30,000 words, quotes and expansions",
        2,
    )


@pytest.mark.parametrize(
    "text",
    [
        "a " + "ab " * 33_000,  # not long enough
        "a " + "abcdefghijk " * 10_000,  # not enough words
        "a '" + "ab " * 50_000 + "'",
        "# " + "ab " * 50_000,
        "cat <<E\n" + "ab " * 50_000 + "\nE",
        "ab ab ab ab ab ab\n" * 6_000,
        "base64 -d <<< " + "Y3Vk" * 50_000,
    ],
    ids=["short", "few", "quoted", "comment", "heredoc", "lines", "payload"],
)
def test_other_long_lines_of_shell_are_read(text: str) -> None:
    found = result_of(f"export CUDA_VISIBLE_DEVICES=0\n{text}\n".encode(), name="a.sh")
    assert found.error is None
    assert [item.safety for item in found.findings] == ["safe"]


def test_words_of_short_lines_are_not_counted() -> None:
    words = Words("ab " * 100 + "\n" + "ab " * 40_000, lambda at, _: at)
    for _ in range(40_000):
        assert words.word(0).end == 2
    for _ in range(30_000):
        assert words.word(301).end == 303
    with pytest.raises(SyntaxError) as caught:
        words.word(301)
    assert caught.value.lineno == 2


def test_settings_with_a_command_of_too_many_words_are_for_a_person() -> None:
    value: Any = {"scripts": {"a": "python a.py --device cuda " + "ab " * 50_000}}
    found = result_of(json.dumps(value).encode(), name="package.json")
    assert [(item.rule_id, item.safety) for item in found.findings] == [("text:code", "manual")]

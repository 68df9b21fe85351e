"""One file's bytes in, its result out: no exception whatever the bytes, and nothing but the result."""

from __future__ import annotations

import pickle
from codecs import BOM_UTF8
from pathlib import Path
from types import SimpleNamespace

import pytest
from kit import CUDA, NPU, check_finding, migrated, result_of, table

from migrate import engine
from migrate.engine import DecodeError, decode, digest_of, migrate_bytes, parse, rewritten
from migrate.model import FileResult, Problem, Repository


def problem(data: bytes) -> Problem:
    """Why a file cannot be handled; it then has no findings."""
    result = result_of(data)
    assert result.error is not None
    assert result.findings == ()
    return result.error


def test_file_without_a_mention_is_not_looked_at() -> None:
    assert result_of(b"def broken(:\n\xff") == FileResult("in.py", "python", "")


def test_result_names_the_path_and_the_digest_of_the_content() -> None:
    result = migrate_bytes("a/b.py", "python", CUDA, table("npu"))
    assert (result.path, result.kind, result.digest) == ("a/b.py", "python", digest_of(CUDA))
    assert result.digest != digest_of(NPU)
    assert rewritten(CUDA, result) == NPU


def test_same_bytes_give_the_same_result_and_touch_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.py").write_bytes(b"mine")
    first, _, second = result_of(CUDA), result_of(NPU), result_of(CUDA)
    assert first == second
    assert (tmp_path / "in.py").read_bytes() == b"mine"
    assert [path.name for path in tmp_path.iterdir()] == ["in.py"]


def test_result_travels_between_processes_and_holds_no_source() -> None:
    data = CUDA + b"# a comment that mentions no device\n" * 500
    sent = pickle.dumps(result_of(data))
    assert pickle.loads(sent) == result_of(data)
    assert len(sent) < 2000


def test_warnings_about_the_code_are_not_ours() -> None:
    assert result_of(b"import torch\nx = torch.cuda.is_available() is 1, '\\d'\n").error is None


def test_cuda_source_is_not_decoded() -> None:
    (finding,) = migrate_bytes("a/k.cu", "cuda-source", b"\xff\0", table("mlu")).findings
    assert (finding.rule_id, finding.safety, finding.found) == ("file:cuda-source", "manual", "k.cu")


def test_what_the_repository_defines_changes_the_result() -> None:
    data = b"import torch\nfrom m import Box\nBox(torch.ones(2)).cuda()\n"
    alone = migrate_bytes("in.py", "python", data, table("npu"))
    beside = migrate_bytes("in.py", "python", data, table("npu"), Repository(overriding=frozenset({"Box"})))
    assert [len(alone.edits), len(beside.edits)] == [2, 0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"# cuda \xff\n", "cannot be decoded: invalid or missing encoding declaration"),
        (b"#\n#\n#cuda \xff\n", "cannot be decoded: 'utf-8' codec can't decode byte 0xff"),
        (b"# coding: klingon\n" + CUDA, "cannot be decoded: unknown encoding: klingon"),
        (b"# coding: rot13\n" + CUDA, "cannot be decoded: 'rot13' is not a text encoding"),
        (b"# coding: hex\n" + CUDA, "cannot be decoded: 'hex' is not a text encoding"),
        (b"# coding: undefined\n" + CUDA, "cannot be decoded: "),
        (b"# coding: punycode\n" + CUDA + b"#\xe9", "cannot be decoded: "),
        (b"# coding: unicode_escape\n# \\xe9\n" + CUDA, "does not survive decoding as unicode_escape"),
        (BOM_UTF8 + b"# coding: latin-1\n" + CUDA, "cannot be decoded: encoding problem: utf-8"),
        (b"# coding: utf-7\n# +AGE-\n" + CUDA, "does not survive decoding as utf-7 and encoding again"),
    ],
)
def test_text_that_cannot_be_decoded_is_a_problem(data: bytes, message: str) -> None:
    found = problem(data)
    assert found.message.startswith(message)
    assert found.line is None


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"a\r\nb\rc", "a\r\nb\rc", "utf-8"),
        (BOM_UTF8 + b"\xc3\xa9", "é", "utf-8"),
        (b"# -*- coding: latin-1 -*-\n\xe9", "# -*- coding: latin-1 -*-\n\xe9", "iso-8859-1"),
        (b"", "", "utf-8"),
    ],
)
def test_text_is_decoded_as_python_does_it(data: bytes, text: str, encoding: str) -> None:
    assert decode(data) == (text, encoding)


def test_undecodable_text_is_an_error_of_its_own() -> None:
    with pytest.raises(DecodeError):
        decode(b"\xff")


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"import torch\nx = torch.cuda.(\n", 2),
        (CUDA + b"\n\nif x:\npass\n", 6),
        (CUDA + b"print 'cuda'\n", 3),
        (b'"""cuda\n', 1),
        (b"if cuda:\n\tx\n        y\n", 3),
    ],
)
def test_text_that_is_no_python_is_a_problem_with_its_line(data: bytes, line: int) -> None:
    found = problem(data)
    assert found.message.startswith("does not parse: ")
    assert found.line == line


DEEP = {
    "brackets": CUDA + b"y = " + b"[" * 300 + b"]" * 300 + b"\n",
    "blocks": CUDA + b"".join(b" " * depth + b"if x:\n" for depth in range(150)) + b" " * 150 + b"x\n",
    "nul": CUDA + b"\0\n",
}


@pytest.mark.parametrize("case", sorted(DEEP))
def test_text_too_deep_for_python_is_a_problem_and_no_exception(case: str) -> None:
    assert problem(DEEP[case]).message.startswith("does not parse: ")


@pytest.mark.parametrize(
    ("error", "message", "line"),
    [
        (RecursionError("deep"), "nested too deeply", 2),
        (MemoryError(), "nested too deeply", 2),
        (ValueError("odd"), "does not parse: odd", None),
    ],
)
def test_parser_that_gives_up_is_a_problem(
    error: Exception, message: str, line: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(_: str) -> None:
        raise error

    monkeypatch.setattr(engine, "ast", SimpleNamespace(parse=give_up))
    assert problem(CUDA) == Problem(message, line)


def test_edits_are_applied_to_the_text_without_its_mark() -> None:
    assert rewritten(BOM_UTF8 + CUDA, result_of(BOM_UTF8 + CUDA)) == BOM_UTF8 + NPU


def test_import_that_keeps_its_name_is_not_said_to_be_rewritten() -> None:
    text = b"from torch.amp.grad_scaler import GradScaler\n\n\ndef scaler(**kwargs):\n    return GradScaler(**kwargs)\n"
    result = migrate_bytes("in.py", "python", text, table("npu"))
    assert [(item.safety, item.edits) for item in result.findings] == [("manual", ())]


@pytest.mark.parametrize(
    "text",
    [
        "if True: import torch\nx.cuda()\n",
        "if True: \\\n  import torch\nx.cuda()\n",
        "from __future__ import annotations; from torch.cuda import amp\n",
        '"""Docs."""; import torch.cuda as cuda\ncuda.synchronize()\n',
        "try: \x0cimport torch.cuda\nexcept ImportError: pass\n",
    ],
)
def test_import_with_no_line_of_its_own_is_for_a_person(text: str) -> None:
    assert not check_finding(text, "import:torch_npu").edits
    parse(migrated(text))


def test_import_goes_behind_one_that_ends_with_a_semicolon() -> None:
    text = "import torch;\n\ndef move(x):\n    return x.cuda()\n"
    assert migrated(text) == text.replace(";\n", ";\nimport torch_npu\n").replace("cuda", "npu")

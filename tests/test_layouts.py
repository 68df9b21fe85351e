"""Odd layouts, each as small as it gets: what once went wrong, and what is refused as a whole and untouched."""

from __future__ import annotations

import ast

import pytest
from kit import findings, migrated, result_of

from migrate.model import Finding

USE = "torch.cuda.synchronize()\n"

ONCE_REFUSED = {
    "vendor_import_in_front_of_a_dedent": f"if a:\n    import torch\n{USE}",
    "vendor_import_in_front_of_except": f"try:\n    import torch\nexcept torch.cuda.CudaError:\n    pass\n{USE}",
    "vendor_import_in_front_of_elif": "if a:\n    import torch\nelif torch.cuda.is_available():\n    pass\n",
}
REFUSED = {
    "async_at_the_end_of_a_line": "async def f(x):\n    return [y.cuda() async\n        for y in x]\n",
    "backslash_in_front_of_a_semicolon": "x = torch.cuda.current_stream() \\\n; y = 1\n",
    "space_behind_except_with_lone_cr": "try: import torch.cuda\rexcept ImportError : pass\rimport torch as th\r",
}
ONCE_BROKEN = {
    "vendor_import_inside_a_continued_line": f"import torch \\\n ; import os\n{USE}",
    "vendor_import_inside_a_continued_import": f"import torch; import \\\n os\n{USE}",
}
ONCE_CHANGED_AGAIN = {
    "ladder_below_a_one_line_compound": (
        "try: x = 1\nfinally:\n    if torch.cuda.is_available():\n        x = 'cuda:0'\n"
        "    elif torch.npu.is_available():\n        x = 'npu'\n"
    ),
    "import_twice_once_on_one_line": "try: import torch.cuda\nexcept ImportError: pass\nimport torch.cuda\n",
}


@pytest.mark.parametrize("case", ONCE_REFUSED)
def test_file_that_python_reads_is_migrated(case: str) -> None:
    assert result_of(ONCE_REFUSED[case].encode()).error is None


@pytest.mark.parametrize("case", REFUSED)
def test_file_with_a_statement_that_cannot_be_placed_is_an_error_and_stays(case: str) -> None:
    result = result_of(REFUSED[case].encode())
    assert result.error is not None
    assert result.error.line is not None
    assert result.edits == ()


@pytest.mark.parametrize("case", ONCE_BROKEN)
def test_output_is_python(case: str) -> None:
    ast.parse(migrated(ONCE_BROKEN[case]))


@pytest.mark.parametrize("case", ONCE_CHANGED_AGAIN)
def test_second_run_changes_nothing(case: str) -> None:
    once = migrated(ONCE_CHANGED_AGAIN[case], "mlu")
    assert migrated(once, "mlu") == once


@pytest.mark.parametrize(
    "text",
    [
        "if a:\n    from torch.cuda import Stream\nelse:\n    from torch.cuda import Stream\n",
        "import torch.cuda as tc\nimport torch.cuda as tc\ntc.synchronize()\n",
    ],
)
def test_name_that_is_imported_twice_alike_is_migrated_twice(text: str) -> None:
    assert "cuda" not in migrated(text)


def test_text_below_a_one_line_compound_is_a_text_only() -> None:
    assert [finding.safety for finding in findings('if a: b\nelse:\n    "cuda"\n')] == ["left"]


def test_vendor_import_reaches_the_other_branch() -> None:
    text = "if a:\n    from torch.cuda import Stream\nelse:\n    from torch.cuda import Event\n"
    branches = migrated(text).split("else:")
    assert "torch_npu" in branches[1] or not branches[0].startswith("if")


def test_vendor_import_that_is_there_below_a_condition_is_seen() -> None:
    text = "if a:\n    import torch\n    import torch_npu\n    import torch_mlu\n    x = torch.ones(1).cuda()\n"
    assert migrated(text).count("import torch_npu") == 1


@pytest.mark.parametrize(
    "data",
    [b"\nimport apex\n", b"\xef\xbb\xbfimport apex\n", b"import os, \\\n  apex\n", b"#\nfrom apex \\\n import amp\n"],
)
def test_import_of_a_package_is_seen(data: bytes) -> None:
    assert result_of(data).digest


@pytest.mark.parametrize(
    "text", ["x = 1  # one\ny = 2  # cuda\n", '"""Text.\n\nOn cuda."""\n', "x = (torch\n     .cuda.synchronize())\n"]
)
def test_lone_carriage_returns_end_lines_in_findings_too(text: str) -> None:
    assert list(map(shown, findings(text.replace("\n", "\r")))) == list(map(shown, findings(text)))


def shown(finding: Finding) -> tuple[int, int, str]:
    return finding.line, finding.column, finding.found

"""Which lines say of a rewritten one that it ran."""

from __future__ import annotations

import pytest

from migrate.verify.statements import statements_of

SOURCE = '''\
import torch
import torch_npu


@decorated(
    "npu",
)
def f(
    x,
    device="npu",
):
    """About the npu."""
    y = torch.zeros(
        2,
        device="npu",
    )
    if (x and
            torch.npu.is_available()):
        return y
    with a(), \\
            torch.autocast("npu"):
        pass
    match x:
        case torch.npu:
            z = """
            npu
            """


class C(
    Base,
):
    stream: "torch.npu.Stream"
'''


@pytest.mark.parametrize(
    ("line", "first", "last"),
    [(2, 2, 2), (6, 5, 11), (10, 5, 11), (13, 13, 16), (15, 13, 16), (18, 17, 18), (19, 19, 19), (21, 20, 21),
     (23, 23, 23), (24, 24, 24), (26, 25, 27), (31, 30, 32), (33, 33, 33), (4, 4, 4), (99, 99, 99)],
)  # fmt: skip
def test_lines_of_a_statement_or_of_its_header(line: int, first: int, last: int) -> None:
    assert statements_of(SOURCE).lines(line) == range(first, last + 1)


@pytest.mark.parametrize("line", [2, 15, 18, 21, 24])
def test_line_with_code_of_its_own_has_to_run_itself(line: int) -> None:
    assert statements_of(SOURCE).runs_with(line) == (line,)


def test_line_without_code_runs_with_its_statement() -> None:
    assert statements_of(SOURCE).runs_with(26) == (25, 26, 27)


@pytest.mark.parametrize("text", ["def f(:\n", "x = '\0'\n", "x = " + "(" * 300 + ")" * 300])
def test_what_does_not_parse_has_no_statements(text: str) -> None:
    assert statements_of(text).runs_with(3) == (3,)

"""Programs from the grammar with idioms planted in them, and fixtures with other spacing: a thousand of those that
`tools/fuzz.py` makes by the hundred thousand.
"""

from __future__ import annotations

import pytest
from kit import EVERY_TARGET
from planted import program
from soundness import REFUSED, broken_promise, tree_difference

from migrate.model import Edit

SHARES = 10
PROGRAMS = 1000


@pytest.mark.parametrize("share", range(SHARES))
def test_nothing_goes_wrong_with_programs_of_all_kinds(share: int) -> None:
    first = share * PROGRAMS // SHARES
    numbers = range(first, first + PROGRAMS // SHARES)
    verdicts = {number: broken_promise(program(number), EVERY_TARGET[number % len(EVERY_TARGET)]) for number in numbers}
    assert {number: why for number, why in verdicts.items() if why not in ("", REFUSED)} == {}
    assert sum(why == REFUSED for why in verdicts.values()) < len(numbers) / 10


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x.is_cuda", "x.is_npu"),
        ("x.is_cuda", 'x.device.type == "hpu"'),
        ("not x.is_cuda", 'not x.device.type == "hpu"'),
        ("import torch", "import torch\nimport torch_npu"),
        ("f(a)\ng(b)", "g(b)"),
        ("f(g, 'cuda')", "f(g, 'npu')"),
    ],
)
def test_tree_with_an_edit_is_the_same_elsewhere(before: str, after: str) -> None:
    assert difference(before, after) == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("-x.is_cuda", '-x.device.type == "hpu"'),
        ("x.is_cuda == y", 'x.device.type == "hpu" == y'),
        ("x.is_cuda.any", 'x.device.type == "hpu".any'),
    ],
)
def test_tree_that_an_edit_takes_apart_is_told(before: str, after: str) -> None:
    assert difference(before, after) != ""


def difference(before: str, after: str) -> str:
    """What the oracle says of one edit, as small as it can be, that makes a text another."""
    start = alike(before, after)
    same = alike(before[start:][::-1], after[start:][::-1])
    edit = Edit(start, len(before) - same, after[start : len(after) - same])
    return tree_difference(before, after, [edit])


def alike(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))

"""Syntax that the running Python may not know is hidden from it, line for line."""

from __future__ import annotations

import ast

import pytest
from kit import migrated

from migrate.newer import masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("try:\n  a\nexcept* B:\n  c\n", "try:\n  a\nexcept  B:\n  c\n"),
        ("try:\n  a\nexcept  *  (A, B) as e:\n  c\n", "try:\n  a\nexcept     (A, B) as e:\n  c\n"),
        ("try:\n  a\nexcept* A, B:\n  c\n", "try:\n  a\nexcept  0   :\n  c\n"),
        ("try:\n  a\nexcept A, B:\n  c\n", "try:\n  a\nexcept 0   :\n  c\n"),
        ("def f[T](a: T): pass\n", "def f   (a: T): pass\n"),
        ("def f():\n  try: a\n  except* B: c\n", "def f():\n  try: a\n  except  B: c\n"),
    ],
)
def test_what_is_newer_is_masked(text: str, expected: str) -> None:
    assert masked(text, SyntaxError("no")) == expected
    ast.parse(expected)


def test_exception_groups_are_migrated_by_every_python() -> None:
    text = "import torch\ntry:\n    a\nexcept* torch.cuda.OutOfMemoryError:\n    b\n"
    assert "except* torch.OutOfMemoryError:" in migrated(text)

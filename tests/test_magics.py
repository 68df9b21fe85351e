"""Magics: what they are masked by is Python, and as long as they are."""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.kinds.foreign import is_python
from migrate.kinds.magics import unmagicked

LINES = st.sampled_from([
    "x = 1", "!ls", "  !ls", "%cd a", "%%time", "%%bash", "y = %pwd", "if x:", "    y = !ls \\", "  (", ")", "'''",
    "a?",
    "?b", "%time x", "%timeit -n 3 x", "# c", "", "pip install a", "x = '%s' % y", "d['k'] = !ls", "!!c \\", "\\", "'",
])  # fmt: skip


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(LINES, max_size=8), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_masks_keep_every_character_in_its_place(lines: list[str], line_end: str, open_end: bool) -> None:
    text = line_end.join(lines) + ("" if open_end else line_end)
    found = unmagicked(text, is_python)
    for piece in found.pieces:
        assert 0 <= piece.start <= piece.end <= len(text)
    if found.code is None:
        return
    assert len(found.code) == len(text)
    assert re.findall(r"[\r\n]", found.code) == re.findall(r"[\r\n]", text)
    inside = {index for start, end in found.masks for index in range(start, end)}
    assert all(found.code[index] == text[index] for index in range(len(text)) if index not in inside)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("%matplotlib inline", "#                 "), ("if x:\n  !ls", "if x:\n  0  "), ("x = !ls", "x = 0  "),
        ("a, b = %run c", "a, b = 0     "), ("%time f(x)", "0;    f(x)"),
        ("%timeit -n 10 -r3 f()", "0;                f()"),
        ("%%timeit\nf()", "#       \nf()"), ("%time f(", "#       "), ("x?", "# "), ("?x", "# "),
        ("torch.cuda??", "#           "),
        ("!a \\\n b\nc", "#   \n  \nc"), ("(a\n% b)", "(a\n% b)"), ("'''\n!x\n'''", "'''\n!x\n'''"),
        ("x = y % z", "x = y % z"),
        ("pip = 1", "pip = 1"), ("pip install a", "#            "), ("%%capture\n%%time\nx", "#        \n#     \nx"),
        ("\n# c\n%%time\nx", "\n# c\n#     \nx"), ("!it's\nx", "#    \nx"), ("x = 'a = %s' % b", "x = 'a = %s' % b"),
        ("'a = %s' % b", "'a = %s' % b"), ("x != y", "x != y"), ("x[!y]", "x[!y]"), ("%", "%"), ("", ""),
    ],
)  # fmt: skip
def test_code_that_is_left(text: str, code: str) -> None:
    assert unmagicked(text, is_python).code == code


@pytest.mark.parametrize(
    ("text", "meaning", "piece", "name"),
    [
        ("%%bash\na\nb", "shell", "a\nb", ""), ("%%sh --out x\na", "shell", "a", ""),
        ("%%script bash\na", "shell", "a", ""),
        ("%%!\na", "shell", "a", ""), ("%%script perl\na", "foreign", "a", ""), ("%%html\n<a>", "foreign", "<a>", ""),
        ("%%writefile -a b/c.py\nx", "file", "x", "b/c.py"), ("%%file 'c.sh'\nx", "file", "x", "c.sh"),
        ("%%python3\nx", "file", "x", "cell.py"), ("%%writefile", "foreign", "", ""),
        ("%%capture\n%%bash\na", "shell", "a", ""),
    ],
)  # fmt: skip
def test_magic_of_a_whole_cell(text: str, meaning: str, piece: str, name: str) -> None:
    found = unmagicked(text, is_python)
    last = found.pieces[-1]
    assert found.code is None
    assert (last.meaning, text[last.start : last.end], last.name) == (meaning, piece, name)


@pytest.mark.parametrize(
    ("text", "meaning", "piece"),
    [
        ("!a b", "shell", "a b"), ("!!a", "shell", "a"), ("  !a", "shell", "a"), ("x = !a", "shell", "a"),
        ("%pip install a", "shell", "pip install a"), ("conda install a", "shell", "conda install a"),
        ("%sx a", "shell", " a"), ("%run a.py", "run", " a.py"), ("%env A=1", "variable", " A=1"),
        ("%set_env A 1", "variable", " A 1"), ("%cd a", "magic", "%cd a"), ("a?", "magic", "a?"),
    ],
)  # fmt: skip
def test_magic_of_a_line(text: str, meaning: str, piece: str) -> None:
    (found,) = unmagicked(text, is_python).pieces
    assert (found.meaning, text[found.start : found.end]) == (meaning, piece)


@pytest.mark.parametrize(
    "line", ["%" * 10, "! \\\n", "x" * 10, "[" * 10, " " * 10, "a.b[", "x,", "\t# %%\n", "'''", "-n 1 "]
)
@pytest.mark.parametrize("head", ["", "%timeit ", "%%time\n", "x = ", "?"])
def test_no_text_takes_long(head: str, line: str) -> None:
    text = head + line * (50_000 // len(line))
    assert len(unmagicked(text, lambda _: False).code or text) == len(text)


def test_masked_notebook_code_parses() -> None:
    text = "%time x = 1\nfor x in y:\n\t!a\n\t%b\n\tz = !c\nelse:\n    ?x\n"
    ast.parse(unmagicked(text, is_python).code or "(")

"""Edits of any text: applied, undone, counted in lines, and shown as a patch that gives the same bytes."""

from __future__ import annotations

import io
import re
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import git, tree

from migrate.edits import apply_edits, line_starts, overlaps, position, unified_diff
from migrate.model import Edit

EXAMPLES = 200
many = settings(max_examples=EXAMPLES, derandomize=True, deadline=None)
few = settings(max_examples=25, derandomize=True, deadline=None)
CHARACTERS = [
    "a",
    "b",
    "é",
    "𝄞",
    " ",
    "\t",
    "\f",
    "\v",
    "\x1c",
    "\u2028",
    "+",
    "-",
    "@",
    "\\",
    "\n",
    "\n",
    "\r\n",
    "\r",
]
texts = st.lists(st.sampled_from(CHARACTERS), max_size=60).map("".join)
lines = st.lists(st.sampled_from(["x\n", "y\n", "\n", "z\r\n", "x"]), min_size=5, max_size=40).map("".join)
pieces = st.lists(st.sampled_from(CHARACTERS), max_size=4).map("".join)


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """A text and edits of it that do not overlap, in any order."""
    text = draw(texts | lines)
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    edits: list[Edit] = []
    while places:
        start = places.pop(0)
        end = places.pop(0) if places and draw(st.booleans()) else start
        edits.append(Edit(start, end, draw(pieces)))
    return text, draw(st.permutations(edits))


spans = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(lambda ends: Edit(min(ends), max(ends), "+"))


def touched(edit: Edit) -> set[float]:
    """What an edit stands on: its characters, the places between them, or the place where it inserts."""
    if edit.start == edit.end:
        return {edit.start}
    return {edit.start + half / 2 for half in range(1, 2 * (edit.end - edit.start))}


def patched(old: bytes, patch: bytes) -> bytes:
    """What the patch of one file makes of it, worked out from the patch alone; asserts that it belongs to it."""
    before = re.findall(rb"[^\n]*\n|[^\n]+", old)
    head, *hunks = re.split(rb"^@@ (-\d+,\d+ \+\d+,\d+) @@\n", patch, flags=re.MULTILINE)
    assert len(re.findall(rb"\n", head)) == (3 if hunks else 0)
    after: list[bytes] = []
    done = 0
    for ranges, body in zip(hunks[::2], hunks[1::2], strict=True):
        first, count, new_first, new_count = map(int, re.findall(rb"\d+", ranges))
        marked = re.findall(rb"([ +-])([^\n]*\n)(\\ No newline at end of file\n)?", body)
        assert b"".join(b"".join(line) for line in marked) == body
        shown = [(mark, text[:-1] if bare else text) for mark, text, bare in marked]
        gone, new = ([text for mark, text in shown if mark in (b" ", kind)] for kind in (b"-", b"+"))
        start = first - 1 if count else first
        assert start >= done
        after += before[done:start]
        assert before[start : start + count] == gone
        assert len(after) == (new_first - 1 if new_count else new_first)
        assert len(new) == new_count
        after, done = after + new, start + count
    return b"".join(after + before[done:])


@many
@given(changes())
def test_edits_replace_their_spans_and_nothing_else(change: tuple[str, list[Edit]]) -> None:
    text, edits = change
    expected = text
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        expected = expected[: edit.start] + edit.text + expected[edit.end :]
    assert apply_edits(text, edits) == expected


@many
@given(spans, spans)
def test_two_edits_overlap_if_they_share_a_character_or_a_place(first: Edit, second: Edit) -> None:
    assert overlaps([first], [second]) == bool(touched(first) & touched(second))
    assert overlaps([second], [first]) == overlaps([first], [second])
    assert not overlaps([first], [])
    if overlaps([first], [second]) and (first.start < first.end or second.start < second.end):
        with pytest.raises(ValueError, match="overlaps"):
            apply_edits("123456", [first, second])
    else:
        assert len(apply_edits("123456", [first, second])) == 8 - first.end + first.start - second.end + second.start


@pytest.mark.parametrize("edit", [Edit(2, 1, ""), Edit(3, 4, ""), Edit(4, 4, ""), Edit(-1, 0, "")])
def test_edit_outside_the_text_is_refused(edit: Edit) -> None:
    with pytest.raises(ValueError, match="outside"):
        apply_edits("abc", [edit])


@many
@given(texts)
def test_lines_begin_where_python_begins_them(text: str) -> None:
    ends = list(accumulate(len(line) for line in io.StringIO(text, newline="")))
    if ends and not text.endswith(("\r", "\n")):
        ends.pop()
    assert line_starts(text) == (0, *ends)


@many
@given(texts)
def test_position_counts_lines_and_characters_from_one(text: str) -> None:
    starts = line_starts(text)
    for offset in range(len(text) + 1):
        line, column = position(starts, offset)
        assert starts[line - 1] + column - 1 == offset
        assert column > 0
        assert line == len(starts) or offset < starts[line]


@many
@given(changes(), st.sampled_from([b"", b"\xef\xbb\xbf"]))
def test_patch_gives_exactly_the_new_bytes(change: tuple[str, list[Edit]], mark: bytes) -> None:
    text, edits = change
    old, new = mark + text.encode(), mark + apply_edits(text, edits).encode()
    patch = unified_diff("a.py", old, new, text, edits)
    assert patched(old, patch) == new
    assert bool(patch) == (old != new)


@few
@given(changes(), st.sampled_from(["a.py", "a b.py", "é/ü.py", 'q"\\.py', "tab\t.py"]))
def test_git_applies_the_patch_and_takes_it_back(
    tmp_path_factory: pytest.TempPathFactory, change: tuple[str, list[Edit]], name: str
) -> None:
    text, edits = change
    old, new = text.encode(), apply_edits(text, edits).encode()
    patch = unified_diff(name, old, new, text, edits)
    if patch:
        folder = tree(tmp_path_factory.mktemp("patched"), {name: old, "the.patch": patch})
        assert applied_by_git(folder, name) == new
        assert applied_by_git(folder, name, "--reverse") == old


def applied_by_git(folder: Path, name: str, *options: str) -> bytes:
    git(folder, "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", *options, "the.patch")
    return (folder / name).read_bytes()


@many
@given(changes())
def test_lines_that_stay_are_in_a_patch_only_as_context(change: tuple[str, list[Edit]]) -> None:
    text, edits = change
    old, new = text.encode(), apply_edits(text, edits).encode()
    patch = unified_diff("a.py", old, new, text, edits)
    edited = sum(text.count("\n", edit.start, edit.end) + 1 for edit in edits)
    removed = re.findall(rb"^-(?!-- )", patch, flags=re.MULTILINE)
    assert len(removed) <= edited


@pytest.mark.parametrize(
    ("text", "edit"),
    [("a", Edit(1, 1, "\n")), ("a", Edit(1, 1, "\nb")), ("a\nb", Edit(3, 3, "\nb")), ("a\nb", Edit(1, 3, ""))],
)
def test_last_line_that_gains_or_loses_its_end_is_in_the_patch(text: str, edit: Edit) -> None:
    new = apply_edits(text, [edit]).encode()
    assert patched(text.encode(), unified_diff("a.py", text.encode(), new, text, [edit])) == new

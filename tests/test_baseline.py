"""The list of known leftovers: that it reads back as it was written, and what it makes of a later check."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.baseline import BaselineError, compared, only_added, read_baseline, write_baseline
from migrate.leftovers import Entry, Leftover
from migrate.model import Finding

HEADER = '{"accel-migrate baseline": 1, "fields": ["path", "rule", "found", "count"]}\n'
ODD = (
    "new\nline",
    "tab\t.py",
    "carriage\r",
    'quo"te',
    "back\\slash",
    "é",
    "\u2028",
    "\udc80\udcff",
    "\0",
    " ",
    "<<<<<<< a",
)
NAMES = st.text(st.characters(codec="utf-8") | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF), min_size=1)
PATHS = NAMES.map(lambda name: "src/" + name.replace("/", "|") + ".py")


def leftover(path: str = "a.py", line: int = 1, found: str = "cuda", rule_id: str = "device:cuda") -> Leftover:
    return Leftover(path, Finding(rule_id, 0, len(found), line, 1, found, "why", "manual"), f"{path}{line}{found}")


def read(*lines: str) -> list[Entry]:
    return read_baseline("known.jsonl", (HEADER + "".join(f"{line}\n" for line in lines)).encode())


def error_of(data: bytes) -> str:
    with pytest.raises(BaselineError) as caught:
        read_baseline("known.jsonl", data)
    return str(caught.value)


def test_baseline_has_a_header_and_one_sorted_line_for_equal_findings() -> None:
    found = [leftover("b.py", 3), leftover("a.py", 9, '"cuda:0"'), leftover("b.py", 70), leftover("a.py", 1)]
    assert write_baseline(found) == (
        HEADER
        + '["a.py", "device:cuda", "\\"cuda:0\\"", 1]\n'
        + '["a.py", "device:cuda", "cuda", 1]\n'
        + '["b.py", "device:cuda", "cuda", 2]\n'
    )


def test_baseline_of_nothing_is_its_header() -> None:
    assert write_baseline([]) == HEADER
    assert read() == []


def test_baseline_does_not_depend_on_order_lines_or_state() -> None:
    found = [leftover(path, line, text) for path in ("a.py", "b.py") for line in (1, 2) for text in ODD]
    states = compared(found, [Entry("device:cuda", "a.py", ODD[0], 1)])[0]
    moved = [leftover(item.path, item.finding.line + 7, item.finding.found) for item in states]
    for other in (states, moved):
        random.Random(0).shuffle(other)
        assert write_baseline(other) == write_baseline(found)


def test_new_finding_of_a_file_adds_one_line_and_touches_no_other() -> None:
    before = write_baseline([leftover("a.py"), leftover("c.py")]).splitlines()
    after = write_baseline([leftover("a.py"), leftover("c.py"), leftover("b.py")]).splitlines()
    assert [line for line in after if line not in before] == ['["b.py", "device:cuda", "cuda", 1]']
    assert [line for line in before if line not in after] == []


@pytest.mark.parametrize("text", ODD)
def test_any_path_and_any_found_text_come_back_on_one_line_of_ascii(text: str) -> None:
    written = write_baseline([leftover(f"src/{text}.py", found=text, rule_id=f"api:{text}")])
    assert written.isascii()
    assert len(written.splitlines()) == 2
    assert read_baseline("", written.encode()) == [Entry(f"api:{text}", f"src/{text}.py", text, 1)]


@settings(deadline=None, derandomize=True)
@given(st.lists(st.builds(leftover, PATHS, st.integers(1, 9), NAMES, NAMES)))
def test_everything_is_known_to_its_own_baseline(found: list[Leftover]) -> None:
    states, fixed = compared(found, read_baseline("", write_baseline(found).encode()))
    assert [item.state for item in states] == ["known"] * len(found)
    assert fixed == []


def test_baseline_survives_an_editor_of_another_system() -> None:
    data = write_baseline([leftover()]).replace("\n", "\r\n").encode("utf-8-sig") + b"\r\n"
    assert read_baseline("", data) == [Entry("device:cuda", "a.py", "cuda", 1)]


def test_entries_may_stand_in_any_order() -> None:
    lines = ['["b.py", "device:cuda", "cuda", 2]', '["a.py", "device:cuda", "cuda", 1]']
    assert read(*lines) == [Entry("device:cuda", "b.py", "cuda", 2), Entry("device:cuda", "a.py", "cuda", 1)]


HEADS = {
    "": "is no baseline",
    "[]\n": "is no baseline",
    '["a.py", "device:cuda", "cuda", 1]\n': "is no baseline",
    '{"version": 1}\n': "is no baseline",
    '{"accel-migrate baseline": 2}\n': "is in format 2; this version reads format 1",
    '{"accel-migrate baseline": true}\n': "is in format true; this version reads format 1",
    '{"accel-migrate baseline": "1"}\n': 'is in format "1"; this version reads format 1',
    '{"accel-migrate baseline": [[]]}\n': "is in format list; this version reads format 1",
    '{"accel-migrate baseline": 1, "fields": ["rule"]}\n': "is not the header of format 1",
    '{"accel-migrate baseline": 1, "accel-migrate baseline": 1}\n': "is no baseline",
    "<<<<<<< ours\n" + HEADER: "a merge conflict is left in it",
    "[" * 100_000: "is no baseline",
}


@pytest.mark.parametrize("head", HEADS, ids=lambda head: head[:30].strip())
def test_file_that_does_not_begin_as_a_baseline_is_refused(head: str) -> None:
    assert error_of(head.encode()).startswith(f"known.jsonl:1: {HEADS[head]}")


LINES = {
    "<<<<<<< HEAD": "a merge conflict is left in it",
    "=======": "a merge conflict is left in it",
    ">>>>>>> topic": "a merge conflict is left in it",
    "||||||| base": "a merge conflict is left in it",
    "nonsense": "is not of the form",
    '{"path": "a.py"}': "is not of the form",
    '["a.py", "device:cuda", "cuda"]': "is not of the form",
    '["a.py", "device:cuda", "cuda", 1, 1]': "is not of the form",
    '["a.py", "device:cuda", "cuda", NaN]': "is not of the form",
    '["a.py", "device:cuda", "cuda", 1],': "is not of the form",
    '["a.py", "device:cuda", null, 1]': "the found is not a string",
    '["a.py", 7, "cuda", 1]': "the rule is not a string",
    '[["a.py"], "device:cuda", "cuda", 1]': "the path is not a string",
    '["a.py", "", "cuda", 1]': "the rule is empty",
    '["a.py", "device:cuda", "cuda", 0]': "the count is 0, not a positive number",
    '["a.py", "device:cuda", "cuda", -3]': "the count is -3, not a positive number",
    '["a.py", "device:cuda", "cuda", 1.0]': "the count is 1.0, not a positive number",
    '["a.py", "device:cuda", "cuda", true]': "the count is true, not a positive number",
    '["a.py", "device:cuda", "cuda", "1"]': 'the count is "1", not a positive number',
    '["/a.py", "device:cuda", "cuda", 1]': 'the path "/a.py" is absolute',
    '["C:/a.py", "device:cuda", "cuda", 1]': 'the path "C:/a.py" is absolute',
    '["c:\\\\a.py", "device:cuda", "cuda", 1]': 'the path "c:\\\\a.py" is absolute',
    '["../a.py", "device:cuda", "cuda", 1]': 'the path "../a.py" is not a plain one',
    '["a/../b.py", "device:cuda", "cuda", 1]': 'the path "a/../b.py" is not a plain one',
    '["./a.py", "device:cuda", "cuda", 1]': 'the path "./a.py" is not a plain one',
    '["a//b.py", "device:cuda", "cuda", 1]': 'the path "a//b.py" is not a plain one',
    '["", "device:cuda", "cuda", 1]': 'the path "" is not a plain one',
}


@pytest.mark.parametrize("line", LINES)
def test_malformed_line_is_refused_with_its_number(line: str) -> None:
    data = HEADER + '["z.py", "device:cuda", "cuda", 1]\n' + line + "\n"
    assert error_of(data.encode()).startswith(f"known.jsonl:3: {LINES[line]}")


def test_entry_that_stands_twice_is_refused_with_both_lines() -> None:
    data = HEADER + '["a.py", "device:cuda", "cuda", 1]\n\n["a.py", "device:cuda", "cuda", 2]\n'
    assert error_of(data.encode()).startswith("known.jsonl:4: says the same as line 2")


def test_bytes_that_are_not_utf8_are_refused_with_their_line() -> None:
    assert error_of(HEADER.encode() + b'["\xff.py"').startswith("known.jsonl:2: is not UTF-8")
    assert error_of(HEADER.encode("utf-16")).startswith("known.jsonl:1: is not UTF-8")


def test_more_than_the_counted_ones_are_new_and_they_are_the_last_ones() -> None:
    found = [leftover(line=9), leftover(line=3), leftover(line=6)]
    states, fixed = compared(found, [Entry("device:cuda", "a.py", "cuda", 2)])
    assert [(item.finding.line, item.state) for item in states] == [(9, "new"), (3, "known"), (6, "known")]
    assert fixed == []


def test_fixed_entries_say_how_many_are_gone() -> None:
    entries = [Entry("device:cuda", "b.py", "cuda", 3), Entry("device:cuda", "a.py", "cuda", 2)]
    states, fixed = compared([leftover("b.py")], entries)
    assert [item.state for item in states] == ["known"]
    assert fixed == [Entry("device:cuda", "a.py", "cuda", 2), Entry("device:cuda", "b.py", "cuda", 2)]


def test_rule_path_and_found_text_must_all_be_the_same() -> None:
    found = [leftover("b.py"), leftover(found="cuda:0"), leftover(rule_id="method:cuda")]
    entries = [Entry("device:cuda", "a.py", "cuda", 9)]
    assert compared(found, entries) == (found, entries)


def test_leftovers_of_a_renamed_file_are_new_and_its_old_entries_fixed() -> None:
    entries = read_baseline("", write_baseline([leftover("old.py")]).encode())
    states, fixed = compared([leftover("new.py")], entries)
    assert [item.state for item in states] == ["new"]
    assert fixed == entries


def test_all_is_new_without_entries() -> None:
    assert compared([leftover()], []) == ([leftover()], [])


def test_only_leftovers_on_added_lines_are_kept() -> None:
    found = [leftover("a.py", 1), leftover("a.py", 2), leftover("b.py", 1), leftover("c.py", 1)]
    assert only_added(found, {"a.py": {2, 3}, "b.py": {1}, "c.py": set()}) == [found[1], found[2]]


def test_other_tools_can_read_a_baseline() -> None:
    header, line = (json.loads(line) for line in write_baseline([leftover()]).splitlines())
    assert dict(zip(header["fields"], line, strict=True)) == {
        "path": "a.py", "rule": "device:cuda", "found": "cuda", "count": 1,
    }  # fmt: skip

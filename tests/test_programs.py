"""Random programs: whatever is put together from the idioms of CUDA code, the same must hold as for the fixtures."""

from __future__ import annotations

import ast

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from kit import TARGETS, result_of
from programs import programs

from migrate.edits import apply_edits
from migrate.engine import rewritten
from migrate.model import Edit, FileResult

EXAMPLES = 200
many = settings(max_examples=EXAMPLES, derandomize=True, deadline=None)


def result(text: str, target: str) -> FileResult:
    """The result for a program. libcst cannot read every program that Python reads: those are not asked about."""
    found = result_of(text.encode(), target)
    assume(found.error is None or not found.error.message.startswith("does not parse: libcst"))
    assert found.error is None
    return found


def inverse(text: str, edits: tuple[Edit, ...]) -> list[Edit]:
    """The edits that take others back."""
    back: list[Edit] = []
    shift = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        start = edit.start + shift
        back.append(Edit(start, start + len(edit.text), text[edit.start : edit.end]))
        shift += len(edit.text) - (edit.end - edit.start)
    return back


@many
@given(programs(), st.sampled_from(TARGETS))
def test_program_is_migrated_once_and_for_all(text: str, target: str) -> None:
    first = result(text, target)
    assert "unaccounted" not in {finding.rule_id for finding in first.findings}
    assert all(text[edit.start : edit.end] != edit.text for edit in first.edits)
    assert all(not finding.edits or finding.safety in ("safe", "review") for finding in first.findings)
    output = rewritten(text.encode(), first).decode()
    ast.parse(output)
    assert apply_edits(output, inverse(text, first.edits)) == text
    assert result(output, target).edits == ()


@many
@given(programs(), st.sampled_from(TARGETS))
def test_program_between_other_lines_is_migrated_alike(text: str, target: str) -> None:
    text = text.replace("\r\n", "\n").replace("\r", "\n") + "\n"
    assume("coding" not in text)  # which has to stand on one of the first two lines
    before, behind = "# nothing\n", "\n\ndef unrelated(value):\n    return value\n"
    alone, inside = result(text, target), result(before + text + behind, target)
    shift = len(before)
    assert [Edit(edit.start + shift, edit.end + shift, edit.text) for edit in alone.edits] == list(inside.edits)
    assert [finding.rule_id for finding in alone.findings] == [finding.rule_id for finding in inside.findings]

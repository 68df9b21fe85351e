"""All fixtures changed in ways that do not matter: the findings and the edits stay."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from kit import TARGETS, cases, found, result_of, source_of, table, tree

from migrate.edits import apply_edits, line_starts
from migrate.engine import DecodeError, decode, parse
from migrate.model import Edit, FileResult, Finding
from migrate.runner import run

targets = pytest.mark.parametrize("target", TARGETS)
Shift = Callable[[int], int]


@cache
def text_of(case: str) -> str:
    """The text of a fixture, empty if it is none that Python reads or says how it is encoded."""
    try:
        text, encoding = decode(source_of(case).read_bytes())
        parse(text)
    except (DecodeError, SyntaxError):
        return ""
    return text if encoding == "utf-8" and "coding" not in text[:80] else ""


@cache
def base(text: str, target: str) -> FileResult:
    return result_of(text.encode(), target)


def moved(finding: Finding, shift: Shift, lines: int = 0) -> Finding:
    """A finding with its offsets changed, and its line."""
    edits = tuple(Edit(shift(edit.start), shift(edit.end), edit.text) for edit in finding.edits)
    start, end = shift(finding.start), shift(finding.end)
    return replace(finding, start=start, end=end, line=finding.line + lines, edits=edits)


def plain(finding: Finding) -> Finding:
    """A finding with the line ends of its edits made alike."""
    edits = (replace(edit, text=edit.text.replace("\r\n", "\n")) for edit in finding.edits)
    return replace(finding, edits=tuple(edits))


def found_in(text: str, target: str) -> tuple[Finding, ...]:
    result = result_of(text.encode(), target)
    assert result.error is None, text
    return result.findings


def check_all(target: str, text_and_shift: Callable[[str], tuple[str, Shift] | None], lines: int = 0) -> None:
    """Every fixture, changed in a way that does not matter, has its findings where they are then."""
    different: list[str] = []
    for text in filter(None, map(text_of, cases())):
        if changed := text_and_shift(text):
            other, shift = changed
            expected = [outline(moved(finding, shift, lines)) for finding in base(text, target).findings]
            if [outline(finding) for finding in found_in(other, target)] != expected:
                different.append(text)
    assert different == []


def outline(finding: Finding) -> Finding:
    """All that counts in a finding; an insertion stands where its line begins."""
    return replace(plain(finding), column=0)


@targets
def test_line_ends_change_nothing_but_offsets(target: str) -> None:
    def with_crlf(text: str) -> tuple[str, Shift] | None:
        return None if "\r" in text else (text.replace("\n", "\r\n"), lambda at: at + text.count("\n", 0, at))

    check_all(target, with_crlf)


@targets
def test_byte_order_mark_changes_nothing(target: str) -> None:
    check_all(target, lambda text: ("\ufeff" + text, lambda at: at))


@targets
@pytest.mark.parametrize("before", ["# a comment\n", "\n", "# \n \t\n# x\n\n"])
def test_lines_put_before_a_file_shift_its_findings(target: str, before: str) -> None:
    check_all(target, lambda text: (before + text, lambda at: at + len(before)), before.count("\n"))


@targets
def test_function_put_behind_a_file_changes_nothing(target: str) -> None:
    more = "\n\ndef unrelated(value):\n    return value + 1\n"
    check_all(target, lambda text: (text + more, lambda at: at) if text.endswith("\n") else None)


@targets
def test_file_below_a_condition_gets_the_same_edits(target: str) -> None:
    different = [case for case in cases() if not same_below_a_condition(text_of(case), target)]
    assert different == []


def same_below_a_condition(text: str, target: str) -> bool:
    starts = [] if "__future__" in text or "skip-file" in text or "\r" in text or "\f" in text else logical_starts(text)
    if not starts:
        return True
    inside = apply_edits(text, [Edit(start, start, "    ") for start in starts])
    expected = [essence(finding, 1) for finding in base(text, target).findings]
    return [essence(finding) for finding in found_in("if True:\n" + inside, target)] == expected


def essence(finding: Finding, lines: int = 0) -> tuple[object, ...]:
    edits = tuple(edit.text.strip() for edit in finding.edits)
    return finding.rule_id, finding.line + lines, finding.found, finding.safety, finding.message, edits


def logical_starts(text: str) -> list[int]:
    """Offsets of the lines that begin a statement."""
    starts, found = line_starts(text), []
    fresh = True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.INDENT, tokenize.DEDENT, tokenize.NL, tokenize.COMMENT, tokenize.ENDMARKER):
            continue
        if fresh:
            found.append(starts[token.start[0] - 1])
        fresh = token.type == tokenize.NEWLINE
    return found


@targets
def test_edits_keep_out_of_comments_docstrings_and_messages(target: str) -> None:
    for text in filter(None, map(text_of, cases())):
        forbidden = [*comments(text), *texts_for_people(text)]
        for edit in base(text, target).edits:
            assert not [text for start, end in forbidden if start < edit.end and edit.start < end]


def comments(text: str) -> list[tuple[int, int]]:
    starts = line_starts(text)
    tokens = tokenize.generate_tokens(io.StringIO(text, newline="").readline)
    found = [(starts[token.start[0] - 1] + token.start[1], token) for token in tokens if token.type == tokenize.COMMENT]
    return [(start, start + len(token.string.rstrip("\r\n"))) for start, token in found]


def texts_for_people(text: str) -> list[tuple[int, int]]:
    """Spans of the docstrings, and of plain strings that are printed, logged or raised."""
    texts: list[ast.expr] = []
    for node in ast.walk(parse(text)):
        if isinstance(node, ast.Expr):
            texts.append(node.value)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "logger.info", "warnings.warn"):
            texts += node.args
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            texts += node.exc.args
    return [span_of(item, text) for item in texts if isinstance(item, ast.Constant) and isinstance(item.value, str)]


def span_of(node: ast.expr, text: str) -> tuple[int, int]:
    """Offsets of a node, from the lines and bytes in which Python counts."""
    starts = line_starts(text)
    ends = ((node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0))
    start, end = (starts[line - 1] + len(text[starts[line - 1] :].encode()[:column].decode()) for line, column in ends)
    return start, end


def test_pool_of_processes_gives_the_report_of_one(tmp_path: Path) -> None:
    files = {f"{case}/{source_of(case).name}": source_of(case).read_bytes() for case in cases()}
    discovery = found(tree(tmp_path, files))
    with ProcessPoolExecutor(2) as executor:
        for target in TARGETS:
            alone, together = run(discovery, table(target)), run(discovery, table(target), executor)
            assert replace(together, seconds=0) == replace(alone, seconds=0)
            assert len(alone.files) == len(files)

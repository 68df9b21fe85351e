"""Where comments stand and logical lines end, with the tokenizer of the running Python as the judge."""

from __future__ import annotations

import io
import tokenize
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import FIXTURES

from migrate.comments import read_comments
from migrate.edits import line_starts

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*(ROOT / "migrate").rglob("*.py"), *(ROOT / "tests").glob("*.py"), *FIXTURES.glob("*/*.py")])
PIECES = ("#", "'", '"', "'''", '"""', "\\", "\n", "\r\n", "\r", "(", ")", "{", "x", " ", "rb'", "# accel: ignore")


def judged(text: str) -> tuple[list[tuple[int, int]], list[int]] | None:
    """The spans of comments and ends of statements that `tokenize` sees, None where it sees no Python."""
    starts = line_starts(text)
    plain = text.replace("\r\n", "\n").replace("\r", "\n")  # as it knows no lone CR
    spans, ends = [], []
    try:
        for token in tokenize.generate_tokens(io.StringIO(plain).readline):
            if token.type in (tokenize.COMMENT, tokenize.NEWLINE):
                at = starts[token.start[0] - 1] + token.start[1]
                if token.type == tokenize.COMMENT:
                    spans.append((at, at + len(token.string)))
                else:
                    ends.append(at)
    except (tokenize.TokenError, SyntaxError):
        return None
    return spans, ends


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_files_read_as_the_tokenizer_reads_them(newline: str) -> None:
    read = 0
    for path in SOURCES:
        text = path.read_bytes().decode("utf-8-sig", "replace")
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", newline)
        expected = judged(text)
        if expected is not None:
            comments = read_comments(text)
            assert comments.spans == expected[0], path
            assert set(expected[1]) <= set(comments.ends), path
            read += 1
    assert read > len(SOURCES) * 0.9


@settings(deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_can_be_read(text: str) -> None:
    comments = read_comments(text)
    assert all(text[start] == "#" and not set("\r\n") & set(text[start:end]) for start, end in comments.spans)
    assert comments.ends == sorted({*comments.ends})
    assert comments.ends[-1] == len(text)


def test_comments_lead_up_to_the_first_code() -> None:
    text = "\f#!python\n\n  # b\r\n# c\n'''x'''  # d\n"
    comments = read_comments(text)
    assert [start < comments.code for start, _ in comments.spans] == [True, True, True, False]
    assert text[comments.code :].startswith("'''x'''")
    assert read_comments("# only\n").code == len("# only\n")


@pytest.mark.parametrize("piece", ["'''", '"""', '"', "'\\", "#", "((", "\\\n", "\n", " ", "#accel: x\n", '""" \\'])
def test_long_texts_of_one_thing_can_be_read(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    assert read_comments(text).ends[-1] == len(text)

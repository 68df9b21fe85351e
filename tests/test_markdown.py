"""What is left of CUDA, as Markdown: nothing from the repository is markup, and it fits into a summary."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from checks import HOSTILE, check, error, fixable, hostile, leftover, mixed
from markdown_it import MarkdownIt
from markdown_it.token import Token

from migrate.report.markdown import render_markdown
from migrate.report.shown import inert

MIB = 1 << 20


def tokens(text: str) -> Iterator[Token]:
    """What a renderer makes of a text."""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        yield token
        yield from token.children or ()


def test_summary_is_the_sum_a_table_errors_leftovers_and_what_is_fixed() -> None:
    expected = """\
## accel-migrate check

3 new leftovers (1 fixable) in 2 files, 1 known, 2 fixed; 7 files checked for npu in 1.25 s, 1 file could not be checked

| rule | new | fixable | known |
| --- | ---: | ---: | ---: |
| `api:torch.cuda.x` | 2 | 1 | 1 |
| `file:cuda-source` | 1 | 0 | 0 |

### Could not be checked

```text
e.py:4: error: does not parse
```

### `a.py`

```text
1:5: torch.cuda.x: api:torch.cuda.x do it [fixable: → torch.cuda.y]
2:5: torch.cuda.x: api:torch.cuda.x do it
```

### `k/c.cu`

```text
1:1: c.cu: file:cuda-source do it
```

### In the baseline but gone

```text
b.py: device:cuda "cuda" (2 times)
```
"""
    assert render_markdown(mixed()) == expected


def test_summary_of_nothing_is_the_sum() -> None:
    assert render_markdown(check()) == "## accel-migrate check\n\nno CUDA left; 7 files checked for npu in 1.25 s\n"


def test_nothing_of_a_repository_is_markup() -> None:
    shown = list(tokens(render_markdown(hostile())))
    kinds = {token.type for token in shown}
    assert kinds <= {
        "heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "text", "code_inline", "fence",
        "table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close",
        "tr_open", "tr_close", "th_open", "th_close", "td_open", "td_close",
    }  # fmt: skip
    texts = " ".join(token.content for token in shown if token.type == "text")
    assert not set("@<>`[]#") & set(texts)
    assert "://" not in texts
    fences = "".join(token.content for token in shown if token.type == "fence")
    assert all(inert(text) in fences for text in HOSTILE)


def test_table_has_a_row_for_each_rule_whatever_it_is_called() -> None:
    shown = list(tokens(render_markdown(hostile())))
    rows = [token for token in shown if token.type == "tr_open"]
    cells = [token for token in shown if token.type == "td_open"]
    assert len(rows) == 1 + len(HOSTILE)
    assert len(cells) == 4 * len(HOSTILE)
    assert "`a\\x7cb\\\\x7cc`" in render_markdown(hostile())


def test_table_of_many_rules_is_cut() -> None:
    text = render_markdown(check(*(leftover(rule_id=f"r:{number}") for number in range(300))))
    assert "| and 100 more rules | | | |" in text


@pytest.mark.parametrize("message", ["x" * 300, "日" * 300, "`" * 300])
def test_summary_ends_before_one_mebibyte_and_says_what_was_cut(message: str) -> None:
    one = [fixable("a.py", line, message=message) for line in range(1, 5001)]
    many = [fixable(f"{number}.py", message=message) for number in range(5000)]
    errors = tuple(error(f"{number}.py", message) for number in range(5000))
    for result in (check(*one), check(*many), check(errors=errors), check(*one, *many, errors=errors)):
        text = render_markdown(result)
        assert len(text.encode()) < MIB
        shown = text.count("do it") or text.count(message)
        assert shown > 500
        assert "more lines are not shown: a summary holds 1 MiB.**" in text
        assert not any(token.type.startswith("html") for token in tokens(text))


def test_number_of_lines_that_are_cut_is_right() -> None:
    items = [leftover(f"{number}.py", message="x" * 1000) for number in range(2000)]
    text = render_markdown(check(*items))
    cut = 2000 - text.count("x" * 1000)
    assert f"**{cut:,} more lines are not shown" in text

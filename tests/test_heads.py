"""Files that are looked at for imports alone: what is found in the head of one is what is found in all of it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import EVERY_TARGET, findings, result_of, table

from migrate import engine, heads
from migrate.finder import Finder
from migrate.heads import head_of
from migrate.model import Rule

SITES = table("npu").sites
IMPORT = "from transformers import AutoModel\n"
LONG = "".join(f"def f{number}(x):\n    return x\n" for number in range(9))
ABOVE = [
    '"""Of a model."""\n', "import torch\n", "x = 1\n", "try:\n    ", "if x:\n    ", "def f():\n    ", "class A:\n    ",
    '"""\n', "x = [\n", "x = \\\n", "@f\n", "# a comment\n", "\n", "\f", "if x: ",
]  # fmt: skip
IMPORTS = [
    IMPORT, "import bitsandbytes as bnb\n", "import apex.amp, os\n", "from triton import (\n    jit,\n)\n",
    "import accelerate; accelerate = None\n", "from flash_attn import a as b, \\\n    c\n", "import deepspeed\r\n",
]  # fmt: skip
BELOW = [
    "except ImportError:\n    AutoModel = None\n", "else:\n    AutoModel = None\n", '"""\n', "]\n", "x = 1\n",
    "    y = 2\n",
    "transformers = accelerate = None\n", "def f():\n    global bnb\n", "@f\nclass A:\n    def to(self): pass\n",
    "elif y:\n    import bitsandbytes\n", "finally:\n    pass\n", "0 + 0\n", "(x)\n", "é = 1\n",
    "match x:\n    case 1: pass\n",
    "import os\n", "if TYPE_CHECKING:\n    import triton\n", "for x in y: pass\n", "\n", LONG,
]  # fmt: skip
texts = st.tuples(
    st.lists(st.sampled_from(ABOVE), max_size=3), st.lists(st.sampled_from(IMPORTS), min_size=1, max_size=2),
    st.lists(st.sampled_from(BELOW), max_size=5),
).map(lambda parts: "".join("".join(part) for part in parts))  # fmt: skip


def head(text: str, target: str = "npu") -> str:
    return head_of(text, Finder(text, table(target).sites), table(target))


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the engine parses."""
    seen: list[str] = []
    parse: Callable[[str], ast.Module] = engine.parse
    monkeypatch.setattr(engine, "parse", lambda text: seen.append(text) or parse(text))
    return seen


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (IMPORT, IMPORT),
        (f"import torch\n\n{IMPORT}\n# then\n\n@f\nclass A:\n    pass\n", f"import torch\n\n{IMPORT}\n# then\n\n"),
        (f"try:\n    {IMPORT}except ImportError:\n    x = 1\n", f"try:\n    {IMPORT}except ImportError:\n    x = 1\n"),
        (f"if x:\n    {IMPORT}elif y:\n    x = 1\nelse:\n    x = 2\nelsewhere = 1\n",
         f"if x:\n    {IMPORT}elif y:\n    x = 1\nelse:\n    x = 2\n"),
        ("from transformers import (\n    A,\n)\nx = 1\n", "from transformers import (\n    A,\n)\n"),
        (f"x = 1; {IMPORT}{IMPORT}", f"x = 1; {IMPORT}{IMPORT}"),
    ],
)  # fmt: skip
def test_head_ends_at_a_statement_below_the_last_import(text: str, expected: str) -> None:
    assert head(text + LONG) == expected


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        IMPORT,
        IMPORT + "x = 1\n",  # all of it costs no more
        f"{IMPORT}{LONG}# CUDA\n",
        f"import torch\n{IMPORT}{LONG}x = GradScaler\n",
        f"{IMPORT}{LONG}x = 1  # accel: ignore\n",
        f"{IMPORT}{LONG}setup(install_requires=[])\n",
        IMPORT.replace("\n", "\r\n") + LONG.replace("\n", "\r\n"),
        f"{LONG}{IMPORT}",
    ],
)
def test_all_of_a_text_is_looked_at_where_more_than_imports_is_in_it(text: str) -> None:
    assert head(text) == ""


def test_only_the_head_is_parsed(parsed: list[str]) -> None:
    (finding,) = findings(f"{IMPORT}{LONG}x = = 1\n")
    assert (finding.rule_id, finding.safety, finding.line) == ("package:transformers", "left", 1)
    assert parsed == [IMPORT]


@pytest.mark.parametrize(
    "text",
    [
        f'"""\n{IMPORT}x = 1\n"""\n{LONG}',  # in a string, whose end would be missing
        f"x = [\n{IMPORT}x\n]\n{LONG}",  # which is no Python at all
        f"from torch import is_autocast_enabled\n{IMPORT}{LONG}".replace("return x", "return autocast"),
    ],
)
def test_all_of_a_text_is_parsed_where_its_head_does_not_tell(text: str, parsed: list[str]) -> None:
    result_of(text.encode())
    assert parsed[-1] == text


def test_what_is_edited_is_judged_by_all_of_the_text(parsed: list[str]) -> None:
    text = f"import apex\n{LONG}"
    row = Rule("package", "apex", "renamed", "", to="apex_npu")
    renaming = replace(table("npu"), rules={**table("npu").rules, row.id: row})
    assert not engine.migrate_python(text, table("npu"), engine.NOTHING_KNOWN)[0].edits
    assert parsed == ["import apex\n"]
    assert engine.migrate_python(text, renaming, engine.NOTHING_KNOWN)[0].edits
    assert text in parsed


@settings(max_examples=600, derandomize=True, deadline=None)
@given(texts, st.sampled_from(EVERY_TARGET))
def test_head_finds_what_the_whole_finds(text: str, target: str) -> None:
    try:
        ast.parse(text)
    except SyntaxError:
        return
    short = head(text, target)
    if short:
        statements = ast.parse(short).body
        assert list(map(ast.dump, statements)) == list(map(ast.dump, ast.parse(text).body[: len(statements)]))
    found = result_of(text.encode(), target)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heads, "head_of", lambda *_: "")
        assert result_of(text.encode(), target) == found

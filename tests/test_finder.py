"""The search that says which files are looked at: nothing that the tables speak of escapes it."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import TARGETS, findings, result_of, table

from migrate.finder import Finder, may_mention

SITES = table("npu").sites
many = settings(max_examples=200, derandomize=True, deadline=None)
IMPORTS = [
    "import {}", "import {} as x", "from {} import x", "from {}.y import x", "import {}.y", "import os, {}",
    "import os as o, {} as x", "if x: import {}", "x = 1; import {}", "if x:\n\timport {}", "try: from {} import x\n",
    "import  {}", "from\t{} import x", "x = 1\r\nfrom {} import (\r\n    x)\r\n", "x = 1\rimport {}\r",
    "from {} import *",
]  # fmt: skip


def reasons(text: str) -> list[str]:
    """What in a text makes us look."""
    finder = Finder(text, SITES)
    return [text[start:end] for start, end in (*finder.mentions, *finder.reasons_to_look())]


def is_looked_at(text: str) -> bool:
    return bool(result_of(text.encode()).digest)


@pytest.mark.parametrize("word", SITES.words)
def test_word_alone_makes_us_look_in_any_case(word: str) -> None:
    for text in (word, word.upper(), word.title(), f"x_{word}y"):
        assert may_mention(text.encode(), SITES)
        assert len(reasons(text)) == 1
        assert is_looked_at(f"# {text}\n")
        assert [finding.rule_id for finding in findings(f"x = 1  # {text}\n")] == ["left:comment"]


@pytest.mark.parametrize("trigger", SITES.triggers)
def test_trigger_makes_us_look_beside_torch(trigger: str) -> None:
    for text in (f"torch {trigger}", f"{trigger.upper()} Torch"):
        assert may_mention(text.encode(), SITES)
        assert trigger in map(str.lower, reasons(text))
        assert is_looked_at(f"# {text}\n")
    assert not may_mention(trigger.encode(), SITES)


@many
@given(st.lists(st.sampled_from([*SITES.triggers, *SITES.words, "x", " ", "grad", "İ", "ß", "auto", "\n"]), max_size=8))
def test_no_stem_hides_a_trigger_and_no_letter_shifts_a_word(parts: list[str]) -> None:
    text = "torch " + "".join(parts)
    assert may_mention(text.encode(), SITES) == bool(reasons(text))
    plain = text.replace("İ", "i").replace("ß", "s").lower()
    for word in (*SITES.words, *SITES.triggers):
        assert (word in plain) <= (word in map(str.lower, reasons(text)))
    for start, end in Finder(text, SITES).mentions:
        assert plain[start:end] in SITES.words


@pytest.mark.parametrize("name", ["AsyncClient", "ConvMlp", "convMlp"])
def test_word_that_a_name_holds_by_chance_is_none(name: str) -> None:
    assert reasons(name) == []


@pytest.mark.parametrize("package", SITES.packages)
@pytest.mark.parametrize("form", IMPORTS)
def test_import_of_a_package_makes_us_look(form: str, package: str) -> None:
    text = form.format(package)
    assert may_mention(text.encode(), SITES)
    assert any(reason.endswith(package) for reason in reasons(text))
    assert is_looked_at(text)


@pytest.mark.parametrize("package", SITES.packages)
@pytest.mark.parametrize("form", ["# {}\n", "x = '{}'\n", "import my_{}\n", "from .{} import x\n", "import {}z\n"])
def test_package_that_is_not_imported_is_no_reason(form: str, package: str) -> None:
    text = form.format(package)
    expected = any(word in package for word in SITES.words)
    assert may_mention(text.encode(), SITES) == expected


@pytest.mark.parametrize("target", TARGETS)
def test_every_name_that_mentions_the_source_in_a_table_is_found(target: str) -> None:
    missed = [
        rule.key
        for rule in table(target).rules.values()
        if rule.kind in ("api", "env") and not rule.together and not reasons(f"torch {rule.key}(rank)")
    ]
    assert missed == []


@pytest.mark.parametrize(
    "text", ["flash-attn", "Flash_Attn>=2", '"cupy.cuda12x"', "pip install -q xformers\n", "x=ray\n"]
)
def test_name_on_the_registry_makes_us_look_where_packages_are_listed(text: str) -> None:
    assert may_mention(text.encode(), SITES, "requirements")
    assert not may_mention(b"array stray x9ray", SITES, "requirements")
    assert may_mention(text.encode(), SITES, "json") == ("cuda" in text)


def test_file_without_a_reason_is_searched_in_no_time() -> None:
    data = b"lorem ipsum a-r-r-a-y cu cud xx-- " * 30_000
    start = process_time()
    assert not may_mention(data, SITES, "yaml")
    assert process_time() - start < 1

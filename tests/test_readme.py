"""What README.md shows is what the tool does. `pytest --update` writes its examples anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import pytest
from click.testing import CliRunner
from kit import findings, migrated

from migrate.cli import main
from migrate.config import load_config

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
USAGE = ROOT / "docs" / "usage.md"
_BLOCK = re.compile(r"(?:<!-- (?P<mark>\w+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)[^)]*\)")
_ELIDED = "[... the diffs of model.py and train.py ...]\n"


def blocks(language: str, mark: str | None = None) -> list[str]:
    """The fenced blocks of the README in one language that carry a mark, or none."""
    found = _BLOCK.finditer(README.read_text("utf-8"))
    return [match["text"] for match in found if (match["language"], match["mark"]) == (language, mark)]


def check_block(old: str, new: str, update: bool) -> None:
    """The README shows `new`; with `--update` it is written over `old`."""
    if update and old != new:
        text = README.read_text("utf-8")
        README.write_text(text.replace(f"```\n{old}```" if not old else f"\n{old}```", f"\n{new}```", 1), "utf-8")
        pytest.fail("recorded in README.md: read the diff", pytrace=False)
    assert old == new


def test_output_of_the_sample(update: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(main, ["--target", "npu", "--diff", "examples/train"])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines(keepends=True)
    first, last = lines.index("diff --git a/model.py b/model.py\n"), lines.index("\n")
    shown = "".join([*lines[:first], _ELIDED, *lines[last:]])
    (block,) = blocks("text", "output")
    seconds = re.search(r"[\d.]+ s, ", block)
    shown = re.sub(r"[\d.]+ s, ", seconds[0] if seconds else "0.20 s, ", shown)
    check_block(block, shown, update)


@pytest.mark.parametrize("block", blocks("diff"), ids=lambda block: block.splitlines()[0][2:30])
def test_diff_is_what_the_tool_does(block: str, update: bool) -> None:
    before = "".join(line[1:] for line in block.splitlines(keepends=True) if line[0] in " -")
    lines = unified_diff(before.splitlines(keepends=True), migrated(before).splitlines(keepends=True), n=len(before))
    check_block(block, "".join(list(lines)[3:]), update)


def test_what_is_left_is_left() -> None:
    (block,) = blocks("python", "left")
    assert {(finding.safety, finding.edits) for finding in findings(block)} == {("left", ())}
    assert {finding.line for finding in findings(block)} >= set(lines_mentioning_cuda(block))


def test_what_is_reported_is_reported() -> None:
    (block,) = blocks("python", "manual")
    assert {(finding.safety, finding.edits) for finding in findings(block)} == {("manual", ())}
    assert {finding.line for finding in findings(block)} == set(statements(block))


def lines_mentioning_cuda(text: str) -> Iterator[int]:
    return (number for number, line in enumerate(text.splitlines(), 1) if "cuda" in line.lower())


def statements(text: str) -> Iterator[int]:
    return (number for number, line in enumerate(text.splitlines(), 1) if line.strip() and line.strip() != "...")


def test_settings_are_known(tmp_path: Path) -> None:
    (block,) = blocks("toml")
    (tmp_path / "pyproject.toml").write_text(block)
    config = load_config(tmp_path, {})
    assert (config.target, config.min_torch) == ("npu", "2.5")


def test_continuous_integration_runs_the_command_of_the_readme() -> None:
    (command,) = blocks("sh", "tests")
    script = ROOT / ".ci" / "run"
    if not script.exists():
        pytest.skip("not in the source distribution")
    assert f"\n{command}" in script.read_text()


def test_every_option_is_described() -> None:
    described = USAGE.read_text("utf-8")
    options = [name for option in main.commands["migrate"].params for name in option.opts if name.startswith("-")]
    assert [name for name in options if f"`{name}" not in described] == []


@pytest.mark.parametrize("page", [README, *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in _LINK.findall(page.read_text("utf-8")) if not link.endswith(("report.md", ".json"))]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("path", sorted((ROOT / "examples").rglob("*.py")), ids=lambda path: path.name)
def test_sample_is_python(path: Path) -> None:
    compile(path.read_text("utf-8"), str(path), "exec")

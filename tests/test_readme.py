"""What README.md and docs/ show is what the tool does. `pytest --update` writes their examples anew."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from difflib import unified_diff
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from kit import findings, migrated

from migrate.cli import main
from migrate.config import Config, load_config
from migrate.table import RULES, read_table
from migrate.toml import parse_toml

ROOT = Path(__file__).parent.parent
README, DOCS = ROOT / "README.md", ROOT / "docs"
PAGES = (README, *sorted(DOCS.glob("*.md")))
_BLOCK = re.compile(
    r"(?:<!-- (?P<mark>\w+) -->\n)?^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.M | re.S
)
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)[^)]*\)")
_SECONDS = re.compile(r"[\d.]+ s, ")
_ELIDED = "[... the diffs of model.py and train.py ...]\n"


def blocks(page: Path, language: str, mark: str | None = None) -> list[str]:
    """The fenced blocks of a page in one language that carry a mark, or none."""
    found = _BLOCK.finditer(page.read_text("utf-8"))
    picked = [match for match in found if (match["language"], match["mark"]) == (language, mark)]
    return [re.sub(f"^{match['indent']}", "", match["text"], flags=re.M) for match in picked]


def diffs() -> Iterator[object]:
    for page in PAGES:
        for block in blocks(page, "diff"):
            yield pytest.param(page, block, id=f"{page.stem}-{block.splitlines()[0][1:30]}")


def check_block(page: Path, old: str, new: str, update: bool) -> None:
    """The page shows `new`; with `--update` it is written over `old`."""
    if update and old != new:
        page.write_text(page.read_text("utf-8").replace(f"\n{old}```", f"\n{new}```", 1), "utf-8")
        pytest.fail(f"recorded in {page}: read the diff", pytrace=False)
    assert old == new


def test_output_of_the_sample(update: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(main, ["--target", "npu", "--diff", "examples/train"])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines(keepends=True)
    first, last = lines.index("diff --git a/model.py b/model.py\n"), lines.index("\n")
    shown = "".join([*lines[:first], _ELIDED, *lines[last:]])
    (block,) = blocks(README, "text", "output")
    seconds = _SECONDS.search(block)
    check_block(README, block, _SECONDS.sub(seconds[0] if seconds else "0.20 s, ", shown), update)


@pytest.mark.parametrize(("page", "block"), tuple(diffs()))
def test_diff_is_what_the_tool_does(page: Path, block: str, update: bool) -> None:
    before = "".join(line[1:] for line in block.splitlines(keepends=True) if line[0] in " -")
    lines = unified_diff(before.splitlines(keepends=True), migrated(before).splitlines(keepends=True), n=len(before))
    check_block(page, block, "".join(list(lines)[3:]), update)


def test_what_is_left_is_left() -> None:
    (block,) = blocks(README, "python", "left")
    found = findings(block)
    assert {(finding.safety, finding.edits) for finding in found} == {("left", ())}
    assert {finding.line for finding in found} >= set(numbers(block, "cuda"))


def test_what_is_reported_is_reported() -> None:
    (block,) = blocks(README, "python", "manual")
    found = findings(block)
    assert {(finding.safety, finding.edits) for finding in found} == {("manual", ())}
    assert {finding.line for finding in found} == set(numbers(block, ""))


def numbers(text: str, word: str) -> Iterator[int]:
    """The numbers of the lines that hold a word."""
    return (number for number, line in enumerate(text.lower().splitlines(), 1) if line.strip() and word in line)


@pytest.mark.parametrize("page", [README, DOCS / "usage.md"], ids=lambda page: page.name)
def test_settings_are_known(page: Path, tmp_path: Path) -> None:
    (block,) = blocks(page, "toml")
    (tmp_path / "pyproject.toml").write_text(block, "utf-8")
    config = load_config(tmp_path, {})
    assert (config.target, config.min_torch, config.jobs) == ("npu", "2.5", 4)


def test_rows_shown_are_rows(tmp_path: Path) -> None:
    header, _, _ = (RULES / "npu.toml").read_text("utf-8").partition("[[namespace]]")
    rows = blocks(DOCS / "adding-a-row.md", "toml")
    (tmp_path / "npu.toml").write_text("\n".join([header, *rows]), "utf-8")
    assert read_table(tmp_path / "npu.toml").rule("api", "torch.cuda.can_device_access_peer")


def test_target_shown_is_a_target(tmp_path: Path) -> None:
    (block,) = blocks(DOCS / "adding-a-target.md", "toml")
    (tmp_path / "acme.toml").write_text(block, "utf-8")
    assert read_table(tmp_path / "acme.toml").target.words.device == "acme"


def test_use_from_python_works(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    (block,) = blocks(DOCS / "usage.md", "python")
    exec(block, {})
    assert "safe method:is_cuda" in capsys.readouterr().out


def test_continuous_integration_runs_the_command_of_the_readme() -> None:
    (command,) = blocks(README, "sh", "tests")
    script = ROOT / ".ci" / "run"
    if not script.exists():
        pytest.skip("not in the source distribution")
    assert f"'{command.strip()}'" in script.read_text("utf-8")


def section(page: Path, *titles: str) -> str:
    """The text of sections of a page, by title."""
    parts = re.split(r"^## (.*)\n", page.read_text("utf-8"), flags=re.M)
    texts = dict(zip(parts[1::2], parts[2::2], strict=True))
    return "".join(texts[title] for title in titles)


SECTIONS = {
    "migrate": ["Options"],
    "check": ["check"],
    "baseline": ["check", "baseline"],
    "rules": ["rules"],
    "explain": ["explain"],
    "undo": ["undo"],
    "verify": ["Options"],
}
DESCRIBED = {"verify": DOCS / "verify.md"}


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_option_is_described(name: str) -> None:
    described = section(DESCRIBED.get(name, DOCS / "usage.md"), *SECTIONS[name])
    options = [word for option in main.commands[name].params for word in option.opts if word.startswith("-")]
    assert [word for word in options if f"`{word}" not in described] == []


@pytest.mark.parametrize("name", ["check", "migrate", "verify"])
def test_no_option_is_described_that_there_is_not(name: str) -> None:
    page = DESCRIBED.get(name, DOCS / "usage.md")
    described = re.findall(r"^\| `(-.*?)[` ]", section(page, *SECTIONS[name]), re.M)
    options = {word for option in main.commands[name].params for word in (*option.opts, *option.secondary_opts)}
    assert set(described) - options <= {"--help"}


def test_every_setting_is_described() -> None:
    (block,) = blocks(DOCS / "usage.md", "toml")
    described = set(parse_toml(block.encode())["tool"]["accel-migrate"])
    assert described == {field.name.replace("_", "-") for field in fields(Config)}


def test_commands_shown_for_ci_are_commands() -> None:
    shown = "".join(blocks(DOCS / "ci.md", "sh") + blocks(DOCS / "ci.md", "yaml"))
    found = re.findall(r"accel-migrate (check|baseline) (-.*)", shown)
    assert len(found) >= 4
    for name, words in found:
        main.commands[name].make_context(name, shlex.split(words.partition(" > ")[0]))


def test_configurations_shown_for_ci_fit_the_hooks_and_the_action() -> None:
    pages = [yaml.safe_load(block) for block in blocks(DOCS / "ci.md", "yaml")]
    hooks = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    used = {hook["id"] for page in pages for repo in page.get("repos", []) for hook in repo["hooks"]}
    assert used == hooks
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    steps = [step for page in pages for job in page.get("jobs", {}).values() for step in job["steps"]]
    given = [step["with"] for step in steps if step["uses"].startswith("OWNER/accel-migrate@")]
    assert len(given) == 2
    assert {name for names in given for name in names} <= set(action["inputs"])
    described = section(DOCS / "ci.md", "GitHub Actions")
    assert [name for name in (*action["inputs"], *action["outputs"]) if f"| `{name}` |" not in described] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in _LINK.findall(page.read_text("utf-8")) if not link.endswith(("report.md", "schema.json"))]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("path", sorted((ROOT / "examples").rglob("*.py")), ids=lambda path: path.name)
def test_sample_is_python(path: Path) -> None:
    compile(path.read_text("utf-8"), str(path), "exec")

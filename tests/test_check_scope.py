"""What check speaks of: standard input, a baseline, added lines, rules and paths."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from checking import ALL, BROKEN, CLEAN, MIXED, RULES, baseline, check, configure, feed, found, project
from kit import CUDA, command, git, tree


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = project(tmp_path)
    monkeypatch.chdir(root)
    return root


def test_standard_input_is_checked_under_its_name(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo / "pkg")
    feed(monkeypatch, CUDA)
    code, out, _ = check("--format", "concise", "--stdin-filename", "new.py", "-")
    assert (code, out.split(" ")[0]) == (1, "pkg/new.py:2:5:")
    feed(monkeypatch, CLEAN)
    assert check("-").code == 0
    feed(monkeypatch, BROKEN)
    assert check("-").code == 2


def test_standard_input_is_compared_with_the_entries_of_its_name_only(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(repo, {"b.py": CUDA})
    baseline("known.jsonl")
    feed(monkeypatch, MIXED)
    assert check("--baseline", "known.jsonl", "--stdin-filename", "a.py", "-").code == 0
    feed(monkeypatch, CLEAN)
    assert check("--baseline", "known.jsonl", "--stdin-filename", "a.py", "-").code == 1


@pytest.mark.parametrize(("force", "code"), [([], 1), (["--force-exclude"], 0)])
def test_standard_input_of_an_excluded_name(
    repo: Path, monkeypatch: pytest.MonkeyPatch, force: list[str], code: int
) -> None:
    feed(monkeypatch, CUDA)
    assert check("--exclude", "third_party", *force, "--stdin-filename", "third_party/x.py", "-").code == code


def test_baseline_makes_what_it_lists_known_and_what_is_gone_fixed(repo: Path) -> None:
    baseline("known.jsonl")
    assert (check("--baseline", "known.jsonl").code, found("--baseline", "known.jsonl")) == (0, [f"({x})" for x in ALL])
    tree(repo, {"b.py": CUDA})
    assert check("--baseline", "known.jsonl").code == 1
    assert found("--baseline", "known.jsonl")[3:] == ["b.py api:torch.cuda.is_available"]
    tree(repo, {"a.py": CUDA, "b.py": CLEAN})
    code, out, _ = check("--baseline", "known.jsonl")
    assert (code, out.splitlines()[-1].partition(";")[0]) == (1, "0 new leftovers, 1 known, 2 fixed")
    assert check("--baseline", "known.jsonl", "--allow-fixed").code == 0


def test_baseline_is_printed_where_no_output_is_named(repo: Path) -> None:
    baseline("known.jsonl")
    code, out, err = command("baseline", "--target", "npu")
    assert (code, err) == (0, "")
    assert out == (repo / "known.jsonl").read_text("ascii")


def test_baseline_speaks_of_the_files_that_are_looked_at_and_of_those_that_are_gone(repo: Path) -> None:
    tree(repo, {"b.py": CUDA, "c.py": CUDA})
    baseline("known.jsonl")
    tree(repo, {"b.py": CLEAN})
    assert check("--baseline", "known.jsonl", "a.py").code == 0
    (repo / "c.py").unlink()
    assert check("--baseline", "known.jsonl", "a.py").code == 1


def test_file_that_cannot_be_checked_has_fixed_nothing(repo: Path) -> None:
    baseline("known.jsonl")
    tree(repo, {"a.py": BROKEN})
    code, out, _ = check("--baseline", "known.jsonl", "--format", "json")
    assert (code, json.loads(out)["fixed"]) == (2, [])


def test_baseline_of_the_settings_is_beside_them_and_can_be_written_anew(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(repo, 'baseline = "known.jsonl"\nallow-fixed = true\n')
    assert check().code == 2
    baseline("known.jsonl")
    monkeypatch.chdir(repo / "pkg")
    assert check("..").code == 0
    tree(repo, {"a.py": CLEAN})
    assert check("..").code == 0
    baseline("../known.jsonl", "..")
    assert len((repo / "known.jsonl").read_bytes().splitlines()) == 1


def test_diff_base_asks_for_added_lines_only(repo: Path) -> None:
    tree(repo, {"a.py": MIXED.replace(b"y =", b"yy ="), "new.py": CUDA})
    assert found("--diff-base", "HEAD") == ["a.py method:cuda", "new.py api:torch.cuda.is_available"]
    git(repo, "add", "--all")
    git(repo, "commit", "-q", "-m", "second")
    assert check("--diff-base", "HEAD").code == 0
    assert found("--diff-base", "HEAD~1", "new.py") == ["new.py api:torch.cuda.is_available"]


@pytest.mark.parametrize(
    ("arguments", "rules"),
    [
        (["--select", "device"], RULES[2:]),
        (["--select", "device:cuda", "--select", "api"], [RULES[0], RULES[2]]),
        (["--select", "api:torch.cuda"], RULES[:1]),
        (["--select", "api:torch.cu"], []),
        (["--ignore", "method"], [RULES[0], RULES[2]]),
        (["--select", "api", "--ignore", "api:torch.cuda.is_available"], []),
    ],
)
def test_rules_are_selected_and_ignored(repo: Path, arguments: list[str], rules: list[str]) -> None:
    assert found(*arguments) == [f"a.py {rule}" for rule in rules]
    assert check(*arguments).code == (1 if rules else 0)


def test_rules_are_selected_and_ignored_by_the_settings(repo: Path) -> None:
    tree(repo, {"tests/b.py": MIXED})
    configure(repo, 'select = ["api", "method"]\nignore = ["method"]\nper-file-ignores = {"tests/*" = ["api"]}\n')
    assert found() == ALL[:1]
    assert found("--select", "device") == [ALL[2], "tests/b.py device:cuda"]
    assert found("--ignore", "api") == []


def test_excluded_file_is_checked_if_it_is_named_unless_exclusion_is_forced(repo: Path) -> None:
    assert found("--exclude", "a.py") == []
    assert found("--exclude", "a.py", "a.py") == ALL
    assert found("--exclude", "a.py", "--force-exclude", "a.py") == []
    configure(repo, 'exclude = ["a.py"]\nforce-exclude = true\n')
    assert found("a.py") == []


@pytest.mark.parametrize("where", [".", "pkg", "..", "pkg/deep"])
def test_paths_are_relative_to_the_project_wherever_the_check_is_started(
    repo: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    tree(repo, {"pkg/deep/b.py": CUDA, "vendored/c.py": CUDA})
    configure(repo, 'exclude = ["vendored"]\n')
    monkeypatch.chdir(repo / where)
    assert found(repo) == [*ALL, "pkg/deep/b.py api:torch.cuda.is_available"]
    assert found(repo / "pkg" / "deep") == ["pkg/deep/b.py api:torch.cuda.is_available"]
    assert found(repo / "pkg" / "deep" / "b.py") == ["pkg/deep/b.py api:torch.cuda.is_available"]
    assert found(repo / "vendored") == []

"""A repository that somebody else prepared: it runs nothing, leads nowhere, and is shown without being obeyed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from kit import CUDA, NPU, command, git, repository, tree

from migrate import vcs
from migrate.report.formats import FORMATS
from migrate.report.shown import quiet_line

MODES = ("diff", "place", "output", "check", "baseline")
PATHS = (
    "::error::x.py", " ::stop-commands::x.py", "##[error]x.py", "##vso[task.complete]x.py", "a\n::error::x.py",
    "%0A::error::x.py", "a|b.py", "`a`.py", "<script>alert(1)<!--.py", "]]>.py", "=1+1.py", "+1.py", "@a.py", "-x.py",
    "\x1b[2J.py", "\x1b]8;;http:a\x07.py", "\u202egnp.py", "\udcff.py", "a\r.py", "'\"&.py", "${{a}}.py",
)  # fmt: skip
LINES = "::error::x  ##[error]x \x1b[31m \x1b]8;;http:a\x07 \u202e ]]> </script> | `` ``` =1 [a](http:b) ${{a}}"
CODE = (
    f"import torch\n'''\n{LINES}\n ::add-mask::x\n'''\nx = torch.cuda.nothing('{LINES}')\ny = torch.cuda.x\n".encode()
)


def outcome(mode: str, root: Path) -> tuple[int, str, str]:
    """What a command does with a repository, whatever it comes to."""
    commands: dict[str, list[object]] = {
        "diff": ["--target", "npu", "--diff", root],
        "place": ["--target", "npu", "--allow-dirty", "--allow-no-vcs", root],
        "output": ["--target", "npu", "--output", root.parent / "out", root],
        "check": ["check", "--target", "npu", root],
        "baseline": ["baseline", "--target", "npu", root],
    }
    return command(*commands[mode])


@pytest.mark.parametrize("mode", MODES)
def test_links_pipes_and_circles_lead_nowhere(tmp_path: Path, mode: str) -> None:
    secret = tree(tmp_path / "outside", {"secret.py": CUDA}) / "secret.py"
    root = tree(tmp_path / "repo", {"a.py": CUDA, "pkg/b.py": b"", "__pycache__/c.py": CUDA})
    for name, target in {
        "out.py": "../outside/secret.py", "circle.py": "circle.py", "pkg/up": "..", "folder.py": "../outside",
        "null.py": "/dev/zero", "gone.py": "nothing", "around": "../repo/around",
    }.items():  # fmt: skip
        (root / name).symlink_to(target)
    os.mkfifo(root / "pipe.py")
    os.mkfifo(root / "pipe")
    code, out, err = outcome(mode, root)
    assert code == 2
    said = out + err
    for name in ("out.py", "folder.py", "null.py"):
        assert f"{name}: " in said
        assert "a symbolic link out of the tree" in said
    assert "pipe.py: " in said
    assert secret.read_bytes() == CUDA
    assert (root / "a.py").read_bytes() == (NPU if mode == "place" else CUDA)
    if mode == "output":
        assert (tmp_path / "out" / "a.py").read_bytes() == NPU


@pytest.mark.parametrize("name", ["huge.py", "huge.sh", "huge.json", "huge.ipynb"])
def test_file_of_a_gigabyte_is_not_read_into_memory(tmp_path: Path, name: str) -> None:
    tree(tmp_path, {"a.py": CUDA, name: b"cuda\n" if name == "huge.json" else b""})
    os.truncate(tmp_path / name, 1_000_000_000)
    started = time.process_time()
    code, out, _ = command("--target", "npu", "--diff", tmp_path)
    assert time.process_time() - started < 2
    assert "1 rewritten" in out
    assert code == (0 if name == "huge.json" else 2)


def test_folders_in_folders_are_walked_and_copied_or_said(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    deep = root
    root.mkdir()
    for _ in range(400):
        deep = deep / "dd"
        os.mkdir(deep)
    (deep / "a.py").write_bytes(CUDA)
    assert command("--target", "npu", "--diff", "-q", root).out.startswith("1 reference: 1 rewritten")
    code, _, err = command("--target", "npu", "-q", "--output", tmp_path / "out", root)
    assert code == 0 or "cannot write the copy: " in err


@pytest.mark.skipif(os.geteuid() == 0, reason="every folder can be listed")
def test_folder_that_cannot_be_listed_is_said(tmp_path: Path) -> None:
    tree(tmp_path, {"a.py": CUDA, "closed/b.py": CUDA})
    (tmp_path / "closed").chmod(0)
    try:
        code, out, _ = command("--target", "npu", "--diff", tmp_path)
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert (code, "error: closed/: a folder that cannot be listed" in out) == (2, True)


TRAPS = {
    "core.fsmonitor": "{run}", "core.hooksPath": "hooks", "core.pager": "{run}", "core.editor": "{run}",
    "core.sshCommand": "{run}", "core.askPass": "{run}", "core.gitProxy": "{run}", "diff.external": "{run}",
    "diff.evil.command": "{run}", "diff.evil.textconv": "{run}", "filter.evil.clean": "{run}",
    "filter.evil.smudge": "{run}", "filter.evil.process": "{run}", "merge.evil.driver": "{run}",
    "alias.ls-files": "!{run}", "alias.status": "!{run}", "pager.status": "{run}", "pager.diff": "{run}",
    "gpg.program": "{run}", "log.showSignature": "true", "credential.helper": "!{run}",
    "interactive.diffFilter": "{run}",
    "include.path": "../evil.inc", "remote.origin.url": "ext::{run}", "uploadpack.packObjectsHook": "{run}",
    "core.alternateRefsCommand": "{run}", "submodule.sub.update": "!{run}", "trailer.a.command": "{run}",
}  # fmt: skip


@pytest.mark.parametrize("mode", ["diff", "place", "added", "baseline"])
def test_nothing_that_the_settings_of_git_name_is_run(tmp_path: Path, mode: str) -> None:
    run = tree(tmp_path, {"run.sh": f"#!/bin/sh\ntouch '{tmp_path}/ran'\ncat\n".encode()}) / "run.sh"
    run.chmod(0o755)
    attributes = b"* filter=evil diff=evil merge=evil\n"
    root = repository(tmp_path / "repo", {"a.py": CUDA, ".gitattributes": attributes})
    tree(root, {"evil.inc": f"[core]\n\tfsmonitor = {run}\n[diff]\n\texternal = {run}\n".encode()})
    for name in ("post-index-change", "pre-commit", "post-checkout", "reference-transaction", "fsmonitor-watchman"):
        for folder in (root / "hooks", root / ".git" / "hooks"):
            folder.mkdir(exist_ok=True)
            (folder / name).write_bytes(run.read_bytes())
            (folder / name).chmod(0o755)
    for name, value in TRAPS.items():
        git(root, "config", name, value.format(run=run))
    (tmp_path / "ran").unlink(missing_ok=True)
    tree(root, {"a.py": CUDA + b"y = 1\n"})
    if mode == "added":
        code, out, _ = command("check", "--target", "npu", "--diff-base", "HEAD", root)
        assert (code, "no CUDA left" in out) == (0, True)
    else:
        assert outcome(mode, root)[0] == 0
    assert not (tmp_path / "ran").exists()


def test_git_that_does_not_answer_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vcs, "_PATIENCE", 0.3)
    root = repository(tmp_path / "repo", {"a.py": CUDA})
    os.mkfifo(root / "pipe")
    git(root, "config", "include.path", str(root / "pipe"))
    assert outcome("diff", root)[0] == 0
    code, out, err = command("--target", "npu", root)
    assert (code, out) == (2, "")
    assert f"accel-migrate: git does not work in {root}: it gave no answer in 0.3 seconds\n" in err


@pytest.mark.parametrize("where", ["elsewhere", "nowhere", "worktree"])
def test_git_folder_elsewhere_is_no_way_out(tmp_path: Path, where: str) -> None:
    other = repository(tmp_path / "other", {"secret.py": CUDA})
    root = tree(tmp_path / "repo", {"a.py": CUDA})
    if where == "worktree":
        git(root, "init", "-q")
        git(root, "config", "core.worktree", str(other))
    else:
        place = other / ".git" if where == "elsewhere" else tmp_path / "nothing"
        (root / ".git").write_text(f"gitdir: {place}\n")
    code, out, _ = command("--target", "npu", "--allow-no-vcs", "--allow-dirty", root)
    assert (code, "secret" in out) == (0, False)
    assert ((root / "a.py").read_bytes(), (other / "secret.py").read_bytes()) == (NPU, CUDA)


def test_modules_of_the_repository_are_not_imported(tmp_path: Path) -> None:
    evil = f"open({str(tmp_path / 'ran')!r}, 'w')\n".encode()
    names = ("multiprocessing", "concurrent", "libcst", "yaml", "click", "rich", "pickle", "torch", "sitecustomize")
    modules = {f"{name}/__init__.py": evil for name in names}
    root = tree(tmp_path / "repo", modules | {f"{number}.py": CUDA for number in range(3)} | {"a.yaml": b"a: cuda\n"})
    script = Path(sys.executable).with_name("accel-migrate")
    for arguments in (["--target", "npu", "--diff"], ["check", "-j", "2"]):
        done = subprocess.run([script, *arguments, "."], cwd=root, capture_output=True)
        assert done.returncode in (0, 1), done.stderr
    assert not (tmp_path / "ran").exists()


SETTINGS = {
    'baseline = "../b.jsonl"': "baseline: '../b.jsonl' lies outside of the project",
    'baseline = "/etc/passwd"': "baseline: '/etc/passwd' lies outside of the project",
    'baseline = "link.jsonl"': "baseline: 'link.jsonl' lies outside of the project",
    'baseline = "pipe.jsonl"': "pipe.jsonl: is not a regular file",
    'rules = ["../b.jsonl"]': "rules: '../b.jsonl' lies outside of the project",
    'rules = ["pipe.jsonl"]': "pipe.jsonl: ",
    "jobs = 1000000": "jobs must be a positive number of at most 256",
    "max-file-size = 1_000_000_000_000": "max-file-size must be a positive number of at most 100,000,000",
    "a" + ".a" * 5000 + " = 1": "",
    "a = " + "[" * 50_000: "",
    "a = " + "9" * 100_000: "",
    "#" + " " * 1_000_000: "is larger than 1,000,000 bytes",
}


@pytest.mark.parametrize(("text", "message"), SETTINGS.items(), ids=[text[:25] for text in SETTINGS])
def test_settings_lead_nowhere(tmp_path: Path, text: str, message: str) -> None:
    root = tree(tmp_path / "repo", {"a.py": CUDA, ".git/x": b"", "accel-migrate.toml": text.encode()})
    tree(tmp_path, {"b.jsonl": b"secret\n"})
    (root / "link.jsonl").symlink_to("../b.jsonl")
    if message.startswith("pipe") or "pipe" not in text:
        os.mkfifo(root / "pipe.jsonl")
    code, out, err = command("check", "--target", "npu", root)
    assert (code, out) == (2, "")
    assert message in err
    assert "secret" not in err


def test_settings_behind_a_link_are_not_read(tmp_path: Path) -> None:
    tree(tmp_path, {"secret.toml": b"password = 1\n"})
    root = tree(tmp_path / "repo", {"a.py": CUDA})
    (root / "accel-migrate.toml").symlink_to("../secret.toml")
    code, _, err = command("--target", "npu", "--diff", root)
    assert (code, "a symbolic link out of the project" in err, "password" in err) == (2, True, False)


@pytest.mark.parametrize("path", ["../a.py", "/etc/passwd", "a/../../b.py", "./a.py", "C:\\a.py"])
def test_baseline_names_files_of_the_project_only(tmp_path: Path, path: str) -> None:
    entry = f'{{"accel-migrate baseline": 1, "fields": ["path", "rule", "found", "count"]}}\n["{path}", "r", "f", 1]\n'
    tree(tmp_path, {"a.py": CUDA, "b.jsonl": entry.replace("\\", "\\\\").encode()})
    code, _, err = command("check", "--target", "npu", "--baseline", tmp_path / "b.jsonl", tmp_path)
    assert (code, "b.jsonl:2: the path " in err) == (2, True)


@pytest.mark.parametrize(
    "option", [["--report", "r.json"], ["check", "--report", "r.json"], ["baseline", "--output", "r.json"]]
)
def test_report_is_not_written_through_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: list[str]
) -> None:
    tree(tmp_path, {"rc": b"mine"})
    root = tree(tmp_path / "repo", {"a.py": CUDA})
    (root / "r.json").symlink_to("../rc")
    monkeypatch.chdir(root)
    head = option[:1] if not option[0].startswith("-") else ["--diff"]
    code, _, err = command(*head, "--target", "npu", *option[-2:], "a.py")
    assert (code, "it is a symbolic link" in err) == (2, True)
    assert (tmp_path / "rc").read_bytes() == b"mine"


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of names and lines that somebody may take for something else."""
    return tree(tmp_path_factory.mktemp("named") / "repo", dict.fromkeys(PATHS, CODE) | {"b\n##[x]::.py": b"x.cuda("})


def assert_inert(text: str) -> None:
    assert not {"\x1b", "\x07", "\u202e", "\r", "\udcff"} & set(text)
    for line in text.split("\n"):
        assert not line.strip().startswith("::"), line
        assert "##[" not in line, line
        assert "##vso[" not in line, line


@pytest.mark.parametrize("form", [name for name in FORMATS if name != "github"])
def test_check_obeys_nothing_of_a_repository(named: Path, form: str) -> None:
    code, out, err = command("check", "--target", "npu", "--format", form, named)
    assert code == 2
    assert_inert(out + err)
    if form == "junit":
        assert len(ElementTree.fromstring(out).findall(".//testcase")) == len(PATHS) + 1
    if form == "markdown":
        outside = [line for number, line in enumerate(out.split("```")) if number % 2 == 0]
        assert "<script>alert" not in "".join(line.split("`")[0] for line in outside)


def test_annotations_are_all_our_own(named: Path) -> None:
    out = command("check", "--target", "npu", "--format", "github", named).out
    for line in out.splitlines():
        assert line.startswith(("::error file=", "::warning file=", "::notice "))
        assert line.count("::") == 2 or "%3A" in line
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


@pytest.mark.parametrize("options", [["--diff"], ["--diff", "-q"], ["--diff", "--format", "json"], ["--output", "out"]])
def test_migration_obeys_nothing_of_a_repository(
    named: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = command("--target", "npu", *options, named)
    assert code == 2
    assert_inert(out + err)


def test_refusals_and_baselines_obey_nothing_of_a_repository(named: Path) -> None:
    for options in (["--target", "npu", named], ["baseline", "--target", "npu", named]):
        code, out, err = command(*options)
        assert code == 2
        assert_inert(out + err)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (" ::error::x", " \\x3a:error::x"),
        ("\t\u3000::a", "\t\u3000\\x3a:a"),
        (" -::b", " -::b"),
        ("x ##[a]", "x \\x23#[a]"),
    ],
)
def test_line_of_a_log_is_changed_only_where_it_would_be_a_command(line: str, shown: str) -> None:
    assert quiet_line(line) == shown

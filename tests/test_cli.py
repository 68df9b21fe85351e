"""The command as a user meets it: options, what is printed, exit codes, and files that cannot be handled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from kit import CUDA, EVERY_TARGET, NPU, command, git, repository, tree

import migrate
from migrate.cli import main

BROKEN = b"import torch\nx = torch.cuda.(\n"


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one file to migrate, as the current folder."""
    root = repository(tmp_path / "repo", {"a.py": CUDA})
    monkeypatch.chdir(root)
    return root


def process(*arguments: str, **environment: str) -> tuple[int, bytes, bytes]:
    """What the command does in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(Path(migrate.__file__).parents[1]), **environment}
    done = subprocess.run([sys.executable, "-m", "migrate", *arguments], env=environment, capture_output=True)
    return done.returncode, done.stdout, done.stderr


def content(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if ".git" not in path.parts and path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_migrate_is_the_default_command(repo: Path) -> None:
    named, short = (
        command("migrate", "--target", "npu", "--diff", "-q", "."),
        command("--target", "npu", "--diff", "-q"),
    )
    assert named == short == (0, "1 reference: 1 rewritten, 0 left, 0 need you\n", "")


def test_files_are_migrated_in_place_and_the_diff_is_shown(repo: Path) -> None:
    code, out, err = command("--target", "npu", repo)
    assert (code, err) == (0, "")
    assert out.startswith("diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,3 @@\n import torch\n")
    assert out.endswith("\n1 reference: 1 rewritten, 0 left, 0 need you\n")
    assert content(repo) == {"a.py": NPU}


def test_current_folder_is_migrated_where_the_settings_say_to_what(repo: Path) -> None:
    tree(repo, {"accel-migrate.toml": b'target = "npu"\n'})
    assert command().out.endswith(" s, 1 file changed for npu\n1 reference: 1 rewritten, 0 left, 0 need you\n")
    assert (repo / "a.py").read_bytes() == NPU


@pytest.mark.parametrize(
    ("options", "done"), [([], "changed"), (["--diff"], "to change"), (["--output", "../out"], "changed")]
)
def test_files_are_said_to_be_changed_only_where_they_are(repo: Path, options: list[str], done: str) -> None:
    assert f" s, 1 file {done} for npu\n" in command("--target", "npu", *options).out


def test_quiet_names_the_files_that_cannot_be_handled(repo: Path) -> None:
    tree(repo, {"\x1b.py": BROKEN, "large.py": b"#" * 999})
    code, out, err = command("--target", "npu", "--diff", "-q", "--max-file-size", 500)
    assert (code, out) == (2, "1 reference: 1 rewritten, 0 left, 0 need you\n")
    assert [line.split(": ")[:2] for line in err.splitlines()] == [["error", "\\x1b.py:2"], ["error", "large.py"]]


def test_code_that_would_end_the_process_costs_its_file_only(repo: Path) -> None:
    deep = [b"(" * 5000 + b"torch.cuda" + b")" * 5000, b"not " * 20_000 + b"torch.cuda", b"~" * 50_000 + b"torch.cuda"]
    tree(repo, {f"{number}.py": b"import torch\nx = " + code + b"\n" for number, code in enumerate(deep)})
    code, out, err = process("--target", "npu", "--diff", "-q")
    assert (code, out) == (2, b"1 reference: 1 rewritten, 0 left, 0 need you\n")
    assert [line.split(b": ")[1] for line in err.splitlines()] == [b"0.py:2", b"1.py:2", b"2.py:2"]


def test_bug_of_the_tool_ends_with_2_and_asks_for_a_report(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("\x1b")

    monkeypatch.setattr("migrate.discover.discover", fail)
    code, out, err = command("--target", "npu", "--diff")
    assert (code, out) == (2, "")
    assert err.startswith("accel-migrate: internal error, please report it: KeyError('\\x1b') in test_cli.py:")


def test_repository_in_the_repository_is_named_and_migrated_when_it_is_asked_for(repo: Path) -> None:
    repository(repo / "third" / "inner", {"b.py": CUDA})
    git(repo, "add", "third/inner")
    repository(repo / "other", {"c.py": CUDA})
    code, out, err = command("--target", "npu", "--diff", "-q", "--exclude", "other")
    assert (code, out) == (0, "1 reference: 1 rewritten, 0 left, 0 need you\n")
    assert err == "not looked at: third/inner, a repository of its own; name it to migrate it\n"
    _, out, err = command("--target", "npu", "--diff", "-q", ".", "third/inner", "other")
    assert (out, err) == ("3 references: 3 rewritten, 0 left, 0 need you\n", "")


def test_second_run_changes_nothing(repo: Path) -> None:
    command("--target", "npu", repo)
    assert command("--target", "npu", "-q", repo) == (0, "0 references: 0 rewritten, 0 left, 0 need you\n", "")


def test_module_and_version_run_in_a_process_of_their_own(repo: Path) -> None:
    assert process("--version") == (0, f"accel-migrate, version {migrate.__version__}\n".encode(), b"")
    code, out, err = process("--target", "mlu", "--diff", "--exit-code")
    assert (code, err) == (1, b"")
    assert b"\n+x = torch.mlu.is_available()\n" in out


def test_help_names_the_options() -> None:
    for arguments in (["--help"], ["migrate", "--help"], ["--target", "npu", "--help"]):
        code, out, _ = command(*arguments)
        assert code == 0
        assert ("--max-file-size" in out) == (arguments != ["--help"])
        assert (
            f"The vendor to migrate to: {', '.join(EVERY_TARGET)}, or of old mlu-catch." in " ".join(out.split())
        ) == (arguments != ["--help"])
    assert "migrate" in main.commands


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--target is missing (known: gcu, hpu, mlu, musa, npu, tpu, xpu, mlu-catch)"),
        (["."], "--target is missing (known: gcu, hpu, mlu, musa, npu, tpu, xpu, mlu-catch)"),
        (["--format", "text"], "--target is missing (known: gcu, hpu, mlu, musa, npu, tpu, xpu, mlu-catch)"),
        (["--target"], "Option '--target' requires an argument."),
        (["--target", "xpu2"], "accel-migrate: unknown target 'xpu2'"),
        (
            ["--target", "zzz"],
            "accel-migrate: unknown target 'zzz' (known: gcu, hpu, mlu, mlu-catch, musa, npu, tpu, xpu)",
        ),
        (["--target", "mul"], "accel-migrate: unknown target 'mul'; did you mean 'mlu'?"),
        (["--target", "npu", "--format", "xml"], "'xml' is not one of"),
        (["--target", "npu", "--exit-code"], "--exit-code goes with --diff"),
        (["--target", "npu", "--diff", "--output", "x"], "choose one"),
        (["--target", "npu", "--report", "x.txt"], "--report x.txt: the suffix must be one of .json, .patch"),
        (["--target", "npu", "--report", "x.json", "--report", "json"], "--report json: the suffix must be one of"),
        (["--target", "npu", "--min-torch", "new"], "min-torch 'new' is not a version number, such as 2.5"),
        (["--target", "npu", "--target-version", "v2"], "target-version 'v2' is not a version number, such as 2.5"),
        (
            ["--target", "tpu", "--target-version", "2.1"],
            "target-version 2.1: the table of tpu knows torch_tpu from 2.8 on",
        ),
        (
            ["--from", "npu", "--target", "cuda", "--target-version", "2.1"],
            "target-version 2.1: cuda is part of torch, say min-torch",
        ),
        (["--target", "npu", "-j", "0"], "0 is not in the range"),
        (["--target", "npu", "--max-file-size", "1MB"], "'1MB' is not a valid integer"),
        (["--target", "npu", "--tragets"], "No such option"),
        (["--target", "npu", "a.py", "nothing.py"], "accel-migrate: no such file or folder: nothing.py"),
        (["--target", "npu", "nothing/at/all"], "accel-migrate: no such file or folder: nothing/at/all"),
        (["--target", "npu", "x" * 300], "File name too long"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_is_wrong(repo: Path, arguments: list[str], message: str) -> None:
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert content(repo) == {"a.py": CUDA}


def test_diff_writes_nothing_and_exit_code_says_whether_it_would(repo: Path) -> None:
    assert command("--target", "npu", "--diff").code == 0
    assert command("--target", "npu", "--diff", "--exit-code").code == 1
    assert content(repo) == {"a.py": CUDA}
    tree(repo, {"a.py": b"# cuda\n"})
    assert command("--target", "npu", "--diff", "--exit-code").code == 0


def test_reports_are_written_in_every_form_asked_for(repo: Path, tmp_path: Path) -> None:
    patch, first, second = tmp_path / "r.patch", tmp_path / "1.json", tmp_path / "2.json"
    reports = [word for path in (first, patch, second) for word in ("--report", path)]
    assert command("--target", "npu", "--diff", "-q", *reports).code == 0
    assert first.read_bytes() == second.read_bytes()
    assert json.loads(first.read_bytes())["summary"]["changed"] == 1
    git(repo, "apply", str(patch))
    assert content(repo) == {"a.py": NPU}


def test_patch_of_a_folder_has_the_paths_of_the_repository(repo: Path, tmp_path: Path) -> None:
    tree(repo, {"src/b.py": CUDA})
    git(repo, "add", "--all")
    git(repo, "commit", "-qm", "second")
    out = command("--target", "npu", "--report", tmp_path / "r.patch", "src").out
    assert out.startswith("diff --git a/b.py b/b.py\n")
    git(repo, "apply", "-R", str(tmp_path / "r.patch"))
    assert content(repo) == {"a.py": CUDA, "src/b.py": CUDA}


def test_report_that_cannot_be_written_ends_with_2(repo: Path) -> None:
    code, _, err = command("--target", "npu", "--diff", "--report", "no/r.json")
    assert (code, err) == (2, "accel-migrate: cannot write the report no/r.json: No such file or directory\n")


def test_json_goes_to_stdout_and_nothing_else_does(repo: Path, tmp_path: Path) -> None:
    tree(repo, {"b.py": BROKEN, "\udcff\n.py": CUDA})
    code, out, err = command("--target", "npu", "--diff", "-q", "--format", "json", "--report", tmp_path / "r.json")
    assert (code, err) == (2, "")
    assert out == (tmp_path / "r.json").read_text("ascii")
    assert [file["path"] for file in json.loads(out)["files"]] == ["a.py", "b.py", "\udcff\n.py"]


def test_report_is_the_same_with_several_processes(repo: Path) -> None:
    tree(repo, {f"{number}.py": CUDA + b"# %d\n" % number for number in range(9)} | {"b.py": BROKEN, "k.cu": b""})
    alone, together = (command("--target", "npu", "--diff", "--format", "json", "-j", jobs) for jobs in (1, 2))
    first, second = json.loads(alone.out), json.loads(together.out)
    assert first["summary"].pop("seconds") >= 0
    assert second["summary"].pop("seconds") >= 0
    assert (alone.code, first) == (together.code, second)


def test_files_that_cannot_be_handled_end_with_2_and_the_others_are_done(repo: Path, tmp_path: Path) -> None:
    tree(tmp_path, {"outside.py": CUDA})
    tree(repo, {"broken.py": BROKEN, "bytes.py": b"#\n#\n# cuda \xff\n", "large.py": CUDA + b"#" * 999})
    (repo / "link.py").symlink_to("../outside.py")
    os.mkfifo(repo / "pipe.py")
    git(repo, "add", "link.py")
    code, out, _ = command("--target", "npu", "--max-file-size", 500, repo, repo / "pipe.py")
    assert code == 2
    assert [line.rpartition(" ")[0] for line in out.splitlines() if line.startswith("error: ")] == [
        "error: broken.py:2: does not parse: invalid",
        "error: bytes.py: cannot be decoded: 'utf-8' codec can't decode byte 0xff in position 11: invalid start",
        "error: large.py: is larger than 500 bytes (1,042); see",
        "error: link.py: a symbolic link out of the tree, to",
        "error: pipe.py: is not a regular",
    ]
    assert "5 files could not be handled\n" in out
    assert (repo / "a.py").read_bytes() == NPU
    assert (tmp_path / "outside.py").read_bytes() == CUDA


def test_file_that_cannot_be_read_ends_with_2(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_bytes(path: Path) -> bytes:
        if path.name == "secret.py":
            raise PermissionError(13, "Permission denied")
        return honest(path)

    honest = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    tree(repo, {"secret.py": CUDA})
    code, out, _ = command("--target", "npu", repo)
    assert code == 2
    assert "\nerror: secret.py: cannot be read: Permission denied\n" in out
    assert (repo / "a.py").read_bytes() == NPU


def test_names_and_code_are_shown_without_being_obeyed(repo: Path) -> None:
    tree(
        repo,
        {"\x1b[2J[red].py": CUDA + b"y = torch.cuda.nothing('\x1b]0;owned\x07')  # \xe2\x80\xae\n", "\n.py": BROKEN},
    )
    code, out, _ = command("--target", "npu", "--diff", repo)
    assert code == 2
    assert "\\x1b[2J[red].py: 1 for you" in out
    assert "\\x1b]0;owned\\x07')  # \\u202e" in out
    assert "error: \\x0a.py:2: " in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


@pytest.mark.parametrize("options", [[], ["--quiet"], ["--format", "json"]])
def test_text_that_the_encoding_of_the_terminal_has_not_is_escaped(repo: Path, options: list[str]) -> None:
    tree(repo, {"é.py": b"# cuda\n" + CUDA.replace(b"x", "日".encode())})
    code, out, err = process("--target", "npu", "--diff", *options, PYTHONIOENCODING="latin-1")
    assert (code, err) == (0, b"")
    assert (b"\\u65e5" in out) == (options == [])


def test_settings_of_the_repository_are_used(repo: Path) -> None:
    text = b'[tool.accel-migrate]\ntarget = "mlu"\nexclude = ["third_party"]\njobs = 2\nmax-file-size = 999\n'
    tree(repo, {"pyproject.toml": text, "third_party/b.py": CUDA, "c.py": CUDA, "large.py": b"#" * 1000})
    code, out, _ = command("--diff", "--exclude", "c.py")
    assert code == 2
    assert "\n+x = torch.mlu.is_available()\n" in out
    assert "error: large.py: is larger than 999 bytes" in out
    assert "\n3 files looked at" in out
    assert command("--target", "npu", "--diff", "--max-file-size", 1000, "-q", "a.py", "large.py").code == 0


def test_setting_that_is_unknown_is_named_with_its_place(repo: Path) -> None:
    tree(repo, {"pyproject.toml": b"[tool.accel-migrate]\n\ntragets = 1\n"})
    code, out, err = command("--target", "npu", "--diff", repo)
    place = f"{(repo / 'pyproject.toml').resolve()}:3: [tool.accel-migrate]"
    assert (code, out) == (2, "")
    assert err == f"accel-migrate: {place}: unknown key 'tragets'; did you mean 'target'?\n"


def test_oldest_torch_decides_on_the_import(repo: Path) -> None:
    assert "+import torch_npu\n" in command("--target", "npu", "--diff", "--min-torch", "2.1").out
    assert "+import torch_npu\n" not in command("--target", "npu", "--diff", "--min-torch", "2.9").out

"""The command `verify` from its words to its exit code; a stand-in writes the records of the device."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from kit import Outcome, command, repository, tree

STAND_IN = Path(__file__).parent / "stand_in"
ROOT = Path(__file__).parents[2]
SCHEMA = Draft202012Validator(json.loads((ROOT / "docs" / "verify.schema.json").read_bytes()))
GOOD = b"import accel_device as d\nimport torch_npu\nd.run('train.py', 2)\nd.end()\nprint('loss 1.0')\n"


@pytest.fixture(autouse=True)
def device(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The stand-in in the place of the device, and temporary folders where they can be counted."""
    monkeypatch.setattr("migrate.verify.folder.CHILD", STAND_IN)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))


def verify(folder: Path, source: bytes, *options: object, arguments: tuple[object, ...] = ()) -> Outcome:
    """Run a script in a repository of its own."""
    if not (folder / "repo").exists():
        repository(folder / "repo", {"train.py": source})
    done = command("verify", "--target", "npu", *options, "--", folder / "repo" / "train.py", *arguments)
    assert list((folder / "tmp").iterdir()) == []
    return done


def report(folder: Path, source: bytes, *options: object) -> dict[str, Any]:
    """What the JSON of a run says, which follows its schema."""
    done = verify(folder, source, "--report", folder / "r.json", "--report", folder / "r.txt", *options)
    assert done.code in (0, 1)
    assert (folder / "r.txt").read_text("utf-8") == done.err
    text = (folder / "r.json").read_bytes().decode("ascii")
    value: dict[str, Any] = json.loads(text)
    SCHEMA.validate(value)
    assert value["holds"] is (done.code == 0)
    return value


def test_script_that_succeeds_and_uses_the_device_holds(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    done = verify(tmp_path, GOOD)
    assert done.code == 0, done.err
    assert capfd.readouterr().out == "loss 1.0\n"
    assert done.out == ""
    assert "1 of 1 rewritten lines ran" in done.err
    assert "1 operator in 3 calls, 50 % of the time, on npu:0; memory at most 2.0 KiB on npu:0" in done.err
    assert done.err.endswith("holds: the script ended with 0\n")


def test_report_follows_its_schema_and_names_lines_that_did_not_run(tmp_path: Path) -> None:
    value = report(tmp_path, GOOD.replace(b"d.run('train.py', 2)", b"if 0: torch_npu.npu.x()"))
    assert value["holds"]
    assert value["coverage"]["missed"] == [{"path": "train.py", "line": 2, "text": "import torch_npu"}]
    assert value["device"]["operators"] == {"aten::add": 3}
    assert (value["script"]["exit_code"], value["script"]["signal"]) == (0, None)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("raise SystemExit(3)", "the script ended with 3; 1 process of 1 ended without saying what ran there"),
        ("raise ValueError('x')", "the script ended with 1; 1 process of 1 ended without saying what ran there"),
        (
            "import os; os.kill(os.getpid(), 11)",
            "the script was killed by SIGSEGV; 1 process of 1 ended without saying what ran there",
        ),
        ("pass", "the script ended with 0; 1 process of 1 ended without saying what ran there"),
        ("d.end({})", "the script ended with 0; nothing ran on the device"),
        ("d.end(); d.meet('silent', 'x', 'train.py', 1)", "the script ended with 0; met 1 silent"),
        (
            "d.end(); d.meet('mixed', 'add'); d.meet('leftover', 'y')",
            "the script ended with 0; met 1 leftover, 1 mixed",
        ),
        ("d.end(); to = lambda x: x.cuda()", "the script ended with 0; 1 leftover in the repository"),
    ],
)
def test_what_does_not_hold_is_said_in_the_last_line(line: str, said: str, tmp_path: Path) -> None:
    done = verify(tmp_path, f"import accel_device as d\n{line}\n".encode())
    assert done.code == 1
    assert done.err.endswith(f"does not hold: {said}\n")


def test_events_are_shown_with_their_source_and_advice(tmp_path: Path) -> None:
    source = GOOD + b"d.meet('missing', 'torch.npu.x', 'train.py', 2, 'use y', rule='api:torch.cuda.x')\n"
    value = report(tmp_path, source)
    (event,) = value["events"]
    assert event == {
        "kind": "missing", "path": "train.py", "line": 2, "what": "torch.npu.x", "text": "import torch_npu",
        "why": "use y", "rule_id": "api:torch.cuda.x", "raised": True, "accepted": None,
    }  # fmt: skip
    assert "  train.py:2: missing: torch.npu.x: use y\n    | import torch_npu\n" in (tmp_path / "r.txt").read_text(
        "utf-8"
    )


def test_reviewed_leftovers_do_not_count(tmp_path: Path) -> None:
    source = GOOD + b"def f(x):\n    import apex  # accel: ignore[package:apex]\nd.meet('silent', 'x', 'train.py', 7)\n"
    source += b"x.cuda() if 0 else 0\n"
    assert verify(tmp_path, source).code == 1
    listed = command("baseline", "--target", "npu", tmp_path / "repo").out
    (tmp_path / "known.jsonl").write_text(listed, "utf-8")
    done = verify(tmp_path, source, "--baseline", tmp_path / "known.jsonl")
    assert done.code == 0, done.err
    assert "met and kept:\n  1 silent: a comment keeps it\n" in done.err


def test_lines_of_a_report_of_the_migration(tmp_path: Path) -> None:
    source = b"import accel_device as d\nimport torch\nd.run('train.py', 3)\nx = torch.cuda\nd.end()\n"
    repo = repository(tmp_path / "repo", {"train.py": source})
    assert command("--target", "npu", "--report", tmp_path / "changes.json", repo).code == 0
    value = report(tmp_path, b"", "--changes", tmp_path / "changes.json")
    assert value["coverage"]["known_by"] == "report"
    assert [missed["line"] for missed in value["coverage"]["missed"]] == [5]
    (repo / "train.py").write_bytes(b"# new\n" + (repo / "train.py").read_bytes())
    value = report(tmp_path, b"", "--changes", tmp_path / "changes.json")
    assert value["coverage"]["changed"] == ["train.py"]
    assert [missed["line"] for missed in value["coverage"]["missed"]] == [4, 6]


def test_arguments_modules_and_the_environment_reach_the_script(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(
        tmp_path / "repo",
        {"pkg/__init__.py": b"", "pkg/main.py": b"import os, sys\nprint(sys.argv[1:], os.getcwd())\n"},
    )
    monkeypatch.chdir(tmp_path / "repo")
    for words in (["-m", "pkg.main", "--", "--epochs", "1"], ["--", "-m", "pkg.main", "--epochs", "1"]):
        done = command("verify", "--target", "npu", *words)
        assert done.code == 1
        assert "pkg.main --epochs 1 on 1 simulated npu device" in done.err
        assert capfd.readouterr().out == f"['--epochs', '1'] {tmp_path / 'repo'}\n"


def test_profile_of_the_run(tmp_path: Path) -> None:
    source = b"import accel_device as d, json\njson.dump(d.PROFILE, open('profile.json', 'w'))\nimport torch_mlu\n"
    repo = repository(tmp_path / "repo", {"train.py": source, "accel-migrate.toml": b'target = "mlu"\n'})
    command("verify", "--devices", "3", "--", repo / "train.py")
    profile = json.loads(Path("profile.json").read_text("utf-8"))
    assert (profile["package"], profile["devices"], profile["strict_dtypes"]) == ("torch_mlu", 3, False)
    assert (profile["root"], profile["watch"]) == (str(repo), {"train.py": [3]})


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def test_vendor_package_is_an_installed_one(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = (
        b"from importlib import metadata as m\nprint(m.version('torch-npu'), m.entry_points(group='torch.backends'))\n"
    )
    verify(tmp_path, source)
    out = capfd.readouterr().out
    assert out.startswith("2.13.0 ")
    assert "value='torch_npu:_autoload'" in out
    verify(tmp_path, source, "--min-torch", "2.1")
    assert "_autoload" not in capfd.readouterr().out


def test_script_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    done = verify(tmp_path, b"import time; time.sleep(60)\n", "--timeout", "1")
    assert done.code == 1
    assert "the script was killed by SIGTERM when its time was up, after 1 s" in done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "what to run is missing"),
        (["--target", "npu"], "what to run is missing"),
        (["--target", "npu", "--", "-m"], "what to run is missing"),
        (["--target", "npu", "--", "python", "a.py"], "name the script itself"),
        (["--target", "npu", "--", "--epochs"], "--epochs is no script"),
        (["--target", "npu", "--", "gone.py"], "no such file or folder: gone.py"),
        (["--", "a.py"], "--target is missing"),
        (["--target", "nup", "--", "a.py"], "unknown target 'nup'"),
        (["--target", "xpu", "--", "a.py"], "xpu: cannot be simulated"),
        (["--target", "hpu", "--", "a.py"], "hpu: cannot be simulated"),
        (["--target", "mlu-catch", "--", "a.py"], "mlu-catch: cannot be simulated"),
        (["--target", "npu", "--nproc", "2", "--devices", "1", "--", "a.py"], "--nproc 2 takes as many devices"),
        (["--target", "npu", "--report", "r.html", "--", "a.py"], "the suffix must be one of .json, .txt"),
        (["--target", "mlu", "--strict-dtypes", "--", "a.py"], "the table of mlu says nothing of [target.dtypes]"),
        (["--target", "npu", "--root", "gone", "--", "a.py"], "--root gone: is no folder"),
        (["--target", "npu", "--python", "gone", "--", "a.py"], "gone: cannot be run as a Python"),
        (["--target", "npu", "--python", "/bin/true", "--", "a.py"], "/bin/true: cannot be run as a Python"),
        (["--target", "npu", "--changes", "a.py", "--", "a.py"], "a.py: is neither a patch nor a report"),
        (["--target", "npu", "--changes", "gone.json", "--", "a.py"], "no such file or folder: gone.json"),
        (["--target", "npu", "--baseline", "a.py", "--", "a.py"], "a.py:1: is no baseline"),
    ],
)
def test_wrong_usage_is_said_and_nothing_runs(
    words: list[str], message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tree(tmp_path / "here", {"a.py": b"print('it ran')\n"})
    done = command("verify", *words)
    assert done.code == 2
    assert message in done.err
    assert "it ran" not in capfd.readouterr().out


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ('[null, "3.12.1"]', 'has no torch: install "accel-migrate[verify]" there'),
        ('["2.9.1+cu128", "3.12.1"]', "has torch 2.9.1+cu128: a simulated device needs 2.10 or newer"),
        ('["odd", "3.12.1"]', "has torch odd"),
        ("hello", "cannot be run as a Python"),
    ],
)
def test_python_without_a_torch_that_will_do_is_refused(said: str, message: str, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{said}'\n", "utf-8")
    python.chmod(0o755)
    done = verify(tmp_path, GOOD, "--python", python)
    assert done.code == 2
    assert message in done.err


def test_torch_that_cannot_carry_the_device_is_an_error(tmp_path: Path) -> None:
    done = verify(tmp_path, b"import accel_device as d, sys\nd.meet('unsupported', 'torch._C._acc')\nsys.exit(79)\n")
    assert (done.code, done.err) == (
        2,
        "accel-migrate: this torch cannot carry the simulated device; it says why above\n",
    )


def test_script_may_exit_with_any_code(tmp_path: Path) -> None:
    assert "the script ended with 79" in verify(tmp_path, b"raise SystemExit(79)\n").err


def test_records_that_are_none_are_an_internal_error(tmp_path: Path) -> None:
    done = verify(tmp_path, b"import accel_device as d\nd.write(kind='odd')\n")
    assert done.code == 2
    assert "internal error, please report it: " in done.err


def test_file_that_cannot_be_checked_is_an_error(tmp_path: Path) -> None:
    repository(tmp_path / "repo", {"train.py": GOOD, "broken.py": b"cuda = (\n"})
    done = verify(tmp_path, b"")
    assert done.code == 2
    assert "broken.py:1: error: does not parse" in done.err
    assert done.err.endswith("does not hold: the script ended with 0; 1 file of the repository could not be checked\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_reaches_the_script_and_the_report_follows(number: int, tmp_path: Path) -> None:
    source = b"import time\nprint('up', flush=True)\ntime.sleep(60)\n"
    repository(tmp_path / "repo", {"train.py": source})
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # a job in the background does not
    start = f"{heed}; import migrate.verify.folder as f, pathlib; f.CHILD = pathlib.Path({str(STAND_IN)!r})"
    words = ["verify", "--target", "npu", "--", str(tmp_path / "repo" / "train.py")]
    code = f"{start}; from migrate.cli import main; main({words!r})"
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp"), "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        time.sleep(0.1)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert ("KeyboardInterrupt" in err) is (number == signal.SIGINT)
    assert f"does not hold: the script was killed by {signal.Signals(number).name}" in err
    assert list((tmp_path / "tmp").iterdir()) == []

"""A current folder with modules named like those that are loaded: none of them is run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from kit import CUDA, repository, tree

SAFE = pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 cannot be told to, see docs/security.md")


@pytest.mark.parametrize("options", [["--diff", "."], pytest.param(["--diff", "--repos", "list"], marks=SAFE)])
def test_processes_import_nothing_of_the_current_folder(tmp_path: Path, options: list[str]) -> None:
    """The script stands elsewhere, as the installed command does."""
    script = tree(
        tmp_path / "bin", {"run.py": b"from migrate.cli import main\nif __name__ == '__main__':\n    main()\n"}
    )
    here = tmp_path / "here"
    hostile = b"open('ran', 'a').close()\nraise SystemExit(9)\n"
    names = ("multiprocessing", "json", "concurrent", "pickle", "signal", "migrate", "click")
    for name in ("one", "two"):
        repository(here / name, {f"{number}.py": CUDA for number in range(40)})
    tree(here, {"list": b"one\ntwo\n"} | {f"{name}.py": hostile for name in names})
    arguments = [sys.executable, str(script / "run.py"), "--target", "npu", "-j", "2", *options]
    done = subprocess.run(arguments, cwd=here, capture_output=True, text=True, check=False)
    assert not (here / "ran").exists()
    assert (done.returncode, done.stderr) == (0, "")
    assert "80 rewritten" in done.stdout

"""The project's own expression for a device in files that run while it is imported: they keep no import of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit import command, tree

from migrate.circles import run_by
from migrate.expression import read_expression

OWN = read_expression("utils.device_type", "from myproj import utils")
USE = b'import torch\nx = torch.zeros(2, device="cuda")\n'
SETTINGS = (
    b'target = "npu"\ndevice = "utils.device_type"\ndevice-import = "from myproj import utils"\n'
)  # fmt: skip
FILES = {
    "accel-migrate.toml": SETTINGS,
    "myproj/__init__.py": b"",
    "myproj/utils.py": b'from . import config\ndevice_type = "cuda"\n',
    "myproj/config.py": b"try:\n    from myproj.nets.small import Net\nexcept ImportError:\n    Net = None\n",
    "myproj/nets/__init__.py": b"",
    "myproj/nets/small.py": b"import tools\n" + USE,
    "myproj/nets/large.py": USE,
    "tools.py": USE,
    "late.py": USE,
}


def circle(files: dict[str, bytes]) -> set[str]:
    return set(run_by(OWN, files, files.__getitem__))


def test_imports_are_followed() -> None:
    assert circle(FILES) == {
        "myproj/__init__.py", "myproj/utils.py", "myproj/config.py", "myproj/nets/__init__.py",
        "myproj/nets/small.py", "tools.py",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        b"def f():\n    from . import config\n",
        b"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from . import config\n",
        b"import config, torch.config\nfrom other import config\n",
        b"from .. import config\n",
        b"from . import\n",
        b"# -*- coding: nowhere -*-\n",
    ],
)
def test_what_does_not_run_is_not_followed(text: bytes) -> None:
    assert circle({**FILES, "myproj/utils.py": text}) <= {"myproj/utils.py", "myproj/__init__.py", "config.py"}


@pytest.mark.parametrize(
    "text",
    [
        b"if x:\n    pass\nelse:\n    from .config import y\n",
        b"class A:\n    import myproj.config\n",
        b"from myproj.config import *\n",
        b"with x:\n    for y in z:\n        import myproj.config as c\n",
    ],
)
def test_what_runs_is_followed(text: bytes) -> None:
    assert "myproj/config.py" in circle({**FILES, "myproj/utils.py": text})


def test_circle_of_imports_ends() -> None:
    assert circle({"myproj/utils.py": b"import myproj.a", "myproj/a.py": b"from . import utils"}) == {
        "myproj/utils.py", "myproj/a.py",
    }  # fmt: skip


@pytest.mark.parametrize("paths", [["."], ["myproj/nets", "tools.py", "late.py"]])
def test_command_reports_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: list[str]) -> None:
    monkeypatch.chdir(tree(tmp_path, FILES))
    out = command("migrate", *paths, "--diff").out
    for path, written in (("nets/small.py", False), ("nets/large.py", True), ("tools.py", False), ("late.py", True)):
        assert (f"+++ b/myproj/{path}" in out or f"+++ b/{path}" in out) == written, path
    assert out.count("may import this file while it is being imported itself") == 2

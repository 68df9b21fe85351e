"""Questions to git. The repository is not trusted: nothing that its configuration names is run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

_SAFE = (
    "git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.untrackedCache=false",
    "-c", "core.quotePath=false", "-c", "submodule.recurse=false", "--no-optional-locks",
)  # fmt: skip


def listed_files(root: Path) -> list[str] | None:
    """Paths below `root` that git tracks or does not ignore, relative to it; None where there is no repository."""
    output = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if output is None:
        return None
    return sorted({os.fsdecode(name) for name in output.split(b"\0") if name})


def changed_files(root: Path, paths: Iterable[str]) -> list[str] | None:
    """Those of the paths that differ from the last commit, or are not committed; None without a repository."""
    names = list(paths)
    changed: list[str] = []
    for start in range(0, len(names), 500):
        batch = [f":(top,literal){name}" for name in _from_top(root, names[start : start + 500])]
        output = _git(root, "status", "--porcelain", "-z", "--untracked-files=all", "--ignored", "--", *batch)
        if output is None:
            return None
        changed += [os.fsdecode(entry[3:]) for entry in output.split(b"\0") if len(entry) > 3]
    return changed


def is_repository(root: Path) -> bool:
    """Whether git keeps track of `root`."""
    return _git(root, "rev-parse", "--is-inside-work-tree") is not None


def _from_top(root: Path, names: list[str]) -> list[str]:
    prefix = os.fsdecode((_git(root, "rev-parse", "--show-prefix") or b"").rstrip(b"\n"))
    return [prefix + name for name in names]


def _git(root: Path, *arguments: str) -> bytes | None:
    """The output of a git command, None if it fails or git is not there."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C",
    }
    try:
        done = subprocess.run(
            [*_SAFE, *arguments], cwd=root, env=environment, capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None

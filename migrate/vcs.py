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

_STATUS = ("status", "--porcelain", "-z", "--untracked-files=no", "--no-renames", "--ignore-submodules=all")


def listed_files(root: Path) -> list[str] | None:
    """Paths below `root` that git tracks or does not ignore, relative to it; None where there is no repository."""
    output = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if output is None:
        return None
    return sorted({os.fsdecode(name) for name in output.split(b"\0") if name})


def changed_files(root: Path, paths: Iterable[str]) -> list[str] | None:
    """Those of the paths that differ from the last commit, or are not committed; None where git cannot say.

    The answers are relative to the top of the repository.
    """
    names, folder = list(paths), folder_of(root)
    changed: set[str] = set()
    for start in range(0, len(names), 500):
        batch = [folder + name for name in names[start : start + 500]]
        literal = [f":(top,literal){name}" for name in batch]
        tracked = _git(root, "ls-files", "-z", "--full-name", "--", *literal)
        differing = _git(root, *_STATUS, "--", *literal)
        if tracked is None or differing is None:
            return None
        changed |= {os.fsdecode(entry[3:]) for entry in differing.split(b"\0") if entry}
        changed |= {*batch} - {os.fsdecode(name) for name in tracked.split(b"\0")}
    return sorted(changed)


def is_repository(root: Path) -> bool:
    """Whether git keeps track of `root`."""
    return _git(root, "rev-parse", "--is-inside-work-tree") is not None


def folder_of(root: Path) -> str:
    """The path of `root` from the top of its repository, with a slash at its end; empty at the top, or without one."""
    return os.fsdecode((_git(root, "rev-parse", "--show-prefix") or b"").removesuffix(b"\n"))


def is_ignored(folder: Path) -> bool:
    """Whether git passes over all that is new in a folder."""
    return _git(folder, "check-ignore", "-q", "--", str(folder)) is not None


def _git(root: Path, *arguments: str) -> bytes | None:
    """The output of a git command, None if it fails or git is not there."""
    drivers = _filter_drivers(root) if arguments[0] == "status" else []
    if drivers is None:
        return None
    off = [f"{driver}.{key}" for driver in drivers for key in ("clean=", "smudge=", "process=", "required=false")]
    return _output(root, *(word for setting in off for word in ("-c", setting)), *arguments)


def _filter_drivers(root: Path) -> list[str] | None:
    """The sections `filter.<name>` of the configuration: commands through which git would read files.

    None where one has a name that no `-c` can override.
    """
    output = _output(root, "config", "--null", "--name-only", "--get-regexp", r"^filter\.") or b""
    drivers = sorted({os.fsdecode(name).rpartition(".")[0] for name in output.split(b"\0") if name})
    return None if any("=" in driver for driver in drivers) else drivers


def _output(root: Path, *arguments: str) -> bytes | None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ALLOW_PROTOCOL": "none",  # nothing missing is fetched: how, the configuration would say
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
    }
    try:
        done = subprocess.run(
            [*_SAFE, *arguments], cwd=root, env=environment, capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None

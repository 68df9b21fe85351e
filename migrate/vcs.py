"""Questions to git. The repository is not trusted: nothing that its configuration names is run."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from migrate.hunks import added_runs, python_lines

_SAFE = (
    "git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.untrackedCache=false",
    "-c", "core.quotePath=false", "-c", "submodule.recurse=false", "-c", "diff.relative=false",
    "-c", "diff.autoRefreshIndex=false", "--no-optional-locks",
)  # fmt: skip

_STATUS = ("status", "--porcelain", "-z", "--untracked-files=no", "--no-renames", "--ignore-submodules=all")

# --text: no attribute that calls a file binary hides its lines
_DIFF = (
    "diff", "--patch", "--unified=0", "--inter-hunk-context=0", "--text", "--no-ext-diff", "--no-textconv",
    "--no-color", "--no-renames", "--ignore-submodules=all", "--diff-algorithm=myers", "-O/dev/null",
    "--src-prefix=a/", "--dst-prefix=b/",
)  # fmt: skip

_BATCH = 500
_PATIENCE = 60  # seconds for one answer: the configuration may name a pipe that nobody writes to


class RevisionError(Exception):
    """A revision that nothing can be compared with; the message says why."""


def listed_files(root: Path) -> list[str] | None:
    """Paths below `root` that git tracks or does not ignore, relative to it; None where there is no repository."""
    output = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if output is None or not is_repository(root):
        return None
    return sorted({os.fsdecode(name) for name in output.split(b"\0") if name})


def changed_files(root: Path, paths: Iterable[str]) -> list[str] | None:
    """Those of the paths that differ from the last commit, or are not committed; None where git cannot say.

    The answers are relative to the top of the repository.
    """
    names, folder = list(paths), folder_of(root)
    changed: set[str] = set()
    for start in range(0, len(names), _BATCH):
        batch = [folder + name for name in names[start : start + _BATCH]]
        literal = [f":(top,literal){name}" for name in batch]
        tracked = _git(root, "ls-files", "-z", "--full-name", "--", *literal)
        differing = _git(root, *_STATUS, "--", *literal)
        if tracked is None or differing is None:
            return None
        changed |= {os.fsdecode(entry[3:]) for entry in differing.split(b"\0") if entry}
        changed |= {*batch} - {os.fsdecode(name) for name in tracked.split(b"\0")}
    return sorted(changed)


def added_lines(root: Path, revision: str, paths: Iterable[str]) -> dict[str, set[int]]:
    """The lines of the working tree, from 1 as Python counts them, that a revision had not; by path below `root`.

    What is compared with is the merge base of the revision and HEAD, as in `git diff REV...`, so that lines
    which that branch lost since are not ours: for a pull request, name the branch that it goes to. Changes count
    whether committed or not. A new, untracked, ignored or renamed file counts as a whole, a binary one like any
    other; a link has no lines, nor has a file of a submodule or of another repository inside this one.
    Raises `RevisionError` if there is no repository, revision or common history, or git cannot compare.
    """
    base = _merge_base(root, revision)
    names, folder = list(paths), folder_of(root)
    added: dict[str, set[int]] = {}
    for start in range(0, len(names), _BATCH):
        batch = names[start : start + _BATCH]
        given = {folder + name: name for name in batch}
        literal = [f":(top,literal){name}" for name in given]
        patch = _git(root, *_DIFF, base, "--", *literal)
        untracked = _git(root, "ls-files", "-z", "--full-name", "--others", "--", *literal)
        if patch is None or untracked is None:
            raise RevisionError(f"git cannot compare {root} with {revision!r}")
        wholly = [(os.fsdecode(name), None) for name in untracked.split(b"\0")]
        for name, runs in (*added_runs(patch), *wholly):
            if name in given:
                added[given[name]] = _lines(root / given[name], runs)
    return {name: added[name] for name in sorted(added) if added[name]}


def is_repository(root: Path) -> bool:
    """Whether git keeps track of `root`, and not, as its configuration may say, of files elsewhere."""
    top = _git(root, "rev-parse", "--show-toplevel")
    return top is not None and Path(os.path.realpath(root)).is_relative_to(os.fsdecode(top.removesuffix(b"\n")))


def refusal(root: Path) -> str | None:
    """Why git does not work in a repository, in its own words where it has some; None where it does, or there is none.

    Such as one that belongs to somebody else, and no `safe.directory` names it.
    """
    here = Path(os.path.realpath(root))
    mark = next((folder / ".git" for folder in (here, *here.parents) if (folder / ".git").exists()), None)
    if mark is None:
        return None
    done = _asked(root, "rev-parse", "--show-toplevel")
    if isinstance(done, str):
        return done
    if done.returncode == 0:
        return None
    lines = [line.strip() for line in os.fsdecode(done.stderr).splitlines() if line.strip()]
    if not lines or lines[0].startswith("fatal: not a git repository (or any "):
        return f"it takes {mark} for no repository"
    return "\n  ".join(lines).removeprefix("fatal: ")


def folder_of(root: Path) -> str:
    """The path of `root` from the top of its repository, with a slash at its end; empty at the top, or without one."""
    return os.fsdecode((_git(root, "rev-parse", "--show-prefix") or b"").removesuffix(b"\n"))


def git_folder(root: Path) -> Path | None:
    """The folder in which git keeps what is its own of this work tree; None where there is no repository."""
    return _path(_git(root, "rev-parse", "--absolute-git-dir"))


def top_of(root: Path) -> Path | None:
    """The top of the work tree that holds `root`; None where there is no repository."""
    return _path(_git(root, "rev-parse", "--show-toplevel"))


def _path(output: bytes | None) -> Path | None:
    return Path(os.fsdecode(output.removesuffix(b"\n"))) if output else None


def is_ignored(folder: Path) -> bool:
    """Whether git passes over all that is new in a folder."""
    return _git(folder, "check-ignore", "-q", "--", str(folder)) is not None


def _merge_base(root: Path, revision: str) -> str:
    """The commit at which the histories of a revision and of HEAD part. Raises `RevisionError`."""
    if not is_repository(root):
        why = refusal(root)
        raise RevisionError(f"{root} is in no repository that git can read" + (f": {why}" if why else ""))
    commit = None
    if not revision.startswith("-") and "\0" not in revision:
        commit = _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if commit is None or not re.fullmatch(rb"[0-9a-f]{40,64}\n", commit):
        raise RevisionError(f"{revision!r} is no commit that the repository of {root} has: was it fetched?")
    base = _git(root, "merge-base", commit.decode().strip(), "HEAD")
    if base is None:
        raise RevisionError(f"{revision!r} and HEAD have no commit in common: a shallow clone has to fetch more")
    return base.decode().strip()


def _lines(path: Path, runs: Sequence[range] | None) -> set[int]:
    """The lines of a file in runs of git's, None for all; none if it is a link, or gone or closed by now."""
    try:
        return python_lines(path.read_bytes(), runs) if stat.S_ISREG(path.lstat().st_mode) else set()
    except OSError:
        return set()


def _git(root: Path, *arguments: str) -> bytes | None:
    """The output of a git command, None if it fails, takes too long or git is not there."""
    drivers = _filter_drivers(root) if arguments[0] in ("status", "diff") else []
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
    done = _asked(root, *arguments)
    return done.stdout if not isinstance(done, str) and done.returncode == 0 else None


def _asked(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes] | str:
    """How a git command ended, or why there is no saying."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "none",  # nothing missing is fetched: how, the configuration would say
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
    }
    try:
        return subprocess.run(
            [*_SAFE, *arguments], cwd=root, env=environment, capture_output=True, check=False, stdin=subprocess.DEVNULL,
            timeout=_PATIENCE,
        )  # fmt: skip
    except FileNotFoundError:
        return "there is no git on PATH"
    except OSError as error:
        return f"it cannot be run: {error.strerror or error}"
    except subprocess.TimeoutExpired:
        return f"it gave no answer in {_PATIENCE} seconds"

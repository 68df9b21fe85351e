"""Arguments → the files to look at, sorted, with what could not be taken and why."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path

from migrate.filetypes import DATA, kind_by_shebang, kind_of, size_limit
from migrate.model import FileResult, Kind, Problem
from migrate.vcs import is_ignored, listed_files, refusal

MEGABYTE = 1_000_000
_MARKS = (".git", "accel-migrate.toml")
_SKIPPED = frozenset({".git", ".hg", ".svn", "__pycache__", "node_modules", ".tox", ".nox", ".mypy_cache", ".eggs"})


@dataclass(frozen=True, slots=True)
class Discovery:
    """The files below `root`, as paths relative to it with forward slashes."""

    root: Path
    files: tuple[tuple[str, Kind], ...]
    problems: tuple[FileResult, ...]
    repositories: tuple[str, ...] = ()  # folders that are passed over because they have a git of their own
    large: tuple[tuple[str, Kind], ...] = ()  # of kinds that are data as well, and too large to be settings
    named: bool = False  # some were named one by one, so that there may be others of the same project
    size: int = field(default=0, compare=False)  # bytes of all files
    unlisted: tuple[str, ...] = ()  # why git does not list the files, so that ignored ones are among these


def discover(
    arguments: Sequence[Path], exclude: Iterable[str], max_file_size: int, *, root: Path | None = None,
    force_exclude: bool = True, docs: bool = False,
) -> Discovery:  # fmt: skip
    """Find the files that the arguments name or hold.

    A directory's files are those git lists, or all but hidden tool folders where there is no repository or git
    ignores the directory.
    Files that cannot be taken (too large, links out of the tree, no regular files) come back as problems.
    Paths are relative to `root`, or where that is not given, or does not hold them all, to what they have in
    common. Without `force_exclude` a file that is itself an argument is not excluded. With `docs` the code in
    documents is to be migrated.
    Raises `FileNotFoundError` for an argument that does not exist.
    """
    common = _root(arguments)
    root = root if root is not None and common.is_relative_to(root) else common
    excluded = _Matcher(exclude)
    names: set[str] = set()
    unlisted: dict[str, None] = {}
    for argument in arguments:
        if not argument.exists():
            raise FileNotFoundError(str(argument))
        names.update(_below(root, _absolute(argument), unlisted))
    kept: set[str] = set()
    if not force_exclude:
        kept.update(name for path in arguments if path.is_file() for name in _below(root, _absolute(path), {}))
    named = {_absolute(argument) for argument in arguments}
    inner = (name.rstrip("/") for name in sorted(names) if os.path.exists(root / name / ".git"))
    passed_over = tuple(name for name in dict.fromkeys(inner) if not excluded(name) and root / name not in named)
    wanted = (name for name in sorted(names) if name in kept or not excluded(name))
    files, large, problems, total = _taken(root, wanted, max_file_size)
    if docs:
        files = tuple((name, "docs" if kind == "prose" else kind) for name, kind in files)
    named_alone = any(path.is_file() for path in arguments)
    return Discovery(root, files, problems, passed_over, large, named_alone, total, tuple(unlisted))


def _taken(
    root: Path, names: Iterable[str], max_file_size: int
) -> tuple[tuple[tuple[str, Kind], ...], tuple[tuple[str, Kind], ...], tuple[FileResult, ...], int]:
    """The files of a kind that we look at, those too large for it, and what is wrong with those that cannot be read.

    The number is the size of the first.
    """
    inside = _Inside(root)
    files: list[tuple[str, Kind]] = []
    large: list[tuple[str, Kind]] = []
    problems: list[FileResult] = []
    total = 0
    for name in names:
        kind = _kind(root, name)
        if kind is None:
            if name.endswith("/") and not os.access(root / name, os.R_OK | os.X_OK):
                problems.append(FileResult(name, "python", "", error=Problem("a folder that cannot be listed")))
            continue
        limit = size_limit(kind, max_file_size)
        size, problem = _examined(inside, name)
        if problem is None and size > limit and kind not in DATA:
            problem = Problem(f"is larger than {limit:,} bytes ({size:,}); see --max-file-size")
        if problem is None:
            (files if size <= limit else large).append((name, kind))
            total += size if size <= limit else 0
        elif problem.message:
            problems.append(FileResult(name, kind, "", error=problem))
    return tuple(files), tuple(large), tuple(problems), total


def project_root(folder: Path, arguments: Sequence[Path] = ()) -> Path:
    """The folder that paths of a project are relative to: one with our settings or a repository.

    That is the nearest above `folder` that holds all arguments, else the nearest above these. Where there is none,
    it is `folder`.
    """
    here = Path(os.path.realpath(folder))
    common = _root(arguments) if arguments else here
    above = [path for start in (here, common) for path in (start, *start.parents) if common.is_relative_to(path)]
    return next(filter(is_project, above), here)


def is_project(folder: Path) -> bool:
    """Whether a folder has our settings or a repository."""
    return any((folder / mark).exists() for mark in _MARKS)


def is_excluded(name: str, exclude: Iterable[str]) -> bool:
    """Whether a pattern names a path or a folder above it."""
    return _Matcher(exclude)(name)


def local_modules(files: Iterable[tuple[str, Kind]], wanted: frozenset[str]) -> dict[str, frozenset[str]]:
    """For each folder, which of the wanted names are modules or packages of the repository's own there."""
    found: dict[str, set[str]] = {}
    for path, _ in files:
        parts = path.split("/")
        stem = parts[-1].partition(".")[0]
        for depth, name in enumerate([*parts[:-1], stem]):
            if name in wanted:
                found.setdefault("/".join(parts[:depth]), set()).add(name)
    return {folder: frozenset(names) for folder, names in found.items()}


def _root(arguments: Sequence[Path]) -> Path:
    folders = [_absolute(path) if path.is_dir() else _absolute(path).parent for path in arguments]
    return Path(os.path.commonpath(folders))


def _absolute(path: Path) -> Path:
    """The argument without links on the way, so that every file has one name; a file may be a link itself."""
    return Path(os.path.realpath(path)) if path.is_dir() else Path(os.path.realpath(path.parent), path.name)


def _below(root: Path, argument: Path, unlisted: dict[str, None]) -> Iterator[str]:
    """The names of what an argument is or holds; `unlisted` gains why git does not list it, where git refuses."""
    if not argument.is_dir():
        for path in (argument, Path(os.path.realpath(argument))):
            if path.is_relative_to(root):
                yield path.relative_to(root).as_posix()
        return
    prefix = argument.relative_to(root).as_posix()
    prefix = "" if prefix == "." else prefix + "/"
    listed = listed_files(argument)
    why = refusal(argument) if listed is None else None
    if why:
        unlisted[why] = None
    for name in _walked(argument) if listed is None or is_ignored(argument) else listed:
        yield prefix + name


def _walked(folder: Path) -> Iterator[str]:
    """All below a folder that is not a tool's own; a folder that cannot be listed has a slash at its end."""
    waiting = [""]
    while waiting:  # not `os.walk`, which recurses, and says nothing of what it cannot list
        prefix = waiting.pop()
        try:
            entries = list(os.scandir(folder / prefix))
        except OSError:
            yield prefix
            continue
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield prefix + entry.name
            elif entry.name not in _SKIPPED and not os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
                waiting.append(f"{prefix}{entry.name}/")


def _kind(root: Path, name: str) -> Kind | None:
    kind = kind_of(name)
    path = root / name
    if kind or path.suffix or not path.is_file():
        return kind
    try:
        with path.open("rb") as file:  # a script without a suffix
            return kind_by_shebang(file.readline(128))
    except OSError:
        return None


def _examined(inside: _Inside, name: str) -> tuple[int, Problem | None]:
    """The size of a file, and why it is not to be read; an empty message where it is only to be passed over."""
    path = inside.root / name
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return 0, Problem("")  # deleted, though git still lists it
    except OSError as error:
        return 0, Problem(f"cannot be examined: {error.strerror or error}")
    if stat.S_ISLNK(status.st_mode) or not inside(path.parent):
        target = Path(os.path.realpath(path))
        if not target.is_relative_to(inside.root):
            return 0, Problem(f"a symbolic link out of the tree, to {target}")
        return 0, Problem("")  # the file it names is looked at under its own name
    if not stat.S_ISREG(status.st_mode):
        return 0, Problem("is not a regular file" if not stat.S_ISDIR(status.st_mode) else "")
    return status.st_size, None


class _Inside:
    """Whether a folder below the root is really there, not at the end of a link; git may list what is not."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[Path, bool] = {}

    def __call__(self, folder: Path) -> bool:
        if folder not in self._known:
            self._known[folder] = os.path.realpath(folder) == str(folder)
        return self._known[folder]


class _Matcher:
    """Glob patterns on relative paths; a pattern that names a folder excludes all below it."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = [re.compile(translate(pattern.rstrip("/"))) for pattern in patterns]

    def __call__(self, name: str) -> bool:
        parts = name.split("/")
        heads = ["/".join(parts[: depth + 1]) for depth in range(len(parts))]
        return any(pattern.fullmatch(head) for pattern in self._patterns for head in heads)

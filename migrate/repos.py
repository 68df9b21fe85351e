"""The list of repositories that one run goes over: a text file, a folder or a glob pattern in each line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

_COMMENT = re.compile(r"(?:^|\s)#.*")
_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Place:
    """A repository of the list: its folder, what the list calls it and in which line, or why it cannot be taken."""

    line: int
    name: str
    folder: Path
    problem: str | None = None


def read_places(path: Path) -> list[Place]:
    """The repositories of a list in its order, each once; folders are relative to that of the list.

    A line that names none has a `Place` with a problem. Raises `OSError` if the list cannot be read.
    """
    text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
    places: dict[Path, Place] = {}
    for number, line in enumerate(text.split("\n"), 1):
        name = _COMMENT.sub("", line).strip()
        if name:
            for place in _places(path.parent, number, name):
                places.setdefault(place.folder, place)
    return [_apart(place, places) for place in places.values()]


def _places(base: Path, line: int, name: str) -> Iterator[Place]:
    """The folder that a line names, or the folders that its pattern fits."""
    try:
        folder = (base / name).resolve()
        if not folder.exists() and _WILD.search(name):
            found = [item for item in _matching(base / name) if item.is_dir()]
            if not found:
                yield Place(line, name, folder, "no folder fits")
            for item in found:
                yield Place(line, (item.relative_to(base) if not Path(name).is_absolute() else item).as_posix(),
                            item.resolve())  # fmt: skip
            return
        problem = None if folder.is_dir() else "is not a folder" if folder.exists() else "no such folder"
    except (OSError, ValueError, RuntimeError) as error:  # a name too long, with a null character, links in a circle
        folder, problem = base / f"{line}:{name}", f"is no path: {error}"
    yield Place(line, name, folder, problem)


def _matching(pattern: Path) -> list[Path]:
    """The paths that a pattern fits, sorted; hidden ones only if it says so."""
    first = next(index for index, part in enumerate(pattern.parts) if _WILD.search(part))
    fixed, wild = Path(*pattern.parts[:first]), pattern.parts[first:]
    found = sorted(fixed.glob("/".join(wild)))
    return [path for path in found if path.name[:1] != "." or wild[-1].startswith(".")]


def _apart(place: Place, places: dict[Path, Place]) -> Place:
    """The place, with a problem if it is part of another, whose run would have its files too."""
    for folder in place.folder.parents:
        if folder in places and not ((place.folder / ".git").exists() and (folder / ".git").exists()):
            other = places[folder]
            return replace(place, problem=place.problem or f"lies in {other.name}, of line {other.line}")
    return place

"""The files that tables are read from: those of the tool, and those that a project adds to them or puts over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.reader import TableError, hint
from migrate.toml import TomlError, parse_toml

RULES = Path(__file__).parent / "rules"
LEGACY = RULES / "legacy"
WAYS = RULES / "ways"  # from APIs that are gone
SITES = RULES / "sites.toml"
RESERVED = ("accelerator", "cuda", "sites")
_LARGEST = 1_000_000  # bytes


@dataclass(frozen=True, slots=True)
class TableFile:
    """One file of rows. `target` is the one that it makes, None where its rows are for those that it `extends`.

    An empty `extends` of a file without a target means every target.
    """

    name: str  # what messages call it
    raw: bytes
    content: Mapping[str, Any]
    own: bool = False  # a project's
    target: str | None = None
    extends: tuple[str, ...] = ()

    def concerns(self, target: str) -> bool:
        """Whether it adds to a target that is another file's."""
        return self.target is None and (not self.extends or target in self.extends)


def shipped_names() -> tuple[str, ...]:
    """The targets that ship with the tool, sorted."""
    return tuple(sorted(path.stem for path in RULES.glob("*.toml") if path != SITES))


def shipped(name: str) -> TableFile:
    """The file of a target that ships with the tool."""
    return read_file(RULES / f"{name}.toml", name)


def read_file(path: Path, target: str | None = None) -> TableFile:
    """A table anywhere on disk, as if it were one of the tool's. Raises `TableError`; `OSError` if it can't be read."""
    raw = path.read_bytes()
    return TableFile(path.name, raw, parsed(path.name, raw), target=target)


def parsed(name: str, raw: bytes) -> dict[str, Any]:
    """The content of a file. Raises `TableError` where it is no TOML."""
    try:
        return parse_toml(raw)
    except TomlError as error:
        raise TableError([f"{name}: {error}"]) from None


def own_files(paths: Iterable[Path]) -> tuple[TableFile, ...]:
    """The files of a project, in order. Raises `TableError` with all that is wrong with what they are for."""
    files: list[TableFile] = []
    errors: list[str] = []
    for path in paths:
        try:
            raw = _content(path)
            files.append(_own(str(path), raw, parsed(str(path), raw)))
        except TableError as error:
            errors += error.errors
    errors += _conflicts(files)
    if errors:
        raise TableError(errors)
    return tuple(files)


def _content(path: Path) -> bytes:
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise TableError([f"{path}: is not a regular file"])
        if path.is_file() and path.stat().st_size > _LARGEST:
            raise TableError([f"{path}: is larger than {_LARGEST:,} bytes"])
        return path.read_bytes()
    except (OSError, ValueError) as error:  # the latter of a path with a null character
        raise TableError([f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}"]) from None


def _own(name: str, raw: bytes, content: Mapping[str, Any]) -> TableFile:
    """What a project's file is for. Raises `TableError`."""
    extends = content.get("extends", [])
    listed = [extends] if isinstance(extends, str) else extends
    if not isinstance(listed, list) or not all(isinstance(word, str) for word in listed):
        raise TableError([f"{name}: [extends]: must be the name of a target, or a list of names"])
    row = content.get("target")
    if row is None:
        return TableFile(name, raw, content, True, None, tuple(listed))
    if not isinstance(row, Mapping):
        raise TableError([f"{name}: [target]: must be a table"])
    if not isinstance(row.get("name"), str):
        raise TableError([f"{name}: [target]: 'name' is missing, or no quoted string"])
    if len(listed) > 1:
        raise TableError([f"{name}: [extends]: a table with a [target] extends one other, not {len(listed)}"])
    return TableFile(name, raw, content, True, row["name"], tuple(listed))


def _conflicts(files: Sequence[TableFile]) -> Iterator[str]:
    """What is wrong with files as far as others are concerned: names that are taken, or that nobody has."""
    taken = dict.fromkeys((*shipped_names(), *RESERVED), "the tool's own")
    for file in files:
        if file.target in taken:
            yield f"{file.name}: [target]: the name {file.target!r} is taken ({taken[file.target]}): choose another"
        elif file.target is not None:
            taken[file.target] = file.name
    known = [name for name in taken if name not in RESERVED]
    above: dict[str, str] = {file.target: file.extends[0] for file in files if file.target and file.extends}
    for file in files:
        for name in file.extends:
            if name not in known:
                yield f"{file.name}: [extends]: unknown target {name!r}{hint(name, known)}"
        if file.target is not None and (circle := _circle(file.target, above)):
            yield f"{file.name}: [extends]: goes in a circle: {' → '.join(circle)}"


def _circle(name: str, above: Mapping[str, str]) -> list[str]:
    """The way from a target back to itself, or nothing."""
    way = [name]
    while (above_it := above.get(way[-1])) is not None and above_it not in way[1:]:
        way.append(above_it)
        if above_it == name:
            return way
    return []

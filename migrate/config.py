"""Settings of a run: defaults ← `[tool.accel-migrate]` or `accel-migrate.toml` ← command-line options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from migrate.discover import MEGABYTE
from migrate.toml import TomlError, parse_toml

_OWN = "accel-migrate.toml"
_LARGEST = 1_000_000  # bytes of a file of settings
_MOST = {"jobs": 256, "max-file-size": 100_000_000}  # settings come with code that others wrote


class ConfigError(Exception):
    """A setting that cannot be used; the message names the file and line it stands in."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a run does; sizes in bytes, `exclude` and `per_file_ignores` by glob patterns on paths below the root.

    `rules` are files with tables of the project's own; `device` is an expression that is written in the place of a
    literal device, `device_import` the import that it takes. `select`, `ignore`, `per_file_ignores`, `baseline` and
    `allow_fixed` are for `check`; `add_dependency`, whether the vendor's package is listed beside torch, is for
    `migrate`.
    """

    target: str | None = None
    min_torch: str | None = None
    target_version: str | None = None
    exclude: tuple[str, ...] = ()
    max_file_size: int = MEGABYTE
    jobs: int = 0  # as many as the files are worth
    force_exclude: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    baseline: str | None = None
    allow_fixed: bool = False
    add_dependency: bool = False
    cache: bool = True  # whether files that an earlier run looked at are not looked at again
    docs: bool = False  # whether the code in documents is migrated
    rules: tuple[Path, ...] = ()
    device: str | None = None
    device_import: str | None = None


def load_config(root: Path, options: Mapping[str, Any]) -> Config:
    """The settings for a run over `root`; options that are None count as not given.

    Reads the nearest `accel-migrate.toml`, or `pyproject.toml` with a `[tool.accel-migrate]` table, from
    `root` upwards to the top of its repository. Raises `ConfigError`.
    """
    config = Config()
    found = _find(root.resolve())
    if found:
        path, table = found
        config = replace(config, **_checked(path, table))
        if (config.device is None) != (config.device_import is None):
            raise ConfigError(f"{path}: device and device-import go together: an expression, and the import it takes")
    given = {name: value for name, value in options.items() if value is not None}
    if config.target not in (None, given.get("target", config.target)):
        config = replace(config, target_version=None)  # it is the version of another package
    return replace(config, **given)


def _find(root: Path) -> tuple[Path, Any] | None:
    for folder in (root, *root.parents):
        own = folder / _OWN
        if own.is_file():
            return own, _read(own)
        project = folder / "pyproject.toml"
        if project.is_file():
            tools = _read(project).get("tool")
            if isinstance(tools, Mapping) and "accel-migrate" in tools:
                return project, tools["accel-migrate"]
        if (folder / ".git").exists():
            break
    return None


def _read(path: Path) -> Mapping[str, Any]:
    try:
        top = _top(path)
        if not path.resolve().is_relative_to(top):
            raise ConfigError(f"{path}: a symbolic link out of the project, {top}")
        if path.stat().st_size > _LARGEST:
            raise ConfigError(f"{path}: is larger than {_LARGEST:,} bytes")
        return parse_toml(path.read_bytes())
    except (OSError, RuntimeError, TomlError) as error:  # the second of links in a circle
        raise ConfigError(f"{path}: {error}") from None


def _checked(path: Path, table: Any) -> dict[str, Any]:
    if not isinstance(table, Mapping):
        raise ConfigError(f"{path}: tool.accel-migrate must be a table")
    known = {field.name.replace("_", "-"): field for field in fields(Config)}
    values: dict[str, Any] = {}
    if "tool" in table and path.name == _OWN:
        raise ConfigError(f"{path}: settings stand in this file without [tool.accel-migrate]")
    for key, value in table.items():
        where = f"{path}:{_line_of(path, key)}" + (": [tool.accel-migrate]" if path.name != _OWN else "")
        if key not in known:
            raise ConfigError(f"{where}: unknown key {key!r}{_suggestion(key, list(known))}")
        values[known[key].name] = _rules(where, path, value) if key == "rules" else _converted(where, key, value)
    return values


def _converted(where: str, key: str, value: Any) -> Any:
    """A setting in the type of its field. Raises `ConfigError` if it has another."""
    if key in ("exclude", "select", "ignore"):
        if _is_texts(value):
            return tuple(value)
        raise ConfigError(f"{where}: {key} must be a list of {'glob patterns' if key == 'exclude' else 'rule ids'}")
    if key == "per-file-ignores":
        if isinstance(value, Mapping) and all(_is_texts(rules) for rules in value.values()):
            return {glob: tuple(rules) for glob, rules in value.items()}
        raise ConfigError(f"{where}: per-file-ignores must be a table of lists of rule ids, by glob pattern")
    if key in ("force-exclude", "allow-fixed", "add-dependency", "cache", "docs"):
        if isinstance(value, bool):
            return value
        raise ConfigError(f"{where}: {key} must be true or false")
    if key in ("max-file-size", "jobs"):
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST[key]:
            return value
        raise ConfigError(f"{where}: {key} must be a positive number of at most {_MOST[key]:,}")
    if isinstance(value, str):
        return value
    raise ConfigError(f"{where}: {key} = {value} must be a quoted string")


def _rules(where: str, path: Path, value: Any) -> tuple[Path, ...]:
    """The files of a project's own tables."""
    if not _is_texts(value):
        raise ConfigError(f"{where}: rules must be a list of files")
    try:
        return tuple(within(path.parent, text, _top(path)) for text in value)
    except ValueError as error:
        raise ConfigError(f"{where}: rules: {error}") from None


def within(folder: Path, text: str, top: Path) -> Path:
    """A file that settings name, which is within their project: they come with code that others wrote.

    Raises `ValueError` for any other.
    """
    try:
        file = (folder / text).resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a path with a null character, links in a circle
        raise ValueError(f"{text!r}: {error}") from None
    if not file.is_relative_to(top):
        raise ValueError(f"{text!r} lies outside of the project, {top}")
    return file


def _top(path: Path) -> Path:
    """The folder of the project that a file of settings is for."""
    return next((folder for folder in path.parents if (folder / ".git").exists()), path.parent)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _line_of(path: Path, key: str) -> int:
    """The line a key stands in; 1 where it is spelled in a way we do not look for."""
    pattern = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
    lines = path.read_text("utf-8").split("\n")
    headers = [number for number, line in enumerate(lines) if line.replace(" ", "").startswith("[tool.accel-migrate]")]
    start = headers[0] if headers else 0
    return next((number for number, line in enumerate(lines[start:], start + 1) if pattern.match(line)), 1)


def _suggestion(key: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(key, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f" (known: {', '.join(sorted(known))})"

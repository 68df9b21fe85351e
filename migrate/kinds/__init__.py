"""Files that are no Python: one reader for each kind, a function from the text to its drafts and comments.

A reader is imported when the first file of its kind mentions CUDA.
"""

from __future__ import annotations

from importlib import import_module

from migrate.kinds.crowds import crowd_reading
from migrate.kinds.reading import Reader, Source, reported
from migrate.model import Finding, Kind, Repository, Table

_READERS: dict[Kind, str] = {  # kind -> the module whose function `read` takes its files
    "notebook": "notebook",
    "shell": "commands",
    "make": "make",
    "yaml": "yaml_file",
    "json": "json_file",
    "toml": "toml_file",
    "ini": "ini_file",
    "env": "env_file",
    "docker": "docker",
    "requirements": "requirements",
    "docs": "docs",
    "prose": "prose",
}


def find(path: str, kind: Kind, text: str, table: Table, repository: Repository) -> tuple[Finding, ...]:
    """The findings of a file that is no Python, in order.

    Raises `SyntaxError` for a text that cannot be read as its kind.
    """
    source = Source(path, kind, text, table, repository)
    crowded = None if kind == "notebook" else crowd_reading(source)  # only what its cells hold counts
    return reported(source, crowded or reader_of(kind)(source))


def reader_of(kind: Kind) -> Reader:
    """The reader for a kind of file."""
    reader: Reader = import_module(f"migrate.kinds.{_READERS[kind]}").read
    return reader

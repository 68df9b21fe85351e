"""Notebooks for the tests: made of sources in any layout, and read again."""

from __future__ import annotations

import json
from typing import Any

from kit import table

from migrate.engine import migrate_bytes, rewritten
from migrate.model import FileResult

Json = dict[str, Any]


def code(source: str | list[str]) -> Json:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


def text_cell(source: str | list[str]) -> Json:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def notebook(*cells: Json, language: str = "python") -> Json:
    metadata = {"kernelspec": {"name": "k", "display_name": "k", "language": language}}
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}


def lines(text: str) -> list[str]:
    """A source as Jupyter writes it: one string for each line."""
    return [f"{line}\n" for line in text.split("\n")[:-1]] + [text.split("\n")[-1]] * (not text.endswith("\n"))


def bytes_of(value: Any, **options: Any) -> bytes:
    """A notebook as a file, in the layout that the options of `json.dumps` say."""
    return json.dumps(value, **{"indent": 1, "ensure_ascii": False, **options}).encode("utf-8", "surrogatepass")


def result(data: bytes, target: str = "npu") -> FileResult:
    return migrate_bytes("in.ipynb", "notebook", data, table(target))


def sources(data: bytes) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(data.removeprefix(b"\xef\xbb\xbf"))["cells"]]


def migrated(*texts: str, target: str = "npu") -> list[str]:
    """What becomes of code cells with these texts."""
    data = bytes_of(notebook(*(code(lines(text)) for text in texts)))
    found = result(data, target)
    assert found.error is None, found.error
    return sources(rewritten(data, found))

"""The JSON text of a notebook → its cells, each with where its source stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from migrate.edits import line_starts, position
from migrate.finder import Span
from migrate.kinds.sources import Spelled, spelled

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)  # a number of a million digits takes its time
_OLD = "convert it with jupyter nbconvert --to notebook"


@dataclass(frozen=True, slots=True)
class Source:
    """A cell: its number from 1, its type, and the span of its source, brackets or quotes included."""

    number: int
    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Notebook:
    """The cells in order; `language` is that of the code."""

    cells: tuple[Source, ...]
    language: str


def notebook_of(text: str) -> Notebook:
    """Find the cells. Raises `SyntaxError` for a text that is no notebook, or one of an old format."""
    try:
        top, end = _value(text, 0)
        if _SPACE.fullmatch(text, end) is None:
            raise _error(text, end, "there is more behind the end of the notebook")
        if not isinstance(top, dict):
            raise _error(text, 0, "no notebook: no JSON object")
        _check_format(text, top)
        start = _members(text, _after(text, 0)).get("cells", (0, 0))[0]
        cells = tuple(_cells(text, start)) if start else ()
    except json.JSONDecodeError as error:
        raise _error(text, error.pos, f"no JSON: {error.msg}") from None
    except RecursionError:
        raise _error(text, 0, "its JSON nests too deeply") from None
    return Notebook(cells, _language(top))


def source_of(text: str, cell: Source, *, ascii_only: bool) -> Spelled:
    """The source of a cell, read."""
    if text[cell.start] == '"':
        return spelled(text, [(cell.start, cell.end)], "", ascii_only=ascii_only)
    spans = [(start, end) for start, end, _ in _elements(text, cell.start)]
    if len(spans) > 1:
        between = text[spans[0][1] - 1 : spans[1][0] + 1]
    else:
        before = text[cell.start + 1 : spans[0][0]] if spans else ""
        between = f'",{before or _after_comma(text)}"'
    return spelled(text, spans, between, ascii_only=ascii_only)


def _cells(text: str, at: int) -> Iterator[Source]:
    if text[at] != "[":
        raise _error(text, at, "no notebook: its cells are no list")
    for number, (start, _, cell) in enumerate(_elements(text, at), 1):
        if not isinstance(cell, dict):
            raise _error(text, start, f"no notebook: cell {number} is no JSON object")
        source = cell.get("source")
        lines = source if isinstance(source, list) else [source]
        if not all(isinstance(line, str) for line in lines):
            raise _error(text, start, f"no notebook: the source of cell {number} is no text")
        yield Source(number, str(cell.get("cell_type")), *_members(text, start)["source"])


def _check_format(text: str, top: dict[str, Any]) -> None:
    version = top.get("nbformat")
    if "worksheets" in top or (isinstance(version, str) and version in ("1", "2", "3")):
        raise _error(text, 0, f"notebook format {version or 3}: {_OLD}")
    if "cells" not in top:
        raise _error(text, 0, "no notebook: it has no cells")


def _language(top: dict[str, Any]) -> str:
    """The language of the kernel; Python where the notebook does not say."""
    found = top.get("metadata")
    metadata = found if isinstance(found, dict) else {}
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        info = metadata.get(key)
        if isinstance(info, dict) and isinstance(info.get(name), str) and info[name]:
            return str(info[name]).lower()
    return "python"


def _members(text: str, at: int) -> dict[str, Span]:
    """The spans of the values of an object, by key; of a key that stands twice the last one counts."""
    found: dict[str, Span] = {}
    at = _after(text, at + 1)
    while text[at] != "}":
        key, at = _value(text, at)
        start = _after(text, _after(text, at) + 1)
        _, end = _value(text, start)
        found[key] = start, end
        at = _next(text, end)
    return found


def _elements(text: str, at: int) -> Iterator[tuple[int, int, Any]]:
    """The elements of a list: where each begins and ends, and what it is."""
    at = _after(text, at + 1)
    while text[at] != "]":
        value, end = _value(text, at)
        yield at, end, value
        at = _next(text, end)


def _next(text: str, at: int) -> int:
    """Where the next member or element begins, or the bracket that closes."""
    at = _after(text, at)
    return _after(text, at + 1) if text[at] == "," else at


def _after_comma(text: str) -> str:
    """What stands behind a comma where no line ends: nothing in a compact notebook."""
    return " " if '": ' in text else ""


def _value(text: str, at: int) -> tuple[Any, int]:
    return _DECODER.raw_decode(text, _after(text, at))


def _after(text: str, at: int) -> int:
    """The next offset without white space."""
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _error(text: str, at: int, message: str) -> SyntaxError:
    return SyntaxError(message, (None, position(line_starts(text), at)[0], None, None))

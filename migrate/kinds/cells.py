"""The JSON text of a notebook → its cells, each with where its source stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from migrate.edits import line_starts, position
from migrate.finder import Span
from migrate.kinds.sources import Spelled, spelled

_SPACE = re.compile(r"[ \t\r\n]*")
_OPENED = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|(?P<bracket>[\[{])')
_MOST = 1_000_000  # lists and objects: what a hostile file would fill the memory with
_MOST_CELLS = 20_000
_MOST_LINES = 2_000_000
_OLD = "convert it with jupyter nbconvert --to notebook"
# Nobody asks for long numbers, and one of a million digits takes its time.
_DECODER = json.JSONDecoder(parse_int=lambda digits: int(digits[:9]), parse_float=lambda _: 0.0)
_Values = dict[str, tuple[int, int, Any]]  # those of an object by key, each with its span


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
    if text.count("\n") > _MOST_LINES:
        raise SyntaxError(f"more than {_MOST_LINES:,} lines")
    if text.count("[") + text.count("{") > _MOST:
        brackets = (found for found in _OPENED.finditer(text) if found["bracket"])
        if next(islice(brackets, _MOST, None), None):
            raise _error(text, 0, f"more than {_MOST:,} lists and objects")
    try:
        return _read(text)
    except json.JSONDecodeError as error:
        raise _error(text, error.pos, f"no JSON: {error.msg}") from None
    except RecursionError:
        raise _error(text, 0, "its JSON nests too deeply") from None


def _read(text: str) -> Notebook:
    start = _after(text, 0)
    if text[start : start + 1] != "{":
        raise _error(text, start, "no notebook: no JSON object")
    values: _Values = {}
    cells: list[Source] | None = None
    at = start
    while found := _next_key(text, at, "{" if at == start else ","):
        key, at = found
        if key == "cells":
            cells, at = _cells(text, at)
        else:
            value, end = _DECODER.raw_decode(text, at)
            values[key] = at, end, value if key in ("nbformat", "metadata") else None
            at = end
    version = values["nbformat"][2] if "nbformat" in values else None
    if "worksheets" in values or (isinstance(version, int) and version < 4):
        raise _error(text, 0, f"notebook format {version or 3}: {_OLD}")
    if cells is None:
        raise _error(text, 0, "no notebook: it has no cells")
    if (rest := _after(text, _after(text, at) + 1)) < len(text):
        raise _error(text, rest, "there is more behind the end of the notebook")
    return Notebook(tuple(cells), _language(values))


def source_of(text: str, cell: Source, *, ascii_only: bool) -> Spelled:
    """The source of a cell, read."""
    if text[cell.start] == '"':
        return spelled(text, [(cell.start, cell.end)], "", ascii_only=ascii_only)
    spans = list(_strings(text, cell.start))
    if len(spans) > 1:
        between = text[spans[0][1] - 1 : spans[1][0] + 1]
    else:
        before = text[cell.start + 1 : spans[0][0]] if spans else ""
        between = f'",{before or _after_comma(text)}"'
    return spelled(text, spans, between, ascii_only=ascii_only)


def _cells(text: str, at: int) -> tuple[list[Source], int]:
    """The cells of a list that begins at an offset, and where it ends."""
    if text[at : at + 1] != "[":
        raise _error(text, at, "no notebook: its cells are no list")
    cells: list[Source] = []
    at = _after(text, at + 1)
    while text[at : at + 1] != "]":
        number, start = len(cells) + 1, at
        if number > _MOST_CELLS:
            raise _error(text, at, f"more than {_MOST_CELLS:,} cells")
        if text[at : at + 1] != "{":
            raise _error(text, at, f"no notebook: cell {number} is no JSON object")
        values: _Values = {}
        while found := _next_key(text, at, "{" if at == start else ","):
            key, begin = found
            value, at = _DECODER.raw_decode(text, begin)
            values[key] = begin, at, value if key in ("cell_type", "source") else None
        cells.append(_cell(text, start, number, values))
        at = _after(text, _after(text, at) + 1)
        if text[at : at + 1] == ",":
            at = _after(text, at + 1)
            if text[at : at + 1] == "]":
                raise json.JSONDecodeError("Illegal trailing comma before end of array", text, at)
        elif text[at : at + 1] != "]":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
    return cells, at + 1


def _cell(text: str, at: int, number: int, values: _Values) -> Source:
    start, end, source = values.get("source", (0, 0, None))
    lines = source if isinstance(source, list) else [source]
    if len(lines) > _MOST:
        raise _error(text, at, f"more than {_MOST:,} lines in cell {number}")
    if not all(isinstance(line, str) for line in lines):
        raise _error(text, at, f"no notebook: the source of cell {number} is no text")
    kind = values["cell_type"][2] if "cell_type" in values else ""
    return Source(number, kind if isinstance(kind, str) else "", start, end)


def _language(values: _Values) -> str:
    """The language of the kernel; Python where the notebook does not say."""
    metadata = values["metadata"][2] if "metadata" in values else None
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        info = metadata.get(key) if isinstance(metadata, dict) else None
        if isinstance(info, dict) and isinstance(info.get(name), str) and info[name]:
            return str(info[name]).lower()
    return "python"


def _next_key(text: str, at: int, opening: str) -> tuple[str, int] | None:
    """The key behind a brace or a comma and where its value begins, None at the end of the object.

    `opening` is the brace for the first key; behind a value it is the comma.
    """
    at = _after(text, at)
    if opening == "," and text[at : at + 1] == "}":
        return None
    if text[at : at + 1] != opening:
        raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
    at = _after(text, at + 1)
    if opening == "{" and text[at : at + 1] == "}":
        return None
    if text[at : at + 1] != '"':
        raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, at)
    key, at = _DECODER.raw_decode(text, at)
    at = _after(text, at)
    if text[at : at + 1] != ":":
        raise json.JSONDecodeError("Expecting ':' delimiter", text, at)
    return key, _after(text, at + 1)


def _strings(text: str, at: int) -> Iterator[Span]:
    """The spans of the strings of a list that is known to hold nothing else."""
    at = _after(text, at + 1)
    while text[at] != "]":
        end = _DECODER.raw_decode(text, at)[1]
        yield at, end
        at = _after(text, end)
        if text[at] == ",":
            at = _after(text, at + 1)


def _after_comma(text: str) -> str:
    """What stands behind a comma where no line ends: nothing in a compact notebook."""
    return " " if '": ' in text else ""


def _after(text: str, at: int) -> int:
    """The next offset without white space."""
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _error(text: str, at: int, message: str) -> SyntaxError:
    return SyntaxError(message, (None, position(line_starts(text), at)[0], None, None))

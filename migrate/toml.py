"""TOML, from the standard library where it has it."""

from __future__ import annotations

import sys
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class TomlError(Exception):
    """Bytes that are not TOML; the message says where."""


def parse_toml(raw: bytes) -> dict[str, Any]:
    """The tables of a TOML file. Raises `TomlError`."""
    try:
        parsed: dict[str, Any] = tomllib.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # of no TOML, no UTF-8, or numbers without end
        raise TomlError(str(error)) from None
    return parsed

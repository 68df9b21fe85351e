"""The schema docs/rules.schema.json, with which editors check tables of rules, made from what the reader knows.

python tools/render_schema.py            write it
python tools/render_schema.py --check    exit with 1 if it is not what the reader says
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the checkout that this file is part of

from migrate.mistakes import NEEDING_MESSAGE, TAKING_NO_TO  # noqa: E402
from migrate.model import Status  # noqa: E402
from migrate.reader import (  # noqa: E402
    DTYPES,
    IMPORT,
    INSTALL,
    KINDS,
    NAMESPACE,
    ROW,
    SCHEMA,
    TARGET,
    TOP,
)

PAGE = ROOT / "docs" / "rules.schema.json"
Schema = dict[str, object]
_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
_VERSIONS: Schema = {"type": "array", "items": {"type": "string", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,9})*$"}}
_NOT_TEXT: dict[str, Schema] = {  # fields that hold something else than a text
    "status": {"enum": list(get_args(Status))},
    "names": {**_TEXTS, "minItems": 1},
    "versions": _VERSIONS,
    "keywords": {"type": "object", "additionalProperties": _TEXT},
    "positional": {"type": "integer", "minimum": 0},
    "parameters": _TEXTS,
    "decorates": {"type": "boolean"},
}
_ADVICE = {
    "status": "What the vendor has of the name.",
    "to": "The new name, or a call; {device} and {backend} are the target's words.",
    "evidence": "Where to look the claim up: a word of [sources], a colon, a path. Tables of a project may omit it.",
    "message": "For people: what to do by hand, or why nothing has to be done.",
    "review": "Why a person should look at the edit.",
    "since": "The first version of the vendor's package that has the name.",
    "until": "The first version that does not have it any more.",
}


def main() -> None:
    """Write the schema, or say that it is stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the schema is stale")
    text = json.dumps(schema(), indent=2) + "\n"
    stale = not PAGE.is_file() or PAGE.read_text("utf-8") != text
    if parser.parse_args().check:
        if stale:
            print(f"{PAGE.relative_to(ROOT)} is not what the reader says: run `python tools/render_schema.py`")
        sys.exit(1 if stale else 0)
    PAGE.write_text(text, "utf-8")


def schema() -> Schema:
    """The schema of one table."""
    rows: Schema = {"type": "object", "additionalProperties": {"$ref": "#/$defs/row"}}
    special: dict[str, Schema] = {
        "schema": {"const": SCHEMA},
        "extends": {"anyOf": [_TEXT, _TEXTS], "description": "The targets whose rows these add to or replace."},
        "target": _object(TARGET, special=_parts()),
        "sources": {"type": "object", "additionalProperties": _TEXT},
        "modules": _NOT_TEXT["keywords"],
        "missing_arguments": {"type": "object", "additionalProperties": _TEXTS},
        "namespace": {"type": "array", "items": _object(NAMESPACE, required=["from", "names"])},
        **dict.fromkeys(KINDS, rows),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A table of rules of accel-migrate",
        **_object([*TOP, "extends"], required=["schema"], special=special),
        "$defs": {"row": {**_object(ROW, required=["status"]), "allOf": [*_conditions()]}},
    }


def _parts() -> dict[str, Schema]:
    """The tables below [target]."""
    dtypes = {"refused": _TEXTS, "narrowed": _NOT_TEXT["keywords"]}
    return {"import": _object(IMPORT), "install": _object(INSTALL), "dtypes": _object(DTYPES, special=dtypes)}


def _object(names: Iterable[str], *, required: Iterable[str] = (), special: dict[str, Schema] | None = None) -> Schema:
    fields = {name: {**(special or {}).get(name, _NOT_TEXT.get(name, _TEXT))} for name in sorted(names)}
    for name, text in _ADVICE.items():
        if name in fields and special is None:
            fields[name]["description"] = text
    return {"type": "object", "properties": fields, "required": [*required], "additionalProperties": False}


def _conditions() -> Iterable[Schema]:
    """What a row of some status needs, or must not have."""
    yield {"if": _status(["renamed"]), "then": {"required": ["to"]}}
    yield {"if": _status(sorted(NEEDING_MESSAGE)), "then": {"required": ["message"]}}
    yield {"if": _status(sorted(TAKING_NO_TO)), "then": {"not": {"required": ["to"]}}}
    needed = [{"required": ["message"]}, {"required": ["review"]}]
    yield {"if": _status(["differs"]), "then": {"anyOf": needed}}


def _status(statuses: list[str]) -> Schema:
    return {"properties": {"status": {"enum": statuses}}, "required": ["status"]}


if __name__ == "__main__":
    main()

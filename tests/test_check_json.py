"""What is left of CUDA, as JSON: the schema, the values, the example of the documentation."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from checks import HOSTILE, check, checked, hostile, mixed
from jsonschema import Draft202012Validator
from kit import CUDA

from migrate.leftovers import CheckResult
from migrate.report.formats import FORMATS

DOCS = Path(__file__).parents[1] / "docs"


def schema() -> Draft202012Validator:
    loaded = json.loads((DOCS / "check.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(loaded)
    return Draft202012Validator(loaded)


@pytest.mark.parametrize("result", [mixed(), check(), hostile()], ids=["mixed", "empty", "hostile"])
def test_json_follows_its_schema_and_is_ascii(result: CheckResult) -> None:
    text = FORMATS["json"](result)
    assert text.isascii()
    schema().validate(json.loads(text))


def test_schema_of_the_json_knows_every_key_and_no_other() -> None:
    value = json.loads(FORMATS["json"](mixed()))
    objects = [value, value["summary"], *value["leftovers"], *value["fixed"], *value["errors"]]
    objects += [edit for item in value["leftovers"] for edit in item["edits"]]
    for part in objects:
        part["more"] = 1
        assert not schema().is_valid(value)
        del part["more"]
        for key in list(part):
            kept = part.pop(key)
            assert not schema().is_valid(value), key
            part[key] = kept


def test_json_says_what_the_result_says() -> None:
    value = json.loads(FORMATS["json"](mixed()))
    assert value["summary"] == {
        "files": 7, "new": 3, "known": 1, "fixed": 2, "errors": 1, "fixable": 1, "seconds": 1.25
    }  # fmt: skip
    assert [item["state"] for item in value["leftovers"]] == ["new", "new", "known", "new"]
    assert value["leftovers"][0]["edits"] == [{"start": 51, "end": 52, "text": "y"}]
    assert value["fixed"] == [{"path": "b.py", "rule_id": "device:cuda", "found": '"cuda"', "count": 2}]
    assert value["errors"] == [{"path": "e.py", "line": 4, "message": "does not parse"}]


def test_json_keeps_every_text_as_it_is() -> None:
    value = json.loads(FORMATS["json"](hostile()))
    assert tuple(item["found"] for item in value["leftovers"]) == HOSTILE
    assert tuple(entry["path"] for entry in value["fixed"]) == HOSTILE


def test_example_of_the_json_is_what_the_tool_says(tmp_path: Path) -> None:
    text = (DOCS / "check-formats.md").read_text("utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    value, documented = json.loads(FORMATS["json"](checked(tmp_path, {"train.py": CUDA}))), json.loads(example)
    for part in (value, documented):
        part["summary"]["seconds"] = part["version"] = part["leftovers"][0]["fingerprint"] = None
    assert documented == value

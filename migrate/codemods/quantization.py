"""The lines by which a script quantizes its model, where it says which that is; else what a person is to add."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from migrate.codemods.insertions import dotted, is_script, trains
from migrate.codemods.models import UNKNOWN, Model, UncertainError, check_loader, loader_name, model_of, name_of
from migrate.codemods.view import View
from migrate.extras import Insert, Script
from migrate.model import Draft, Edit
from migrate.trees import every

_RULE = "script:quantize"
_LINE_END = re.compile(r"\r\n|\r|\n")


def quantized(view: View, script: Script) -> Iterator[tuple[Draft, str]]:
    """The lines that the model of a file gains before it moves, each with the import that it takes."""
    for insert in script.wanted("model"):
        done = insert.needs.rpartition(" ")[2] in view.scan.text or "quantize=True" in view.scan.text
        if not done and _concerned(view, script):
            yield _quantized(view, script, insert), insert.needs


def unwritten(draft: Draft, needs: str, why: str) -> Draft:
    """The draft as a thing to do, as its import has no place in the file."""
    return _told(draft.start, needs, " ".join(edit.text for edit in draft.edits), why) if draft.edits else draft


def _concerned(view: View, script: Script) -> bool:
    """Whether a file trains a model, or runs one, or is to say so."""
    text = view.scan.text
    if script.mode == "training":
        optimizers = (node for node in every(view.scan.module.node) if isinstance(node, ast.Call))
        made = any(dotted(view, node.func).rpartition(".")[0] == "torch.optim" for node in optimizers)
        return made or (trains(view) and is_script(view))
    return not trains(view) and (".load_state_dict(" in text or ".eval()" in text)


def _quantized(view: View, script: Script, insert: Insert) -> Draft:
    values, problems, model = _values(view, script, insert)
    line = _filled(insert.line or "", values)
    if model is None or problems:
        return _told(_first_mention(view, model), insert.needs, line, "; ".join(problems))
    if model.inner is None:
        return _before(view, model, insert, values)
    return _wrapped(view, model, model.inner, insert, values)


def _values(view: View, script: Script, insert: Insert) -> tuple[dict[str, str], list[str], Model | None]:
    """What goes into the places of a line, and what is not certain."""
    values: dict[str, str] = {"bitwidth": script.bitwidth}
    problems: list[str] = []
    model, trained, line = None, script.mode == "training", insert.line or ""
    try:
        if "{mean}" in line:
            values["mean"], values["std"] = _normalization(view)
    except UncertainError as error:
        problems.append(str(error))
    try:
        if "{loader}" in line:
            values["loader"] = loader_name(view)
    except UncertainError as error:
        problems.append(str(error))
    try:
        scope, values["model"] = name_of(view, trained=trained)
        model = model_of(view, scope, values["model"], trained=trained)
        values["model"] = model.name
        if "loader" in values:
            check_loader(view, model, values["loader"])
    except UncertainError as error:
        problems.append(str(error))
    return values, problems, model


def _filled(line: str, values: Mapping[str, str]) -> str:
    """A line with what is known in its places, and … for what is not."""
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match.group(1), UNKNOWN), line)


def _normalization(view: View) -> tuple[str, str]:
    """The mean and the deviation by which the file normalizes images. Raises `UncertainError`."""
    found = set()
    for node in every(view.scan.module.node):
        if isinstance(node, ast.Call) and dotted(view, node.func) == "torchvision.transforms.Normalize":
            given = {**dict(zip(("mean", "std"), node.args, strict=False)), **{
                item.arg: item.value for item in node.keywords if item.arg}}  # fmt: skip
            found.add((_numbers(given.get("mean")), _numbers(given.get("std"))))
    if len(found) != 1:
        raise UncertainError("the file has several transforms.Normalize" if found else "it has no transforms.Normalize")
    ((mean, std),) = found
    if not mean or not std:
        raise UncertainError("the numbers of its transforms.Normalize are made elsewhere")
    return mean, std


def _numbers(node: ast.expr | None) -> str:
    """A list of numbers as a list of Python, or ""."""
    if not isinstance(node, (ast.List, ast.Tuple)):
        return ""
    plain = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)
    if not all(isinstance(part, plain) for item in node.elts for part in ast.walk(item)):
        return ""
    return "[" + ", ".join(ast.unparse(item) for item in node.elts) + "]"


def _before(view: View, model: Model, insert: Insert, values: Mapping[str, str]) -> Draft:
    """The lines in front of the statement that moves the model."""
    text, node = view.scan.text, model.moved
    line = _filled(insert.line or "", values)
    at = view.scan.starts[node.lineno - 1]
    indent = text[at : view.scan.offset(node.lineno, node.col_offset)]
    if indent.strip() or (at and view.scan.line(node.lineno - 1).rstrip("\r\n").endswith("\\")):
        return _told(at, insert.needs, line, "the statement that moves it shares its line")
    ending = _LINE_END.search(text)
    newline = ending.group() if ending else "\n"
    added = "".join(f"{indent}{part}{newline}" for part in line.strip().splitlines())
    return Draft(_RULE, at, at, "review", _filled(insert.message, values), (Edit(at, at, added),))


def _wrapped(view: View, model: Model, inner: ast.expr, insert: Insert, values: Mapping[str, str]) -> Draft:
    """The call around the one that makes the model, in a statement that makes and moves it."""
    start, end = view.scan.span(inner)
    value = (insert.line or "").strip().partition(" = ")[2]
    before, mark, behind = value.partition("{model}")
    if "\n" in value or not mark or "{model}" in behind:
        line = _filled(insert.line or "", values)
        return _told(start, insert.needs, line, f"{model.name} is made and moved in one statement")
    edits = (Edit(start, start, _filled(before, values)), Edit(end, end, _filled(behind, values)))
    return Draft(_RULE, start, start, "review", _filled(insert.message, values), edits)


def _told(at: int, needs: str, line: str, why: str) -> Draft:
    lines = "; ".join(part.strip() for part in (needs, *line.strip().splitlines()))
    return Draft(_RULE, at, at, "manual", f"add `{lines}` behind what makes the model, before it moves: {why}")


def _first_mention(view: View, model: Model | None) -> int:
    if model is not None:
        return view.scan.starts[model.moved.lineno - 1]
    for node in every(view.scan.module.node):
        if isinstance(node, ast.Call) and dotted(view, node.func).rpartition(".")[0] == "torch.optim":
            return view.scan.starts[node.lineno - 1]
    return 0

"""Lines that a script gains because the target's API wants them: beside its import, or after what makes an object."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from migrate.codemods.enclosing import around
from migrate.codemods.lines import line_of
from migrate.codemods.view import View
from migrate.extras import Expression, Insert, Script
from migrate.model import Draft, Edit

_LINE_END = re.compile(r"\r\n|\r|\n")


def shortened(view: View, drafts: Sequence[Draft], alias: Expression, script: Script) -> list[Draft]:
    """The drafts, with `torch.device("…")` of the target as the call that its API has for it."""
    call = f"{alias.root}.{script.device_call}"
    return [_called(view, draft, call) if draft.edits else draft for draft in drafts]


def _called(view: View, draft: Draft, call: str) -> Draft:
    if draft.rule_id != f"device:{view.table.source.device}" or view.scan.text[draft.start] not in "\"'":
        return draft
    path = around(view, draft.start)
    node = path[-2] if len(path) > 1 else None
    if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords or node.args[0] is not path[-1]:
        return draft
    plain = isinstance(node.args[0], ast.Constant) and node.args[0].value == view.table.source.device
    if not plain or dotted(view, node.func) != "torch.device":
        return draft
    start, end = view.scan.span(node)
    return replace(draft, start=start, end=end, message=f"torch.device → {call}", edits=(Edit(start, end, call),))


def beside_import(view: View, script: Script) -> list[Insert]:
    """What a script of a mode gains beside the import."""
    wanted = script.wanted("import")
    return wanted if is_script(view) and trains(view) == (script.mode == "training") else []


def after_calls(view: View, script: Script) -> Iterator[Draft]:
    """A line behind each statement that assigns an instance of a class, unless the name is handed on already."""
    wanted = script.wanted_elsewhere("import", "model")
    for node in view.scan.nodes() if wanted else ():
        if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.value, ast.Call):
            continue
        target, made = ast.unparse(node.targets[0]), dotted(view, node.value.func)
        for insert in wanted:
            if made.rpartition(".")[0] == insert.after and re.fullmatch(r"[\w.]+", target):
                yield from _behind(view, node, insert, target)


def _behind(view: View, node: ast.Assign, insert: Insert, name: str) -> Iterator[Draft]:
    text = view.scan.text
    line = (insert.line or "").replace("{name}", name)
    if re.search(rf"\bct\.to\(\s*{re.escape(name)}\b", text):
        return
    indent, begin, at, below_header, _ = line_of(view, node)
    start, end = view.scan.span(node)
    alone, behind = begin + len(indent) == start, text[end:at].strip()
    rule_id = f"script:{insert.after}"
    if below_header or not alone or (behind and behind[0] != "#") or dotted_name(view, "torch") != "torch":
        yield Draft(rule_id, at, at, "manual", f"{insert.message}: add `{line}` behind it")
        return
    ending = _LINE_END.search(text)
    newline = ending.group() if ending else "\n"
    added = f"{indent}{line}{newline}" if text[:at].endswith(("\n", "\r")) else f"{newline}{indent}{line}"
    yield Draft(rule_id, at, at, "review", insert.message, (Edit(at, at, added),))


def is_script(view: View) -> bool:
    """Whether a file runs something when it is started."""
    body = getattr(view.scan.module.node, "body", [])
    runs = (ast.For, ast.While, ast.With)
    return "__main__" in view.scan.text or any(isinstance(node, runs) or _is_move(view, node) for node in body)


def _is_move(view: View, node: ast.stmt) -> bool:
    """Whether a statement moves something to a device."""
    called = getattr(getattr(node, "value", None), "func", None)
    return isinstance(called, ast.Attribute) and called.attr in ("to", view.table.source.method)


def trains(view: View) -> bool:
    return ".backward(" in view.scan.text


def dotted(view: View, node: ast.expr) -> str:
    """The dotted name that an expression stands for, by the imports of the file."""
    return dotted_name(view, ast.unparse(node)) if isinstance(node, (ast.Name, ast.Attribute)) else ""


def dotted_name(view: View, text: str) -> str:
    root, dot, rest = text.partition(".")
    scope = view.scan.module
    found = scope.imports.get(root, set())
    return "" if len(found) != 1 or root in scope.bound else f"{next(iter(found))}{dot}{rest}"

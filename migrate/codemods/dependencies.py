"""The packages that a `setup()` asks for: what is CUDA's in them, and the vendor's package beside torch."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from migrate.codemods.view import View
from migrate.finder import SETUP
from migrate.kinds import pins
from migrate.model import Draft, Edit

_BUILDING = ("setup_requires", "tests_require")  # needed, but not by whoever installs the project
_RUNNING = tuple(word.decode() for word in SETUP)
_COPYING = frozenset({"list", "set", "sorted", "tuple", "dict"})
_ADDING = frozenset({"append", "extend", "insert", "update", "add"})
_PLAIN = re.compile(r""""[^"\\\r\n]*"|'[^'\\\r\n]*'""")
_BETWEEN = re.compile(r"[ \t]*(?P<comma>,)?[ \t]*(?P<comment>#[^\r\n]*)?(?P<newline>\r\n|\r|\n)?")
_NOTHING = re.compile(r"(?:\s|#[^\r\n]*)*")
_List = ast.List | ast.Tuple | ast.Set


@dataclass(slots=True, eq=False)
class _Listed:
    """The lists of requirements, and the texts in them, of some arguments: each of them once."""

    lists: list[_List] = field(default_factory=list)
    texts: list[ast.Constant] = field(default_factory=list)


def find(view: View) -> Iterator[Draft]:
    """Findings for the requirements in the calls of `setup()`, wherever the file puts them together."""
    if not any(word in view.scan.text for word in _RUNNING):
        return
    nodes = view.scan.nodes()
    assigned = _assigned(nodes)
    running = _reached(_roots(nodes, _RUNNING), assigned)
    building = _reached(_roots(nodes, _BUILDING), assigned)
    texts = list({id(text): text for text in (*running.texts, *building.texts)}.values())
    for text in texts:
        if draft := _requirement(view, text):
            yield draft
    if not pins.has_companion(view.table, [str(text.value) for text in texts]):
        for item in running.lists:
            yield from _companion(view, item)


def _roots(nodes: Sequence[ast.AST], names: Sequence[str]) -> Iterator[ast.expr]:
    """What is given by one of the names: to setup(), or in a dictionary of its arguments."""
    for node in nodes:
        if isinstance(node, ast.Call) and _last(node.func) == "setup":
            yield from (keyword.value for keyword in node.keywords if keyword.arg in names)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in names:
                    yield value
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Subscript) and _key(target) in names:
                    yield node.value


def _assigned(nodes: Sequence[ast.AST]) -> dict[str, list[ast.expr]]:
    """What the names of the file hold, or gain: lists, and the items of dictionaries."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        targets: Sequence[ast.expr] = ()
        values: Sequence[ast.expr] = ()
        if isinstance(node, ast.Assign):
            targets, values = node.targets, (node.value,)
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign)) and node.value:
            targets, values = (node.target,), (node.value,)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ADDING:
            targets, values = (node.func.value,), node.args
        for target in targets:
            base = target.value if isinstance(target, ast.Subscript) else target
            if isinstance(base, ast.Name):
                found.setdefault(base.id, []).extend(values)
    return found


def _reached(roots: Iterable[ast.expr], assigned: dict[str, list[ast.expr]]) -> _Listed:
    """The lists and texts that some expressions are put together from."""
    result, waiting, names, seen = _Listed(), list(roots)[::-1], set[str](), set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str) and "\n" not in node.value:
                result.texts.append(node)
        elif isinstance(node, _List):
            result.lists.append(node)
            waiting += reversed(node.elts)
        elif isinstance(node, ast.Name) and node.id not in names:
            names.add(node.id)
            waiting += reversed(assigned.get(node.id, ()))
        else:
            waiting += reversed(_parts(node))
    return result


def _parts(node: ast.expr) -> Sequence[ast.expr]:
    """The expressions whose requirements are those of another one."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.BitOr)):
        return node.left, node.right
    if isinstance(node, ast.Dict):
        return node.values
    if isinstance(node, (ast.Subscript, ast.Starred, ast.NamedExpr)):
        return (node.value,)
    if isinstance(node, ast.IfExp):
        return node.body, node.orelse
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _COPYING:
        return *node.args, *(keyword.value for keyword in node.keywords)
    return ()


def _requirement(view: View, text: ast.Constant) -> Draft | None:
    start, end = view.scan.span(text)
    draft = pins.requirement(view.table, str(text.value), start + 1)
    if draft is None or _PLAIN.fullmatch(view.scan.text, start, end):
        return draft
    return replace(draft, start=start, end=end)


def _companion(view: View, item: _List) -> Iterator[Draft]:
    """What is to be listed behind torch in one list, or why it is not."""
    texts = [node for node in item.elts if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    specs = [str(node.value) for node in texts]
    rule_id = pins.companion_id(view.table)
    if absent := pins.absence(view.table, specs):
        yield Draft(rule_id, *view.scan.span(texts[absent[0]]), "manual", absent[1])
    elif found := pins.companion(view.table, specs):
        number, added = found
        edit = _inserted(view, item, texts[number], added)
        if edit is None:
            yield Draft(rule_id, *view.scan.span(texts[number]), "manual", f"list {added} behind it")
        else:
            yield Draft(rule_id, edit.start, edit.start, "review", pins.reason(view.table, added), (edit,))


def _inserted(view: View, item: _List, text: ast.Constant, added: str) -> Edit | None:
    """The insertion of an element behind another one, in its style; None where that is not a plain text."""
    source, (start, end) = view.scan.text, view.scan.span(text)
    last = view.scan.span(item)[1]
    plain, between = _PLAIN.fullmatch(source, start, end), _BETWEEN.match(source, end, last)
    if plain is None or between is None:
        return None
    quote = next((mark for mark in (source[start], '"', "'") if mark not in added), "")
    closing = _NOTHING.match(source, end, last)  # a bracket of the text's own may come first
    if not quote or "\\" in added or not (between["comma"] or (closing and closing.end() == last - 1)):
        return None
    begin = view.scan.starts[text.lineno - 1]
    indent, element = source[begin:start], f"{quote}{added}{quote}"
    if indent.strip() or not between["newline"]:
        return Edit(end, end, f", {element}")
    if between["comma"]:
        return Edit(between.end(), between.end(), f"{indent}{element},{between['newline']}")
    return Edit(end, end, f", {element}" if between["comment"] else f",{between['newline']}{indent}{element}")


def _last(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _key(target: ast.Subscript) -> object:
    return target.slice.value if isinstance(target.slice, ast.Constant) else None

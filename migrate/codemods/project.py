"""The import of the project's own expression for a device: once per file that writes it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from migrate.codemods.insertions import after_calls, beside_import, shortened
from migrate.codemods.quantization import quantized, unwritten
from migrate.codemods.view import View
from migrate.extras import Expression
from migrate.model import Draft, Edit, Safety

_LINE_END = re.compile(r"\r\n|\r|\n")
_IMPORTS = (ast.Import, ast.ImportFrom)
_NO_PLACE = "there is no line before it that its import could stand on"
Lines = list[ast.stmt]  # statements that share lines


def expressed(view: View, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts, with those that write the expression manual where the file cannot import it."""
    expression = view.table.target.expression
    if expression and view.table.script:
        drafts = shortened(view, drafts, expression, view.table.script)
    using = [draft for draft in drafts if expression and _uses(draft, expression)]
    if expression is None or not using:
        return list(drafts)
    problem = expression.blocked or _taken(view, expression)
    if not problem and not _present(view, expression) and _anchor(view, _first_use(using)) is None:
        problem = _NO_PLACE
    if not problem:
        return list(drafts)
    why = f"becomes {expression.text}: {problem}"
    ours = {id(draft) for draft in using}
    return [replace(draft, safety="manual", edits=(), message=why) if id(draft) in ours else draft for draft in drafts]


def with_import(view: View, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts and the insertion of the import, if one of them writes the expression and the file does not have it.

    Where the vendor's import goes to the same place, one insertion has both, the vendor's first. Lines that a script
    of the target's needs come with it.
    """
    expression, script = view.table.target.expression, view.table.script
    using = [draft for draft in drafts if expression and _uses(draft, expression)]
    models = list(quantized(view, script)) if script and any(draft.edits for draft in drafts) else []
    if script and using:
        drafts = [*drafts, *after_calls(view, script)]
    elif script and any(map(_is_torch, _body(view))):
        using = [draft for draft in drafts if draft.needs_import and draft.edits]
    using = [*using, *(draft for draft, _ in models if draft.edits)] if using else []
    at = _anchor(view, _first_use(using)) if using else None
    if expression is None or at is None or _present(view, expression):
        why = "its import has no place, or others of its kind are there already"
        return [*drafts, *(unwritten(draft, needs, why) for draft, needs in models)]
    ending = _LINE_END.search(view.scan.text)
    beside = beside_import(view, script) if script else []
    needed = dict.fromkeys(needs for draft, needs in models if draft.edits)
    lines = [expression.line, *needed, *(insert.line for insert in beside if insert.line)]
    edit = Edit(at, at, "".join(line + (ending.group() if ending else "\n") for line in lines))
    drafts = [*drafts, *(draft for draft, _ in models)]
    message = f"for {expression.text}"
    for number, draft in enumerate(drafts):
        if any((other.start, other.end) == (at, at) for other in draft.edits) and draft.rule_id.startswith("import:"):
            edits = tuple(replace(other, text=other.text + edit.text) for other in draft.edits)
            both = replace(draft, edits=edits, message=f"{draft.message}; {expression.line} {message}")
            return [*drafts[:number], both, *drafts[number + 1 :]]
    told = [Draft(f"script:{insert.after}", at, at, "manual", insert.message) for insert in beside if not insert.line]
    notes = [insert.message for insert in beside if insert.line]
    safety: Safety = "review" if notes else "safe"
    message = "; ".join([message, *notes])
    return [*drafts, Draft(f"import:{expression.dotted}", at, at, safety, message, (edit,)), *told]


def _first_use(drafts: Sequence[Draft]) -> int:
    return min(edit.start for draft in drafts for edit in draft.edits)


def _uses(draft: Draft, expression: Expression) -> bool:
    pattern = rf"(?<![\w.]){re.escape(expression.text)}(?!\w)"
    return any(expression.root in edit.text and re.search(pattern, edit.text) for edit in draft.edits)


def _present(view: View, expression: Expression) -> bool:
    """Whether the file imports it among its top-level statements."""
    return any(_gives(node, expression) for node in _body(view))


def _gives(node: ast.AST, expression: Expression) -> bool:
    """Whether a statement is an import that gives the root its meaning, and nothing else that name."""
    if isinstance(node, ast.ImportFrom):
        pairs = [(alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names if not node.level]
    elif isinstance(node, ast.Import):
        pairs = [
            (alias.asname or alias.name.partition(".")[0], alias.name if alias.asname else alias.name.partition(".")[0])
            for alias in node.names
            if alias.asname or expression.module or alias.name == expression.dotted
        ]
    else:
        return False
    return (expression.root, expression.meaning) in pairs


def _taken(view: View, expression: Expression) -> str:
    """Why the root of the expression is not its own in a file, or ""."""
    top = {id(node) for node in _body(view)}
    for node in view.scan.nodes():
        names = _bound(node)
        if expression.root in names and not (id(node) in top and _gives(node, expression)):
            if isinstance(node, ast.Import) and expression.meaning == expression.root:
                continue  # `import myproj.models` gives the same name
            return f"{expression.root!r} is something else in this file"
    return ""


def _bound(node: ast.AST) -> list[str]:
    """The names that a node binds."""
    if isinstance(node, _IMPORTS):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        return node.names
    if isinstance(node, ast.alias):
        return []
    if isinstance(node, ast.Name):
        return [] if isinstance(node.ctx, ast.Load) else [node.id]
    names = (getattr(node, "name", None), getattr(node, "arg", None) if isinstance(node, ast.arg) else None)
    return [name for name in (*names, getattr(node, "rest", None)) if isinstance(name, str)]


def _body(view: View) -> list[ast.stmt]:
    node = view.scan.module.node
    return node.body if isinstance(node, ast.Module) else []


def _anchor(view: View, used: int) -> int | None:
    """The offset of the line before which the import goes: behind torch's and those that follow it, or the first ones.

    It is before the first use. None where what has to stay first shares its line with that.
    """
    lines = list(_lines(view))
    first = next(number for number, line in enumerate(lines) if number + 1 == len(lines) or used < _end(view, line))
    head = sum(1 for line in lines if _stays_first(view, line))
    torch = [number for number, line in enumerate(lines[:first]) if any(map(_is_torch, line))]
    at = torch[0] if torch else head
    while at < first and all(isinstance(node, _IMPORTS) for node in lines[at]):
        at += 1
    if not head <= at <= first:
        return None
    return _end(view, lines[at - 1]) if at else view.scan.starts[_first_line(lines[0][0]) - 1]


def _lines(view: View) -> Iterator[Lines]:
    """The top-level statements, those together that share a line."""
    shared: Lines = []
    for node in _body(view):
        if shared:
            last = shared[-1].end_lineno or 0
            if _first_line(node) > last and not view.scan.line(last).rstrip("\r\n").endswith("\\"):
                yield shared
                shared = []
        shared.append(node)
    if shared:
        yield shared


def _end(view: View, line: Lines) -> int:
    """Where the line behind some statements begins."""
    last = line[-1].end_lineno or 0
    return view.scan.starts[last] if last < len(view.scan.starts) else len(view.scan.text)


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _stays_first(view: View, line: Lines) -> bool:
    """Whether a line holds the module's docstring or an import from the future."""
    doc = line[0] is _body(view)[0] and isinstance(line[0], ast.Expr)
    text = doc and isinstance(getattr(line[0], "value", None), ast.Constant)
    return text or any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in line)


def _is_torch(node: ast.stmt) -> bool:
    if not isinstance(node, _IMPORTS):
        return False
    names = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
    return any(name.partition(".")[0] == "torch" for name in names)

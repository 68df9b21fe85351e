"""The import of the source's own plug-in: it becomes the target's, or goes where that has none."""

from __future__ import annotations

import re

from migrate.codemods.view import View, guarded
from migrate.model import Draft, Edit, Rule
from migrate.syntax import Import

_COMMENT_OR_MORE = re.compile(r"[ \t]*(?:\r\n|\r|\n|\Z)")


def plugin_draft(view: View, statement: Import, rule: Rule) -> Draft:
    """What becomes of `import torch_npu` (the row's key) where the target has another plug-in (its `to`), or none."""
    start, end = statement.start, statement.end
    if draft := guarded(view, statement.place, start, end):
        return draft
    if statement.module or len(statement.names) != 1 or _is_used(view, statement, rule.key):
        return Draft(rule.id, start, end, "manual", rule.message or "")
    if rule.to:
        edit = Edit(start, end, view.table.target.import_line)
        return Draft(rule.id, start, end, "safe", f"{rule.key} → {rule.to}", (edit,), needs_import=True)
    line = _line_of(view.scan.text, start, end)
    if line is None or _is_alone(view.scan.text, *line):
        return Draft(rule.id, start, end, "manual", f"remove it: {view.table.target.title} need no plug-in")
    return Draft(rule.id, start, end, "safe", f"{rule.key} is not needed any more", (Edit(*line, ""),))


def _is_used(view: View, statement: Import, package: str) -> bool:
    """Whether the file names something of the plug-in; its short name may stand in lines that nothing else marks."""
    name = statement.names[0]
    if name.aliased:
        line = view.scan.text[statement.start : statement.end]
        others = view.scan.text.replace(line, "")
        return line != view.table.plugin_line or re.search(rf"\b{re.escape(name.local)}\b", others) is not None
    return any(name.partition(".")[0] == package for use in view.index.uses for name in use.meaning.names)


def _line_of(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The line that a statement has for itself, with its end."""
    begin = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    rest = _COMMENT_OR_MORE.match(text, end)
    return None if text[begin:start].strip(" \t") or rest is None else (begin, rest.end())


def _is_alone(text: str, start: int, end: int) -> bool:
    """Whether a line is all that a block holds, so that the block would be empty without it."""
    above = text[:start].rstrip().rpartition("\n")[2]
    indent = len(text[start:end]) - len(text[start:end].lstrip(" \t"))
    below = next((line for line in text[end:].split("\n") if line.strip() and not line.lstrip().startswith("#")), "")
    return above.split("#")[0].rstrip().endswith(":") and len(below) - len(below.lstrip(" \t")) < indent

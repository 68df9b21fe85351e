"""The codemods, in the order in which they look at a file. Each is one function of a `View`; none walks."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.codemods import dependencies, devices, imports, methods, names, retired, strings, words
from migrate.codemods.plan import plan_bindings, used_names
from migrate.codemods.view import View, view_of
from migrate.model import Draft

__all__ = ["find_all", "view_of"]


def find_all(view: View) -> Iterator[Draft]:
    """Every finding of every codemod, by offset only; overlaps are the engine's business."""
    if view.table.retired:
        yield from retired.find(view, view.table.retired)
        return
    plan = plan_bindings(view, used_names(view))
    yield from imports.find(view, plan)
    yield from names.find(view, plan)
    yield from methods.find(view)
    yield from devices.find(view)
    listed = list(dependencies.find(view))
    yield from listed
    spoken = {draft.start - inside for draft in listed for inside in (0, 1)}
    yield from (draft for draft in strings.find(view) if draft.safety != "left" or draft.start not in spoken)
    yield from words.find(view, plan)

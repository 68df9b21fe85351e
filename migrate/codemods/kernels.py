"""Code that is for CUDA by its name, of the project or of others: whether it runs is a question for CUDA, too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from migrate.codemods.view import View
from migrate.model import Draft
from migrate.source import Definition

COMPILED = "left:compiled"
_SOURCE = re.compile(r"""\.(?:cuh?|cc?|cpp)["']""")
_EXTENSION = re.compile(r"(?<![\w.])(?:_C|ext|\w*_ext|ext_module)\.\w+(?=\()")
_CALLED = re.compile(r"\s*\(")
_ASKS = re.compile(r"_*(?:is|has|have|use|can|should|supports?|check|get|set|num|count)_", re.IGNORECASE)


def kernels(view: View, drafts: Sequence[Draft]) -> Iterator[Draft]:
    """The findings about names that mention CUDA and are called, `ops.bias_act_cuda(x)`, and about its source files.

    A function of this file is none of them if it has been migrated.
    """
    text = view.scan.text
    for draft in drafts:
        if draft.rule_id == "left:text" and _SOURCE.search(text, draft.start, draft.end):
            yield draft
        name = text[draft.start : draft.end].rpartition(".")[2] if draft.rule_id == "left:identifier" else ""
        if not name or _ASKS.match(name) or not _CALLED.match(text, draft.end):
            continue
        own = view.scan.called(name)
        if not own or not all(_is_migrated(view, definition, drafts) for definition in own):
            yield draft


def extensions(view: View) -> Iterator[Draft]:
    """Calls of what a project compiles, by the usual names: `_C.nms(boxes)`, `deform_conv_ext.forward(x)`."""
    text = view.scan.text
    for found in _EXTENSION.finditer(text) if any(word in text for word in ("_C.", "ext.", "ext_module.")) else ():
        yield Draft(COMPILED, found.start(), found.end(), "left", "")


def _is_migrated(view: View, definition: Definition, drafts: Sequence[Draft]) -> bool:
    """Whether something in a function is edited, and nothing left for a person."""
    first, last = view.scan.span(definition[1])
    inside = [draft for draft in drafts if first <= draft.start < last]
    return any(draft.edits for draft in inside) and all(draft.safety != "manual" for draft in inside)

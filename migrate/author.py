"""What the author of a file wants kept: suppressed findings lose their edits, and so does what hangs on them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from migrate.about import RULE_IDS
from migrate.codemods.view import View
from migrate.found import finding_of
from migrate.model import SUPPRESSION, Draft, Finding

_LEFT = "left as a comment of the author's says"
_HANGS = "left because what it goes together with is, as a comment of the author's says"


def kept(view: View, drafts: list[Draft]) -> tuple[list[Draft], list[Finding]]:
    """The drafts as the comments of the file want them, and a finding for each comment that does not work.

    Literals of one group, and an import and the uses of its names, stay together.
    """
    if SUPPRESSION not in view.scan.text:
        return drafts, []
    from migrate.suppress import suppressed

    found = [finding_of(view.scan.text, view.scan.mentions, draft, view.scan.starts) for draft in drafts]
    known = frozenset((*view.table.rules, *RULE_IDS))
    after = suppressed(view.scan.text, tuple(found), known)
    spoken = {(item.start, item.end, item.rule_id) for item in after if item.suppressed}
    marked = [draft for draft in drafts if (draft.start, draft.end, draft.rule_id) in spoken]
    groups = {draft.group for draft in marked if draft.group}
    names = _imported(view, [draft for draft in marked if draft.edits])
    gone = {(item.start, item.rule_id) for item in found if not item.is_reference}
    gone -= {(item.start, item.rule_id) for item in after}
    result: list[Draft] = []
    for draft in drafts:
        if (draft.start, draft.rule_id) in gone:
            continue
        if draft in marked:
            draft = replace(draft, safety="left", message=_LEFT, edits=(), suppressed=True)
        elif draft.edits and (draft.group in groups or _begins_with(view, draft, names)):
            draft = replace(draft, safety="left", message=_HANGS, edits=(), suppressed=True)
        result.append(draft)
    return result, [item for item in after if item.rule_id.startswith("suppression:")]


def _imported(view: View, drafts: Sequence[Draft]) -> frozenset[str]:
    """The local names of the import statements that some edits would have changed."""
    names: set[str] = set()
    for statement in view.index.imports:
        if any(statement.start <= edit.start < statement.end for draft in drafts for edit in draft.edits):
            names.update(name.local for name in statement.names)
    return frozenset(names)


def _begins_with(view: View, draft: Draft, names: frozenset[str]) -> bool:
    """Whether a reference is a use of one of the names, or another part of their import."""
    if not names:
        return False
    theirs = [item for item in view.index.imports if not names.isdisjoint(name.local for name in item.names)]
    inside = any(item.start <= draft.start < item.end for item in theirs)
    word = re.match(r"\w*", view.scan.text[draft.start : draft.end])
    return inside or (word is not None and word.group() in names)

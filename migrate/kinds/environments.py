"""Variables of the environment in settings → their drafts. Here the name is what changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from migrate.kinds.entries import Branch, Item, Scalar, Spot
from migrate.kinds.page import Page, placed
from migrate.kinds.rows import named_value, unedited, variable
from migrate.model import Draft
from migrate.naming import words_of

_SECTIONS = frozenset({
    "env", "envs", "environ", "environment", "environments", "variables", "envvars", "setenv", "passenv",
})  # fmt: skip
_ASSIGNED = re.compile(r"(?P<name>[A-Za-z_]\w*)(?P<value>\s*=.*)?", re.DOTALL)
_MANY = 200  # variables in one list that are compared
_WORD = re.compile(r"[A-Z][A-Z0-9_]+")


def is_environment(page: Page, spot: Spot) -> bool:
    """Whether a branch holds variables: by its key, or because the whole file does."""
    if page.source.kind == "env":
        return True
    keys = spot.keys[::-1][:1]
    return any(_is_section(key) for key in keys)


def key_draft(page: Page, spot: Spot, key: Scalar) -> Draft | None:
    """What to say of a key that is a variable; None for another key."""
    draft = variable(page.table, key.text, key.start)
    if draft is None:
        return None
    if not is_environment(page, spot):
        return placed(key, unedited(draft, "is this read as a variable of the environment?"))
    names = [item.key.text for item in spot.branch.items[: _MANY + 1] if item.key]
    return placed(key, _among(page, draft, key.text, names))


def item_drafts(page: Page, spot: Spot, item: Item, scalar: Scalar) -> list[Draft] | None:
    """What to say of a value that names a variable: `NAME=value` in a list, `name: NAME` of a container.

    None for a value that is none.
    """
    if item.key is None and is_environment(page, spot):
        return list(_assigned(page, spot, scalar))
    if item.key and _is_section(item.key.text):
        return list(_listed(page, scalar))
    return _container(page, spot, item, scalar)


def _is_section(key: str) -> bool:
    words = words_of(key)
    return not _SECTIONS.isdisjoint({*words, key.lower().replace("_", "")})


def _assigned(page: Page, spot: Spot, scalar: Scalar) -> Iterator[Draft]:
    match = _ASSIGNED.fullmatch(scalar.text)
    if match is None:
        return
    names = [other.text.partition("=")[0].rstrip() for other in islice(spot.branch.scalars(), _MANY + 1)]
    if draft := variable(page.table, match["name"], scalar.start):
        yield placed(scalar, _among(page, draft, match["name"], names))
    value = (match["value"] or "").lstrip().removeprefix("=").lstrip()
    if draft := named_value(page.table, match["name"], value, scalar.end - len(value)):
        yield placed(scalar, draft)


def _listed(page: Page, scalar: Scalar) -> Iterator[Draft]:
    """The variables that one text lists: `passenv = CUDA_VISIBLE_DEVICES NCCL_*`."""
    if not scalar.literal:
        return
    for match in _WORD.finditer(scalar.text):
        if draft := variable(page.table, match.group(), scalar.start + match.start()):
            yield unedited(draft, "listed in a text")


def _container(page: Page, spot: Spot, item: Item, scalar: Scalar) -> list[Draft] | None:
    """What to say of `name: NAME` and of the `value:` beside it."""
    name = spot.name
    if not spot.is_record or not is_environment(page, spot) or item.key is None or name is None:
        return None
    if item.key.text == "name" and (draft := variable(page.table, scalar.text, scalar.start)):
        others = spot.around.items[: _MANY + 1] if spot.around else ()
        names = [text for other in others if isinstance(other.value, Branch) for text in _names(other.value)]
        return [placed(scalar, _among(page, draft, scalar.text, names))]
    if item.key.text == "value" and (draft := named_value(page.table, name.text, scalar.text, scalar.start)):
        return [placed(scalar, draft)]
    return None


def _names(branch: Branch) -> Iterator[str]:
    for item in branch.items:
        if item.key and item.key.text == "name" and isinstance(item.value, Scalar):
            yield item.value.text


def _among(page: Page, draft: Draft, name: str, names: list[str]) -> Draft:
    """The draft of a variable that stands among others and may be read elsewhere in the file."""
    if not draft.edits:
        return draft
    new = draft.edits[0].text
    if new in names:
        return Draft("left:multi-backend", draft.start, draft.end, "left", f"{new} is set beside it")
    others = (variable(page.table, other, 0) for other in names if other != name)
    if len(names) > _MANY or any(other and other.edits and other.edits[0].text == new for other in others):
        return unedited(draft, "another variable of this list becomes the same")
    if name in page.names_read:
        return unedited(draft, "a text in this file reads it, too")
    return draft

"""A value in settings that is a device or a backend → its draft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from migrate.advice import advice
from migrate.found import end_of_line
from migrate.kinds.entries import Branch, Item, Scalar, Spot
from migrate.kinds.page import Page, placed, variables_read
from migrate.kinds.rows import named_value, unedited, variable
from migrate.model import SUPPRESSION, Draft
from migrate.naming import says, words_of

_COMMENT = 200  # characters behind a value that are looked at
_MANY = 50  # items of a list: more are data
_EMPTY = frozenset({
    "type", "value", "values", "default", "name", "choices", "options", "enum", "const", "index", "kind", "id",
})  # fmt: skip
_OWN = {  # keys of programs that compare the value themselves
    "comm_backend_name": "DeepSpeed's one-bit optimizers know few backends by name: does the installed one know {}?",
}
_READER = "a setting that CUDA is a part of: see who reads it"


def value_drafts(page: Page, spot: Spot, item: Item, scalar: Scalar) -> list[Draft]:
    """What to say of a value; none where it is a text of the project."""
    draft = named_value(page.table, name_of(page, spot, item), scalar.text, scalar.start)
    if draft:
        return [placed(scalar, _judged(page, spot, item, scalar, draft))]
    return list(_others(page, spot, item, scalar))


def key_drafts(page: Page, spot: Spot, key: Scalar) -> list[Draft]:
    """What to say of a key that mentions CUDA. It is never edited."""
    words = page.table.source
    if key.text.lower() in (words.device, words.backend):
        beside = _beside(page, spot, (item.key for item in spot.branch.items), key)
        if beside:
            return [beside]
        parent = spot.keys[-1] if spot.keys else ""
        if _says(page, parent) or "requirements" in words_of(parent):
            return [Draft("text:settings", key.start, key.end, "manual", _READER)]
    return [Draft("left:identifier", key.start, key.end, "left", "a setting of the project")]


def name_of(page: Page, spot: Spot, item: Item) -> str:
    """The key that says what a value is: its own, or where that says nothing the one around it."""
    own = item.key.text if item.key else ""
    if own in _EMPTY and own != "name" and spot.name and _says(page, spot.name.text):
        return spot.name.text
    around = spot.keys[::-1][:2]
    if not own and around and around[0] in _EMPTY:
        around = spot.keys[::-1][1:3]
    for name in (own, *around[: 2 if own in _EMPTY or not own else 1]):
        if _says(page, name):
            return name
        if name and name not in _EMPTY and name != own:
            break
    return own or (spot.keys[-1] if spot.keys else "")


def _judged(page: Page, spot: Spot, item: Item, scalar: Scalar, draft: Draft) -> Draft:
    """The draft of a value that is a device or a backend and nothing else, as its place allows it."""
    name = name_of(page, spot, item)
    text, end = page.source.text, scalar.end
    is_kept = SUPPRESSION in text[end : end_of_line(text, end, end + _COMMENT)]  # the others change without it
    beside = _beside(page, spot, _neighbours(page, spot, item), scalar)
    if beside and not is_kept:
        return beside
    many = spot.around if spot.is_record else spot.branch
    if many and not many.is_mapping and len(many.items) > _MANY:
        return Draft("left:text", scalar.start, scalar.end, "left", "one of many records: data")
    if name in _OWN and draft.edits:
        return replace(draft, safety="manual", edits=(), message=_OWN[name].format(page.table.target.words.backend))
    if not all(_says_same(page, draft, other) for other in scalar.also):
        return unedited(draft, f"an alias puts this value at {', '.join(map(repr, dict.fromkeys(scalar.also)))}, too")
    if page.source.path.startswith(".github/") or "matrix" in spot.keys:
        return unedited(draft, "in a workflow")
    return draft


def _says(page: Page, name: str) -> bool:
    return says(name, page.table.sites.device_names) or says(name, page.table.sites.backend_names)


def _says_same(page: Page, draft: Draft, name: str) -> bool:
    sites = page.table.sites
    return says(name, sites.device_names if draft.rule_id.startswith("device:") else sites.backend_names)


def _neighbours(page: Page, spot: Spot, item: Item) -> Iterator[Scalar | None]:
    """The values that are of the same kind as one: in its list, under the same key in other records."""
    if item.key is None or (not _says(page, item.key.text) and _says(page, name_of(page, spot, item))):
        yield from spot.branch.scalars()
    own = item.key.text if item.key else ""
    if spot.is_record and spot.around and own not in _EMPTY and len(spot.around.items) <= _MANY:
        for other in spot.around.items:
            if isinstance(other.value, Branch):
                yield from (
                    cell.value
                    for cell in other.value.items
                    if cell.key and cell.key.text == own and isinstance(cell.value, Scalar)
                )


def _beside(page: Page, spot: Spot, others: Iterable[Scalar | None], scalar: Scalar) -> Draft | None:
    """What to say of a word that stands beside those of other accelerators."""
    if len(spot.branch.items) > _MANY:
        return None
    words = page.table.target.words
    names = {other.text.lower().partition(":")[0] for other in others if other}
    if words.name in names or words.device in names or words.backend in names:
        why = f"beside other accelerators; {words.name} is one of them"
        return Draft("left:multi-backend", scalar.start, scalar.end, "left", why)
    if names & page.table.sites.accelerators:
        why = f"beside other accelerators; add {words.name}"
        return Draft("branch:multi-backend", scalar.start, scalar.end, "manual", why)
    return None


def _others(page: Page, spot: Spot, item: Item, scalar: Scalar) -> Iterator[Draft]:
    """What to say of a value that mentions CUDA without being a device, or is called so by some program."""
    name = name_of(page, spot, item)
    start, end = scalar.start, scalar.end
    if scalar.text in ("gpu", "cuda", "MULTI_GPU") and (message := _programs(page, name, scalar.text)):
        yield Draft("text:settings", start, end, "manual", message)
    elif scalar.text == "CUDAExecutionProvider":
        why = f"onnxruntime's name for CUDA GPUs: see which provider it has for {page.table.target.title}"
        yield Draft("text:CUDAExecutionProvider", start, end, "manual", why)
    elif scalar.literal:
        for variable_name, at in variables_read(scalar.text):
            if draft := variable(page.table, variable_name, start + at):
                yield unedited(draft, "read in a setting")
    if _says(page, name) and any(page.mentions_in(scalar)):
        yield Draft("text:settings", start, end, "manual", f"the value of {name!r} mentions CUDA: see who reads it")


def _programs(page: Page, name: str, text: str) -> str:
    """What to know of a value that a program has its own name for, if the key is that program's."""
    if name == "accelerator" and text == "gpu":
        rule = page.table.rule("package", "lightning")
        return advice(rule, "lightning", page.table) if rule else _READER
    if name == "distributed_type" and text == "MULTI_GPU":
        rule = page.table.rule("package", "accelerate")
        told = f" ({advice(rule, 'accelerate', page.table)})" if rule else ""
        return f"accelerate's name for several CUDA devices: run `accelerate config` on the new machine{told}"
    return ""

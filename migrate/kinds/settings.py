"""A file of settings that has been read → its drafts, whatever its format."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from migrate.finder import Span, text_mentions
from migrate.kinds.dependencies import (
    Added,
    address_drafts,
    is_package_table,
    list_drafts,
    lists_packages,
    one_line,
    table_drafts,
)
from migrate.kinds.entries import Branch, Document, Item, Scalar, Spot, check_tree, spots
from migrate.kinds.environments import item_drafts, key_draft
from migrate.kinds.excerpt import slice_of
from migrate.kinds.page import Page, page_of
from migrate.kinds.reading import Reading, Source
from migrate.kinds.resources import is_script, resource_drafts, resource_key, script
from migrate.kinds.values import key_drafts, value_drafts
from migrate.model import Draft

_LOCKS = re.compile(r"(?:package-lock|npm-shrinkwrap)\.json|.*[.-]lock\.(?:ya?ml|json|toml)", re.IGNORECASE)


def read_parsed(
    source: Source, language: str, document_of: Callable[[str], Document], templates: re.Pattern[str]
) -> Reading:
    """What to say of a file in a language with a grammar, which is given by its parser and by what templates hold.

    Raises `SyntaxError` for a text that mentions CUDA and is neither that nor a template of it.
    """
    if lock := _lock_reading(source):
        return lock
    try:
        document = document_of(source.text)
    except SyntaxError as error:
        if not text_mentions(source.text, source.table.sites):
            return Reading(())
        if templates.search(source.text) or "template" in source.path.lower():
            return _template(source, language)
        raise SyntaxError(f"as {language}: {error.msg}", (None, error.lineno, None, None)) from None
    return reading_of(source, document)


def read_lines(source: Source, parsed: Callable[[str], tuple[Branch, list[Span]]]) -> Reading:
    """What to say of a file in a format of lines, given the parser for its tree and comments; any text can be read."""
    text = source.text
    tree, comments = parsed(text)
    document = Document(tree, comments, lambda edited: parsed(edited)[0], lambda scalar: slice_of(text, *scalar[:2]))
    return replace(reading_of(source, document), above=True)


def reading_of(source: Source, document: Document) -> Reading:
    """What to say of a file of settings."""
    page = page_of(source, document)
    comments = list(document.comments)
    added: Added = {}
    drafts: list[Draft] = []
    for spot in spots(document.tree):
        drafts += _in_branch(page, spot, comments, added)

    def verify(text: str) -> None:
        check_tree(document.tree, document.tree_of(text), drafts, added)

    return Reading(drafts, sorted(comments), verify=verify)


def _template(source: Source, language: str) -> Reading:
    """What to say of a text that becomes settings only when a template engine has filled it in."""
    why = f"a template that is no {language} yet: migrate it by hand"
    mentions = text_mentions(source.text, source.table.sites)
    return Reading([Draft("text:settings", start, end, "manual", why) for start, end in mentions])


def _lock_reading(source: Source) -> Reading | None:
    """What to say of a list of packages that a tool has made; None for a file that is none."""
    name = source.path.rpartition("/")[2]
    if not _LOCKS.fullmatch(name):
        return None
    why = "a lock file: have it made again once the packages are those of the new device"
    draft = Draft("text:settings", 0, len(source.text), "left", why)
    return Reading([draft] if text_mentions(source.text, source.table.sites) else [])


def _in_branch(page: Page, spot: Spot, comments: list[Span], added: Added) -> Iterator[Draft]:
    """What to say of the keys and values of one branch, not of the branches in it."""
    if lists_packages(spot):
        yield from list_drafts(page, spot, added)
        return
    if is_package_table(page, spot):
        yield from table_drafts(page, spot, added)
        return
    for item in spot.branch.items:
        listed = one_line(page, spot, item)
        if listed:
            yield from list_drafts(page, listed, added)
            continue
        if item.key and page.is_marked(item.key):
            yield from _of_key(page, spot, item.key)
        if isinstance(item.value, Scalar) and (page.is_marked(item.value) or _is_set_here(page, item)):
            yield from _of_value(page, spot, item, item.value, comments)


def _of_key(page: Page, spot: Spot, key: Scalar) -> Iterator[Draft]:
    if draft := key_draft(page, spot, key) or resource_key(page, key):
        yield draft
    elif any(page.mentions_in(key)):
        yield from key_drafts(page, spot, key)


def _is_set_here(page: Page, item: Item) -> bool:
    """Whether the key makes a value worth a look, as that of `gpus: all` does."""
    return item.key is not None and page.is_marked(item.key)


def _of_value(page: Page, spot: Spot, item: Item, scalar: Scalar, comments: list[Span]) -> Iterator[Draft]:
    variables = item_drafts(page, spot, item, scalar)
    if variables is not None:
        yield from variables
        return
    if is_script(spot, item):
        drafts, spans = script(page, spot, item, scalar)
        comments += spans
        yield from drafts
        return
    resources = resource_drafts(page, spot, item, scalar)
    if resources:
        yield from resources
        return
    addresses = list(address_drafts(page, scalar))
    yield from addresses or value_drafts(page, spot, item, scalar)

"""What the formats of settings have in common: a tree of scalars that know where they stand in the file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from migrate.finder import Span
from migrate.kinds.excerpt import Excerpt
from migrate.model import Draft

DEPTH = 200  # of nesting, in any format


class Scalar(NamedTuple):
    """A key or a value: its text as data, and where it stands.

    Of a literal one the span is that of the text as it is, between the quotes; of others that of the whole scalar,
    and nobody edits it. `also` are the keys under which an alias puts the same value elsewhere.
    """

    start: int
    end: int
    text: str
    literal: bool
    quote: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A value, and its key in a mapping."""

    key: Scalar | None
    value: Node


@dataclass(frozen=True, slots=True)
class Branch:
    """A mapping or a list; the documents of a file are a list, too."""

    items: tuple[Item, ...]
    is_mapping: bool

    def scalars(self) -> Iterator[Scalar]:
        """The values that are no branches."""
        return (item.value for item in self.items if isinstance(item.value, Scalar))


Node: TypeAlias = Scalar | Branch


class Spot(NamedTuple):
    """A branch and the way to it: the keys from the root, the branch around it, and what its key `name` says."""

    branch: Branch
    keys: tuple[str, ...]
    around: Branch | None
    is_record: bool  # one mapping among others in a list
    name: Scalar | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A file of settings that has been read.

    `excerpt_of` gives the text of a scalar and where it stands, None where escapes are in the way;
    `tree_of` reads an edited text, and raises `SyntaxError` if it cannot.
    """

    tree: Branch
    comments: Sequence[Span]
    tree_of: Callable[[str], Branch]
    excerpt_of: Callable[[Scalar], Excerpt | None]


def spots(tree: Branch) -> Iterator[Spot]:
    """Every branch of a tree, outer ones first."""
    stack = [Spot(tree, (), None, False)]
    while stack:
        spot = stack.pop()
        branch = spot.branch
        named = (item.value for item in branch.items if item.key and item.key.text == "name")
        name = next(named, None)
        yield spot._replace(name=name) if isinstance(name, Scalar) else spot
        inner = [
            Spot(item.value, (*spot.keys, item.key.text) if item.key else spot.keys, branch, not branch.is_mapping)
            for item in branch.items
            if isinstance(item.value, Branch)
        ]
        stack += reversed(inner)


def check_tree(before: Branch, after: Branch, drafts: Iterable[Draft], added: Mapping[int, tuple[str, ...]]) -> None:
    """Compare the data before and after the edits: whatever no draft edits is the same.

    `added` are the texts that may follow the value that begins at an offset. Raises `SyntaxError` for any other
    difference.
    """
    changed = _changed(before, drafts)
    old, new = list(_flat(before)), list(_flat(after))
    at = 0
    for role, scalar in old:
        if at == len(new) or new[at][0] != role:
            raise SyntaxError("the edits change the structure of the file")
        now = new[at][1]
        if scalar and now and now.text not in (scalar.text, changed.get(scalar.start, scalar.text)):
            raise SyntaxError(f"the edits change {scalar.text!r}, which is not theirs")
        at += 1
        more = added.get(scalar.start, ()) if scalar and role == "value" else ()
        if more and tuple(other.text for _, other in new[at : at + len(more)] if other) == more:
            at += len(more)
    if at != len(new):
        raise SyntaxError("the edits add to the file")


def _changed(tree: Branch, drafts: Iterable[Draft]) -> dict[int, str]:
    """Start of a scalar -> its text with the edits in it made. Raises `SyntaxError` for an edit outside of all."""
    scalars = sorted({scalar.start: scalar for _, scalar in _flat(tree) if scalar and scalar.literal}.values())
    starts = [scalar.start for scalar in scalars]
    changed: dict[int, str] = {}
    for draft in drafts:
        for edit in draft.edits:
            if edit.start == edit.end:
                continue  # an addition
            index = bisect_right(starts, edit.start) - 1
            scalar = scalars[index] if index >= 0 else None
            if scalar is None or edit.end > scalar.end:
                raise SyntaxError("an edit outside of every value")
            first, last = edit.start - scalar.start, edit.end - scalar.start
            changed[scalar.start] = scalar.text[:first] + edit.text + scalar.text[last:]
    return changed


def _flat(branch: Branch) -> Iterator[tuple[str, Scalar | None]]:
    """The tree as a row: brackets, keys and values."""
    yield "{" if branch.is_mapping else "[", None
    for item in branch.items:
        if item.key:
            yield "key", item.key
        if isinstance(item.value, Scalar):
            yield "value", item.value
        else:
            yield from _flat(item.value)
    yield "}", None


class Builder:
    """Puts a tree together from brackets, keys and values as they come."""

    def __init__(self) -> None:
        self._open: list[tuple[bool, list[Item], Scalar | None]] = [(False, [], None)]
        self._key: Scalar | None = None

    @property
    def depth(self) -> int:
        return len(self._open) - 1

    @property
    def in_mapping(self) -> bool:
        return self._open[-1][0]

    @property
    def wants_key(self) -> bool:
        """Whether the next thing is a key."""
        return self._open[-1][0] and self._key is None

    @property
    def name(self) -> str:
        """The key of the next value; in a list that of the list."""
        key = self._key or self._open[-1][2]
        return key.text if key else ""

    def open(self, *, is_mapping: bool, line: int) -> None:
        """A bracket. Raises `SyntaxError` where there are too many in one another."""
        if self.depth > DEPTH:
            raise SyntaxError(f"nests more than {DEPTH} levels deep", (None, line, None, None))
        self._open.append((is_mapping, [], self._key))
        self._key = None

    def close(self) -> None:
        """The bracket that ends a branch; one that stands where a key should leaves a key without a text."""
        is_mapping, items, key = self._open.pop()
        self._key = key
        stands_as_key = self.wants_key
        self.add(Branch(tuple(items), is_mapping))
        self._key = Scalar(-1, -1, "", False) if stands_as_key else None

    def key(self, scalar: Scalar) -> None:
        self._key = scalar

    def add(self, node: Node) -> None:
        self._open[-1][1].append(Item(self._key, node))
        self._key = None

    def tree(self) -> Branch:
        return Branch(tuple(self._open[0][1]), False)

"""What has to change together in a file: the places that name one variable, or one value of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from zlib import crc32

from migrate.model import Draft


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a group, or of none where the key is empty.

    With a `problem` none of the group is edited; without a draft the place only says that.
    """

    key: str
    draft: Draft | None
    problem: str = ""

    def moved(self, draft: Draft | None) -> Place:
        """The place with its draft where that stands in the file; it may have lost its edit on the way."""
        lost = self.draft and draft and self.draft.edits and not draft.edits
        return replace(self, draft=draft, problem=self.problem or (draft.message if lost and draft else ""))


def together(places: Iterable[Place]) -> list[Draft]:
    """The drafts of all places, without edits where one of their group cannot be edited."""
    listed = list(places)
    problems: dict[str, str] = {}
    for place in listed:
        if place.problem and place.key:
            problems.setdefault(place.key, place.problem)
    return [_judged(place.draft, problems.get(place.key, ""), _number(place.key)) for place in listed if place.draft]


def _number(key: str) -> int:
    """A number for a group that is the same in all scripts of a file; 0 for what is in none."""
    return crc32(key.encode()) | 1 if key else 0


def _judged(draft: Draft, problem: str, group: int) -> Draft:
    if not draft.edits:
        return draft
    if problem:
        return replace(draft, safety="manual", edits=(), message=f"{problem}: {draft.message}")
    return replace(draft, group=group)

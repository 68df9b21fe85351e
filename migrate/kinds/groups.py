"""What has to change together in a file: the places that name one variable, or one value of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from migrate.model import Draft


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a group. With a `problem` none of the group is edited; without a draft it only says that."""

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
        if place.problem:
            problems.setdefault(place.key, place.problem)
    numbers = {key: number for number, key in enumerate(dict.fromkeys(place.key for place in listed), 1)}
    return [_judged(place.draft, problems.get(place.key, ""), numbers[place.key]) for place in listed if place.draft]


def _judged(draft: Draft, problem: str, group: int) -> Draft:
    if not draft.edits:
        return draft
    if problem:
        return replace(draft, safety="manual", edits=(), message=f"{problem}: {draft.message}")
    return replace(draft, group=group)

"""Which imports are behind a use, whichever way the program comes to it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from migrate.arms import imported
from migrate.codemods.enclosing import around
from migrate.codemods.view import View
from migrate.edits import position

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef)
_BLOCKS = ("body", "orelse", "finalbody")
_TRY = (ast.Try, getattr(ast, "TryStar", ast.Try))


class Step(NamedTuple):
    """A block on the way to a place, and the statement of it that holds the place."""

    owner: ast.AST
    field: str
    statement: ast.stmt


class Spot(NamedTuple):
    """A place in a file: its offset, and the blocks around it, from the outermost."""

    start: int
    steps: tuple[Step, ...]

    @property
    def block(self) -> tuple[int, str]:
        """The identity of the innermost block."""
        return id(self.steps[-1].owner), self.steps[-1].field


def spot_at(view: View, at: int) -> Spot:
    """The place at an offset."""
    steps = _steps(around(view, at))
    if not steps:  # in text that was put in the place of what only a newer Python reads, and is longer
        number = position(view.scan.starts, at)[0]
        line = view.scan.line(number)
        steps = _steps(around(view, view.scan.starts[number - 1] + len(line) - len(line.lstrip())))
    return Spot(at, tuple(steps))


def _steps(path: Sequence[ast.AST]) -> list[Step]:
    steps: list[Step] = []
    for owner, node in pairwise(path):
        if isinstance(node, ast.stmt):
            field = next(name for name in _BLOCKS if any(node is item for item in getattr(owner, name, ())))
            steps.append(Step(owner, field, node))
    return steps


def dominates(before: Spot, after: Spot) -> bool:
    """Whether a statement has run wherever the program comes to another place.

    What is in a function runs later than all that is in the blocks around it.
    """
    outer = _certain(before.steps)
    if not _is_inside(after, outer):
        return False
    return before.start <= after.start or any(_is_function(step) for step in after.steps[len(outer) :])


class Dominators:
    """Places to be asked which of them dominate another: the first of each block, without a look at all of them."""

    def __init__(self, spots: Iterable[Spot]) -> None:
        self.spots = sorted(spots, key=lambda spot: spot.start)
        self._first: dict[tuple[object, ...], Spot] = {}
        for spot in self.spots:
            self._first.setdefault(_path(_certain(spot.steps)), spot)

    def of(self, after: Spot) -> list[Spot]:
        """In source order, the first place of each block that has run wherever the program comes to another."""
        path = _path(after.steps)
        near = (self._first.get(path[:depth]) for depth in range(len(path) + 1))
        return sorted((spot for spot in near if spot and dominates(spot, after)), key=lambda spot: spot.start)


def _path(steps: Sequence[Step]) -> tuple[object, ...]:
    """What tells the blocks around a place from others, as `_is_same` does."""
    return tuple((_test_of(step) or id(step.owner), step.field) for step in steps)


def needed_for(view: View, use: Spot, imports: Dominators) -> list[Spot]:
    """The imports, in source order, that something has to stand beside to have run before a use of what they import.

    The first that has run for sure; else all by which the program may have come to the use.
    """
    sure = imports.of(use)
    if sure:
        late = [spot for spot in sure if not _scopes(spot)]
        waits = _scopes(sure[0]) and late and not _may_be_called(view, use, late[0].start)
        return late[:1] if waits else sure[:1]
    scopes = _scopes(use)
    seen = [spot for spot in imports.spots if _scopes(spot) <= scopes and not _excludes(spot, use)]
    near = [spot for spot in seen if _scopes(spot)] or seen
    near = [spot for spot in near if spot.start <= use.start or _scopes(spot) < scopes] or near
    words = re.findall(r"\w+", _text_of(view, use))
    return _binding(near, words) or _binding(near, ["torch"]) or near


def _binding(imports: Sequence[Spot], names: Iterable[str]) -> list[Spot]:
    """Those of some imports that bind one of these names."""
    wanted = set(names)
    return [spot for spot in imports if wanted.intersection(names_bound(spot.steps[-1].statement))]


def _text_of(view: View, use: Spot) -> str:
    """The lines of the statement, or of its header, that a use is in."""
    if not use.steps:
        return ""
    node = use.steps[-1].statement
    body: list[ast.stmt] = getattr(node, "body", [])
    last = max(body[0].lineno - 1, node.lineno) if body else node.end_lineno or node.lineno
    return "".join(view.scan.line(number) for number in range(node.lineno, last + 1))


def behind(before: Spot, use: Spot) -> Spot:
    """A use as it is seen by what stands beside an import that comes before it."""
    later = [step for step in use.steps if _is_function(step) and id(step.owner) not in _scopes(before)]
    return Spot(use.start, (*before.steps, *later))


def outermost(spots: Iterable[Spot]) -> Iterator[Spot]:
    """Of some places those that no other of them dominates, in source order."""
    chosen = Dominators({spot.start: spot for spot in spots}.values())
    for spot in chosen.spots:
        if not any(other.start < spot.start for other in chosen.of(spot)):
            yield spot


def names_bound(node: ast.stmt) -> Iterator[str]:
    """The names that an import binds."""
    for alias in getattr(node, "names", ()):
        yield alias.asname or (alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name)


def imports_torch(node: ast.Import | ast.ImportFrom, root: str = "torch") -> bool:
    """Whether a statement imports torch, or another package, or from it."""
    return any(module.partition(".")[0] == root for module in imported(node))


def _is_inside(spot: Spot, steps: Sequence[Step]) -> bool:
    if len(spot.steps) < len(steps):
        return False
    return all(_is_same(one, other) for one, other in zip(spot.steps, steps, strict=False))


def _is_same(one: Step, other: Step) -> bool:
    """Whether two blocks are one, or both run if `is_torch_available()` says so."""
    if one.owner is other.owner or one.field != other.field:
        return one.owner is other.owner and one.field == other.field
    return bool(_test_of(one)) and _test_of(one) == _test_of(other)


def _test_of(step: Step) -> str:
    """The question of an `if` that has the same answer everywhere, or ""."""
    test = step.owner.test if isinstance(step.owner, ast.If) else None
    return ast.dump(test) if isinstance(test, ast.Call) and not test.args else ""


def _certain(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The blocks around a statement that may not run: not those of `with`, nor a `try` that begins with `import torch`.

    If that fails, no other import of torch runs either.
    """
    while len(steps) > 1 and _always_runs(steps[-1]):
        steps = steps[:-1]
    return steps


def _always_runs(step: Step) -> bool:
    owner = step.owner
    if isinstance(owner, (ast.With, ast.AsyncWith)) or step.field == "finalbody":
        return True
    if not isinstance(owner, _TRY) or step.field != "body":
        return False
    begin = owner.body[: owner.body.index(step.statement) + 1]
    names = [[alias.name for alias in node.names] if isinstance(node, ast.Import) else [] for node in begin]
    return len(names[-1]) == 1 and all(above == ["torch"] for above in names[:-1])


def _is_function(step: Step) -> bool:
    return isinstance(step.owner, _FUNCTIONS)


def _scopes(spot: Spot) -> set[int]:
    return {id(step.owner) for step in spot.steps if isinstance(step.owner, _DEFINITIONS)}


def _excludes(one: Spot, other: Spot) -> bool:
    """Whether two places are in branches of one `if`, of which only one runs."""
    for step, beside in zip(one.steps, other.steps, strict=False):
        if step.owner is not beside.owner:
            return False
        if step.field != beside.field:
            return isinstance(step.owner, ast.If)
    return False


def _may_be_called(view: View, use: Spot, until: int) -> bool:
    """Whether the function, or class, that a use is in may be called before an offset behind it."""
    definition = next((step.statement for step in use.steps if isinstance(step.statement, _DEFINITIONS)), None)
    if definition is None:
        return True
    name, end = definition.name, definition.end_lineno or 0
    behind = view.scan.text[view.scan.starts[end] if end < len(view.scan.starts) else until : until]
    return bool(definition.decorator_list) or re.search(rf"\b{name}\b", behind) is not None

"""What one pass over a file finds: the types between `scan` and the index built from it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from migrate.bindings import Scope
from migrate.guards import Guard, GuardFinder
from migrate.trees import every

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = tuple[ast.ClassDef | None, Function]
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
Nesting = Literal["plain", "try", "branch", "typing"]
Shape = Literal["block", "header", "elif", "except", "match", "case"]


class Place(NamedTuple):
    """Where a statement stands."""

    scope: Scope
    function: str = ""
    owner: str = ""  # the innermost class around it
    overrides: bool = False  # inside a class's own cuda() or is_cuda
    nesting: Nesting = "plain"  # where it stands below its scope's own block
    guard: Guard | None = None


class Region(NamedTuple):
    """Whole lines `first` to `last` (from 1) that hold one statement or the header of one."""

    first: int
    last: int
    shape: Shape
    place: Place
    subject: str = ""  # source of what a `case` is matched against


class ImportStatement(NamedTuple):
    """An import of torch or of a vendor's package, for placing the vendor import."""

    node: ast.Import | ast.ImportFrom
    place: Place


@dataclass(slots=True, eq=False)
class Scan:
    """What one pass over a file found."""

    text: str
    starts: Sequence[int]
    module: Scope
    mentions: list[tuple[int, int]]  # spans of the words to account for
    regions: list[Region] = field(default_factory=list)
    docstrings: list[tuple[int, int]] = field(default_factory=list)
    imports: list[ImportStatement] = field(default_factory=list)
    overriding: dict[str, str] = field(default_factory=dict)  # class with its own cuda() -> that method
    bases: dict[str, tuple[str, ...]] = field(default_factory=dict)  # class -> last names of its bases
    stored: set[str] = field(default_factory=set)  # "self.is_cuda" and the like, where assigned to
    places: dict[int, Place] = field(default_factory=dict)  # offset -> where a statement in a one-line block stands
    aliases: set[str] = field(
        default_factory=set
    )  # names that stand for a CUDA module, or for what has to be looked at
    doubt: str = ""  # why no edit in the file is certain
    served: bool = False  # the target has a file of its own beside this one: so there is nothing to do either
    guards: GuardFinder | None = None  # None if the file never mentions CUDA
    _functions: dict[str, list[Definition]] | None = None
    _nodes: list[ast.AST] | None = None

    def nodes(self) -> Sequence[ast.AST]:
        """All nodes of the syntax tree, listed once: the walk costs more than what most have to ask."""
        if self._nodes is None:
            self._nodes = list(every(self.module.node))
        return self._nodes

    def functions(self) -> dict[str, list[Definition]]:
        """The functions of the file by name, each with the class it is a method of, or None."""
        if self._functions is None:
            self._functions = {}
            for owner, node in _definitions(self.module.node, None):
                self._functions.setdefault(node.name, []).append((owner, node))
        return self._functions

    def parameter(self, function: str, position: int) -> str:
        """The parameter of a function of this file that takes a positional argument, if that is certain."""
        every = [_positional(item) for item in self.called(function)]
        found = {names[position] if position < len(names) else "" for names in every}
        return found.pop() if len(found) == 1 else ""

    def called(self, name: str) -> list[Definition]:
        """The functions a call by this name may reach; for a class its constructor."""
        functions = self.functions()
        made = [item for item in functions.get("__init__", ()) if item[0] and item[0].name == name]
        return [*made, *(item for item in functions.get(name, ()) if name != "__init__")]

    def offset(self, line: int, column: int) -> int:
        """Character offset of an `ast` position (column in UTF-8 bytes)."""
        start = self.starts[line - 1]
        prefix = self.text[start : start + column]
        if not prefix.isascii():
            end = self.starts[line] if line < len(self.starts) else len(self.text)
            prefix = self.text[start:end].encode("utf-8", "surrogatepass")[:column].decode("utf-8", "replace")
        return start + len(prefix)

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
        """Character offsets of the start and the end of a node."""
        end = self.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        return self.offset(node.lineno, node.col_offset), end

    def line(self, number: int) -> str:
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[self.starts[number - 1] : end]


def with_subclasses(classes: Iterable[str], bases: Iterable[tuple[str, str]]) -> set[str]:
    """The classes and all that inherit from one of them, given pairs of a class and one of its bases, by last name."""
    heirs: dict[str, list[str]] = {}
    for name, base in bases:
        heirs.setdefault(base, []).append(name)
    found, news = set(classes), list(classes)
    while news:
        news = [name for base in news for name in heirs.get(base, ()) if name not in found]
        found.update(news)
    return found


def _definitions(node: ast.AST, owner: ast.ClassDef | None) -> Iterator[Definition]:
    """Every function below a node; only statements can hold one."""
    for field_name in _BLOCKS:
        for child in getattr(node, field_name, ()):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield owner, child
            if not isinstance(child, ast.expr):
                yield from _definitions(child, child if isinstance(child, ast.ClassDef) else None)


def _positional(definition: Definition) -> list[str]:
    owner, node = definition
    names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    return names[1:] if owner else names

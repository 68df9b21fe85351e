"""What the index of a file is made of: uses of names, literals with their site, imports, other words.

All offsets are characters of the decoded file. Named tuples, as thousands of them are made in every run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal as Choice
from typing import NamedTuple

from migrate.bindings import Meaning
from migrate.source import Place

SiteKind = Choice[
    "argument", "compare", "assign", "default", "return", "key", "value", "subscript", "case", "iterate",
    "annotation", "message", "decorator", "receiver", "test", "store", "table", "other",
]  # fmt: skip


class Site(NamedTuple):
    """Where an expression stands, seen from a literal in it.

    `name` is the parameter, variable, option or key that takes the value; `other` describes the other
    side of a comparison, what is subscripted, or the first argument; `siblings` are the literals beside
    it in the same container.
    """

    kind: SiteKind
    name: str = ""
    callee: str = ""  # last identifier of the function called
    callees: frozenset[str] = frozenset()  # dotted names it may be
    position: str = ""  # "0", "1", … or the keyword
    other: str = ""
    siblings: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()  # all keys of the dict the literal is in
    paired: str = ""  # the value of a key, the key of a value, the option before a list element
    function: str = ""  # description of the function called
    group: int = 0  # literals that only make sense together: an option's default and its choices


class Argument(NamedTuple):
    """One argument of a call; `keyword` is empty for positional ones, `star` holds * or **."""

    keyword: str
    star: str
    start: int
    end: int


class Step(NamedTuple):
    """One link of a chain `root.name(call)[item]`. For calls, `start` lies after the "(" and `end` before ")"."""

    kind: Choice["name", "call", "item"]
    text: str
    start: int
    end: int
    arguments: tuple[Argument, ...] = ()


class Use(NamedTuple):
    """A maximal chain of names, calls and items; `meaning` is that of its root name."""

    steps: tuple[Step, ...]
    meaning: Meaning
    site: Site
    place: Place
    soft: bool = False  # the root is a variable that was assigned what `meaning` says
    receiver: str = ""  # description of the root where it is no name

    @property
    def start(self) -> int:
        return self.steps[0].start

    @property
    def prefix(self) -> tuple[Step, ...]:
        """The leading steps that are plain names: what an import can explain."""
        names: list[Step] = []
        for step in self.steps:
            if step.kind != "name":
                break
            names.append(step)
        return tuple(names)


class Piece(NamedTuple):
    """A run of source characters inside the quotes of a string."""

    start: int
    end: int
    text: str


class Literal(NamedTuple):
    """A string literal. `value` has "{}" for every replacement field; `pieces` are what can be edited."""

    start: int
    end: int
    value: str
    pieces: tuple[Piece, ...]
    site: Site
    place: Place
    formatted: bool = False  # an f-string, or followed by % or .format
    raw_bytes: bool = False
    split: bool = False  # adjacent literals that Python joins


class ImportedName(NamedTuple):
    """One `name as alias` of an import statement, with the dotted name it stands for."""

    dotted: str
    local: str
    start: int
    end: int
    name_start: int
    name_end: int
    aliased: bool


class Import(NamedTuple):
    """An import statement that names torch or something that mentions CUDA."""

    start: int
    end: int
    place: Place
    module: str  # "" for `import x`, with its leading dots for relative ones
    module_start: int
    module_end: int
    names: tuple[ImportedName, ...]
    star: bool = False


class Word(NamedTuple):
    """An identifier that is neither used, imported nor a literal: a parameter, a keyword, a definition.

    The role "integer" marks a rank handed over as a device.
    """

    text: str
    start: int
    end: int
    role: Choice["parameter", "keyword", "definition", "name", "integer"]
    place: Place
    callees: frozenset[str] = frozenset()  # of a keyword: the functions it may belong to
    function: str = ""  # and the description of the one it is given to


@dataclass(slots=True)
class Index:
    """Everything of interest in one file, in source order within each region."""

    uses: list[Use] = field(default_factory=list)
    literals: list[Literal] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)

"""What the files of a repository say about each other: own modules, classes with their own cuda(), shared names."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from migrate.discover import local_modules
from migrate.engine import NOTHING_KNOWN, concerns, decode, parse
from migrate.model import Kind, Repository, Table
from migrate.siblings import set_apart
from migrate.source import with_subclasses
from migrate.trees import every

_CLASS = re.compile(rb"class (\w+)[ \t]*\(([^()]{0,1000})\)")
_BASE = re.compile(rb"\b(\w+)\b\s*(?:,|$|\[)")
_NAMES = rb"(\([^()#]*(?:#[^\n]*\n[^()#]*)*\)|[^\n]*)"  # ends where the next list begins: one never closed costs little
_FROM_TORCH = re.compile(rb"^[ \t]*from[ \t]+torch\b[\w.]*[ \t]+import[ \t]+" + _NAMES, re.MULTILINE)
_FROM = re.compile(rb"^[ \t]*from[ \t]+(?!torch\b)[\w.]+[ \t]+import[ \t]+" + _NAMES, re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Survey:
    """The knowledge that is shared by all files, and that of single folders."""

    modules: Mapping[str, frozenset[str]]
    overriding: frozenset[str]
    exported: frozenset[str]
    paths: frozenset[str]  # of all files and folders
    table: Table

    def of(self, path: str) -> Repository:
        """What is known around one file."""
        folders = path.split("/")[:-1]
        above = ["/".join(folders[:depth]) for depth in range(len(folders) + 1)]
        own = frozenset[str]().union(*(self.modules.get(folder, frozenset()) for folder in (*above, "src")))
        apart, served = set_apart(path, self.paths.__contains__, self.table)
        if not (own or self.overriding or self.exported or apart):
            return NOTHING_KNOWN
        return Repository(own, self.overriding, self.exported, apart, served)


@dataclass(frozen=True, slots=True)
class Facts:
    """What one file, by itself, says about others."""

    concerns: bool  # whether it has to be looked at
    overriding: tuple[str, ...] = ()  # its classes with a cuda() of their own
    bases: tuple[tuple[str, str], ...] = ()  # its classes, each with every one of its bases, by their last names
    from_torch: bool = False  # whether it imports from torch what takes other arguments on the target
    exported: tuple[str, ...] = ()  # the names that change, of those that it imports from elsewhere


Names = tuple[frozenset[bytes], frozenset[bytes]]


def facts_of(data: bytes, kind: Kind, table: Table, names: Names) -> Facts:
    """The facts of a file; `names` are those of `names_that_change`."""
    concerned = concerns(data, kind, table)
    if kind != "python":
        return Facts(concerned)
    renamed, called = names
    return Facts(
        concerned,
        tuple(_overriding(data, table.source.method)) if concerned else (),
        tuple(_bases(data)),
        concerned and bool(called) and _imports_from_torch(data, called),
        tuple(_exported(data, renamed | called)) if concerned or called else (),
    )


def survey(files: Iterable[tuple[str, Kind]], facts: Sequence[Facts], table: Table) -> Survey:
    """What the files of a repository, named by `files`, say together."""
    roots = frozenset(name.partition(".")[0] for name in table.sites.packages)
    overriding = {name for own in facts for name in own.overriding}
    if overriding:
        overriding = with_subclasses(overriding, (pair for own in facts for pair in own.bases))
    everyone = any(
        own.from_torch for own in facts
    )  # whoever imports such a name from the project need not mention CUDA
    exported = frozenset(name for own in facts if own.concerns or everyone for name in own.exported)
    files = list(files)
    paths = frozenset(head for path, _ in files for head in _heads(path))
    return Survey(local_modules(files, roots), frozenset(overriding), exported, paths, table)


def _heads(path: str) -> Iterator[str]:
    """A path and the folders above it."""
    yield path
    while path := path.rpartition("/")[0]:
        yield path


def _overriding(data: bytes, method: str) -> Iterator[str]:
    """Names of the classes in a file that define their own cuda()."""
    if f"def {method}(".encode() not in data:
        return
    try:
        tree = parse(decode(data)[0])
    except Exception:  # whatever it is, the report will have it when the file's turn comes
        return
    for node in every(tree):
        if isinstance(node, ast.ClassDef) and any(getattr(item, "name", "") == method for item in node.body):
            yield node.name


def _bases(data: bytes) -> Iterator[tuple[str, str]]:
    """The classes of a file, each with every one of its bases, by their last names."""
    for name, bases in _CLASS.findall(data):
        for base in _BASE.findall(bases):
            yield name.decode("latin-1"), base.decode("latin-1")


def names_that_change(table: Table) -> Names:
    """The last parts of names that some row spells otherwise, and of those that take other arguments elsewhere."""
    renamed: set[bytes] = set()
    called: set[bytes] = set()
    for rule in table.rules.values():
        home, _, leaf = rule.key.rpartition(".")
        name = (rule.to or rule.key).partition("(")[0]
        if home not in table.sites.modules or rule.key in table.sites.modules:
            continue
        if leaf != name.rpartition(".")[2]:
            renamed.add(leaf.encode())
        elif rule.is_template and name != rule.key:
            called.add(leaf.encode())
    own = {name.encode() for name in dir(builtins)}
    return frozenset(renamed - own), frozenset(called - own)


def _imports_from_torch(data: bytes, names: frozenset[bytes]) -> bool:
    """Whether a file imports one of the names from a module of torch's, as far as its text says."""
    found = _FROM_TORCH.finditer(data) if any(name in data for name in names) else ()
    return any(not names.isdisjoint(re.findall(rb"\w+", match.group(1))) for match in found)


def _exported(data: bytes, names: frozenset[bytes]) -> Iterator[str]:
    """Those of the names that a file imports from others."""
    if any(name in data for name in names):
        for match in _FROM.finditer(data):
            words = set(re.findall(rb"\w+", match.group(1)))
            yield from (name.decode() for name in words & names)

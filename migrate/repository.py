"""What the files of a repository say about each other: own modules, classes with their own cuda(), shared names."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from migrate.discover import local_modules
from migrate.engine import NOTHING_KNOWN, decode, parse
from migrate.model import Kind, Repository, Table
from migrate.siblings import set_apart
from migrate.source import with_subclasses
from migrate.trees import every

_CLASS = re.compile(rb"(\w+)[ \t]*\(([^()]*)\)")
_HEADER = 1000  # bytes of a class's header
_FROM_TORCH = re.compile(rb"^[ \t]*from[ \t]+torch\b[\w.]*[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)", re.MULTILINE)
_FROM = re.compile(rb"^[ \t]*from[ \t]+(?!torch\b)[\w.]+[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)", re.MULTILINE)


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


def survey(
    files: Iterable[tuple[str, Kind]], mentioning: list[bytes], others: Callable[[], Iterable[bytes]], table: Table
) -> Survey:
    """Look over a repository before its files are looked at one by one.

    `mentioning` are the Python files that mention CUDA; `others` gives the rest, or all, and is asked only
    where a class of theirs may inherit a `cuda()` of the project, or may import a function that takes other arguments.
    """
    roots = frozenset(name.partition(".")[0] for name in table.sites.packages)
    overriding = {name for data in mentioning for name in _overriding(data, table.source.method)}
    if overriding:
        pairs = (pair for data in (*mentioning, *others()) for pair in _bases(data))
        overriding = with_subclasses(overriding, pairs)
    renamed, called = _changing(table)
    if called and any(_imports_from_torch(data, called) for data in mentioning):
        mentioning = [*mentioning, *others()]  # whoever imports such a name from the project need not mention CUDA
    exported = frozenset(_exported(mentioning, renamed | called))
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
    headers = (_CLASS.match(text, 0, _HEADER) for text in data.split(b"class ")[1:])
    for name, bases in (header.groups() for header in headers if header):
        for base in re.findall(rb"(\w+)\s*(?:,|$|\[)", bases):
            yield name.decode("latin-1"), base.decode("latin-1")


def _changing(table: Table) -> tuple[frozenset[bytes], frozenset[bytes]]:
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


def _exported(sources: Iterable[bytes], names: frozenset[bytes]) -> Iterator[str]:
    """Those of the names that files import from one another."""
    for data in sources:
        if any(name in data for name in names):
            for match in _FROM.finditer(data):
                words = set(re.findall(rb"\w+", match.group(1)))
                yield from (name.decode() for name in words & names)

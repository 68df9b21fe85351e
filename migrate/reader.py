"""One parsed TOML table → target and rows; every validation message about a table's content lives here.

The format is documented in docs/adding-a-row.md. All errors of a file are collected, as `file: [table]: what is wrong
(why)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast, get_args

from migrate.extras import Oldest
from migrate.mistakes import mistakes
from migrate.model import RowKind, Rule, Status, Table

SCHEMA = 1
WORDS = ("name", "module", "device", "backend", "method", "predicate")
TOP = {"schema", "target", "sources", "modules", "missing_arguments", "namespace", *get_args(RowKind)}
TARGET = {
    *WORDS, "title", "package", "versions", "import", "install", "expression", "expression_import", "backend_since",
    "dtypes",
}  # fmt: skip
IMPORT = {"line", "until", "review", "beside", "evidence"}
NAMESPACE = {"from", "to", "names", "status", "evidence", "since", "until", "message"}
ROW = {
    "status", "to", "evidence", "message", "review", "since", "until", "keywords", "together", "positional",
    "parameters", "decorates", "from", "drop",
}  # fmt: skip
KINDS = get_args(RowKind)
INSTALL = {"distribution", "versions", "how", "evidence"}
DTYPES = {"refused", "narrowed", "evidence"}
_TO = {  # what may stand in the place of a name
    "api": re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\(\))*(?:\([^\r\n]*\))?"),
    "env": re.compile(r"[\w.]+"),
}
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_LONG = 300


class TableError(Exception):
    """A table that cannot be used; `errors` holds one message per mistake."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(self.errors))


class TableReader:
    """Walks one parsed table and collects what is wrong with it.

    A table of a project (`own`) needs no evidence; what its [target] does not say is that of `base`.
    """

    def __init__(
        self, file: str, raw: Mapping[str, Any], oldest: Oldest, base: Table | None = None, *, own: bool = False
    ) -> None:
        self.file, self.raw, self.oldest, self.base, self.own = file, raw, oldest, base, own
        self.errors: list[str] = []
        sources = self.section(raw, "sources", "sources")
        rev = str(sources.get("rev", ""))
        urls = {word: str(url).replace("{rev}", rev) for word, url in sources.items() if word != "rev"}
        under = base.sources if base else {}
        self.words = {word: f"{word} ({file})" if under.get(word, url) != url else word for word, url in urls.items()}
        self.sources = {self.words[word]: url for word, url in urls.items()}
        self.versions = base.target.versions if base else ()
        self.package = base.target.package if base else ""
        if raw.get("schema") != SCHEMA:
            self.fail("schema", f"must be {SCHEMA}, found {raw.get('schema')!r}")
        self.known(raw, {*TOP, "extends"} if own else TOP, "top level")

    def fail(self, where: str, what: str) -> None:
        self.errors.append(f"{self.file}: [{where}]: {what}")

    def known(self, row: Mapping[str, Any], keys: set[str], where: str) -> None:
        for key in row:
            if key not in keys:
                self.fail(where, f"unknown key {key!r}{hint(key, keys)}")

    def section(self, row: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
        """A table below another; an empty one where there is none."""
        value = row.get(key, {})
        if isinstance(value, Mapping):
            return value
        self.fail(where, "must be a table")
        return {}

    def text(self, row: Mapping[str, Any], key: str, where: str, *, required: bool = True) -> str | None:
        value = row.get(key)
        if value is None:
            if required:
                self.fail(where, f"{key!r} is missing")
            return None
        if not isinstance(value, str):
            why = " (2.10 would read as 2.1)" if isinstance(value, float) else ""
            self.fail(where, f"{key} = {value} must be a quoted string{why}")
            return None
        return value

    def evidence(self, row: Mapping[str, Any], where: str) -> str:
        evidence = self.text(row, "evidence", where, required=not self.own) or ""
        word, colon, path = evidence.partition(":")
        if evidence and word not in self.words:
            self.fail(where, f"evidence source {word!r} is not declared in [sources]")
        return self.words.get(word, word) + colon + path

    def rules(self) -> Iterator[Rule]:
        """The rows, in the order in which they stand."""
        listed: dict[str, str] = {}
        for number, space in enumerate(self.spaces(), 1):
            for rule in self.namespace(space, f"namespace {number}: {space.get('from', '?')}"):
                if rule.key in listed:
                    self.fail(listed[rule.key], f"{rule.key!r} is also given by namespace {number}")
                listed[rule.key] = f"namespace {number}"
                yield rule
        for kind in KINDS:
            rows = self.section(self.raw, kind, kind)
            for key in rows:
                row = self.section(rows, key, f'{kind}."{key}"')
                if kind == "api" and key in listed:
                    self.fail(f'api."{key}"', f"also given by {listed[key]}")
                yield self.row(kind, key, row)

    def missing_arguments(self, rules: Mapping[str, Rule]) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for key, names in self.section(self.raw, "missing_arguments", "missing_arguments").items():
            if f"api:{key}" not in rules and not (self.base and self.base.rule("api", key)):
                self.fail("missing_arguments", f"{key!r} has no row")
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                self.fail("missing_arguments", f"{key!r} must be a list of names of keyword arguments")
                names = []
            found[key] = frozenset(names)
        return found

    def modules(self) -> dict[str, str]:
        """What is imported for the names of a module, "" where there is nothing."""
        found = self.section(self.raw, "modules", "modules")
        for name, imported in found.items():
            if not all(isinstance(text, str) and _MODULE.fullmatch(text) for text in (name, imported or name)):
                self.fail("modules", f"{name!r} and what it leads to must be names of modules")
        return {name: str(imported) for name, imported in found.items()}

    def spaces(self) -> list[Mapping[str, Any]]:
        spaces = self.raw.get("namespace", [])
        if isinstance(spaces, list) and all(isinstance(space, Mapping) for space in spaces):
            return spaces
        self.fail("namespace", "must be written [[namespace]]")
        return []

    def namespace(self, space: Mapping[str, Any], where: str) -> Iterator[Rule]:
        self.known(space, NAMESPACE, where)
        evidence = self.evidence(space, where)
        status = self.status(space, where, default="renamed")
        origin = self.text(space, "from", where) or ""
        to = self.text(space, "to", where, required=status == "renamed")
        message = self.text(space, "message", where, required=status in {"missing", "differs"})
        since, until = (self.version(space, key, where) for key in ("since", "until"))
        if to and not self.fits("api", to):
            self.fail(where, f"to = {to[:_LONG]!r} is no name")
        names = space.get("names")
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            self.fail(where, "names must be a list of quoted names")
            names = []
        for name in names:
            new = f"{to}.{name}" if to else None
            rule = Rule("api", f"{origin}.{name}", status, evidence, to=new, message=message, since=since, until=until)
            yield self.gated(rule)

    def status(self, row: Mapping[str, Any], where: str, default: str | None = None) -> Status:
        status: Any = row.get("status", default)
        if status in get_args(Status):
            return cast(Status, status)
        self.fail(where, f"status {status!r} is none of {', '.join(get_args(Status))}")
        return "unknown"

    def row(self, kind: Any, key: str, row: Mapping[str, Any]) -> Rule:
        where = f'{kind}."{key}"'
        self.known(row, ROW, where)
        status = self.status(row, where)
        to = self.text(row, "to", where, required=status == "renamed")
        if to and not self.fits(kind, to):
            self.fail(where, f"to = {to[:_LONG]!r} is no {'name or call' if kind == 'api' else 'name'}")
        message, review = (self.text(row, field, where, required=False) for field in ("message", "review"))
        rule = Rule(
            kind, key, status, self.evidence(row, where), to, message, review, self.version(row, "since", where),
            until=self.version(row, "until", where),
            keywords=self.keywords(row, where), together=self.together(row, where),
            positional=self.number(row, "positional", where), parameters=self.parameters(row, where),
            decorates=self.flag(row, "decorates", where), first=self.first(row, where),
            drop=self.text(row, "drop", where, required=False) or "",
        )  # fmt: skip
        for mistake in mistakes(rule) if status == row.get("status") else ():
            self.fail(where, mistake)
        return self.gated(rule)

    def fits(self, kind: str, to: str) -> bool:
        """Whether a text can stand where a name of this kind does: it becomes code."""
        return len(to) <= _LONG and (kind not in _TO or _TO[kind].fullmatch(to) is not None)

    def keywords(self, row: Mapping[str, Any], where: str) -> dict[str, str]:
        keywords = row.get("keywords", {})
        if isinstance(keywords, Mapping) and all(isinstance(name, str) for name in keywords.values()):
            return dict(keywords)
        self.fail(where, 'keywords must be a table of names, such as { old = "new" }')
        return {}

    def together(self, row: Mapping[str, Any], where: str) -> str | None:
        together = self.text(row, "together", where, required=False)
        if together is not None and "." not in together:
            self.fail(where, f"together = {together!r} must be a dotted name")
            return None
        return together

    def parameters(self, row: Mapping[str, Any], where: str) -> tuple[str, ...]:
        names = row.get("parameters", [])
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            return tuple(names)
        self.fail(where, "parameters must be a list of quoted names")
        return ()

    def flag(self, row: Mapping[str, Any], key: str, where: str) -> bool:
        value = row.get(key, False)
        if isinstance(value, bool):
            return value
        self.fail(where, f"{key} must be true or false")
        return False

    def number(self, row: Mapping[str, Any], key: str, where: str) -> int:
        value = row.get(key, 0)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.fail(where, f"{key} must be a number that is not negative")
        return 0

    def first(self, row: Mapping[str, Any], where: str) -> str | None:
        first = self.text(row, "from", where, required=False)
        if first is not None and not is_version(first):
            self.fail(where, f"from = {first!r} is not a version number, such as 0.21.0")
            return None
        return first

    def version_list(self, versions: Any, where: str) -> tuple[str, ...]:
        if isinstance(versions, list) and all(map(is_version, versions)):
            return tuple(versions)
        self.fail(where, "versions must be a list of quoted version numbers")
        return ()

    def version(self, row: Mapping[str, Any], key: str, where: str) -> str | None:
        """`since` or `until` of a row."""
        version = self.text(row, key, where, required=False)
        if version is not None and self.versions and version not in self.versions:
            self.fail(where, f"{key} = {version!r} is not one of the target's versions")
            return None
        return version

    def gated(self, rule: Rule) -> Rule:
        """The row as it counts for the oldest versions: a name that is too new, or gone by then, is missing."""
        newest = self.oldest.package or (self.versions[-1] if self.versions else None)
        message = self.too_new(rule.since)
        if rule.until and newest and version_key(rule.until) <= version_key(newest):
            message = f"{self.package} {rule.until} does not have it any more."
        return Rule(rule.kind, rule.key, "missing", rule.evidence, message=message) if message else rule

    def too_new(self, since: str | None) -> str:
        """Why what came with a version cannot be used, or ""."""
        version = self.oldest.version
        if not (since and version) or version_key(since) <= version_key(version):
            return ""
        whose = f"the project supports torch {version}"
        if self.oldest.package:
            whose = f"the result has to run on {self.package} {version}"
        return f"needs {self.package} {since}; {whose}."


def version_key(version: str) -> tuple[int, ...]:
    """Order versions by number: "2.10" after "2.9". Raises `ValueError` for anything but dotted numbers."""
    return tuple(int(part) for part in version.split("."))


def is_version(text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})*", text) is not None


def hint(word: str, known: Iterable[str]) -> str:
    """The known name that a word looks like, or all of them."""
    from difflib import get_close_matches  # only ever needed on the way out

    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else f" (known: {', '.join(sorted(known))})"

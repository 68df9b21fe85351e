"""TOML rule tables → `Table`; every validation message about a table lives here.

The format is documented in docs/adding-a-row.md. All errors of a file are collected and raised at once,
as `file: [table]: what is wrong (why)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, cast, get_args

from migrate.model import RowKind, Rule, Sites, Status, Table, Target, Vocabulary
from migrate.sites import read_sites
from migrate.toml import TomlError, parse_toml

RULES = Path(__file__).parent / "rules"
_SITES = RULES / "sites.toml"
SCHEMA = 1
_WORDS = ("name", "module", "device", "backend", "method", "predicate")
_TOP = {"schema", "target", "sources", "missing_arguments", "namespace", *get_args(RowKind)}
_TARGET = {*_WORDS, "title", "package", "versions", "import", "install"}
_IMPORT = {"line", "until", "review", "beside", "evidence"}
_NAMESPACE = {"from", "to", "names", "status", "evidence", "since", "message"}
_ROW = {
    "status", "to", "evidence", "message", "review", "since", "keywords", "together", "positional", "parameters",
    "decorates",
}  # fmt: skip
_KINDS = get_args(RowKind)
_INSTALL = {"distribution", "how", "evidence"}


class TableError(Exception):
    """A table that cannot be used; `errors` holds one message per mistake."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(self.errors))


def target_names() -> tuple[str, ...]:
    """The targets that ship with the tool, sorted."""
    return tuple(sorted(path.stem for path in RULES.glob("*.toml") if path.stem != "sites"))


def load_table(name: str, *, min_torch: str | None = None) -> Table:
    """Read and validate the table of one target.

    `min_torch` is the oldest torch the result must run on ("2.5"); rows newer than it count as missing,
    and the vendor import is dropped where every such torch loads the plug-in by itself.
    Raises `TableError` with every mistake found, or with the known names for an unknown target.
    """
    path = RULES / f"{name}.toml"
    if name not in target_names():
        raise TableError([f"unknown target {name!r}{_hint(name, target_names())}"])
    return read_table(path, min_torch=min_torch)


def read_table(path: Path, *, min_torch: str | None = None) -> Table:
    """Like `load_table`, for a table anywhere on disk. Raises `TableError`; `OSError` if it can't be read."""
    if min_torch is not None and not is_version(min_torch):
        raise TableError([f"min-torch {min_torch!r} is not a version number, such as 2.5"])
    raw_sites, raw = _SITES.read_bytes(), path.read_bytes()
    sites, source = read_sites(_parse(_SITES.name, raw_sites))
    reader = _Reader(path.name, _parse(path.name, raw), min_torch)
    target = reader.target()
    rules = {rule.id: rule for rule in reader.rules(source)}
    missing_arguments = reader.missing_arguments(rules)
    if reader.errors:
        raise TableError(reader.errors)
    digest = blake2b(raw_sites + raw + (min_torch or "").encode(), digest_size=16).hexdigest()
    together = tuple(rule for rule in rules.values() if rule.together)
    watched = _watched(rules, missing_arguments, sites, source)
    return Table(source, target, rules, sites, digest, missing_arguments, together, watched)


def _watched(rules: Mapping[str, Rule], missing: Iterable[str], sites: Sites, source: Vocabulary) -> frozenset[str]:
    """Names whose uses matter where an import hides that they are CUDA's: their calls, or attributes, have rows."""
    calls = {rule.key for rule in rules.values() if rule.kind == "api" and (rule.keywords or rule.is_template)}
    parents = {rule.key.rpartition(".")[0].removesuffix("()") for rule in rules.values() if rule.kind == "api"}
    below = {name for name in parents if name.startswith(f"{source.module}.")}
    return frozenset((calls | below | set(missing)) - sites.modules)


def load_sites() -> Sites:
    """Where CUDA shows, which is the same for all targets: all that the pre-filter needs."""
    return read_sites(_parse(_SITES.name, _SITES.read_bytes()))[0]


def version_key(version: str) -> tuple[int, ...]:
    """Order versions by number: "2.10" after "2.9". Raises `ValueError` for anything but dotted numbers."""
    return tuple(int(part) for part in version.split("."))


def is_version(text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})*", text) is not None


def _parse(name: str, raw: bytes) -> dict[str, Any]:
    try:
        return parse_toml(raw)
    except TomlError as error:
        raise TableError([f"{name}: {error}"]) from None


def _hint(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # only ever needed on the way out

    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else f" (known: {', '.join(sorted(known))})"


class _Reader:
    """Walks one parsed table and collects what is wrong with it."""

    def __init__(self, file: str, raw: Mapping[str, Any], min_torch: str | None) -> None:
        self.file, self.raw, self.min_torch = file, raw, min_torch
        self.errors: list[str] = []
        self.sources = set(self.section(raw, "sources", "sources")) - {"rev"}
        self.versions: tuple[str, ...] = ()
        self.package = ""
        if raw.get("schema") != SCHEMA:
            self.fail("schema", f"must be {SCHEMA}, found {raw.get('schema')!r}")
        self.known(raw, _TOP, "top level")

    def fail(self, where: str, what: str) -> None:
        self.errors.append(f"{self.file}: [{where}]: {what}")

    def known(self, row: Mapping[str, Any], keys: set[str], where: str) -> None:
        for key in row:
            if key not in keys:
                self.fail(where, f"unknown key {key!r}{_hint(key, keys)}")

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
        evidence = self.text(row, "evidence", where) or ""
        word = evidence.partition(":")[0]
        if evidence and word not in self.sources:
            self.fail(where, f"evidence source {word!r} is not declared in [sources]")
        return evidence

    def target(self) -> Target:
        row = self.section(self.raw, "target", "target")
        self.known(row, _TARGET, "target")
        texts = {key: self.text(row, key, "target") or "" for key in (*_WORDS, "title", "package")}
        self.package = texts["package"]
        versions = row.get("versions")
        if not isinstance(versions, list) or not versions or not all(map(is_version, versions)):
            self.fail("target", "versions must be a list of quoted version numbers")
            versions = []
        self.versions = tuple(versions)
        line, until, review, beside = self.loading(row)
        needed = not (until and self.min_torch and version_key(self.min_torch) >= version_key(until))
        words = Vocabulary(**{key: texts[key] for key in _WORDS})
        distribution, how = self.install(row)
        return Target(
            words, texts["title"], texts["package"], self.versions, line, until, bool(line) and needed, distribution,
            how, review, beside,
        )  # fmt: skip

    def loading(self, row: Mapping[str, Any]) -> tuple[str, str | None, str, str]:
        """The import that loads the plug-in, until when, and what to see to; none where torch has it built in."""
        where = "target.import"
        loading = self.section(row, "import", where)
        if not loading:
            return "", None, "", ""
        self.known(loading, _IMPORT, where)
        line = self.text(loading, "line", where) or ""
        until = self.text(loading, "until", where, required=False)
        if until is not None and not is_version(until):
            self.fail(where, f"until = {until!r} is not a version number")
            until = None
        self.evidence(loading, where)
        review, beside = (self.text(loading, key, where, required=False) or "" for key in ("review", "beside"))
        return line, until, review, beside

    def install(self, row: Mapping[str, Any]) -> tuple[str | None, str]:
        """The name of the package on the registry, if it is there, and how it is installed."""
        install = self.section(row, "install", "target.install")
        if not install:
            return None, ""
        self.known(install, _INSTALL, "target.install")
        self.evidence(install, "target.install")
        distribution = self.text(install, "distribution", "target.install", required=False)
        return distribution, self.text(install, "how", "target.install") or ""

    def rules(self, source: Vocabulary) -> Iterator[Rule]:
        listed: dict[str, str] = {}
        for number, space in enumerate(self.spaces(), 1):
            for rule in self.namespace(space, f"namespace {number}: {space.get('from', '?')}"):
                if rule.key in listed:
                    self.fail(listed[rule.key], f"{rule.key!r} is also given by namespace {number}")
                listed[rule.key] = f"namespace {number}"
                yield rule
        for kind in _KINDS:
            rows = self.section(self.raw, kind, kind)
            for key in rows:
                row = self.section(rows, key, f'{kind}."{key}"')
                if kind == "api" and key in listed:
                    self.fail(f'api."{key}"', f"also given by {listed[key]}")
                yield self.row(kind, key, row)

    def missing_arguments(self, rules: Mapping[str, Rule]) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for key, names in self.section(self.raw, "missing_arguments", "missing_arguments").items():
            if f"api:{key}" not in rules:
                self.fail("missing_arguments", f"{key!r} has no row")
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                self.fail("missing_arguments", f"{key!r} must be a list of names of keyword arguments")
                names = []
            found[key] = frozenset(names)
        return found

    def spaces(self) -> list[Mapping[str, Any]]:
        spaces = self.raw.get("namespace", [])
        if isinstance(spaces, list) and all(isinstance(space, Mapping) for space in spaces):
            return spaces
        self.fail("namespace", "must be written [[namespace]]")
        return []

    def namespace(self, space: Mapping[str, Any], where: str) -> Iterator[Rule]:
        self.known(space, _NAMESPACE, where)
        evidence = self.evidence(space, where)
        status = self.status(space, where, default="renamed")
        origin = self.text(space, "from", where) or ""
        to = self.text(space, "to", where, required=status == "renamed")
        message = self.text(space, "message", where, required=status in {"missing", "differs"})
        since = self.since(space, where)
        names = space.get("names")
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            self.fail(where, "names must be a list of quoted names")
            names = []
        for name in names:
            new = f"{to}.{name}" if to else None
            rule = Rule("api", f"{origin}.{name}", status, evidence, to=new, message=message, since=since)
            yield self.gated(rule)

    def status(self, row: Mapping[str, Any], where: str, default: str | None = None) -> Status:
        status: Any = row.get("status", default)
        if status in get_args(Status):
            return cast(Status, status)
        self.fail(where, f"status {status!r} is none of {', '.join(get_args(Status))}")
        return "unknown"

    def row(self, kind: Any, key: str, row: Mapping[str, Any]) -> Rule:
        where = f'{kind}."{key}"'
        self.known(row, _ROW, where)
        status = self.status(row, where)
        to = self.text(row, "to", where, required=status == "renamed")
        if to and row.get("status") in {"same", "missing", "unknown", "harmless"}:
            self.fail(where, f"a row with status {status!r} takes no 'to'")
        message = self.text(row, "message", where, required=False)
        review = self.text(row, "review", where, required=False)
        if status in {"missing", "harmless", "native"} and not message:
            self.fail(where, f"status {status!r} needs a 'message' that says what to do by hand, or why not")
        if status == "differs" and not (message or review):
            self.fail(where, "status 'differs' needs a 'message' (no edit) or 'to' and 'review'")
        if not isinstance(row.get("parameters", []), list) or not isinstance(row.get("decorates", False), bool):
            self.fail(where, "parameters must be a list of names, decorates true or false")
        rule = Rule(
            kind, key, status, self.evidence(row, where), to, message, review, self.since(row, where),
            keywords=row.get("keywords", {}), together=row.get("together"), positional=row.get("positional", 0),
            parameters=tuple(row.get("parameters", ())), decorates=row.get("decorates", False),
        )  # fmt: skip
        return self.gated(rule)

    def since(self, row: Mapping[str, Any], where: str) -> str | None:
        since = self.text(row, "since", where, required=False)
        if since is not None and self.versions and since not in self.versions:
            self.fail(where, f"since = {since!r} is not one of the target's versions")
            return None
        return since

    def gated(self, rule: Rule) -> Rule:
        """The row as it counts for `min_torch`: one that is too new is missing."""
        if not (rule.since and self.min_torch) or version_key(rule.since) <= version_key(self.min_torch):
            return rule
        message = f"needs {self.package} {rule.since}; the project supports torch {self.min_torch}."
        return Rule(rule.kind, rule.key, "missing", rule.evidence, message=message)

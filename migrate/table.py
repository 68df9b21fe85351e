"""Rule tables, as the codemods know them, from the files of the tool and of a project.

The format is documented in docs/adding-a-row.md. All errors of a file are collected and raised at once,
as `file: [table]: what is wrong (why)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from migrate.expression import ExpressionError, read_expression
from migrate.extras import Expression, Insert, Oldest, Retired, Script
from migrate.model import Rule, Sites, Table, Target, Vocabulary
from migrate.reader import TableError, TableReader, hint, is_version, version_key
from migrate.sites import read_sites
from migrate.tablefiles import (
    LEGACY,
    RULES,
    SITES,
    WAYS,
    TableFile,
    own_files,
    parsed,
    read_file,
    shipped,
    shipped_names,
)
from migrate.targets import read_target

__all__ = [
    "RULES", "TableError", "is_version", "legacy_names", "load_sites", "load_sites_and_source",
    "load_table", "read_table", "target_names", "version_key", "with_expression", "with_mode",
]  # fmt: skip


def target_names(rules: Sequence[Path] = ()) -> tuple[str, ...]:
    """The targets that ship with the tool, and those of a project's own tables, sorted. Raises `TableError`."""
    return _names(own_files(rules))


def load_table(
    name: str, *, min_torch: str | None = None, target_version: str | None = None, rules: Sequence[Path] = ()
) -> Table:
    """Read and validate the table of one target.

    `min_torch` is the oldest torch the result must run on ("2.5"); rows newer than it count as missing,
    and the vendor import is dropped where every such torch loads the plug-in by itself. `target_version` is the
    version of the vendor's package that it must run on, and goes first. `rules` are tables of a project, those later
    in the list over those before.
    Raises `TableError` with every mistake found, or with the known names for an unknown target.
    """
    files, oldest = own_files(rules), Oldest(min_torch, target_version)
    if name in legacy_names():
        return _reaching(load_legacy(name, oldest), oldest)
    if name not in _names(files):
        raise TableError([f"unknown target {name!r}{hint(name, (*_names(files), *legacy_names()))}"])
    return _reaching(_checked(_Loader(files, oldest).target(name)), oldest)


def _reaching(table: Table, oldest: Oldest) -> Table:
    """The table, if it speaks of a version of the package. Raises `TableError`."""
    target = table.target
    if oldest.package and version_key(oldest.package) < version_key(target.versions[0]):
        known = f"the table of {target.words.name} knows {target.package} from {target.versions[0]} on"
        raise TableError([f"target-version {oldest.package}: {known}"])
    return table


def load_way(source: str, target: str, *, min_torch: str | None = None, target_version: str | None = None) -> Table:
    """The table from an API of a vendor's that is gone to what took its place. Raises `TableError`."""
    path = next(path for path in sorted(WAYS.glob("*.toml")) if path.stem.partition("-")[0] == source)
    content = parsed(path.name, path.read_bytes())
    row = content.pop("source")
    if target != row["target"]:
        raise TableError([f"{row['title']} leads to {row['target']} only, not to {target!r}"])
    oldest = Oldest(min_torch, target_version)
    loader = _Loader((), oldest)
    base, _ = loader.target(target)
    file = TableFile(path.name, path.read_bytes(), content, own=True)
    empty = replace(_reaching(base, oldest), rules={}, missing_arguments={})
    table = _checked(loader.layer(file, empty))
    word = f"{source}\0"  # nothing in a file is called so
    sites = replace(
        table.sites, words=tuple(row["words"]), bounded=True, triggers=(), packages={}, modules=frozenset(),
        attributes={}, outside=replace(table.sites.outside, words=(), triggers=(), resources=(), distributions=()),
    )  # fmt: skip
    retired = Retired(row["title"], base.target.package, tuple(row["modules"]), row["alike"])
    watched = frozenset(row["modules"])
    words = Vocabulary(source, row["modules"][0], word, word, word, word)
    return replace(table, source=words, sites=sites, watched=watched, together=(), retired=retired)


def load_legacy(name: str, oldest: Oldest) -> Table:
    """The table of a target that is gone, whose API wants more than names. Raises `TableError`."""
    path = LEGACY / f"{name}.toml"
    content = parsed(path.name, path.read_bytes())
    rows, call = content.pop("insert"), content.pop("device_call")
    table = _checked(_Loader((), oldest).layer(TableFile(path.name, path.read_bytes(), content), None))
    _, dotted, _, root = table.target.import_line.split()
    alias = Expression(root, table.target.import_line, root, dotted, dotted, "", is_device=False)
    target = replace(table.target, needs_import=False, expression=alias)
    return replace(table, target=target, script=Script(tuple(Insert(**row) for row in rows), call))


def with_mode(table: Table, mode: str, quantize: str | None = None, bitwidth: str = "8") -> Table:
    """The table for scripts of another mode, where the target tells them apart, and of a kind of quantization."""
    if table.script is None:
        return table
    return replace(table, script=replace(table.script, mode=mode, quantize=quantize, bitwidth=bitwidth))


def legacy_names() -> tuple[str, ...]:
    """The targets that are gone, which are not among the others."""
    return tuple(sorted(path.stem for path in LEGACY.glob("*.toml")))


def way_names() -> tuple[str, ...]:
    """The APIs that are gone and have a table of their own."""
    return tuple(sorted(path.stem.partition("-")[0] for path in WAYS.glob("*.toml")))


def read_table(path: Path, *, min_torch: str | None = None, target_version: str | None = None) -> Table:
    """Like `load_table`, for a table anywhere on disk. Raises `TableError`; `OSError` if it can't be read."""
    oldest = Oldest(min_torch, target_version)
    return _reaching(_checked(_Loader((), oldest).layer(read_file(path), None)), oldest)


def with_expression(table: Table, text: str, line: str) -> Table:
    """The table that writes an expression in the place of a literal device. Raises `TableError`."""
    if table.script:
        raise TableError(
            [f"device: {table.target.words.name} has an expression of its own, {table.script.device_call}"]
        )
    try:
        return replace(table, target=replace(table.target, expression=read_expression(text, line)))
    except ExpressionError as error:
        raise TableError([f"device: {error}"]) from None


def load_sites() -> Sites:
    """Where CUDA shows, which is the same for all targets: all that the pre-filter needs."""
    return load_sites_and_source()[0]


def load_sites_and_source() -> tuple[Sites, Vocabulary]:
    """The sites, and the words that all tables begin with."""
    return read_sites(parsed(SITES.name, SITES.read_bytes()))


def _names(files: Sequence[TableFile]) -> tuple[str, ...]:
    return tuple(sorted((*shipped_names(), *(file.target for file in files if file.target))))


def _checked(loaded: tuple[Table, list[str]]) -> Table:
    table, errors = loaded
    if errors:
        raise TableError(dict.fromkeys(errors))
    return table


class _Loader:
    """Puts the files that a target is made of over each other; what is wrong with them comes with the table."""

    def __init__(self, files: Sequence[TableFile], oldest: Oldest) -> None:
        for name, version in (("min-torch", oldest.torch), ("target-version", oldest.package)):
            if version is not None and not is_version(version):
                raise TableError([f"{name} {version!r} is not a version number, such as 2.5"])
        self.files, self.oldest = files, oldest
        self.ground = SITES.read_bytes()
        self.sites, self.source = read_sites(parsed(SITES.name, self.ground))

    def target(self, name: str) -> tuple[Table, list[str]]:
        own = next((file for file in self.files if file.target == name), None)
        base, errors = self.target(own.extends[0]) if own and own.extends else (None, [])
        table, more = self.layer(own or shipped(name), base)
        errors += more
        for file in self.files:
            if file.concerns(name):
                table, more = self.layer(file, table)
                errors += more
        return table, errors

    def layer(self, file: TableFile, base: Table | None) -> tuple[Table, list[str]]:
        """The table of a file, over that which it extends."""
        reader = TableReader(file.name, file.content, self.oldest, base, own=file.own)
        target = read_target(reader)
        rules = {rule.id: rule for rule in reader.rules()}
        missing_arguments = reader.missing_arguments(rules)
        under = _adapted(base, target) if base else {}
        sources = {**base.sources, **reader.sources} if base else reader.sources
        sites = self.sites
        if file.own:
            sites = replace(sites, accelerators=sites.accelerators | {target.words.name, target.words.device})
        before = base.digest.encode() if base else self.ground
        digest = blake2b(
            before + file.raw + f"{self.oldest.torch or ''} {self.oldest.package or ''}".rstrip().encode(),
            digest_size=16,
        ).hexdigest()
        rules = {**under, **rules}
        together = tuple(rule for rule in rules.values() if rule.together)
        lost = {**base.missing_arguments, **missing_arguments} if base else missing_arguments
        watched = _watched(rules, lost, sites, self.source)
        modules = _modules(rules, sites, target) | (_modules_of(base, target) if base else {}) | reader.modules()
        table = Table(
            self.source, target, rules, sites, digest, lost, together, sources, watched=watched, modules=modules
        )
        return table, reader.errors


def _adapted(base: Table, target: Target) -> dict[str, Rule]:
    """The rows that a target takes over: where they speak of the base by a word of its own, with the target's."""
    if base.target == target:
        return dict(base.rules)
    return {key: _moved(rule, base.target, target) for key, rule in base.rules.items()}


def _modules(rules: Mapping[str, Rule], sites: Sites, target: Target) -> dict[str, str]:
    """Modules that names can be imported from: torch's, the target's, and what rows make of torch's."""
    rows = (rules.get(f"api:{name}") for name in sites.modules)
    moved = {rule.to for rule in rows if rule and rule.to and rule.status in ("renamed", "differs")}
    return {name: name for name in sorted({*sites.modules, *moved, target.package, target.words.module})}


def _modules_of(base: Table, target: Target) -> dict[str, str]:
    """The modules that a target takes over."""
    if base.target == target:
        return dict(base.modules)
    homes = _homes(base.target, target)
    return {_at_home(name, homes): _at_home(imported, homes) for name, imported in base.modules.items()}


def _moved(rule: Rule, old: Target, new: Target) -> Rule:
    if rule.to is None:
        return rule
    keywords = {name: _reworded(word, old.words.device, new.words.device) for name, word in rule.keywords.items()}
    rule = replace(rule, to=_reworded(rule.to, old.words.backend, new.words.backend), keywords=keywords)
    return _rehomed(rule, rule.to or "", old, new)


def _reworded(name: str, old: str, new: str) -> str:
    """A name with another word in it: `npu_graph`, `is_hccl_available`."""
    return re.sub(rf"(?<![A-Za-z0-9]){re.escape(old)}(?![A-Za-z0-9.])", new, name) if "_" in name else name


def _homes(old: Target, new: Target) -> list[tuple[str, str]]:
    """The modules of a target, and what another has in their place."""
    homes = [(old.words.module, new.words.module)]
    if not old.words.module.startswith(f"{old.package}."):  # a part of torch
        homes.append((old.package, new.package))
    return homes


def _at_home(name: str, homes: Iterable[tuple[str, str]]) -> str:
    for before, after in homes:
        if name == before or name.startswith(f"{before}."):
            return after + name.removeprefix(before)
    return name


def _rehomed(rule: Rule, to: str, old: Target, new: Target) -> Rule:
    name, call, arguments = to.partition("(")
    homes = _homes(old, new)
    if any(name == before or name.startswith(f"{before}.") for before, _ in homes):
        return replace(rule, to=_at_home(name, homes) + call + arguments)
    home, dot, leaf = name.rpartition(".")
    words = {old.words.method: new.words.method, old.words.predicate: new.words.predicate}
    if call or leaf not in words:
        return rule
    if "=" in words[leaf].partition("(")[0]:  # a comparison is no name
        return Rule(rule.kind, rule.key, "unknown", rule.evidence)
    return replace(rule, to=f"{home}{dot}{words[leaf]}")


def _watched(rules: Mapping[str, Rule], missing: Iterable[str], sites: Sites, source: Vocabulary) -> frozenset[str]:
    """Names whose uses matter where an import hides that they are CUDA's: their calls, or attributes, have rows."""
    calls = {rule.key for rule in rules.values() if rule.kind == "api" and (rule.keywords or rule.is_template)}
    parents = {rule.key.rpartition(".")[0].removesuffix("()") for rule in rules.values() if rule.kind == "api"}
    below = {name for name in parents if name.startswith(f"{source.module}.")}
    return frozenset((calls | below | set(missing)) - sites.modules)

"""Tables made from others: from any source to any target, or with more to look for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from migrate.model import Rule, Sites, Table, Target, Vocabulary
from migrate.table import TableError, load_sites_and_source, load_table, load_way, way_names

_MEDIATE = ("renamed", "differs")


def load_between(
    source: str, target: str, *,
    min_torch: str | None = None, target_version: str | None = None, rules: Sequence[Path] = (),
) -> Table:  # fmt: skip
    """The table from one device to another, where "cuda" is one as well.

    Raises `TableError` as `load_table` does, and where both are the same.
    """
    if source in way_names():
        return load_way(source, target, min_torch=min_torch, target_version=target_version)
    home = load_sites_and_source()[1].name
    if source == target:
        raise TableError([f"source and target are both {source!r}"])
    if target == home and target_version:
        raise TableError([f"target-version {target_version}: {home} is part of torch, say min-torch"])
    onward = None
    if target != home:
        onward = load_table(target, min_torch=min_torch, target_version=target_version, rules=rules)
    if onward and source == home:
        return onward
    return between(load_table(source, rules=rules), onward)


def with_dependency(table: Table) -> Table:
    """The table of a run that lists the vendor's package beside torch: files that name torch are looked at, too."""
    outside = replace(table.sites.outside, listed=("torch",))
    return replace(table, sites=replace(table.sites, outside=outside), add_dependency=True)


def between(source: Table, target: Table | None) -> Table:
    """The table from the target of one table to that of another, or back to where both begin if that is None.

    A name of the source has a row if exactly one name is known to have become it. It moves if that one moves on the
    way to the target too; what either way has to say for a person is kept.
    """
    origin, words = source.source, source.target.words
    goal = target.target if target else _home(origin)
    names = {rule.to: rule for rule in _inverse(source)}
    rules: dict[str, Rule] = {}
    for old, rule in names.items():
        row = _composed(old, rule, target)
        rules[row.id] = row
    package = source.target.package
    if source.target.import_line:  # else it is torch itself
        rules[f"package:{package}"] = Rule(
            "package", package, "renamed", "", to=goal.package if target and goal.needs_import else "",
            message=f"{source.target.title}'s own package: see what is used of it",
        )  # fmt: skip
    digest = blake2b(f"{source.digest} {target.digest if target else ''}".encode(), digest_size=16).hexdigest()
    sites = _sites(source.sites, origin, words, package, sorted({*_own_names(names, words)}))
    own = {name for name in source.modules if name.startswith(f"{words.module}.")}
    sites = replace(sites, modules=sites.modules | own)
    line = source.target.import_line
    modules = target.modules if target else {name: name for name in source.sites.modules}
    return Table(
        words, goal, rules, sites, digest, sources=(target or source).sources, plugin_line=line, modules=modules
    )


def _home(origin: Vocabulary) -> Target:
    """The source of the tables as a target: part of torch, with nothing to import."""
    title = f"{origin.name.upper()} GPUs"
    return Target(origin, title, "torch", (), "", None, needs_import=False, install="Install torch's own build.")


def _inverse(table: Table) -> Iterator[Rule]:
    """The rows of a table by which exactly one name becomes another; of several, the one that is spelled alike."""
    by_name: dict[str, list[Rule]] = {}
    package = table.target.package
    theirs = "" if table.target.words.module.startswith(f"{package}.") else f"{package}."
    for rule in table.rules.values():
        if rule.to and rule.status in _MEDIATE and not rule.is_template and not (theirs and rule.to.startswith(theirs)):
            by_name.setdefault(f"{rule.kind}:{rule.to}", []).append(rule)
    for rules in by_name.values():
        alike = [rule for rule in rules if _is_alike(rule, table)] if len(rules) > 1 else rules
        if len(alike) == 1:
            yield alike[0]


def _is_alike(rule: Rule, table: Table) -> bool:
    """Whether only the words that stand for the two devices differ."""
    old, new = table.source, table.target.words
    pairs = ((old.module, new.module), (old.backend, new.backend), (old.backend.upper(), new.backend.upper()))
    return any(rule.key.replace(*pair) == rule.to for pair in pairs)


def _composed(old: str | None, rule: Rule, target: Table | None) -> Rule:
    """The row of a name that `rule` gave it, on the way to the target."""
    key = old or rule.key
    keywords = {new: name for name, new in rule.keywords.items()}
    review = f"the way from {rule.key} has a note: {rule.review}" if rule.review else None
    if target is None:
        return Rule(rule.kind, key, "renamed", rule.evidence, to=rule.key, review=review, keywords=keywords)
    onward = target.rule_for(rule.kind, rule.key)
    if onward is None:
        return Rule(rule.kind, key, "unknown", rule.evidence)
    keywords = {name: onward.keywords.get(old_name, old_name) for name, old_name in keywords.items()}
    keywords |= {name: new for name, new in onward.keywords.items() if name not in rule.keywords}
    if onward.status == "same":
        return replace(onward, key=key, status="renamed", to=rule.key, review=review, message=None)
    if onward.is_template or onward.positional or onward.together:
        return Rule(rule.kind, key, "unknown", onward.evidence, message=f"{rule.key} → {onward.to}: write it by hand")
    notes = " ".join(note for note in (onward.review, review) if note) or None
    return replace(onward, key=key, review=notes, keywords=keywords)


def _own_names(names: Mapping[str | None, Rule], words: Vocabulary) -> Iterator[str]:
    """The parts of names that only the source has, where none of its words is in them: `cnnl`, an odd variable."""
    known = (words.device, words.backend)
    for new, rule in names.items():
        if new and not any(word in new.lower() for word in known):
            yield from {part for part in new.split(".") if part not in rule.key.split(".")}


def _sites(sites: Sites, origin: Vocabulary, words: Vocabulary, package: str, others: Sequence[str]) -> Sites:
    """Where the words of a source show: in the places in which those of the origin do."""

    def moved(names: Iterable[str]) -> frozenset[str]:
        return frozenset(name.replace(origin.module, words.module) for name in names)

    prefixes = (words.backend.upper(), words.name.upper())
    known = package == "torch" or words.name in package
    unsaid = [] if known else [package]  # files that only load it are looked at, too
    return replace(
        sites,
        words=tuple(dict.fromkeys((words.device, words.backend, words.name, *map(str.lower, others), *unsaid))),
        bounded=True,
        flags=frozenset({origin.name}),
        triggers=(),
        packages={} if package == "torch" else {package: package},  # those of the tables are CUDA's
        modules=moved(sites.modules),
        assume={name: meaning for name, meaning in sites.assume.items() if not name.startswith("cu")},
        attributes={},
        env_words=(*prefixes, *others),
        env_prefixes=tuple(f"{prefix}_" for prefix in prefixes),
        accelerators=(sites.accelerators | {origin.name}) - {words.name},
        outside=replace(sites.outside, words=(), distributions=(), resources=()),
    )

"""What the simulated device has to know of a vendor: the rows of its table, turned to the names that it has."""

from __future__ import annotations

from collections.abc import Mapping

from migrate.model import Rule, Table
from migrate.table import version_key

TORCH_OWN = frozenset({"xpu", "hpu"})  # devices that torch knows itself: its spare device type cannot stand for them
_RANK = ("renamed", "same", "differs", "unknown", "missing")


def names_of(table: Table) -> dict[str, dict[str, str]]:
    """The dotted names of the vendor's side that the table speaks of, each with its status, advice and rule.

    A row that says where a name went gives that one; one that says the vendor has it not, or has something that
    differs, gives the name as if it had only moved, which is what is left in code.
    """
    found: dict[str, Rule] = {}
    for rule in table.rules.values():
        name = _name(rule, table) if rule.kind == "api" else None
        if name and (name not in found or _RANK.index(rule.status) < _RANK.index(found[name].status)):
            found[name] = rule
    return {name: _told(found[name]) for name in sorted(found)}


def _told(rule: Rule) -> dict[str, str]:
    advice = " ".join(text for text in (rule.message, rule.review) if text)
    return {"status": rule.status, "advice": advice, "rule": rule.id}


def _below(module: str, names: Mapping[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """The names inside a module, without its own."""
    return {name.removeprefix(f"{module}."): row for name, row in names.items() if name.startswith(f"{module}.")}


def _name(rule: Rule, table: Table) -> str | None:
    if rule.status not in _RANK:
        return None
    if rule.to:
        return rule.to.partition("(")[0]
    module, moved = table.source.module, table.target.words.module
    inside = rule.key == module or rule.key.startswith(f"{module}.")
    return moved + rule.key.removeprefix(module) if inside else None


def _is_in(module: str, name: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def loads_itself(table: Table, torch: str, min_torch: str | None) -> bool:
    """Whether the torch that runs the script loads the plug-in by itself; the oldest that it is for counts as well."""
    until = table.target.import_until
    versions = [torch, *([min_torch] if min_torch else [])]
    return until is not None and all(version_key(version) >= version_key(until) for version in versions)


def package_version(table: Table, torch: str) -> str:
    """The version that the stand-in of the vendor's package bears: the newest known that is not newer than torch."""
    known = sorted({*table.target.published, *table.target.versions}, key=version_key)
    fitting = [version for version in known if version_key(version)[:2] <= version_key(torch)[:2]]
    return (fitting or known[:1] or ["0"])[-1]


def profile_of(
    table: Table, torch: str, min_torch: str | None, run: Mapping[str, object], *, version: str | None = None
) -> dict[str, object]:
    """The profile that the device reads; `run` is what belongs to this run alone, and torch the version it is for.

    `version` is that of the vendor's package, if it is known.
    """
    words, names = table.target.words, names_of(table)
    return {
        "target": words.name,
        "device": words.device,
        "module": words.module,
        "package": table.target.package,
        "backend": words.backend,
        "version": version or package_version(table, torch),
        "autoload": loads_itself(table, torch, min_torch),
        "refused": list(table.target.refused),
        "narrowed": dict(table.target.narrowed),
        "names": _below(words.module, names),
        "package_names": _below(table.target.package, names),
        "torch_names": _below("torch", {name: row for name, row in names.items() if not _is_in(words.module, name)}),
        **run,
    }

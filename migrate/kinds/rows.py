"""A word in a file that is no Python → the draft that the tables have for it. Offsets are those of the file."""

from __future__ import annotations

import re
from dataclasses import replace
from fnmatch import fnmatchcase

from migrate.advice import advice
from migrate.finder import names_package
from migrate.model import Draft, Edit, RowKind, Rule, Safety, Table
from migrate.naming import says

_IMAGE = re.compile(r"(?:docker://)?(?:nvcr\.io[/#]|(?:docker\.io/)?(?:nvidia/cuda[:@]|pytorch/pytorch:\S*cuda))")
_SEPARATORS = re.compile(r"[-_.]+")


def variable(table: Table, name: str, start: int) -> Draft | None:
    """An environment variable by its whole name; None for one that is the project's own."""
    rule = table.rule_for("env", name)
    if rule is None and not name.startswith(table.sites.env_prefixes):
        return None
    end = start + len(name)
    if rule and rule.to and rule.status == "renamed":
        return _renamed(rule, name, start, end, rule.to)
    return Draft(f"env:{name}", start, end, "manual", advice(rule, name, table))


def device(table: Table, value: str, start: int, problem: str = "") -> Draft | None:
    """A value that is a device of the source (`cuda`, `cuda:0`); manual with a `problem`; None for any other."""
    old, new = table.source.device, table.target.words.device
    if re.fullmatch(rf"{re.escape(old)}(?::\d+)?", value) is None:
        return None
    return _swapped(f"device:{old}", value, old, new, start, problem)


def backend(table: Table, value: str, start: int, problem: str = "") -> Draft | None:
    """A value that is the distributed backend of the source, in any case; None for any other."""
    old, new = table.source.backend, table.target.words.backend
    if value.lower() != old:
        return None
    problem = problem or table.target.backend_problem
    return _swapped(f"backend:{old}", value, value, new.upper() if value.isupper() else new, start, problem)


def named_value(table: Table, name: str, value: str, start: int) -> Draft | None:
    """A value whose key, option or variable is called `name`: a device or a backend, rewritten if the name says so.

    None for a value that is neither.
    """
    sites = table.sites
    why = f"the value of {name!r}: does whoever reads it take a device of torch's?" if name else "who reads this value?"
    return device(table, value, start, "" if says(name, sites.device_names) else why) or backend(
        table, value, start, "" if says(name, sites.backend_names) else why
    )


def command(table: Table, word: str, start: int) -> Draft | None:
    """A command by its name; a path to it is one, too."""
    key = word.rpartition("/")[2]
    return _reported(table, "cli", key, word, start) if table.rule("cli", key) else None


def distribution(table: Table, name: str, start: int) -> Draft | None:
    """A package by its name on a registry; None for one that needs nothing done."""
    normal = normalized(name)
    if not names_package(normal, table.sites):
        return None
    key = next((key for pattern, key in table.sites.outside.distributions if fnmatchcase(normal, pattern)), None)
    return None if key is None else _reported(table, "package", key, name, start)


def normalized(name: str) -> str:
    """A name on the registry in the spelling that is compared."""
    return _SEPARATORS.sub("-", name).lower()


def resource(table: Table, name: str, start: int) -> Draft | None:
    """An image, a container runtime, a resource of a scheduler or a system package; None for others."""
    lower = name.lower()
    key = next((key for pattern, key in table.sites.outside.resources if fnmatchcase(lower, pattern)), None)
    return None if key is None else _reported(table, "resource", key, name, start)


def names_image(text: str) -> bool:
    """Whether a text begins as only an image with CUDA in it can."""
    return _IMAGE.match(text) is not None


def unedited(draft: Draft, why: str) -> Draft:
    """The draft as manual work, where its place is not ours to edit."""
    return replace(draft, safety="manual", edits=(), message=f"{why}: {draft.message}") if draft.edits else draft


def _renamed(rule: Rule, name: str, start: int, end: int, new: str) -> Draft:
    safety: Safety = "review" if rule.review else "safe"
    return Draft(rule.id, start, end, safety, rule.review or f"{name} → {new}", (Edit(start, end, new),))


def _swapped(rule_id: str, value: str, old: str, new: str, start: int, problem: str) -> Draft:
    """A draft that puts `new` for `old`, with which a value begins."""
    end = start + len(value)
    if problem:
        return Draft(rule_id, start, end, "manual", problem)
    message = f"{value} → {new}{value[len(old) :]}"
    return Draft(rule_id, start, end, "safe", message, (Edit(start, start + len(old), new),))


def _reported(table: Table, kind: RowKind, key: str, name: str, start: int) -> Draft | None:
    rule = table.rule(kind, key)
    if rule and rule.status in ("same", "harmless", "native"):
        return None
    if rule and kind == "package" and rule.status == "unknown" and not rule.message:
        return None  # it is not CUDA's, and nobody says that it needs to know the device
    return Draft(f"{kind}:{key}", start, start + len(name), "manual", advice(rule, name, table))

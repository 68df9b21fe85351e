"""Requirements of packages, wherever they are listed: what is CUDA's in them, and what goes beside torch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from migrate.finder import is_wheel, text_mentions
from migrate.kinds.rows import distribution, normalized
from migrate.kinds.versions import admits, below, pinned_minor
from migrate.model import Draft, Table

_NAME = re.compile(r"\s*(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?P<rest>.*)", re.DOTALL)
_CHANNEL = re.compile(r"\s*[^\s:=<>~!;@\[]+::(?=\w)")  # conda's: nvidia/label/cuda-12.1.0::cuda-toolkit
_ADDRESS = re.compile(r"\s*(?:(?:git|hg|svn|bzr)\+|[a-z]+://|file:|\.{0,2}/)|[^\s;@]*\.whl(?![\w.])", re.IGNORECASE)
_EGG = re.compile(r"#(?:[^#\s]*&)?egg=(?P<name>[\w.-]+)")
_PATH = re.compile(r"(?:[^:/]*://[^/]*)?[^@#?;\s]*")
_FILE = re.compile(r"[A-Za-z][\w.-]*?(?=-v?\d|\.(?:git|whl|zip|tar)|$)")
_BESIDE = frozenset({"torch", "torchvision", "torchaudio", "torchtext", "pytorch", "pytorch-gpu"})
_VERSION = re.compile(r"torch-(?P<version>\d+(?:\.\d+)+)")


def requirement(table: Table, spec: str, start: int) -> Draft | None:
    """What to say of a requirement (`flash-attn>=2`, `torch==2.1.0+cu121`, an address) that begins at an offset.

    None for one that has nothing to do with CUDA. Nothing is edited: what replaces a package is a decision.
    """
    channel = _CHANNEL.match(spec)
    at = channel.end() if channel else 0
    match = _NAME.match(spec, at)
    if _ADDRESS.match(spec):
        return _address(table, spec, start)
    if match is None:
        return None
    name, begin, end = match["name"], start + match.start("name"), start + len(spec.rstrip())
    behind = spec[match.end("name") :].partition(";")[0]
    if normalized(name) in _BESIDE and text_mentions(behind, table.sites):
        return Draft("package:torch", begin, end, "manual", f"a {_origin(table)} build of {name}; {_how(table)}")
    if draft := distribution(table, name, begin):
        return replace(draft, end=end) if text_mentions(match["rest"], table.sites) else draft
    return _outdated(table, name, behind, begin, end) or _unlisted(table, name, behind, begin, end)


def index(table: Table, url: str, start: int) -> Draft | None:
    """What to say of the address of a package index, a page of wheels or a wheel; None for one without CUDA's."""
    if is_wheel(url, table.sites):
        return Draft("package:index", start, start + len(url), "manual", f"an index of CUDA builds; {_how(table)}")
    if text_mentions(url, table.sites):
        why = f"an index of packages for {_origin(table)}: remove it where nothing listed comes from it"
        return Draft("package:index", start, start + len(url), "manual", why)
    return None


def channel(table: Table, start: int, end: int) -> Draft:
    """What to say of a channel of conda's that is NVIDIA's."""
    why = f"a channel that holds builds for {_origin(table)}: remove it"
    return Draft("package:index", start, end, "manual", why)


def companion(table: Table, specs: Sequence[str]) -> tuple[int, str] | None:
    """The number of the requirement that is torch, and the one to list behind it; None where there is none to add.

    That is so without --add-dependency, where torch is not listed or its companion is already, and where a person
    has to add it: `absence` says that one.
    """
    names, name = _names(table, specs), table.target.distribution
    if name is None or "torch" not in names or _absent(table, specs, names):
        return None
    number = names.index("torch")
    marker = specs[number].partition(";")[2].strip()
    minor = pinned_minor(_clauses(specs[number]))
    pinned = f"{name}=={minor}.*" if minor else name
    return number, f"{pinned}; {marker}" if marker else pinned


def absence(table: Table, specs: Sequence[str]) -> tuple[int, str] | None:
    """The number of the requirement that is torch, and why nothing can be added beside it; None where it can."""
    names = _names(table, specs)
    if "torch" not in names or not table.target.package:
        return None
    why = _absent(table, specs, names)
    return (names.index("torch"), why) if why else None


def has_companion(table: Table, specs: Sequence[str]) -> bool:
    """Whether the vendor's package is among the requirements."""
    own = {normalized(name) for name in (table.target.distribution, table.target.package) if name}
    return any(_name(spec) in own for spec in specs)


def companion_id(table: Table) -> str:
    """The rule of findings about the package that goes beside torch."""
    return f"package:{table.target.distribution or table.target.package}"


def reason(table: Table, added: str) -> str:
    """Why the package that goes beside torch is listed."""
    loose = "" if "=" in added else " and wants the torch of its own version"
    return f"lists {added}, which has torch's {table.target.words.device} devices{loose}"


def _names(table: Table, specs: Sequence[str]) -> list[str]:
    """What the requirements are for; nothing if the vendor's package is among them, or is not asked for."""
    if not table.add_dependency or has_companion(table, specs):
        return []
    return [_name(spec) for spec in specs]


def _absent(table: Table, specs: Sequence[str], names: Sequence[str]) -> str:
    """Why the vendor's package cannot be listed beside torch, or ""."""
    target = table.target
    if target.distribution is None:
        return target.install or f"install {target.package} as its vendor says"
    if names.count("torch") > 1:
        return f"torch is listed more than once: add {target.distribution} to the right one"
    clauses = _clauses(specs[names.index("torch")])
    if not target.published or any(admits(clauses, version) for version in target.published):
        return ""
    minor = pinned_minor(clauses)
    near = next((known for known in target.published if known.startswith(f"{minor}.")), target.published[0])
    return f"no {target.distribution} for this torch is known, but for {near}: choose a torch that has one"


def _name(spec: str) -> str:
    """The name a requirement is for, as it is compared; "" for what has none, or only an address that may hold it."""
    if _ADDRESS.match(spec):
        return normalized(_named(spec))
    match = _NAME.match(spec)
    return normalized(match["name"]) if match else ""


def _clauses(spec: str) -> str:
    """Which versions a requirement of torch is content with: its clauses, or that of the wheel it names."""
    head = spec.partition(";")[0]
    match = _NAME.match(head)
    if match and not _ADDRESS.match(head) and not match["rest"].startswith("@"):
        return match["rest"]
    wheel = _VERSION.search(head)
    return f"=={wheel['version']}" if wheel else ""


def _named(address: str) -> str:
    """The package that an address is of, "" if it does not say."""
    if found := _EGG.search(address):
        return found["name"]
    path = _PATH.match(address.strip())
    file = _FILE.match(path.group().rstrip("/").rpartition("/")[2]) if path else None
    return file.group() if file else ""


def _address(table: Table, address: str, start: int) -> Draft | None:
    """What to say of a wheel or a repository that is listed by its address."""
    name = _named(address)
    begin, end = start + len(address) - len(address.lstrip()), start + len(address.rstrip())
    if normalized(name) in _BESIDE and text_mentions(address, table.sites):
        return Draft("package:torch", begin, end, "manual", f"a {_origin(table)} build of {name}; {_how(table)}")
    if draft := distribution(table, name, begin):
        return replace(draft, start=begin, end=end)
    return _unlisted(table, name or "this", address, begin, end)


def _outdated(table: Table, name: str, rest: str, start: int, end: int) -> Draft | None:
    """A package that finds the target's devices by itself, in a version that does not yet."""
    rule = table.rule("package", normalized(name).replace("-", "_"))
    if rule is None or rule.status != "native" or not rule.first or not below(rest, rule.first):
        return None
    why = f"older than {name} {rule.first}, the first that knows {table.target.words.device}"
    return Draft(rule.id, start, end, "manual", why)


def _unlisted(table: Table, name: str, rest: str, start: int, end: int) -> Draft | None:
    """A requirement that no table has, but that mentions CUDA in its name or in its version, extras or address."""
    rule_id = f"package:{normalized(name)}"
    if text_mentions(name, table.sites):
        rule = table.rule("package", normalized(name).replace("-", "_"))
        known = rule.message if rule and rule.status not in ("same", "harmless", "native") else None
        why = f"{name} is not in the {table.target.words.name} table: is it a package for {_origin(table)} only?"
        return Draft(rule_id, start, end, "manual", known or why)
    if table.sites.outside.words and "gpu" in normalized(name).split("-"):
        return Draft(rule_id, start, end, "manual", f"a build for CUDA GPUs, by its name: {_other(table)}")
    if is_wheel(rest, table.sites):
        return Draft(rule_id, start, end, "manual", f"a CUDA build of {name}: {_other(table)}")
    if text_mentions(rest, table.sites):
        return Draft(rule_id, start, end, "manual", f"is this {name} for {_origin(table)} only? {_other(table)}")
    return None


def _other(table: Table) -> str:
    return f"see whether there is one for {table.target.title}"


def _origin(table: Table) -> str:
    return table.source.name.upper()


def _how(table: Table) -> str:
    return table.target.install or "install the build of the device in use"

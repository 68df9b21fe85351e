"""Requirements of packages, wherever they are listed: what is CUDA's in them, and what goes beside torch."""

from __future__ import annotations

import re
from collections.abc import Sequence

from migrate.finder import text_mentions
from migrate.kinds.rows import distribution, normalized
from migrate.model import Draft, Table

_NAME = re.compile(r"\s*(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?P<rest>.*)", re.DOTALL)
_TORCH = frozenset({"torch", "torchvision", "torchaudio"})
_WHEEL = re.compile(r"(?<![a-z\d])cu\d{2,3}(?![a-z\d])")
_MINOR = re.compile(r"(?:===?|~=|=)\s*(?P<minor>\d+\.\d+)(?![^,;]*,)")


def requirement(table: Table, spec: str, start: int) -> Draft | None:
    """What to say of a requirement (`flash-attn>=2`, `torch==2.1.0+cu121`) that begins at an offset.

    None for one that has nothing to do with CUDA. Nothing is edited: what replaces a package is a decision.
    """
    match = _NAME.match(spec)
    if match is None:
        return None
    name, at = match["name"], start + match.start("name")
    end = start + len(spec.rstrip())
    if normalized(name) in _TORCH and _WHEEL.search(match["rest"]):
        return Draft("package:torch", at, end, "manual", f"a CUDA build of {name}; {_how(table)}")
    if draft := distribution(table, name, at):
        return draft
    if text_mentions(spec, table.sites):
        why = f"{name} is not in the {table.target.words.name} table: is it a package for CUDA only?"
        return Draft(f"package:{normalized(name)}", at, end, "manual", why)
    return None


def index(table: Table, url: str, start: int) -> Draft | None:
    """What to say of the address of a package index, a page of wheels or a wheel; None for one without CUDA's."""
    if _WHEEL.search(url) is None:
        return None
    return Draft("package:index", start, start + len(url), "manual", f"an index of CUDA builds; {_how(table)}")


def companion(table: Table, specs: Sequence[str]) -> tuple[int, str] | None:
    """The number of the requirement that is torch, and the one to list behind it; None where there is none to add.

    That is so without --add-dependency, where torch is not listed or its companion is already, and where the
    vendor's package is on no registry: `absence` says that one.
    """
    name = table.target.distribution
    names = [match["name"] if (match := _NAME.match(spec)) else "" for spec in specs]
    normal = [normalized(name) for name in names]
    if not table.add_dependency or name is None or "torch" not in normal or normalized(name) in normal:
        return None
    torch = specs[normal.index("torch")]
    requirement, semicolon, marker = torch.partition(";")
    minor = _MINOR.search(requirement)
    pinned = f"{name}=={minor['minor']}.*" if minor else name
    return normal.index("torch"), pinned + (f"; {marker.strip()}" if semicolon else "")


def absence(table: Table, specs: Sequence[str]) -> tuple[int, str] | None:
    """The number of the requirement that is torch, and why nothing can be added beside it; None where it can."""
    names = [normalized(match["name"]) if (match := _NAME.match(spec)) else "" for spec in specs]
    if not table.add_dependency or table.target.distribution is not None or "torch" not in names:
        return None
    return names.index("torch"), table.target.install


def _how(table: Table) -> str:
    return table.target.install or "install the build of the device in use"

"""What a vendor says of PyTorch's own API: calls of names that its tables mark as not supported.

The names are in `rules/support/<target>.toml`, by version of torch and generation of the hardware. They have nothing
to do with CUDA; they are looked for only when asked.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from migrate.model import Draft
from migrate.source import Scan
from migrate.table import TableError, version_key
from migrate.toml import parse_toml

_DATA = Path(__file__).parent / "rules" / "support"
_EVERY = "every"


def load_support(target: str, hardware: str | None, min_torch: str | None) -> dict[str, str]:
    """The names that are not supported on a generation of a target's hardware, or on any, each with what to say.

    The table is that of `min_torch`, or the next newer one, or the newest. Raises `TableError` for a target that
    publishes no such table, and for hardware that it does not list.
    """
    path = _DATA / f"{target}.toml"
    if not path.is_file():
        known = ", ".join(sorted(path.stem for path in _DATA.glob("*.toml")))
        raise TableError([f"no table says which APIs of PyTorch {target} supports (there is one for {known})"])
    raw: dict[str, Any] = parse_toml(path.read_bytes())
    generations: dict[str, str] = raw["hardware"]
    if hardware is not None and hardware not in generations:
        known = ", ".join(f"{key} ({title})" for key, title in generations.items())
        raise TableError([f"unknown hardware {hardware!r} of {target} (known: {known})"])
    versions = sorted((key for key in raw if key not in ("hardware", "evidence")), key=version_key)
    newer = [key for key in versions if min_torch is None or version_key(key) >= version_key(min_torch)]
    version = versions[-1] if min_torch is None else (newer or versions[-1:])[0]
    names = raw[version]
    found = dict.fromkeys(names[_EVERY], "any generation")
    if hardware is not None:
        found |= dict.fromkeys(names[hardware], generations[hardware])
    said = f"the vendor's table for torch {version} marks it as not supported on"
    return {name: f"{said} {where}" for name, where in found.items()}


def unsupported(scan: Scan, names: Mapping[str, str]) -> Iterator[Draft]:
    """A draft for every use of one of the names in a file.

    Only what the imports of the file explain is looked up: a name that anything else binds is passed over.
    """
    nodes = scan.nodes()
    imported = _imported(nodes)
    for node in nodes:
        if isinstance(node, (ast.Attribute, ast.Name)) and (dotted := _dotted(node, imported)) in names:
            yield Draft(f"support:{dotted}", *scan.span(node), "info", names[dotted])


def _imported(nodes: Sequence[ast.AST]) -> dict[str, str]:
    """What the names of a file stand for, where only one import of torch binds them."""
    meanings: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name if alias.asname else alias.name.partition(".")[0]
                meanings.setdefault(alias.asname or root, set()).add(root)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                home = "" if node.level else f"{node.module}."
                meanings.setdefault(alias.asname or alias.name, set()).add(f"{home}{alias.name}")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            meanings.setdefault(node.name, set()).add("")
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            meanings.setdefault(node.id, set()).add("")
        elif isinstance(node, ast.arg):
            meanings.setdefault(node.arg, set()).add("")
    single = {name: next(iter(found)) for name, found in meanings.items() if len(found) == 1}
    return {name: meaning for name, meaning in single.items() if meaning.partition(".")[0] == "torch"}


def _dotted(node: ast.expr, imported: Mapping[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in imported:
        return ""
    return ".".join([imported[node.id], *reversed(parts)])

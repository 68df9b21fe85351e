"""What the modules of a package bind, read from their source without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Bindings = dict[str, str]  # name -> the module of the package that it stands for, or "" for anything else


@dataclass(frozen=True, slots=True)
class Package:
    """A package in a checkout: its dotted name, its folder, and what has been read of it."""

    name: str
    folder: Path
    _read: dict[str, Bindings] = field(default_factory=dict)

    def file_of(self, module: str) -> Path | None:
        """The file of a module of the package; None for a name that is no module, or a native one."""
        if module != self.name and not module.startswith(f"{self.name}."):
            return None
        path = self.folder.joinpath(*module[len(self.name) :].split("."))
        found = (path / "__init__.py", path.with_name(f"{path.name}.py"))
        return next((file for file in found if file.is_file()), None)

    def holds(self, module: str, dotted: str) -> bool:
        """Whether a dotted name leads from a module to something bound; what is in a class is not looked into."""
        first, _, rest = dotted.partition(".")
        target = self.bindings(module).get(first)
        if target is None or not rest:
            return target is not None
        return self.holds(target, rest) if target else True

    def bindings(self, module: str) -> Bindings:
        """The names that a module binds, those of its submodules among them."""
        if module not in self._read:
            self._read[module] = found = {}  # what is read so far, for modules that import each other
            file = self.file_of(module)
            if file is not None:
                found.update(self._submodules(module, file))
                found.update(self._bound(module, file, ast.parse(file.read_bytes()).body))
        return self._read[module]

    def _submodules(self, module: str, file: Path) -> Bindings:
        if file.name != "__init__.py":
            return {}
        names = {path.stem if path.is_file() else path.name for path in file.parent.iterdir()}
        return {name: f"{module}.{name}" for name in names if self.file_of(f"{module}.{name}")}

    def _bound(self, module: str, file: Path, body: Sequence[ast.stmt]) -> Iterator[tuple[str, str]]:
        """What statements bind in a module, whichever branch is taken."""
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield node.name, ""
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = (name for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))
                yield from ((name.id, "") for name in names if isinstance(name.ctx, ast.Store))
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    local = alias.asname or alias.name.partition(".")[0]
                    whole = alias.name if alias.asname else local
                    yield local, whole if self.file_of(whole) else ""
            elif isinstance(node, ast.ImportFrom):
                yield from self._imported(module, file, node)
            else:
                for part in ("body", "orelse", "finalbody"):
                    yield from self._bound(module, file, getattr(node, part, []))
                for handler in getattr(node, "handlers", []):
                    yield from self._bound(module, file, handler.body)

    def _imported(self, module: str, file: Path, node: ast.ImportFrom) -> Iterator[tuple[str, str]]:
        parts = module.split(".")
        above = parts[: len(parts) - node.level + (file.name == "__init__.py")] if node.level else []
        home = ".".join([*above, *([node.module] if node.module else [])])
        for alias in node.names:
            if alias.name == "*":
                yield from self._exported(home)
            elif self.file_of(f"{home}.{alias.name}"):
                yield alias.asname or alias.name, f"{home}.{alias.name}"
            else:
                yield alias.asname or alias.name, self.bindings(home).get(alias.name, "")

    def _exported(self, module: str) -> Iterator[tuple[str, str]]:
        """What `from module import *` binds: what `__all__` lists, or every public name."""
        file = self.file_of(module)
        bound = self.bindings(module)
        listed = list(_all(ast.parse(file.read_bytes()).body)) if file else []
        for name in listed or [name for name in bound if not name.startswith("_")]:
            yield name, bound.get(name, "")


def _all(body: Sequence[ast.stmt]) -> Iterator[str]:
    """The names in the lists that are assigned or added to `__all__`."""
    for node in body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and target.id == "__all__" and isinstance(value, (ast.List, ast.Tuple)):
            constants = [item.value for item in value.elts if isinstance(item, ast.Constant)]
            yield from (name for name in constants if isinstance(name, str))

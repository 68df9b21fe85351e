"""Scopes of one Python file and what a name means in them: imports, other bindings, assumptions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple


@dataclass(slots=True, eq=False)
class Scope:
    """One module, class or function body, with the names it binds.

    `imports` maps a local name to every dotted name imported as it; `bound` holds names bound in any
    other way. `values` keeps what is assigned to a plain name, `annotations` what is annotated.
    """

    kind: Literal["module", "class", "function"]
    name: str
    node: ast.AST
    parent: Scope | None = None
    imports: dict[str, set[str]] = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)
    values: dict[str, list[ast.expr]] = field(default_factory=dict)
    annotations: dict[str, ast.expr] = field(default_factory=dict)
    blank: set[str] = field(default_factory=set)  # set to None, besides whatever else
    elsewhere: set[str] = field(default_factory=set)  # declared global or nonlocal
    star: bool = False  # holds `from x import *`

    def module(self) -> Scope:
        scope = self
        while scope.parent:
            scope = scope.parent
        return scope

    def home(self, name: str) -> Scope:
        """The scope that an assignment to the name in this one binds it in."""
        return self.module() if name in self.elsewhere else self

    def binds(self, name: str) -> bool:
        return name in self.imports or name in self.bound or name in self.blank

    def chain(self) -> Iterator[Scope]:
        """The scopes in which Python looks a name up, innermost first."""
        yield self
        scope = self.parent
        while scope:
            if scope.kind != "class":
                yield scope
            scope = scope.parent


class Meaning(NamedTuple):
    """What a name can stand for: dotted names, and whether that is all it can."""

    names: frozenset[str] = frozenset()
    certain: bool = True
    why: str = ""


LOCAL = Meaning()


def meaning(scope: Scope, name: str, assume: Mapping[str, str]) -> Meaning:
    """Resolve a name used in a scope: `LOCAL` if it is no import, uncertain if it may be something else."""
    for place in scope.chain():
        imported = place.imports.get(name)
        rebound = name in place.bound
        if imported:
            if rebound:
                return Meaning(frozenset(imported), False, f"{name!r} is bound to something else as well")
            certain = len(imported) == 1
            return Meaning(frozenset(imported), certain, "" if certain else f"{name!r} is imported in several ways")
        if rebound or name in place.blank:
            return LOCAL
    if name in assume:
        star = any(place.star for place in scope.chain())
        return Meaning(frozenset({assume[name]}), not star, f"{name!r} may come from a star import" if star else "")
    return LOCAL


def home_of(scope: Scope, name: str) -> Scope | None:
    """The scope whose binding a use of the name refers to, None where the file binds it nowhere."""
    return next((place for place in scope.chain() if place.binds(name)), None)


def assigned_meaning(scope: Scope, name: str, assume: Mapping[str, str]) -> Meaning:
    """What a variable was assigned, if that is one name or a choice of names (`amp = torch.amp if x else y`)."""
    home = home_of(scope, name)
    values = home.values.get(name, []) if home else []
    if home is None or len(values) != 1:
        return LOCAL
    return Meaning(frozenset(_dotted_names(home, values[0], assume)))


def meaning_of_root(scope: Scope, name: str, assume: Mapping[str, str]) -> tuple[Meaning, bool]:
    """What the root of a chain stands for, and whether only through an assignment to a variable."""
    found = meaning(scope, name, assume)
    if found.names:
        return found, False
    soft = assigned_meaning(scope, name, assume)
    return soft, bool(soft.names)


def _dotted_names(scope: Scope, node: ast.expr, assume: Mapping[str, str]) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _dotted_names(scope, node.body, assume)
        yield from _dotted_names(scope, node.orelse, assume)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _dotted_names(scope, value, assume)
    elif isinstance(node, ast.Attribute):
        yield from (f"{name}.{node.attr}" for name in _dotted_names(scope, node.value, assume))
    elif isinstance(node, ast.Name):
        yield from meaning(scope, node.id, assume).names


def bind_import(scope: Scope, node: ast.Import | ast.ImportFrom) -> None:
    """Record what an import statement binds. Relative imports keep their leading dots."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            local = alias.asname or alias.name.partition(".")[0]
            dotted = alias.name if alias.asname else local
            scope.home(local).imports.setdefault(local, set()).add(dotted)
        return
    module = "." * node.level + (node.module or "")
    for alias in node.names:
        if alias.name == "*":
            scope.module().star = True
            continue
        local = alias.asname or alias.name
        joined = module + alias.name if module.endswith(".") else f"{module}.{alias.name}"
        scope.home(local).imports.setdefault(local, set()).add(joined)


def bind_target(scope: Scope, target: ast.expr, value: ast.expr | None) -> None:
    """Record the names an assignment target binds.

    `torch = None`, the usual stand-in for a failed import, does not make `torch` ambiguous.
    """
    if isinstance(target, ast.Name):
        home = scope.home(target.id)
        if isinstance(value, ast.Constant) and value.value is None:
            home.blank.add(target.id)
            return
        home.bound.add(target.id)
        if value is not None:
            home.values.setdefault(target.id, []).append(value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            bind_target(scope, element, None)
    elif isinstance(target, ast.Starred):
        bind_target(scope, target.value, None)

"""What the statements of a file bind: names, imports, methods of classes, aliases of CUDA's modules."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from migrate.bindings import Scope, bind_import, bind_target
from migrate.model import Table
from migrate.source import ImportStatement, Place, Scan

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.ClassDef)


class Binder:
    """Records in a scan, and in the scopes of its places, what each statement binds."""

    def __init__(self, result: Scan, table: Table) -> None:
        self.result = result
        self.method, self.predicate = table.source.method, table.source.predicate
        self.own = (self.method, self.predicate)
        self.roots = {"torch", table.target.package}
        self.watched = table.watched | {name for name in table.sites.modules if table.source.name in name}
        self.gone = tuple(f"{module}." for module in table.retired.modules) if table.retired else ()

    def compound(self, node: ast.stmt, place: Place) -> None:
        if isinstance(node, DEFINITIONS):
            place.scope.home(node.name).bound.add(node.name)
            if isinstance(node, ast.ClassDef):
                self.result.bases[node.name] = tuple(_last_name(base) for base in node.bases)
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            bind_target(place.scope, node.target, None)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if item.optional_vars:
                    bind_target(place.scope, item.optional_vars, item.context_expr)

    def pattern(self, pattern: ast.pattern, scope: Scope) -> None:
        for child in ast.walk(pattern):
            name = getattr(child, "name", None) or getattr(child, "rest", None)
            if name:
                scope.bound.add(name)

    def simple(self, node: ast.stmt, place: Place) -> None:
        scope = place.scope
        if isinstance(node, ast.Assign):
            for target in node.targets:
                bind_target(scope, target, node.value)
                self.store(target, node.value)
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
            bind_target(scope, node.target, node.value)
            self.store(node.target, node.value)
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                scope.annotations[node.target.id] = node.annotation
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bind_import(scope, node)
            self.remember_import(node, place)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            scope.elsewhere.update(node.names)
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                bind_target(scope, target, None)

    def defined(self, statement: ast.stmt) -> str:
        """The method that a statement of a class's body defines, also as `name = lambda self: …`."""
        if isinstance(statement, FUNCTIONS):
            return statement.name
        made = isinstance(statement, ast.Assign) and isinstance(statement.value, (ast.Lambda, ast.Call))
        target = statement.targets[0] if isinstance(statement, ast.Assign) and made else None
        return target.id if isinstance(target, ast.Name) else ""

    def is_module(self, value: ast.expr) -> bool:
        """Whether a value is, or may be, `torch.cuda` itself."""
        if isinstance(value, ast.IfExp):
            return self.is_module(value.body) or self.is_module(value.orelse)
        return isinstance(value, ast.Attribute) and value.attr == self.method and isinstance(value.value, ast.Name)

    def store(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Attribute) and target.attr in (self.method, self.predicate):
            self.result.stored.add(ast.unparse(target))
        elif isinstance(target, ast.Name) and value and self.is_module(value):
            self.result.aliases.add(target.id)

    def remember_import(self, node: ast.Import | ast.ImportFrom, place: Place) -> None:
        prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            if prefix + alias.name in self.watched:
                self.result.aliases.add(alias.asname or alias.name)
            if f"{prefix}{alias.name}.".startswith(self.gone):
                self.result.aliases.add(alias.asname or (alias.name if prefix else alias.name.partition(".")[0]))
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        relative = isinstance(node, ast.ImportFrom) and node.level
        if not relative and any(module.partition(".")[0] in self.roots for module in modules):
            self.result.imports.append(ImportStatement(node, place))


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def arguments_of(arguments: ast.arguments) -> Iterable[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (extra for extra in (arguments.vararg, arguments.kwarg) if extra)

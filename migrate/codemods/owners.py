"""Classes of the project with their own `cuda()`: which receivers may be instances of one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from migrate.model import Repository
from migrate.source import Place, Scan, with_subclasses
from migrate.syntax import Use
from migrate.trees import every

_DEPTH = 4  # of assignments, calls and attributes that an instance is followed through
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_FLUENT = frozenset(
    {"eval", "train", "half", "float", "double", "bfloat16", "to", "cpu", "type", "apply", "requires_grad_", "clone",
     "detach", "contiguous", "copy", "share_memory", "pin_memory", "cuda", "result", "get"}
)  # fmt: skip
_CONTAINERS = frozenset({"list", "tuple", "set", "next", "iter", "reversed", "sorted", "enumerate", "zip", "deepcopy"})


@dataclass(slots=True, eq=False)
class Owners:
    """Answers for one file; nothing is walked where no class has a `cuda()` of its own."""

    scan: Scan
    repository: Repository
    _own: frozenset[str] | None = None
    _nodes: dict[str, list[ast.AST]] = field(default_factory=dict)  # what is assigned to or returned by a name

    @property
    def own(self) -> frozenset[str]:
        """The classes with their own cuda(), and those that inherit it."""
        if self._own is None:
            local = set(self.scan.overriding) | (self.repository.overriding - set(self.scan.bases))
            pairs = ((name, base) for name, above in self.scan.bases.items() for base in above)
            self._own = frozenset(with_subclasses(local, pairs))
        return self._own

    def of(self, use: Use, text: str, place: Place) -> str:
        """The class with its own cuda() that a receiver, written `text`, may be an instance of, or ""."""
        if use.steps[0].text == "super":
            return place.owner or "the class"
        if not self.own:
            return ""
        if text in ("self", "cls"):
            return place.owner if place.owner in self._families() else ""
        try:
            tree = ast.parse(f"({text})", mode="eval")
        except SyntaxError:
            return ""
        if not self._nodes:
            self._remember()
        return next(self._classes(tree.body, place.owner, _DEPTH), "")

    def like(self, text: str) -> str:
        """The class with its own cuda() that a variable seems to be named after: `batch` may be a `Batch`."""
        words = re.findall(r"\w+", text)
        name = words[-1].lower().replace("_", "").rstrip("0123456789") if words else ""
        own = sorted(self.own)
        return next((owner for owner in own if name and name.removesuffix("s") == owner.lower().removesuffix("s")), "")

    def _families(self) -> set[str]:
        """Classes whose own methods may meet an instance with its own cuda() as `self`."""
        found = set(self.own)
        while more := {base for name in found for base in self.scan.bases.get(name, ())} - found:
            found |= more
        return found

    def _classes(self, node: ast.AST, owner: str, depth: int) -> Iterator[str]:
        if depth == 0:
            return
        if isinstance(node, (ast.Name, ast.Attribute)):
            name = node.id if isinstance(node, ast.Name) else node.attr
            if name in ("self", "cls") and owner in self.own:
                yield owner
            for value in self._nodes.get(name, ()):
                yield from self._classes(value, owner, depth - 1)
        elif isinstance(node, ast.Call):
            yield from self._called(node, owner, depth)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in self.own:
            yield node.value
        elif isinstance(node, _Annotation):
            names = (
                getattr(part, "id", getattr(part, "attr", getattr(part, "value", ""))) for part in ast.walk(node.node)
            )
            yield from (name for name in names if isinstance(name, str) and name in self.own)
        else:
            for part in _parts(node):
                yield from self._classes(part, owner, depth)

    def _called(self, node: ast.Call, owner: str, depth: int) -> Iterator[str]:
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name in self.own:
            yield name
        elif isinstance(function, ast.Attribute) and name in _FLUENT:
            yield from self._classes(function.value, owner, depth)
        elif isinstance(function, ast.Attribute) and getattr(function.value, "id", "") in self.own:
            yield getattr(function.value, "id", "")  # Own.from_pretrained(…)
        elif name in _CONTAINERS:
            for argument in node.args:
                yield from self._classes(argument, owner, depth)
        else:
            for value in self._nodes.get(f"{name}()", ()):
                yield from self._classes(value, owner, depth - 1)

    def _remember(self) -> None:
        definitions: dict[str, list[str]] = {}
        for node in self.scan.nodes():
            if isinstance(node, _FUNCTIONS):
                definitions[node.name] = [item.arg for item in (*node.args.posonlyargs, *node.args.args)]
                for child in every(node):
                    if isinstance(child, (ast.Return, ast.Yield)) and child.value:
                        self._note(f"{node.name}()", child.value)
                if node.returns:
                    self._note(f"{node.name}()", _Annotation(node.returns))
        for node in self.scan.nodes():
            self._binding(node, definitions)

    def _binding(self, node: ast.AST, definitions: dict[str, list[str]]) -> None:
        if isinstance(node, (ast.Assign, ast.NamedExpr)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                self._bind(target, node.value)
        elif isinstance(node, ast.AnnAssign):
            self._bind(node.target, _Annotation(node.annotation))
            if node.value:
                self._bind(node.target, node.value)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            self._bind(node.target, node.iter)
        elif isinstance(node, ast.withitem) and node.optional_vars:
            self._bind(node.optional_vars, node.context_expr)
        elif isinstance(node, ast.arg) and node.annotation:
            self._note(node.arg, _Annotation(node.annotation))
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            names = definitions.get(name, [])
            for parameter, value in zip(names[names[:1] == ["self"] :], node.args, strict=False):
                self._note(parameter, value)
            for keyword in node.keywords:
                if keyword.arg in names:
                    self._note(keyword.arg or "", keyword.value)

    def _bind(self, target: ast.AST, value: ast.AST) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else [value] * len(target.elts)
            for one, other in zip(target.elts, parts, strict=False):
                self._bind(one, other)
        elif isinstance(target, (ast.Name, ast.Attribute)):
            self._note(target.id if isinstance(target, ast.Name) else target.attr, value)
        elif isinstance(target, ast.Subscript):
            self._bind(target.value, value)

    def _note(self, name: str, value: ast.AST) -> None:
        self._nodes.setdefault(name, []).append(value)


class _Annotation(ast.AST):
    """An annotation where values stand."""

    def __init__(self, node: ast.expr) -> None:
        super().__init__()
        self.node = node


def _parts(node: ast.AST) -> list[ast.expr]:
    """The parts of an expression that its value, or an element of it, can be."""
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return node.elts
    if isinstance(node, ast.Dict):
        return node.values
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
        return [node.elt]
    if isinstance(node, (ast.Subscript, ast.Starred, ast.Await, ast.NamedExpr)):
        return [node.value]
    return []

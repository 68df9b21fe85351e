"""Which variables, attributes and functions of one file hold a device: evidence for what a string in them is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from migrate.bindings import meaning
from migrate.model import Table
from migrate.naming import OPTIONS, last_part, says
from migrate.source import Place, Scan
from migrate.trees import CARRYING, LEAVES, below, every

# What carries a value: a variable of a function or module, an attribute or key of any object, a function's result.
Carrier = tuple[str, int, str]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.Module)
_CLOSED = (*_SCOPES, *LEAVES, ast.ClassDef, ast.Lambda)  # nothing below them binds a name of what is around
_NAMES = ("gpu", "tpu")
_PARSED = re.compile(r"\b(\w+)(?:, ?\w+)? ?=[^=\n]*\bparse")  # a = parser.parse_args()
_TEXT_METHODS = frozenset({"lower", "strip", "upper", "format", "copy"})


@dataclass(slots=True, eq=False)
class Flows:
    """Answers for one file; the file is walked at the first question only."""

    scan: Scan
    table: Table
    _parents: dict[Carrier, Carrier] = field(default_factory=dict)
    _devices: set[Carrier] | None = None
    _tables: set[Carrier] = field(default_factory=set)
    _used: set[Carrier] = field(default_factory=set)

    def holds_device(self, place: Place, name: str) -> bool:
        """Whether the file passes what a name, a dotted name, an option or a key holds to torch as a device."""
        devices = self.devices()
        return any(self.find(carrier) in devices for carrier in self._asked(place, name))

    def looked_up_by_device(self, place: Place, name: str) -> bool:
        """Whether the keys of the dict that a name holds are compared with devices."""
        leaf = re.escape(last_part(name))
        if not re.search(rf"\b{leaf}(?:\[|\.get\(|\.pop\()|\bin (?:\w+\.)*{leaf}\b", self.scan.text):
            return False
        self.devices()
        return any(self.find(carrier) in self._tables for carrier in self._asked(place, name))

    def uses_option(self, name: str) -> bool:
        """Whether the file itself hands the value of an option, or of a field, over as a device."""
        leaf = last_part(name).lstrip("-").replace("-", "_")
        self.devices()
        return any(self.find((kind, 0, leaf)) in self._used for kind in ("attribute", "option"))

    def takes_device(self, function: str, parameter: str) -> bool:
        """Whether a parameter of a function of this file holds a device."""
        definitions = self.scan.called(function)
        return any(self.find(("name", id(node), parameter)) in self.devices() for _, node in definitions)

    def devices(self) -> set[Carrier]:
        """The carriers that hold devices, each in the form that `find` gives it."""
        if self._devices is None:
            reader = _Reader(self, self.table)
            self._devices = reader.devices()
            self._tables = reader.tables(self._devices)
            self._used = {self.find(carrier) for carrier in reader.used}
        return self._devices

    def _asked(self, place: Place, name: str) -> list[Carrier]:
        leaf = last_part(name).lstrip("-").replace("-", "_")
        asked: list[Carrier] = [("attribute", 0, leaf), ("function", 0, leaf)]
        if "." not in name:
            home = next((scope.node for scope in place.scope.chain() if leaf in scope.bound), self.scan.module.node)
            asked.append(("name", id(home), leaf))
        if name.startswith("-"):
            asked.append(("option", 0, leaf))
        return asked

    def find(self, carrier: Carrier) -> Carrier:
        """The carrier that stands for all those that share values with this one."""
        while (parent := self._parents.get(carrier)) is not None:
            carrier = parent
        return carrier

    def join(self, one: Carrier, other: Carrier) -> None:
        first, second = self.find(one), self.find(other)
        if first != second:
            self._parents[first] = second


class _Reader:
    """One walk over the syntax tree of a file that tells `Flows` what shares values with what."""

    def __init__(self, flows: Flows, table: Table) -> None:
        self.flows, self.sites, self.scope = flows, table.sites, flows.scan.module
        self.functions = flows.scan.functions()
        self.bound: dict[int, frozenset[str]] = {}
        self.seeds: set[Carrier] = set()
        self.used: set[Carrier] = set()  # of what is handed over as a device
        self.names: set[Carrier] = set()  # of what holds a name such as "gpu", which is no device of torch's
        self.lookups: list[tuple[ast.expr, ast.expr, tuple[ast.AST, ...]]] = []
        self.no_devices = tuple(name for name in _NAMES if name != table.source.device)
        self.parsed = frozenset(_PARSED.findall(flows.scan.text))
        self.numbered = re.compile(rf"{re.escape(table.source.device)}:")

    def devices(self) -> set[Carrier]:
        self.body(self.scope.node, (self.scope.node,), in_class=False)
        others = {self.flows.find(carrier) for carrier in self.names}
        return {self.flows.find(seed) for seed in self.seeds} - others

    def tables(self, devices: set[Carrier]) -> set[Carrier]:
        """What is asked for a key that is a device."""
        found: set[Carrier] = set()
        for base, key, around in self.lookups:
            key = key.value if isinstance(key, ast.Attribute) and key.attr == "type" else key
            if any(self.flows.find(carrier) in devices for carrier in self.carriers(key, around)):
                found.update(self.flows.find(carrier) for carrier in self.carriers(base, around))
        return found

    def body(self, node: ast.AST, around: tuple[ast.AST, ...], *, in_class: bool) -> None:
        for child in below(node):
            if isinstance(child, _FUNCTIONS):
                for argument in _parameters(child):
                    self.seen(("name", id(child), argument.arg))
                    if child.decorator_list:
                        self.flows.join(("name", id(child), argument.arg), ("option", 0, argument.arg))
                self.body(child, (*around, child), in_class=False)
            elif not isinstance(child, LEAVES):
                if type(child) in CARRYING:
                    self.one(child, around, in_class)
                self.body(child, around, in_class=isinstance(child, ast.ClassDef) or in_class)

    def one(self, node: ast.AST, around: tuple[ast.AST, ...], in_class: bool) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self.assigned(target, node.value, around, in_class)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value:
            self.assigned(node.target, node.value, around, in_class)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            self.assigned(node.target, node.iter, around, False)
        elif isinstance(node, ast.Return) and node.value and isinstance(around[-1], _FUNCTIONS):
            self.share(("function", 0, around[-1].name), node.value, around)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    self.share(("attribute", 0, key.value), value, around)
        elif isinstance(node, ast.Call):
            self.call(node, around)
        elif isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
            self.lookups.append((node.value, node.slice, around))
        elif isinstance(node, ast.Compare):
            if isinstance(node.ops[0], (ast.In, ast.NotIn)):
                self.lookups.append((node.comparators[0], node.left, around))
            if any(
                isinstance(part, ast.Constant) and part.value in self.no_devices for part in every(node.comparators[0])
            ):
                self.names.update(self.carriers(node.left, around))

    def assigned(self, target: ast.expr, value: ast.expr, around: tuple[ast.AST, ...], in_class: bool) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for one, other in zip(target.elts, value.elts, strict=True):
                self.assigned(one, other, around, in_class)
            return
        for carrier in self.carriers(target, around):
            self.share(carrier, value, around)
            if in_class and isinstance(target, ast.Name):
                self.flows.join(carrier, ("attribute", 0, target.id))

    def share(self, carrier: Carrier, value: ast.expr, around: tuple[ast.AST, ...]) -> None:
        self.seen(carrier)
        if isinstance(value, ast.Constant) and value.value in self.no_devices:
            self.names.add(carrier)
        first = value.values[0] if isinstance(value, ast.JoinedStr) and value.values else value
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and self.numbered.match(first.value):
            self.seeds.add(carrier)  # "cuda:0" can be nothing else
        for other in self.carriers(value, around):
            self.seen(other)
            self.flows.join(carrier, other)

    def seen(self, carrier: Carrier) -> None:
        """A carrier whose name says that it holds a device does."""
        if says(carrier[2], self.sites.device_names):
            self.seeds.add(carrier)

    def call(self, node: ast.Call, around: tuple[ast.AST, ...]) -> None:
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "pop") and node.args:
            self.lookups.append((node.func.value, node.args[0], around))
        for where, value in _passed(node):
            if self.takes_device(node.func, where):
                self.seeds.update(self.carriers(value, around))
                for part in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
                    self.used.update(self.carriers(part, around) if not self.is_of_tensor(part) else ())
            for parameter in self.parameters(node.func, where):
                self.share(parameter, value, around)

    def is_of_tensor(self, node: ast.expr) -> bool:
        """Whether an expression asks something that holds no options for its device, such as a tensor."""
        if not isinstance(node, ast.Attribute) or node.attr != "device":
            return False
        base = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        return base not in self.parsed and not says(base, OPTIONS)

    def takes_device(self, function: ast.expr, where: str) -> bool:
        if not where.isdigit():
            return says(where, self.sites.device_names)
        if isinstance(function, ast.Attribute) and where in self.sites.device_methods.get(function.attr, ()):
            return True
        if not isinstance(function, (ast.Attribute, ast.Name)):
            return False
        root, dot, rest = ast.unparse(function).partition(".")
        names = meaning(self.scope, root, self.sites.assume).names
        return any(where in self.sites.device_calls.get(name + dot + rest, ()) for name in names)

    def parameters(self, function: ast.expr, where: str) -> Iterator[Carrier]:
        """The parameters of functions of this file that an argument goes to."""
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if where and not where.isdigit():
            yield ("attribute", 0, where)  # of a dataclass, or of **options
        for _, definition in self.functions.get(name, ()):
            names = [argument.arg for argument in _parameters(definition)]
            if names[:1] in (["self"], ["cls"]):
                names = names[1:]
            if where.isdigit() and int(where) < len(names):
                yield ("name", id(definition), names[int(where)])
            elif where in names:
                yield ("name", id(definition), where)

    def carriers(self, node: ast.expr, around: tuple[ast.AST, ...]) -> Iterator[Carrier]:
        """What an expression takes its value from, as it is."""
        if isinstance(node, ast.Name):
            yield ("name", id(self.home(node.id, around)), node.id)
        elif isinstance(node, ast.Attribute):
            yield ("attribute", 0, node.attr)
        elif isinstance(node, ast.Subscript):
            key = node.slice.value if isinstance(node.slice, ast.Constant) else None
            if isinstance(key, str):
                yield ("attribute", 0, key)
            else:
                yield from self.carriers(node.value, around)
        elif isinstance(node, ast.Call):
            yield from self.result(node, around)
        else:
            for part in _operands(node):
                yield from self.carriers(part, around)

    def result(self, node: ast.Call, around: tuple[ast.AST, ...]) -> Iterator[Carrier]:
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        key = node.args[0] if node.args else None
        if name in self.functions:
            yield ("function", 0, name)
        elif name in ("get", "pop", "setdefault") and isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield ("attribute", 0, key.value)
        elif name in _TEXT_METHODS and isinstance(function, ast.Attribute):
            yield from self.carriers(function.value, around)
        elif name == "str" and key is not None:
            yield from self.carriers(key, around)

    def home(self, name: str, around: tuple[ast.AST, ...]) -> ast.AST:
        """The function, or the module, whose variable a name is."""
        for scope in reversed(around[1:]):
            if id(scope) not in self.bound:
                self.bound[id(scope)] = frozenset(_bound(scope))
            if name in self.bound[id(scope)]:
                return scope
        return around[0]


def _passed(node: ast.Call) -> list[tuple[str, ast.expr]]:
    positional = [(str(number), argument) for number, argument in enumerate(node.args)]
    return positional + [(keyword.arg or "", keyword.value) for keyword in node.keywords]


def _operands(node: ast.expr) -> Iterable[ast.expr]:
    """The parts of an expression that its value can be."""
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return node.elts
    if isinstance(node, (ast.Starred, ast.Await, ast.NamedExpr)):
        return (node.value,)
    return ()


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def _bound(scope: ast.AST) -> Iterator[str]:
    """The names a function binds, not those of functions inside it."""
    if isinstance(scope, _FUNCTIONS):
        yield from (argument.arg for argument in _parameters(scope))
    waiting = below(scope)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif not isinstance(node, _CLOSED):
            waiting += below(node)

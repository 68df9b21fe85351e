"""The regions a scan picked out → `Index`, in one walk over libcst's nodes.

libcst's visitors and metadata providers rebuild or copy every node and cost several times the parse;
a plain walk over the nodes' fields does not. Names are resolved by the scopes of the scan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from typing import Literal as Choice

import libcst as cst

from migrate.bindings import LOCAL, Meaning, meaning_of_root
from migrate.callsites import MESSAGE, OTHER, argument_sites, element_sites, entry_sites, hands_over_rank
from migrate.describe import describe
from migrate.finder import Finder
from migrate.guards import GuardFinder
from migrate.model import Table
from migrate.nodes import (
    LINKS,
    STRINGS,
    children,
    link_text,
    links_of,
    names_in,
    parameters,
    replacement_fields,
    string_value,
    words_below,
)
from migrate.records import import_of, literal_of, step_of
from migrate.regions import ParsedRegion
from migrate.source import Place, Scan
from migrate.syntax import Index, Site, Use, Word

STORE, TEST, ANNOTATION, DECORATOR = Site("store"), Site("test"), Site("annotation"), Site("decorator")
Role = Choice["parameter", "keyword", "definition", "name", "integer"]
_RAISED = Site("message", callee="raise")


def build_index(scan: Scan, table: Table, finder: Finder) -> Index:
    """Parse the regions of a scan and list what is in them.

    Raises `UnreadableRegionError` naming the line where libcst cannot parse a region.
    """
    index = Index()
    for region in scan.regions:
        walk = _Walk(ParsedRegion(scan, region), region.place, table, finder, index, scan.guards)
        for statement in walk.region.module.body:
            walk.visit(statement, OTHER)
    return index


class _Walk:
    """One walk over one region. Each method takes a node and the site it stands in."""

    def __init__(
        self, region: ParsedRegion, place: Place, table: Table, finder: Finder, index: Index,
        guards: GuardFinder | None,
    ) -> None:  # fmt: skip
        self.region, self.place, self.table, self.index, self.guards = region, place, table, index, guards
        self.search = finder.touches
        self.shadowed: list[set[str]] = []  # what the lambdas and comprehensions around a node bind
        self.subject = ""

    def visit(self, node: cst.CSTNode, site: Site) -> None:
        if isinstance(node, LINKS):
            self.chain(node, site)
        elif isinstance(node, STRINGS):
            self.string(node, site)
        elif handler := _HANDLERS.get(type(node)):
            handler(self, node, site)
        else:
            self.below(node, OTHER)

    def below(self, node: cst.CSTNode, site: Site) -> None:
        for child in children(node):
            self.visit(child, site)

    def string(self, node: cst.BaseExpression, site: Site, *, formatted: bool = False) -> None:
        if self.search(string_value(node) or ""):
            literal = literal_of(node, self.region.span, site, self.place, formatted)
            if self.region.holds(literal.start, literal.end):
                self.index.literals.append(literal)
        for part in replacement_fields(node):
            self.below(part, OTHER)

    # -- expressions whose value is that of an operand ----------------------------------------------

    def pass_on(self, node: cst.CSTNode, site: Site) -> None:
        self.below(node, site)

    def if_expression(self, node: cst.IfExp, site: Site) -> None:
        outer = self.place
        if self.guards:
            here = words_below(node.test) + " " + words_below(node.body)
            guard = self.guards.choice(here, words_below(node.orelse), outer.guard)
            self.place = outer._replace(guard=guard)
        self.visit(node.body, site)
        self.visit(node.test, TEST)
        self.visit(node.orelse, site)
        self.place = outer

    def boolean(self, node: cst.BooleanOperation, site: Site) -> None:
        outer = self.place
        if self.guards and isinstance(node.operator, cst.Or):
            guard = self.guards.either(words_below(node.left), words_below(node.right), outer.guard)
            self.place = outer._replace(guard=guard)
        self.below(node, site)
        self.place = outer

    def binary(self, node: cst.BinaryOperation, site: Site) -> None:
        adds = isinstance(node.operator, cst.Add)
        if isinstance(node.left, STRINGS) and isinstance(node.operator, (cst.Add, cst.Modulo)):
            self.string(node.left, site, formatted=True)
        else:
            self.visit(node.left, site if adds else OTHER)
        self.visit(node.right, site if adds else OTHER)

    def comparison(self, node: cst.Comparison, site: Site) -> None:
        operands = [node.left, *(target.comparator for target in node.comparisons)]
        for number, operand in enumerate(operands):
            self.visit(operand, Site("compare", other=describe(operands[number - 1 if number else 1])))

    def sequence(self, node: cst.Tuple | cst.List | cst.Set, site: Site) -> None:
        for value, inside in element_sites([element.value for element in node.elements], site):
            self.visit(value, inside)

    def dictionary(self, node: cst.Dict, site: Site) -> None:
        for value, inside in entry_sites(node, site):
            self.visit(value, inside)

    def function(self, node: cst.Lambda, site: Site) -> None:
        self.visit(node.params, OTHER)
        self.shadowed.append(parameters(node.params))
        self.visit(node.body, site if site.kind in ("assign", "default") else OTHER)
        self.shadowed.pop()

    def comprehension(self, node: cst.BaseComp, site: Site) -> None:
        names: set[str] = set()
        loop: cst.CompFor | None = node.for_in
        while loop:
            names |= names_in(loop.target)
            loop = loop.inner_for_in
        self.shadowed.append(names)
        for child in children(node):
            self.visit(child, site if child is getattr(node, "elt", None) else OTHER)
        self.shadowed.pop()

    # -- statements ---------------------------------------------------------------------------------

    def loop(self, node: cst.For | cst.CompFor, site: Site) -> None:
        self.visit(node.target, STORE)
        self.visit(node.iter, Site("iterate", describe(node.target)))
        for child in children(node):
            if child is not node.target and child is not node.iter:
                self.visit(child, OTHER)

    def assign(self, node: cst.Assign, site: Site) -> None:
        for target in node.targets:
            self.visit(target.target, STORE)
        first, value = node.targets[0].target, node.value
        if isinstance(first, cst.Tuple) and isinstance(value, cst.Tuple) and len(first.elements) == len(value.elements):
            for name, element in zip(first.elements, value.elements, strict=True):
                self.visit(element.value, Site("assign", describe(name.value)))
        else:
            self.visit(value, Site("assign", describe(first)))

    def bind(self, node: cst.AnnAssign | cst.AugAssign | cst.NamedExpr, site: Site) -> None:
        self.visit(node.target, STORE)
        if isinstance(node, cst.AnnAssign):
            self.visit(node.annotation, ANNOTATION)
        if node.value:
            self.visit(node.value, Site("assign", describe(node.target)))

    def store(self, node: cst.CSTNode, site: Site) -> None:
        self.below(node, STORE)

    def annotation(self, node: cst.Annotation, site: Site) -> None:
        self.visit(node.annotation, ANNOTATION)

    def decorator(self, node: cst.Decorator, site: Site) -> None:
        self.visit(node.decorator, DECORATOR)

    def leave(self, node: cst.Return, site: Site) -> None:
        self.below(node, Site("return", self.place.function))

    def complain(self, node: cst.Raise, site: Site) -> None:
        if node.exc:
            self.visit(node.exc, _RAISED if isinstance(node.exc, cst.Call) else OTHER)
        if node.cause:
            self.visit(node.cause, OTHER)

    def claim(self, node: cst.Assert, site: Site) -> None:
        self.visit(node.test, TEST)
        if node.msg:
            self.visit(node.msg, MESSAGE)

    def match(self, node: cst.Match, site: Site) -> None:
        self.visit(node.subject, OTHER)
        outer, self.subject = self.subject, describe(node.subject)
        for case in node.cases:
            self.below(case, OTHER)
        self.subject = outer

    def match_value(self, node: cst.MatchValue, site: Site) -> None:
        self.visit(node.value, Site("case", other=self.subject))

    # -- words that are neither uses nor literals -----------------------------------------------------

    def note(self, node: cst.BaseExpression, role: Role) -> None:
        start, end = self.region.span(node)
        if self.region.holds(start, end):
            self.index.words.append(Word(describe(node), start, end, role, self.place))

    def word(self, node: cst.Name, role: Role, callees: frozenset[str] = frozenset()) -> None:
        if self.search(node.value):
            start, end = self.region.span(node)
            if self.region.holds(start, end):
                self.index.words.append(Word(node.value, start, end, role, self.place, callees))

    def definition(self, node: cst.FunctionDef | cst.ClassDef, site: Site) -> None:
        self.word(node.name, "definition")
        for child in children(node):
            if child is not node.name:
                self.visit(child, OTHER)

    def parameter(self, node: cst.Param, site: Site) -> None:
        self.word(node.name, "parameter")
        if node.annotation:
            self.visit(node.annotation, ANNOTATION)
        if node.default:
            self.visit(node.default, Site("default", node.name.value))

    def declared(self, node: cst.NameItem, site: Site) -> None:
        self.word(node.name, "name")

    # -- chains ---------------------------------------------------------------------------------------

    def chain(self, node: cst.BaseExpression, site: Site) -> None:
        links = links_of(node)
        root = links[0]
        if isinstance(root, STRINGS):
            formats = len(links) == 3 and link_text(links[1]) == "format" and isinstance(links[2], cst.Call)
            self.string(root, site if formats else Site("receiver"), formatted=formats)
        elif not isinstance(root, cst.Name):
            self.visit(root, OTHER)
        known = isinstance(root, cst.Name) and not any(root.value in names for names in self.shadowed)
        found, soft = (
            meaning_of_root(self.place.scope, link_text(root), self.table.sites.assume) if known else (LOCAL, False)
        )
        if self.watched(found) or any(self.search(link_text(link)) for link in links):
            self.use(links, found, soft, site)
        for number, link in enumerate(links):
            if isinstance(link, cst.Call):
                self.arguments(link, links[:number], found, site if link is node else OTHER)
            elif isinstance(link, cst.Subscript):
                inside = ANNOTATION if site.kind == "annotation" else Site("subscript", other=describe(link.value))
                for item in link.slice:
                    self.visit(item.slice, inside)

    def use(self, links: Sequence[cst.BaseExpression], found: Meaning, soft: bool, site: Site) -> None:
        steps = tuple(step_of(link, self.region) for link in links if isinstance(link, LINKS))
        if self.region.holds(steps[0].start, steps[-1].end):
            receiver = "" if isinstance(links[0], cst.Name) else type(links[0]).__name__
            self.index.uses.append(Use(steps, found, site, self.place, soft, receiver))

    def arguments(self, call: cst.Call, callee: Sequence[cst.BaseExpression], found: Meaning, site: Site) -> None:
        names: frozenset[str] = frozenset()
        if all(isinstance(link, (cst.Name, cst.Attribute)) for link in callee):
            rest = "".join(f".{link_text(link)}" for link in callee[1:])
            names = frozenset(name + rest for name in found.names)
        for argument, inside in argument_sites(call, names, site, self.table.sites):
            if argument.keyword:
                self.word(argument.keyword, "keyword", names)
            if hands_over_rank(argument.value, inside, self.table.sites):
                self.note(argument.value, "integer")
            self.visit(argument.value, inside)

    def watched(self, found: Meaning) -> bool:
        prefix = self.table.source.module
        return any(name == prefix or name.startswith(prefix + ".") for name in found.names)

    def imports(self, node: cst.Import | cst.ImportFrom, site: Site) -> None:
        self.index.imports.append(import_of(node, self.region.span, self.place))


_HANDLERS: dict[type[cst.CSTNode], Callable[[_Walk, Any, Site], None]] = {
    cst.IfExp: _Walk.if_expression, cst.BinaryOperation: _Walk.binary, cst.Comparison: _Walk.comparison,
    cst.BooleanOperation: _Walk.boolean, cst.Await: _Walk.pass_on, cst.Yield: _Walk.pass_on, cst.Index: _Walk.pass_on,
    cst.StarredElement: _Walk.pass_on, cst.Index: _Walk.pass_on, cst.Tuple: _Walk.sequence, cst.List: _Walk.sequence,
    cst.Set: _Walk.sequence, cst.Dict: _Walk.dictionary, cst.Lambda: _Walk.function,
    cst.ListComp: _Walk.comprehension, cst.SetComp: _Walk.comprehension, cst.DictComp: _Walk.comprehension,
    cst.GeneratorExp: _Walk.comprehension, cst.CompFor: _Walk.loop, cst.For: _Walk.loop,
    cst.Assign: _Walk.assign, cst.AnnAssign: _Walk.bind, cst.AugAssign: _Walk.bind, cst.NamedExpr: _Walk.bind,
    cst.AsName: _Walk.store, cst.Del: _Walk.store, cst.Annotation: _Walk.annotation,
    cst.Decorator: _Walk.decorator, cst.Return: _Walk.leave, cst.Raise: _Walk.complain, cst.Assert: _Walk.claim,
    cst.Match: _Walk.match, cst.MatchValue: _Walk.match_value, cst.FunctionDef: _Walk.definition,
    cst.ClassDef: _Walk.definition, cst.Param: _Walk.parameter, cst.NameItem: _Walk.declared,
    cst.Import: _Walk.imports, cst.ImportFrom: _Walk.imports,
}  # fmt: skip

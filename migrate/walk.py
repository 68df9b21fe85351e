"""One walk over the nodes of a region: chains, strings and words become records of the index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal as Choice

import libcst as cst

from migrate.arms import says_rocm
from migrate.bindings import LOCAL, Meaning, meaning_of_root
from migrate.callsites import OTHER, argument_sites, element_sites, hands_over_rank, last_name
from migrate.describe import describe
from migrate.finder import Finder
from migrate.guards import AGNOSTIC, ROCM, Guard
from migrate.model import Table
from migrate.nodes import (
    LINKS,
    STRINGS,
    children,
    is_keyed,
    link_text,
    links_of,
    names_below,
    replacement_fields,
    string_value,
    texts_below,
    words_below,
)
from migrate.records import literal_of, step_of
from migrate.regions import ParsedRegion
from migrate.source import Region, Scan
from migrate.syntax import Index, Site, Use, Word

STORE, TEST, ANNOTATION, DECORATOR = Site("store"), Site("test"), Site("annotation"), Site("decorator")
Role = Choice["parameter", "keyword", "definition", "name", "integer"]
Handlers = Mapping[type[cst.CSTNode], Callable[..., None]]


class Walk:
    """One walk over one region; `handlers` say what the kinds of nodes mean that are neither chains nor strings."""

    def __init__(
        self, scan: Scan, region: Region, table: Table, finder: Finder, index: Index, handlers: Handlers
    ) -> None:
        self.region, self.place, self.guards = ParsedRegion(scan, region), region.place, scan.guards
        self.table, self.index, self.handlers, self.places = table, index, handlers, scan.places
        self.search = finder.touches
        self.shadowed: list[set[str]] = []  # what the lambdas and comprehensions around a node bind
        self.subject = ""
        self.groups: dict[int, int] = {}

    def visit(self, node: cst.CSTNode, site: Site) -> None:
        if isinstance(node, LINKS):
            self.chain(node, site)
        elif isinstance(node, STRINGS):
            self.string(node, site)
        elif handler := self.handlers.get(type(node)):
            handler(self, node, site)
        else:
            self.below(node, OTHER)

    def below(self, node: cst.CSTNode, site: Site) -> None:
        for child in children(node):
            self.visit(child, site)

    def string(self, node: cst.BaseExpression, site: Site, *, formatted: bool = False) -> None:
        if self.search(string_value(node) or ""):
            if site.group:  # an identity of a node, good for this region only
                site = site._replace(group=self.groups.setdefault(site.group, len(self.index.literals) + 1))
            literal = literal_of(node, self.region.span, site, self.place, formatted)
            if self.region.holds(literal.start, literal.end):
                self.index.literals.append(literal)
        begins = (string_value(node) or "").startswith(("{}:", "{}{}"))
        for number, part in enumerate(replacement_fields(node)):
            self.visit(part.expression, site if begins and number == 0 else OTHER)
            for spec in part.format_spec or ():
                self.visit(spec, OTHER)

    @contextmanager
    def under(self, guard: Guard | None) -> Iterator[None]:
        """Look at what a guard stands over."""
        outer = self.place
        self.place = outer if guard is outer.guard else outer._replace(guard=guard)
        yield
        self.place = outer

    def beside(self, nodes: Sequence[cst.BaseExpression]) -> Guard | None:
        """The guard of what stands beside the names of several accelerators."""
        guard = self.place.guard
        return self.guards.entry(" ".join(map(words_below, nodes)), guard) if self.guards and nodes else guard

    def among(
        self, *groups: Sequence[cst.BaseExpression], guard: Guard | None, picked: bool = False, asked: str = ""
    ) -> Guard | None:
        """The guard of groups of things: in each, one may be CUDA's and another one another accelerator's.

        `picked` if one is taken by its place, `asked` are the words of what says which.
        """
        if self.guards and self.guards.foreign:
            names_cuda = self.table.source.name in asked.lower()
            for values in groups:
                told = [(names_below(value), texts_below(value)) for value in values]
                guard = self.guards.listed(told, guard, picked=picked, asked=names_cuda)
        return guard

    @contextmanager
    def on_rocm(self, test: cst.BaseExpression, truth: bool) -> Iterator[None]:
        """Look at what is run, or asked, where a condition has a truth value that may mean a build for ROCm."""
        outer = self.place
        if self.guards and self.guards.rocm and (outer.guard is None or outer.guard.soft):
            words = words_below(test).lower()
            if ("rocm" in words or "hip" in words) and says_rocm(self.region.module.code_for_node(test), truth):
                self.place = outer._replace(guard=ROCM)
        yield
        self.place = outer

    @contextmanager
    def fallback(self, call: cst.Call) -> Iterator[None]:
        """Look at what `getattr(torch, kind, torch.cuda)` takes where torch has no such module."""
        outer = self.place
        arguments = [argument.value for argument in call.args]
        if (
            self.guards
            and len(arguments) == 3
            and describe(call.func) == "getattr"
            and string_value(arguments[1]) is None
        ):
            self.place = outer._replace(guard=AGNOSTIC)
        yield
        self.place = outer

    def note(self, node: cst.BaseExpression, role: Role) -> None:
        start, end = self.region.span(node)
        if self.region.holds(start, end):
            self.index.words.append(Word(describe(node), start, end, role, self.place))

    def word(self, node: cst.Name, role: Role, callees: frozenset[str] = frozenset(), function: str = "") -> None:
        if self.search(node.value):
            start, end = self.region.span(node)
            if self.region.holds(start, end):
                self.index.words.append(Word(node.value, start, end, role, self.place, callees, function))

    def chain(self, node: cst.BaseExpression, site: Site) -> None:
        links = links_of(node)
        values, asked = _picked(links)
        with self.under(self.among(values, guard=self.place.guard, picked=True, asked=asked)):
            self.linked(links, site)

    def linked(self, links: Sequence[cst.BaseExpression], site: Site) -> None:
        root = links[0]
        if isinstance(root, STRINGS):
            formats = len(links) == 3 and link_text(links[1]) == "format" and isinstance(links[2], cst.Call)
            self.string(root, site if formats else Site("receiver"), formatted=formats)
        elif not isinstance(root, cst.Name):
            self.visit(root, _root_site(links, site))
        known = isinstance(root, cst.Name) and not any(root.value in names for names in self.shadowed)
        found, soft = (
            meaning_of_root(self.place.scope, link_text(root), self.table.sites.assume) if known else (LOCAL, False)
        )
        if self.watched(found) or any(self.search(link_text(link)) for link in links):
            self.use(links, found, soft, site)
        for number, link in enumerate(links):
            if isinstance(link, cst.Call):
                with self.under(self.beside([root] if isinstance(root, cst.Dict) else [])), self.fallback(link):
                    self.arguments(link, links[:number], found, site if link is links[-1] else OTHER)
            elif isinstance(link, cst.Subscript):
                self.items(link, site)

    def items(self, node: cst.Subscript, site: Site) -> None:
        """What stands between the brackets; in `Literal["cpu", "cuda"]` the values of what is annotated."""
        values = [item.slice.value for item in node.slice if isinstance(item.slice, cst.Index)]
        if last_name(node.value) == "Literal" and len(values) == len(node.slice):
            for value, inside in element_sites(values, Site("default", site.name, "Literal", group=site.group)):
                self.visit(value, inside)
            return
        inside = site if site.kind == "annotation" else Site("subscript", other=describe(node.value))
        for item in node.slice:
            self.visit(item.slice, inside)

    def use(self, links: Sequence[cst.BaseExpression], found: Meaning, soft: bool, site: Site) -> None:
        steps = tuple(step_of(link, self.region) for link in links)
        if self.region.holds(steps[0].start, steps[-1].end):
            receiver = "" if isinstance(links[0], cst.Name) else type(links[0]).__name__
            self.index.uses.append(Use(steps, found, site, self.place, soft, receiver))

    def arguments(self, call: cst.Call, callee: Sequence[cst.BaseExpression], found: Meaning, site: Site) -> None:
        names: frozenset[str] = frozenset()
        if all(isinstance(link, (cst.Name, cst.Attribute)) for link in callee):
            rest = "".join(f".{link_text(link)}" for link in callee[1:])
            names = frozenset(name + rest for name in found.names)
        copies = last_name(call.func) == "dict" and call.args
        function = describe(call.args[0].value if copies else call.func)
        guard = self.entries(call)
        for argument, inside in argument_sites(call, names, site, self.table.sites):
            if argument.keyword:
                self.word(argument.keyword, "keyword", names, function)
            if last_name(call.func) != "str" and hands_over_rank(argument.value, inside, self.table.sites):
                self.note(argument.value, "integer")
            with self.under(guard):
                self.visit(argument.value, inside)

    def entries(self, call: cst.Call) -> Guard | None:
        """The guard of the values in `dict(cuda=…, xpu=…)`."""
        keys = [argument.keyword for argument in call.args if argument.keyword]
        named = describe(call.func) == "dict" and any(self.table.source.name in key.value.lower() for key in keys)
        return self.beside(keys if named else [])

    def watched(self, found: Meaning) -> bool:
        prefix = self.table.source.module
        return any(name == prefix or name.startswith(prefix + ".") for name in found.names)


def _picked(links: Sequence[cst.BaseExpression]) -> tuple[list[cst.BaseExpression], str]:
    """What a display holds that is taken from by place, or by yes and no, and the words of what says which."""
    root = links[0]
    if len(links) < 2 or not isinstance(links[1], cst.Subscript):
        return [], ""
    asked = " ".join(words_below(item) for item in links[1].slice)
    if isinstance(root, (cst.Tuple, cst.List)):
        return [element.value for element in root.elements], asked
    if isinstance(root, cst.Dict) and not is_keyed(root):
        return [element.value for element in root.elements], asked
    return [], ""


def _root_site(links: Sequence[cst.BaseExpression], site: Site) -> Site:
    """The site of a chain's root that is no name: what is taken from a display by place stands for the whole."""
    if _picked(links)[0]:
        return site if len(links) == 2 else OTHER
    return Site("table", _looked_up(links)) if isinstance(links[0], cst.Dict) else OTHER


def _looked_up(links: Sequence[cst.BaseExpression]) -> str:
    """What a dict display is asked for: the item, or the argument of `get`."""
    for link in links[1:3]:
        if isinstance(link, cst.Subscript) and isinstance(link.slice[0].slice, cst.Index):
            return describe(link.slice[0].slice.value)
        if isinstance(link, cst.Call) and link.args:
            return describe(link.args[0].value)
    return ""

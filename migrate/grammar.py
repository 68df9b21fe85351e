"""What each kind of node means for the nodes below it: one function per kind, each given the site it stands in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst

from migrate.callsites import MESSAGE, OTHER, element_sites, entry_sites
from migrate.describe import describe
from migrate.guards import Guard
from migrate.nodes import STRINGS, children, is_keyed, names_in, operands, parameters, string_value, words_below
from migrate.records import import_of
from migrate.syntax import Site
from migrate.walk import ANNOTATION, DECORATOR, STORE, TEST, Walk

_RAISED = Site("message", callee="raise")


def pass_on(walk: Walk, node: cst.CSTNode, site: Site) -> None:
    walk.below(node, site)


def if_expression(walk: Walk, node: cst.IfExp, site: Site) -> None:
    outer = walk.place
    if walk.guards:
        test, here, there = (words_below(part) for part in (node.test, node.body, node.orelse))
        guard = walk.guards.choice(test, here, there, outer.guard)
        if (
            guard is outer.guard
            and isinstance(node.test, cst.BooleanOperation)
            and isinstance(node.test.operator, cst.Or)
        ):
            guard = walk.guards.either([words_below(part) for part in operands(node.test)], guard)
        walk.place = outer._replace(guard=guard)
    with walk.on_rocm(node.test, True):
        walk.visit(node.body, _beside(walk, site, node.orelse))
        walk.visit(node.test, TEST)
    with walk.on_rocm(node.test, False):
        walk.visit(node.orelse, _beside(walk, site, node.body))
    walk.place = outer


def _beside(walk: Walk, site: Site, other: cst.BaseExpression) -> Site:
    """The site of what is chosen from with another text; what names an accelerator is the guard's business."""
    text = string_value(other)
    if not text or (walk.guards and walk.guards.named_in(text)):
        return site
    return site._replace(siblings=(*site.siblings, text))


def boolean(walk: Walk, node: cst.BooleanOperation, site: Site) -> None:
    outer = walk.place
    if walk.guards:
        words = [words_below(part) for part in operands(node)]
        guard = walk.guards.either(words, outer.guard)
        walk.place = outer._replace(guard=guard or _backend_asked(walk, words))
    with walk.on_rocm(node, isinstance(node.operator, cst.And)):
        for operand in operands(node):
            walk.visit(operand, site)
    walk.place = outer


def _backend_asked(walk: Walk, operands: Sequence[str]) -> Guard | None:
    """The guard of `is_nccl_available() or is_hccl_available()`, of which the first would become the second."""
    source, target = walk.table.source.backend, walk.table.target.words
    others = [words for words in map(str.lower, operands) if source not in words]
    if len(others) < len(operands) and any(
        re.search(rf"(?<![a-z]){target.backend}(?![a-z])", words) for words in others
    ):
        return Guard(frozenset({target.name}), f"{target.backend} is asked for beside it")
    return None


def binary(walk: Walk, node: cst.BinaryOperation, site: Site) -> None:
    adds = isinstance(node.operator, cst.Add) or (isinstance(node.operator, cst.BitOr) and site.kind == "annotation")
    if isinstance(node.left, STRINGS) and isinstance(node.operator, (cst.Add, cst.Modulo)):
        walk.string(node.left, site, formatted=True)
    else:
        walk.visit(node.left, site if adds else OTHER)
    walk.visit(node.right, site if adds else OTHER)


def comparison(walk: Walk, node: cst.Comparison, site: Site) -> None:
    operands = [node.left, *(target.comparator for target in node.comparisons)]
    for number, operand in enumerate(operands):
        walk.visit(operand, Site("compare", other=describe(operands[number - 1 if number else 1])))


def sequence(walk: Walk, node: cst.Tuple | cst.List | cst.Set, site: Site) -> None:
    values = [element.value for element in node.elements]
    with walk.under(walk.among(values, guard=walk.place.guard)):
        for value, inside in element_sites(values, site):
            walk.visit(value, inside)


def dictionary(walk: Walk, node: cst.Dict, site: Site) -> None:
    entries = [element for element in node.elements if isinstance(element, cst.DictElement)]
    keys, values = [entry.key for entry in entries], [entry.value for entry in entries]
    named = is_keyed(node)  # with strings, of which those that are devices change by the rules for strings
    inner = walk.among(*([] if named else [keys]), values, guard=walk.beside(keys))
    outer = walk.place.guard if named else walk.among(keys, values, guard=walk.place.guard)
    for value, inside in entry_sites(node, site):
        with walk.under(outer if inside.kind == "key" or isinstance(value, STRINGS) else inner):
            walk.visit(value, inside)


def function(walk: Walk, node: cst.Lambda, site: Site) -> None:
    walk.visit(node.params, OTHER)
    walk.shadowed.append(parameters(node.params))
    walk.visit(node.body, site if site.kind in ("assign", "default") else OTHER)
    walk.shadowed.pop()


def comprehension(walk: Walk, node: cst.BaseComp, site: Site) -> None:
    names: set[str] = set()
    loop: cst.CompFor | None = node.for_in
    while loop:
        names |= names_in(loop.target)
        loop = loop.inner_for_in
    walk.shadowed.append(names)
    for child in children(node):
        walk.visit(child, site if child is getattr(node, "elt", None) else OTHER)
    walk.shadowed.pop()


def block(walk: Walk, node: cst.BaseSuite | cst.SimpleStatementLine, site: Site) -> None:
    """Statements, which may share a line with the header of a block that is a place of its own."""
    outer = walk.place
    for statement in node.body:
        if walk.places:
            walk.place = walk.places.get(walk.region.span(statement)[0], walk.place)
        walk.visit(statement, OTHER)
    walk.place = outer


def branch(walk: Walk, node: cst.If, site: Site) -> None:
    """An `if` or `elif` in a one-line block is a place of its own, too."""
    outer = walk.place
    if walk.places:
        walk.place = walk.places.get(walk.region.span(node)[0], outer)
    walk.below(node, OTHER)
    walk.place = outer


def expression(walk: Walk, node: cst.Expr, site: Site) -> None:
    """A statement that is a string only is a text for people."""
    walk.visit(node.value, MESSAGE if isinstance(node.value, STRINGS) else OTHER)


def loop(walk: Walk, node: cst.For | cst.CompFor, site: Site) -> None:
    walk.visit(node.target, STORE)
    walk.visit(node.iter, Site("iterate", describe(node.target)))
    for child in children(node):
        if child is not node.target and child is not node.iter:
            walk.visit(child, OTHER)


def assign(walk: Walk, node: cst.Assign, site: Site) -> None:
    for target in node.targets:
        walk.visit(target.target, STORE)
    first, value = node.targets[0].target, node.value
    if isinstance(first, cst.Tuple) and isinstance(value, cst.Tuple) and len(first.elements) == len(value.elements):
        for name, element in zip(first.elements, value.elements, strict=True):
            walk.visit(element.value, Site("assign", describe(name.value)))
    else:
        walk.visit(value, Site("assign", describe(first)))


def bind(walk: Walk, node: cst.AnnAssign | cst.AugAssign | cst.NamedExpr, site: Site) -> None:
    walk.visit(node.target, STORE)
    if isinstance(node, cst.AnnAssign):
        named = ANNOTATION._replace(name=describe(node.target), group=id(node))
        walk.visit(node.annotation.annotation, named)
    if node.value:
        walk.visit(node.value, Site("assign", describe(node.target), group=id(node)))


def store(walk: Walk, node: cst.CSTNode, site: Site) -> None:
    walk.below(node, STORE)


def annotation(walk: Walk, node: cst.Annotation, site: Site) -> None:
    walk.visit(node.annotation, ANNOTATION)


def leave(walk: Walk, node: cst.Return, site: Site) -> None:
    walk.below(node, Site("return", walk.place.function))


def complain(walk: Walk, node: cst.Raise, site: Site) -> None:
    if node.exc:
        walk.visit(node.exc, _RAISED if isinstance(node.exc, cst.Call) else OTHER)
    if node.cause:
        walk.visit(node.cause, OTHER)


def claim(walk: Walk, node: cst.Assert, site: Site) -> None:
    walk.visit(node.test, TEST)
    if node.msg:
        walk.visit(node.msg, MESSAGE)


def match(walk: Walk, node: cst.Match, site: Site) -> None:
    walk.visit(node.subject, OTHER)
    outer, walk.subject = walk.subject, describe(node.subject)
    around = walk.place
    for case in node.cases:
        if walk.places:
            walk.place = walk.places.get(walk.region.span(case)[0], around)
        walk.below(case, OTHER)
    walk.subject, walk.place = outer, around


def match_value(walk: Walk, node: cst.MatchValue, site: Site) -> None:
    walk.visit(node.value, Site("case", other=walk.subject))


def definition(walk: Walk, node: cst.FunctionDef | cst.ClassDef, site: Site) -> None:
    walk.word(node.name, "definition")
    for decorator in node.decorators:
        walk.visit(decorator.decorator, DECORATOR._replace(name=node.name.value))
    for child in children(node):
        if child is not node.name and not isinstance(child, cst.Decorator):
            walk.visit(child, OTHER)


def parameter(walk: Walk, node: cst.Param, site: Site) -> None:
    walk.word(node.name, "parameter")
    if node.annotation:
        walk.visit(node.annotation.annotation, ANNOTATION._replace(name=node.name.value, group=id(node)))
    if node.default:
        walk.visit(node.default, Site("default", node.name.value, group=id(node)))


def declared(walk: Walk, node: cst.NameItem, site: Site) -> None:
    walk.word(node.name, "name")


def imports(walk: Walk, node: cst.Import | cst.ImportFrom, site: Site) -> None:
    walk.index.imports.append(import_of(node, walk.region.span, walk.place))


HANDLERS: dict[type[cst.CSTNode], Callable[[Walk, Any, Site], None]] = {
    # expressions
    cst.IfExp: if_expression, cst.BooleanOperation: boolean, cst.BinaryOperation: binary, cst.Comparison: comparison,
    cst.Await: pass_on, cst.Yield: pass_on, cst.Index: pass_on, cst.StarredElement: pass_on,
    cst.Tuple: sequence, cst.List: sequence, cst.Set: sequence, cst.Dict: dictionary, cst.Lambda: function,
    cst.ListComp: comprehension, cst.SetComp: comprehension, cst.DictComp: comprehension,
    cst.GeneratorExp: comprehension, cst.CompFor: loop, cst.NamedExpr: bind,
    # statements
    cst.SimpleStatementLine: block, cst.SimpleStatementSuite: block, cst.IndentedBlock: block, cst.For: loop,
    cst.If: branch, cst.Expr: expression,
    cst.Assign: assign, cst.AnnAssign: bind, cst.AugAssign: bind, cst.AsName: store, cst.Del: store,
    cst.Return: leave, cst.Raise: complain, cst.Assert: claim, cst.Match: match, cst.MatchValue: match_value,
    cst.Import: imports, cst.ImportFrom: imports, cst.NameItem: declared,
    # definitions
    cst.FunctionDef: definition, cst.ClassDef: definition, cst.Param: parameter, cst.Annotation: annotation,
}  # fmt: skip

"""One pass over the syntax tree of a Python file: what it binds, and which lines libcst must read.

Uses the standard library's `ast` only, and looks at statements, not expressions: a region is the
innermost statement, or the header of a compound one, on whose lines a word of interest occurs.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from migrate.binder import DEFINITIONS, Binder, arguments_of
from migrate.bindings import Scope
from migrate.edits import line_starts
from migrate.finder import Finder
from migrate.guards import Guard, GuardFinder
from migrate.model import Table
from migrate.source import Nesting, Place, Region, Scan, Shape

_NAME_AT_END = re.compile(r"(\w+)\s*$")
_TRY = (ast.Try, getattr(ast, "TryStar", ast.Try))
_COMPOUND = frozenset(
    {*DEFINITIONS, *_TRY, ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Match}
)


def scan(tree: ast.Module, table: Table, finder: Finder) -> Scan:
    """Scan the file that `finder` was made for and that parsed to `tree`."""
    text = finder.text
    module = Scope("module", "", tree)
    result = Scan(text, line_starts(text), module, finder.mentions)
    if result.mentions:
        names = table.source.name, table.target.words.name
        result.guards = GuardFinder(text, result.starts, table.sites, *names)
        result.doubt = result.guards.doubt()
    module.bound.update(_walrus_targets(text))  # wherever they stand: reason enough to be unsure
    looks = [start for start, _ in (*result.mentions, *finder.reasons_to_look())]
    walker = _Walker(result, table, looks)
    walker.block(tree.body, Place(module))
    return result


def _walrus_targets(text: str) -> Iterator[str]:
    at = text.find(":=")
    while at >= 0:
        if name := _NAME_AT_END.search(text[max(0, at - 80) : at]):
            yield name.group(1)
        at = text.find(":=", at + 2)


class _Walker:
    def __init__(self, result: Scan, table: Table, looks: Iterable[int]) -> None:
        self.result, self.guards = result, result.guards
        self.typing = "TYPE_CHECKING" in result.text
        self.globals = "global " in result.text
        self.binder = Binder(result, table)
        self.line_of_last = (0, 0)  # the first and the last line of the simple statement before
        self.one_line = False  # below a compound statement that is one region
        starts = result.starts
        self.hit_lines = sorted({bisect_right(starts, start) for start in looks})

    def hit(self, first: int, last: int) -> bool:
        index = bisect_left(self.hit_lines, first)
        return index < len(self.hit_lines) and self.hit_lines[index] <= last

    def region(self, first: int, last: int, shape: Shape, place: Place, subject: str = "") -> None:
        if self.one_line or not self.hit(first, last):
            return
        regions = self.result.regions
        if regions and first <= regions[-1].last:  # statements that share a line
            previous = regions.pop()
            first, last, shape, place = previous.first, max(last, previous.last), "block", previous.place
        regions.append(Region(first, last, shape, place, subject))

    def block(self, statements: Sequence[ast.stmt], place: Place) -> None:
        if self.guards is None or not statements or not self.hit(statements[0].lineno, statements[-1].end_lineno or 0):
            for statement in statements:
                self.statement(statement, place)
            return
        for statement, guard in self.guards.block(statements, place.guard):
            self.statement(statement, place if guard is place.guard else place._replace(guard=guard))

    def statement(self, node: ast.stmt, place: Place) -> None:
        if self.one_line:
            self.result.places[self.result.offset(node.lineno, node.col_offset)] = place
        if type(node) not in _COMPOUND:
            self.simple(node, place)
            return
        self.binder.compound(node, place)
        if self.hit(_first_line(node), node.end_lineno or node.lineno):
            self.compound(node, place)
        elif not isinstance(node, DEFINITIONS) or self.globals:
            self.inner(node, place)  # what a function without a mention binds is its own business

    def compound(self, node: ast.stmt, place: Place) -> None:
        if any(self.inline(block[0]) for block in _blocks(node)):
            self.region(_first_line(node), node.end_lineno or node.lineno, "block", place)
            outer, self.one_line = self.one_line, True
            self.inner(node, place)
            self.one_line = outer
            return
        if isinstance(node, ast.Match):
            self.header(node.lineno, node.cases[0].pattern.lineno - 1, "match", place)
        elif not isinstance(node, _TRY):
            body: list[ast.stmt] = getattr(node, "body", [])
            if place.scope.kind == "class" and self.binder.defined(node) in self.binder.own:
                place = place._replace(overrides=True)
            self.header(_first_line(node), _first_line(body[0]) - 1, "header", place)
        self.inner(node, place)

    def header(self, first: int, last: int, shape: Shape, place: Place, subject: str = "") -> None:
        if not self.hit(first, last):
            return
        while last > first and self.result.line(last).strip()[:1] in ("", "#"):
            last -= 1
        self.region(first, last, shape, place, subject)

    def inline(self, statement: ast.stmt) -> bool:
        """Whether a block starts on the line of its header (`else: x`)."""
        line = self.result.line(_first_line(statement))
        return len(line) - len(line.lstrip(" \t\f")) < _first_column(statement)

    def is_elif(self, node: ast.If) -> bool:
        start = self.result.offset(node.lineno, node.col_offset)
        return self.result.text.startswith("elif", start)

    def inner(self, node: ast.stmt, place: Place) -> None:
        """The blocks below a compound statement."""
        if isinstance(node, DEFINITIONS):
            self.block(node.body, self.definition(node, place))
        elif isinstance(node, ast.If):
            self.branches(node, place)
        elif isinstance(node, _TRY):
            self.try_blocks(node, place)
        elif isinstance(node, ast.Match):
            guard = self.guards.cases(node, place.guard) if self.guards else None
            subject = ast.unparse(node.subject)
            inside = place._replace(nesting="branch", guard=guard)
            for case in node.cases:
                self.binder.pattern(case.pattern, place.scope)
                if self.one_line:
                    pattern = self.result.offset(case.pattern.lineno, case.pattern.col_offset)
                    self.result.places[self.result.text.rfind("case", 0, pattern)] = inside
                self.header(case.pattern.lineno, _first_line(case.body[0]) - 1, "case", inside, subject)
                self.block(case.body, inside)
        else:
            nested = place if isinstance(node, (ast.With, ast.AsyncWith)) else place._replace(nesting="branch")
            for block in _blocks(node):
                self.block(block, nested)

    def branches(self, node: ast.If, place: Place) -> None:
        if self.typing and "TYPE_CHECKING" in ast.unparse(node.test):
            place = place._replace(nesting="typing")
        asked = self.guards is not None and self.hit(node.lineno, node.end_lineno or 0)
        guards: list[Guard | None] = self.guards.branches(node, place.guard) if asked and self.guards else []
        arm: ast.If | None = node
        index = 0
        while arm:
            guard = guards[index] if guards else place.guard
            inside = place._replace(nesting=_deeper(place), guard=guard)
            if self.one_line:
                self.result.places[self.result.offset(arm.lineno, arm.col_offset)] = place._replace(guard=guard)
            if index:
                first, last = arm.lineno, _first_line(arm.body[0]) - 1
                self.header(first, last, "elif" if self.is_elif(arm) else "header", inside)
            elif guard is not place.guard and self.result.regions:
                self.guard_header(node, guard)
            self.block(arm.body, inside)
            index += 1
            following = arm.orelse[0] if len(arm.orelse) == 1 else None
            if isinstance(following, ast.If) and self.is_elif(following):
                arm = following
                continue
            rest = guards[index] if guards and len(guards) > index else place.guard
            self.block(arm.orelse, place._replace(nesting=_deeper(place), guard=rest))
            arm = None

    def guard_header(self, node: ast.If, guard: Guard | None) -> None:
        """The test of a ladder belongs to the ladder."""
        region = self.result.regions[-1]
        if region.first == node.lineno:
            place = region.place._replace(guard=guard)
            self.result.regions[-1] = Region(region.first, region.last, region.shape, place)

    def try_blocks(self, node: ast.Try, place: Place) -> None:
        guard = self.guards.handler(node, place.guard) if self.guards else place.guard
        self.block(node.body, place._replace(nesting="try" if place.nesting == "plain" else place.nesting))
        below = place._replace(nesting="branch", guard=guard)
        for handler in node.handlers:
            if handler.name:
                place.scope.bound.add(handler.name)
            self.header(handler.lineno, _first_line(handler.body[0]) - 1, "except", below)
            self.block(handler.body, below)
        self.block(node.orelse, below)
        self.block(node.finalbody, place._replace(nesting="branch"))

    def definition(self, node: ast.stmt, place: Place) -> Place:
        assert isinstance(node, DEFINITIONS)
        if isinstance(node, ast.ClassDef):
            scope = Scope("class", node.name, node, place.scope)
            for statement in node.body:
                name = self.binder.defined(statement)
                if name in self.binder.own:
                    self.result.overriding[node.name] = name
            return Place(scope, place.function, node.name, place.overrides, "plain", place.guard)
        scope = Scope("function", node.name, node, place.scope)
        in_class = place.scope.kind == "class"
        for argument in arguments_of(node.args):
            scope.bound.add(argument.arg)
            if argument.annotation:
                scope.annotations[argument.arg] = argument.annotation
        own = place.overrides or (in_class and node.name in self.binder.own)
        return Place(scope, node.name, place.owner, own, "plain", place.guard)

    def simple(self, node: ast.stmt, place: Place) -> None:
        self.binder.simple(node, place)
        if place.scope.kind == "class" and self.binder.defined(node) in self.binder.own:
            place = place._replace(overrides=True)
        first, last = node.lineno, node.end_lineno or node.lineno
        before, self.line_of_last = self.line_of_last, (first, last)
        if before[1] == first:  # both share a line, which cannot be read without all of either
            first = before[0]
            self.line_of_last = first, last
            regions = self.result.regions
            if regions and regions[-1].first <= first <= regions[-1].last < last:
                regions[-1] = regions[-1]._replace(last=last)
        if not self.hit(first, last):
            return
        if _is_text(node) and not self.one_line:
            end = self.result.offset(last, node.end_col_offset or 0)
            self.result.docstrings.append((self.result.offset(node.lineno, node.col_offset), end))
        else:
            self.region(first, last, "block", place)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _deeper(place: Place) -> Nesting:
    return "typing" if place.nesting == "typing" else "branch"


def _blocks(node: ast.AST) -> list[list[ast.stmt]]:
    blocks = [getattr(node, name, None) or [] for name in ("body", "orelse", "finalbody")]
    blocks += [part.body for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ()))]
    return [block for block in blocks if block]


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min(node.lineno, decorators[0].lineno) if decorators else node.lineno


def _first_column(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return decorators[0].col_offset - 1 if decorators else node.col_offset

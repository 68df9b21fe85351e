"""The engine against slower ways to know the same: libcst's metadata, a parse of the whole file, plain searches."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

import libcst as cst
import pytest
from hypothesis import assume, given, settings
from kit import cases, source_of, table
from libcst.metadata import MetadataWrapper, PositionProvider, QualifiedNameProvider, QualifiedNameSource
from programs import programs

from migrate import engine
from migrate.bindings import LOCAL
from migrate.edits import line_starts
from migrate.engine import DecodeError, decode, examine, parse
from migrate.finder import Finder
from migrate.grammar import HANDLERS, block
from migrate.index import build_index
from migrate.model import Repository, Table
from migrate.scan import scan
from migrate.source import Place, Region, Scan
from migrate.spans import Spans
from migrate.syntax import Index, Site, Use
from migrate.walk import Walk

EXAMPLES = 100
BLOCKS = (
    cst.If, cst.Else, cst.For, cst.While, cst.With, cst.Try, cst.TryStar, cst.ExceptHandler, cst.ExceptStarHandler,
    cst.Finally, cst.FunctionDef, cst.ClassDef, cst.Match, cst.MatchCase, cst.SimpleStatementLine,
    cst.SimpleStatementSuite,
)  # fmt: skip
many = settings(max_examples=EXAMPLES, derandomize=True, deadline=None)


@cache
def text_of(case: str) -> str:
    """The text of a fixture if libcst reads it and writes it back as it is, otherwise an empty one."""
    try:
        text = decode(source_of(case).read_bytes())[0]
        parse(text)
        return text if cst.parse_module(text).code == text else ""
    except (DecodeError, SyntaxError, cst.ParserSyntaxError):
        return ""


def test_nearly_all_fixtures_can_be_compared() -> None:
    assert sum(not text_of(case) for case in cases()) < 0.03 * len(cases())


def check_spans(text: str) -> None:
    """Every node stands where libcst's own provider says; of what holds statements only that it begins there."""
    module = cst.parse_module(text)
    spans, starts = Spans(module), [*line_starts(module.code), len(module.code)]
    for node, place in MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider).items():
        start, end = (starts[at.line - 1] + at.column for at in (place.start, place.end))
        if isinstance(node, BLOCKS):
            assert spans.of(node)[0] == start, node
        elif not isinstance(node, cst.IndentedBlock):
            assert spans.of(node) == (start, end), node


@pytest.mark.parametrize("case", cases())
def test_spans_are_those_of_the_position_provider(case: str) -> None:
    check_spans(text_of(case))


@many
@given(programs())
def test_spans_of_random_programs_are_those_of_the_position_provider(text: str) -> None:
    try:
        check_spans(text)
    except cst.ParserSyntaxError:
        assume(False)  # libcst cannot read everything that Python can: `\` in front of a `,`


def index_of(text: str, rules: Table) -> tuple[Scan, Index]:
    scanned, finder = engine._scanned(engine.parse(text), rules, Finder(text, rules.sites))
    return scanned, build_index(scanned, rules, finder)


def imported_names(text: str) -> dict[int, tuple[frozenset[str], bool]]:
    """For the offset of each name: the imports it may stand for, and whether it may stand for something else."""
    module = cst.parse_module(text)
    spans = Spans(module)
    found: dict[int, tuple[frozenset[str], bool]] = {}
    for node, names in MetadataWrapper(module, unsafe_skip_copy=True).resolve(QualifiedNameProvider).items():
        if isinstance(node, cst.Name):
            known = names() if callable(names) else names
            imports = frozenset(name.name for name in known if name.source is QualifiedNameSource.IMPORT)
            others = any(name.source is QualifiedNameSource.LOCAL for name in known)
            found[spans.of(node)[0]] = (imports, others)
    return found


@pytest.mark.parametrize("case", cases())
def test_root_of_a_use_means_what_the_name_provider_says_or_is_uncertain(case: str) -> None:
    text, rules = text_of(case), table("npu")
    provided = imported_names(text)
    for use in index_of(text, rules)[1].uses:
        if not use.receiver and not use.soft:
            check_meaning(use, *provided[use.start], rules)


def check_meaning(use: Use, imports: frozenset[str], others: bool, rules: Table) -> None:
    meaning = use.meaning
    if not meaning.certain:
        assert imports <= meaning.names
    elif meaning == LOCAL:
        assert not imports
    elif imports:
        stand_in = any(use.steps[0].text in scope.blank for scope in use.place.scope.chain())  # `torch = None`
        assert (meaning.names, others) == (imports, stand_in)
    else:  # a name that nothing binds
        assert (meaning.names, others) == ({rules.sites.assume[use.steps[0].text]}, False)


class EveryLine(Finder):
    """A finder for which every line is worth a look: a scan then gives every statement a region."""

    def reasons_to_look(self) -> Iterator[tuple[int, int]]:
        return iter([(start, start) for start in line_starts(self.text)])


class WholeWalk(Walk):
    """One walk over the whole file; each statement's and header's place is that of its region in the scan."""

    def __init__(self, scanned: Scan, rules: Table, finder: Finder, index: Index) -> None:
        self.regions = scanned.regions
        whole = Region(1, len(scanned.starts), "block", Place(scanned.module))
        super().__init__(scanned, whole, rules, finder, index, HANDLERS)
        self.lines = scanned.starts
        self.current: Region | None = None

    def visit(self, node: cst.CSTNode, site: Site) -> None:
        region = self.region_at(self.region.span(node)[0])
        if region is None or region is self.current:
            super().visit(node, site)
            return
        outer = self.current, self.place
        self.current, self.place = region, region.place
        super().visit(node, site)
        self.current, self.place = outer

    def region_at(self, offset: int) -> Region | None:
        return next(
            (
                region
                for region in self.regions
                if self.lines[region.first - 1] <= offset < (*self.lines, len(self.lines) + 10**9)[region.last]
            ),
            None,
        )


def index_of_whole_file(scanned: Scan, rules: Table, finder: Finder) -> Index:
    """What `build_index` gives, from one parse of the file; docstrings are none of its business either."""
    index = Index()
    walk = WholeWalk(scanned, rules, finder, index)
    block(walk, walk.region.module, Site("other"))
    index.literals = [item for item in index.literals if not within(item.start, scanned.docstrings)]
    return index


def within(offset: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= offset < end for start, end in spans)


def scan_of_every_line(tree: ast.Module, rules: Table, finder: Finder) -> Scan:
    return scan(tree, rules, EveryLine(finder.text, finder.sites, finder.aliases))


def check_whole(text: str, target: str) -> None:
    """The regions of a file give the findings of the file as a whole, and each edit.

    The whole has more where a line uses a name that stands for CUDA without saying so: a finding without
    an edit, about something that is reported where the name is imported.
    """
    arguments = ("in.py", "python", text.encode(), table(target), Repository())
    regional = examine(*arguments)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("migrate.scan.scan", scan_of_every_line)
        patch.setattr("migrate.index.build_index", index_of_whole_file)
        whole = examine(*arguments)
    more = [finding for finding in whole.findings if finding not in regional.findings]
    assert [finding for finding in whole.findings if finding not in more] == list(regional.findings)
    assert regional.error == whole.error
    for finding in more:
        assert finding.safety == "manual"
        assert not finding.edits
        assert not Finder("", table(target).sites).touches(finding.found)


def test_regions_give_the_findings_of_the_whole_file(case: str, target: str) -> None:
    check_whole(text_of(case), target)


@many
@given(programs())
def test_regions_of_random_programs_give_the_findings_of_the_whole_file(text: str) -> None:
    assume(cst.parse_module(text).code == text)
    check_whole(text, "npu")

"""`migrate --repos FILE`: one run over many repositories, with a row of a table and a piece of JSON for each."""

from __future__ import annotations

import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migrate.cli_check import FAILED, fail, mention, mention_unlisted
from migrate.cli_run import Tables, prepared
from migrate.cli_write import Sources, guard, read_again, written
from migrate.report.many import Headline, Pieces, Rows, counts_of
from migrate.report.shown import error_lines, printable
from migrate.repos import Place, read_places
from migrate.runner import blamed, run
from migrate.workers import WorkersError, workers

if TYPE_CHECKING:
    from migrate.discover import Discovery
    from migrate.model import RepoReport

_AT_ONCE = 16  # repositories that are on their way to a cluster and back
_Sink = Rows | Pieces | Headline


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one repository: a report, or why there is none."""

    place: Place
    report: RepoReport | None = None
    discovery: Discovery | None = None
    sources: Sources = field(default_factory=dict)
    error: str | None = None


def migrate_repositories(file: Path, options: dict[str, Any]) -> None:
    """Run over the repositories of a list and exit. What is wrong with one is said, and the others are done."""
    _check_usage(options)
    try:
        places = read_places(file)
    except OSError as error:
        fail(f"cannot read {file}: {error.strerror or error}")
    if not places:
        fail(f"{file} names no repository")
    try:
        sums = _gone_over(file, places, options)
    except WorkersError as error:
        fail(str(error))
    if sums["failed"] or sums["errors"]:
        sys.exit(FAILED)
    sys.exit(1 if options["exit_code"] and sums["changed"] else 0)


def _check_usage(options: dict[str, Any]) -> None:
    if options["paths"]:
        raise click.UsageError("--repos names what to migrate: it goes without PATHS")
    for name in ("output", "force_exclude"):
        if options[name]:
            raise click.UsageError(f"--{name.replace('_', '-')} does not go with --repos")
    for path in options["reports"]:
        if path.suffix != ".json":
            raise click.UsageError(f"--report {path}: with --repos the suffix must be .json")


def _gone_over(file: Path, places: Sequence[Place], options: dict[str, Any]) -> Counter[str]:
    started = time.perf_counter()
    sums: Counter[str] = Counter()
    jobs, address = options["jobs"] or 1, options["executor"]
    with ExitStack() as stack:
        executor = stack.enter_context(workers(jobs, address, lasting=True, told=mention))
        sinks = [stack.enter_context(_written_to(path)) for path in options["reports"]]
        sinks.append(_on_screen(places, options))
        at_once = _AT_ONCE if address else jobs + 1 if jobs > 1 else 1
        outcomes = _outcomes(places, partial(_looked_at, options=options, executor=executor, tables={}), at_once)
        stack.callback(outcomes.close)
        for outcome in (_done(outcome, options) for outcome in outcomes):
            _complain(file, outcome)
            sums += counts_of(outcome.report)
            for sink in sinks:
                sink.add(outcome.place.name, outcome.place.line, outcome.error, outcome.report)
        for sink in sinks:
            sink.end(sums, time.perf_counter() - started)
    return sums


def _outcomes(places: Sequence[Place], work: Callable[[Place], Outcome], at_once: int) -> Generator[Outcome]:
    """The outcomes in the order of the list. Only so many are in hand, so that memory does not grow with the list."""
    if at_once == 1:
        yield from map(work, places)
        return
    begun: deque[Future[Outcome]] = deque()
    threads = ThreadPoolExecutor(at_once)
    try:
        for place in places:
            if len(begun) == at_once:
                yield begun.popleft().result()
            begun.append(threads.submit(work, place))
        while begun:
            yield begun.popleft().result()
    finally:
        threads.shutdown(cancel_futures=True)


def _looked_at(place: Place, options: dict[str, Any], executor: Executor | None, tables: Tables) -> Outcome:
    """What a run finds in one repository, and that it may write there."""
    if place.problem:
        return Outcome(place, error=place.problem)
    try:
        table, discovery, _ = prepared([place.folder], options, tables)
        report, sources = read_again(discovery.root, run(discovery, table, executor))
        if not options["show_only"]:
            guard(discovery.root, report, options["allow_dirty"], options["allow_no_vcs"])
        return Outcome(place, report, discovery, sources)
    except click.ClickException as error:
        return Outcome(place, error=error.message)
    except Exception as error:  # a bug costs one repository
        return Outcome(place, error=blamed(error))


def _done(outcome: Outcome, options: dict[str, Any]) -> Outcome:
    """The outcome after the edits are made, one repository after the other and in the thread that gets signals."""
    if options["show_only"] or outcome.report is None or outcome.discovery is None:
        return outcome
    try:
        return replace(outcome, report=written(outcome.discovery.root, outcome.report, outcome.sources))
    except click.ClickException as error:
        return replace(outcome, report=None, error=error.message)
    except Exception as error:
        return replace(outcome, report=None, error=blamed(error))


def _complain(file: Path, outcome: Outcome) -> None:
    """What went wrong, on standard error, while the run goes on."""
    name = printable(outcome.place.name)
    if outcome.error is not None:
        where = f"accel-migrate: {printable(str(file))}:{outcome.place.line}: {name}: "
        click.echo(where + "\n".join(printable(line) for line in outcome.error.split("\n")), err=True)
    for folder in outcome.discovery.repositories if outcome.discovery else ():
        click.echo(f"not looked at: {name}/{printable(folder)}, a repository of its own; list it", err=True)
    if outcome.discovery:
        mention_unlisted(outcome.discovery, outcome.place.name)
    for line in error_lines(outcome.report) if outcome.report else ():
        click.echo(f"error: {name}/{line}", err=True)


def _on_screen(places: Sequence[Place], options: dict[str, Any]) -> _Sink:
    def write(text: str) -> None:
        click.echo(text, nl=False)

    if options["form"] == "json":
        return Pieces(write)
    return Headline(write) if options["quiet"] else Rows(write, [place.name for place in places])


@contextmanager
def _written_to(path: Path) -> Iterator[_Sink]:
    """A report in a file, which is not there, or an old one, until it is whole."""
    part = path.with_name(path.name + ".part")
    try:
        file = part.open("w", encoding="ascii")
    except OSError as error:
        fail(f"cannot write the report {path}: {error.strerror or error}")
    with file:
        yield Pieces(file.write)
    part.replace(path)

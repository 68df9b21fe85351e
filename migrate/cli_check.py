"""The commands `check` and `baseline`: leftovers of CUDA, for CI and hooks. Nothing is imported before it is needed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from migrate.report.formats import FORMATS, render_statistics

if TYPE_CHECKING:
    from migrate.check import Scope
    from migrate.config import Config
    from migrate.discover import Discovery
    from migrate.leftovers import CheckResult, Entry

_SUFFIXES = {".json": "json", ".sarif": "sarif", ".md": "markdown", ".xml": "junit", ".txt": "text"}
_STDIN = Path("-")
_LARGEST = 100_000_000  # bytes of a baseline
FOUND, FAILED = 1, 2
VERSION_HELP = "The version of the vendor's package that it must run on."
RULES_HELP = "A table of the project's own. May be repeated."
EXECUTOR_HELP = "Work on a cluster of dask: dask://HOST:PORT. Trust whoever can reach it."
CACHE_HELP = "Use what earlier runs found in the same files, or do not. Default: use it."


def _shared(command: Callable[..., None]) -> Callable[..., None]:
    """The options that `check` and `baseline` have in common."""
    options = [
        click.argument("paths", nargs=-1, type=click.Path(path_type=Path)),
        click.option("--target", metavar="NAME", help="Check for this vendor; without it, for what is CUDA's alone."),
        click.option("--min-torch", metavar="VERSION", help="The oldest torch that the code must run on."),
        click.option("--target-version", metavar="VERSION", help=VERSION_HELP),
        click.option("--rules", multiple=True, type=click.Path(path_type=Path), metavar="FILE", help=RULES_HELP),
        click.option("--select", multiple=True, metavar="RULE", help="Only these rules, or kinds of rules."),
        click.option("--ignore", multiple=True, metavar="RULE", help="Not these rules, or kinds of rules."),
        click.option("--exclude", multiple=True, metavar="GLOB", help="Leave these paths out. May be repeated."),
        click.option("--force-exclude", is_flag=True, default=None, help="Leave them out even where named as PATHS."),
        click.option("--docs", is_flag=True, default=None, help="Look at the code in documents, too: Markdown, reST."),
        click.option("--max-file-size", type=click.IntRange(min=1), metavar="BYTES", help="Default: 1,000,000."),
        click.option("-j", "--jobs", type=click.IntRange(1, 256), metavar="N", help="Processes. Default: by size."),
        click.option("--executor", metavar="ADDRESS", help=EXECUTOR_HELP),
        click.option("--cache/--no-cache", default=None, help=CACHE_HELP),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@_shared
@click.option("--stdin-filename", metavar="NAME", help="What the file read from standard input (PATHS: -) is called.")
@click.option("--format", "form", type=click.Choice(tuple(FORMATS)), default="text", help="What goes to stdout.")
@click.option("--report", "reports", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
              help="Also write a report: .json .sarif .md .xml .txt. May be repeated.")  # fmt: skip
@click.option("--statistics", is_flag=True, help="Print how often each rule is found instead.")
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Fail only on what it does not list.")
@click.option("--allow-fixed", is_flag=True, default=None, help="Do not fail on entries of the baseline that are gone.")
@click.option("--diff-base", metavar="REV", help="Only what stands on lines added since this revision.")
def check(paths: tuple[Path, ...], **options: Any) -> None:
    """Report what is left of CUDA below PATHS (default: the current folder); write nothing.

    Exit codes: 0 nothing left, 1 something left, 2 bad usage or a file that could not be handled.
    """
    for path in options["reports"]:
        if path.suffix not in _SUFFIXES:
            raise click.UsageError(f"--report {path}: the suffix must be one of {', '.join(_SUFFIXES)}")
    result, config = _checked(paths, options)
    _show(result, options)
    if result.errors:
        sys.exit(FAILED)
    sys.exit(FOUND if result.new or (result.fixed and not config.allow_fixed) else 0)


@click.command()
@_shared
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to write it; else to stdout.")
def baseline(paths: tuple[Path, ...], output: Path | None, **options: Any) -> None:
    """Write down what is left of CUDA now, for `check --baseline`."""
    from migrate.baseline import write_baseline
    from migrate.report.shown import error_line, inert_json

    result, _ = _checked(paths, {**options, "baseline": None, "no_baseline": True})
    if result.errors:
        fail("\n".join(map(error_line, result.errors)))
    text = write_baseline(result.leftovers)
    if output is None:
        click.echo(inert_json(text), nl=False)
    else:
        _write(output, text)


def _checked(paths: tuple[Path, ...], options: dict[str, Any]) -> tuple[CheckResult, Config]:
    from migrate.baseline import BaselineError
    from migrate.config import ConfigError
    from migrate.table import TableError
    from migrate.vcs import RevisionError
    from migrate.workers import WorkersError

    check_executor(options)
    try:
        return _run(paths, options)
    except FileNotFoundError as error:
        fail(f"no such file or folder: {error.filename or error}")
    except OSError as error:
        fail(f"cannot read {error.filename}: {error.strerror or error}")
    except (ConfigError, TableError, BaselineError, RevisionError, WorkersError) as error:
        fail(str(error))


def _run(paths: tuple[Path, ...], options: dict[str, Any]) -> tuple[CheckResult, Config]:
    from migrate.check import check as check_files
    from migrate.discover import discover, project_root
    from migrate.jobs import chosen_jobs
    from migrate.workers import workers

    if paths == (_STDIN,):
        return _run_on_stdin(options)
    paths = paths or (Path(),)
    root = project_root(Path.cwd(), paths)
    config = settings_of(root, options)
    entries = baseline_of(root, config, options)
    limit, forced, docs = config.max_file_size, config.force_exclude, config.docs
    found = discover(paths, config.exclude, limit, root=root, force_exclude=forced, docs=docs)
    mention_unlisted(found)
    scope = scope_of(config, found, options.get("diff_base"))
    with workers(chosen_jobs(config.jobs, found), options["executor"], told=mention) as executor:
        result = check_files(
            found, config.target, config.min_torch, scope, entries, executor, config.rules,
            target_version=config.target_version, cached=config.cache and options["executor"] is None,
        )  # fmt: skip
        return result, config


def mention_unlisted(found: Discovery, name: str = "") -> None:
    """Say that files are looked at that git would have passed over, and why."""
    for why in found.unlisted:
        mention(f"git lists no files{name and f' of {name}'}, so that those it ignores are looked at, too: {why}")


def mention(text: str) -> None:
    """Say something on standard error, without what a terminal would obey."""
    from migrate.report.shown import inert_line

    click.echo("\n".join(map(inert_line, text.split("\n"))), err=True)


def _run_on_stdin(options: dict[str, Any]) -> tuple[CheckResult, Config]:
    from migrate.check import check_text
    from migrate.discover import is_excluded, project_root

    if options.get("diff_base") is not None:
        raise click.UsageError("--diff-base does not go with standard input: git has no such file")
    path = Path(options.get("stdin_filename") or "stdin.py")
    root = project_root(Path.cwd(), [path])
    config = settings_of(root, options)
    full = path.parent.resolve() / path.name
    name = full.relative_to(root).as_posix() if full.is_relative_to(root) else full.as_posix()
    data = sys.stdin.buffer.read()
    if config.force_exclude and is_excluded(name, config.exclude):
        data = b""
    scope, entries = scope_of(config), baseline_of(root, config, options)
    result = check_text(
        name, data, config.target, config.min_torch, scope, entries, config.rules,
        docs=config.docs, target_version=config.target_version,
    )  # fmt: skip
    return result, config


def settings_of(root: Path, options: dict[str, Any]) -> Config:
    from migrate.config import load_config

    names = ("target", "min_torch", "target_version", "max_file_size", "jobs", "force_exclude", "allow_fixed", "docs")
    config = load_config(root, {name: options.get(name) for name in (*names, "cache")})
    return replace(
        config,
        rules=(*config.rules, *options["rules"]),
        exclude=(*config.exclude, *options["exclude"]),
        select=options["select"] or config.select,
        ignore=(*config.ignore, *options["ignore"]),
    )


def baseline_of(root: Path, config: Config, options: dict[str, Any]) -> Sequence[Entry] | None:
    """The entries of the baseline named by an option, or by the settings and then relative to the project."""
    from migrate.baseline import BaselineError, read_baseline
    from migrate.config import ConfigError, within

    if options.get("no_baseline"):
        return None
    path: Path | None = options["baseline"]
    if path is None and config.baseline:
        try:
            path = within(root, config.baseline, root)
        except ValueError as error:
            raise ConfigError(f"baseline: {error}") from None
    if path is None:
        return None
    if path.exists() and not path.is_dir() and not path.is_file():
        raise BaselineError(f"{path}: is not a regular file")
    if path.is_file() and path.stat().st_size > _LARGEST:
        raise BaselineError(f"{path}: is larger than {_LARGEST:,} bytes")
    return read_baseline(str(path), path.read_bytes())


def scope_of(config: Config, found: Discovery | None = None, revision: str | None = None) -> Scope:
    from migrate.check import Scope

    added = None
    if found is not None and revision is not None:
        from migrate.vcs import added_lines

        added = added_lines(found.root, revision, [path for path, _ in found.files])
    return Scope(config.select, config.ignore, config.per_file_ignores, added)


def _show(result: CheckResult, options: dict[str, Any]) -> None:
    for path in options["reports"]:
        _write(path, FORMATS[_SUFFIXES[path.suffix]](result))
    render = render_statistics if options["statistics"] else FORMATS[options["form"]]
    text = render(result)
    if text:
        click.echo(text, nl=not text.endswith("\n"))


def _write(path: Path, text: str) -> None:
    try:
        write_new(path, text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror or error}")


def write_new(path: Path, data: bytes) -> None:
    """Write a file that a user names. Raises `OSError`, also for a link: who made it says where that leads."""
    if path.is_symlink():
        raise OSError("it is a symbolic link")
    path.write_bytes(data)


def check_executor(options: dict[str, Any]) -> None:
    """Raises `UsageError` for processes here and a cluster at once."""
    if options["jobs"] and options["executor"]:
        raise click.UsageError("--jobs is for processes on this machine, --executor for a cluster: choose one")


class Failure(click.ClickException):
    """What ends a command, or in a run over many repositories the part for one of them."""

    exit_code = FAILED

    def show(self, file: Any = None) -> None:
        """Say it on standard error."""
        mention(f"accel-migrate: {self.message}")


def fail(message: str) -> NoReturn:
    """Say on standard error what is wrong, and end. Raises `Failure`."""
    raise Failure(message)

"""The command `verify`: a migrated script on a simulated device. Nothing is imported before it is needed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migrate.cli_check import (
    FAILED,
    FOUND,
    RULES_HELP,
    VERSION_HELP,
    baseline_of,
    fail,
    mention_unlisted,
    scope_of,
    settings_of,
)

if TYPE_CHECKING:
    from migrate.config import Config
    from migrate.model import Table
    from migrate.verify.run import Request
    from migrate.verify.verdict import Verification

_RUNNERS = ("python", "python3", "torchrun", "accelerate")
_SUFFIXES = (".json", ".txt")


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("script", nargs=-1, type=click.UNPROCESSED)
@click.option("--target", metavar="NAME", help="The vendor whose device is simulated.")
@click.option("-m", "module", metavar="MODULE", help="Run this module instead of a script.")
@click.option("--devices", type=click.IntRange(1, 64), metavar="N", help="Devices there are. Default: 1, or --nproc.")
@click.option(
    "--nproc", type=click.IntRange(1, 64), metavar="N", default=1, help="Processes to start, as torchrun does."
)
@click.option("--strict-dtypes", is_flag=True, help="Refuse the types and values that the vendor's device does.")
@click.option("--python", metavar="PATH", help="The Python that has torch. Default: the one that runs accel-migrate.")
@click.option("--timeout", type=click.FloatRange(min=1), metavar="S", help="End the script after so many seconds.")
@click.option("--changes", type=click.Path(path_type=Path), metavar="FILE",
              help="What --report of the migration wrote: the lines it lists are the rewritten ones.")  # fmt: skip
@click.option("--root", type=click.Path(path_type=Path), metavar="DIR", help="The repository. Default: the script's.")
@click.option("--report", "reports", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
              help="Also write the report there: .json or .txt. May be repeated.")  # fmt: skip
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Fail only on what it does not list.")
@click.option("--min-torch", metavar="VERSION", help="The oldest torch that the code must run on.")
@click.option("--target-version", metavar="VERSION", help=VERSION_HELP)
@click.option("--rules", multiple=True, type=click.Path(path_type=Path), metavar="FILE", help=RULES_HELP)
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave these paths out of the scan. May be repeated.")
def verify(script: tuple[str, ...], module: str | None, **options: Any) -> None:
    """Run a migrated script on a simulated device, without the hardware: `-- train.py --epochs 1`.

    What the script prints comes through as it is; the report follows on standard error.

    Exit codes: 0 the script succeeded and nothing was found, 1 it failed or something was found, 2 bad usage, a torch
    that is missing or too old, or a file that could not be checked.
    """
    words = ("-m", module, *script) if module is not None else script
    _check_usage(words, options)
    run = _verified(words, options)
    from migrate.report.verify_text import render_text

    text = render_text(run)
    for path in options["reports"]:
        _save(path, run, text)
    sys.stdout.flush()
    click.echo(text, nl=False, err=True)
    sys.exit(FOUND if run.fails else 0 if run.holds else FAILED)


def _check_usage(words: tuple[str, ...], options: dict[str, Any]) -> None:
    if not words or words == ("-m",):
        raise click.UsageError("what to run is missing: `-- train.py …`, or `-- -m package.module …`")
    if words[0] in _RUNNERS:
        raise click.UsageError(
            f"name the script itself, without {words[0]}: --python and --nproc say how it is started"
        )
    if words[0].startswith("-") and words[0] != "-m":
        raise click.UsageError(f"{words[0]} is no script; options of verify go before --")
    for path in options["reports"]:
        if path.suffix not in _SUFFIXES:
            raise click.UsageError(f"--report {path}: the suffix must be one of {', '.join(_SUFFIXES)}")


def _verified(words: tuple[str, ...], options: dict[str, Any]) -> Verification:
    from migrate.baseline import BaselineError
    from migrate.config import ConfigError
    from migrate.table import TableError
    from migrate.verify.events import EventsError
    from migrate.verify.launch import PythonError
    from migrate.verify.rewritten import ChangesError
    from migrate.verify.run import UnsupportedError

    try:
        return _run(words, options)
    except FileNotFoundError as error:
        fail(f"no such file or folder: {error.filename or error}")
    except OSError as error:
        fail(f"{error.filename or 'the run'}: {error.strerror or error}")
    except (ConfigError, TableError, BaselineError, ChangesError, PythonError, UnsupportedError) as error:
        fail(str(error))
    except EventsError as error:
        fail(f"internal error, please report it: {error}")


def _run(words: tuple[str, ...], options: dict[str, Any]) -> Verification:
    from migrate.discover import discover
    from migrate.jobs import chosen_jobs
    from migrate.verify.run import verify as run_verification
    from migrate.workers import workers

    root = _root(words, options["root"])
    config = settings_of(root, {**options, "select": (), "ignore": ()})
    tables = _tables(config)
    if options["strict_dtypes"] and not (tables[0].target.refused or tables[0].target.narrowed):
        raise click.UsageError(f"--strict-dtypes: the table of {config.target} says nothing of [target.dtypes]")
    entries = baseline_of(root, config, options)
    request = _request(words, config, options)
    found = discover([root], config.exclude, config.max_file_size, root=root, docs=config.docs)
    mention_unlisted(found)
    with workers(chosen_jobs(config.jobs, found)) as executor:
        return run_verification(request, found, tables, scope_of(config), entries, executor)


def _root(words: tuple[str, ...], given: Path | None) -> Path:
    """The repository: the folder named, or the project around the script. Raises `FileNotFoundError`."""
    from migrate.discover import project_root

    script = None if words[0] == "-m" else Path(words[0])
    if script is not None and not script.exists():
        raise FileNotFoundError(words[0])
    if given is None:
        return project_root(script.parent, [script]) if script else project_root(Path.cwd())
    if not given.is_dir():
        raise click.UsageError(f"--root {given}: is no folder")
    return given.resolve()


def _tables(config: Config) -> tuple[Table, Table]:
    """The table to the target, and that back from it. Raises `TableError`."""
    from migrate.between import load_between
    from migrate.table import TableError, load_sites_and_source, load_table, target_names
    from migrate.verify.profile import TORCH_OWN

    if config.target is None:
        known = ", ".join(target_names(config.rules))
        raise click.UsageError(f"--target is missing (known: {known}); settings have it too")
    version = config.target_version
    table = load_table(config.target, min_torch=config.min_torch, target_version=version, rules=config.rules)
    if table.target.words.device in TORCH_OWN or table.script:
        raise TableError(
            [f"{config.target}: cannot be simulated; torch itself has a device of that name, or it is gone"]
        )
    home = load_sites_and_source()[1].name
    return table, load_between(config.target, home, min_torch=config.min_torch, rules=config.rules)


def _request(words: tuple[str, ...], config: Config, options: dict[str, Any]) -> Request:
    from migrate.verify.launch import examine_python
    from migrate.verify.run import Request

    python = examine_python(options["python"] or sys.executable)
    devices = options["devices"] or options["nproc"]
    if devices < options["nproc"]:
        raise click.UsageError(f"--nproc {options['nproc']} takes as many devices, not --devices {devices}")
    return Request(
        words, python, devices, options["nproc"], options["strict_dtypes"], options["timeout"], options["changes"],
        config.min_torch, config.target_version,
    )  # fmt: skip


def _save(path: Path, run: Verification, text: str) -> None:
    from migrate.report.verify_json import render_json

    data = render_json(run) if path.suffix == ".json" else text
    try:
        path.write_bytes(data.encode("utf-8", "surrogateescape"))
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror or error}")

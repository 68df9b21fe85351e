"""What a run of `migrate` is made of: its settings, its table and files, and the processes that look at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migrate.cli_check import fail, mention
from migrate.progress import Progress

if TYPE_CHECKING:
    from migrate.config import Config
    from migrate.discover import Discovery
    from migrate.model import RepoReport, Table

_TARGET = 'target = "NAME" in [tool.accel-migrate] of pyproject.toml'


Tables = dict[str, "Table"]  # by the settings that make them
_KEPT = 16


def prepared(
    paths: Sequence[Path], options: dict[str, Any], tables: Tables | None = None
) -> tuple[Table, Discovery, Config]:
    """Settings, table and files of a run. Exits with a message where one of them cannot be had.

    `tables` are those of other runs with these options, and gain that of this one.
    """
    from migrate.config import ConfigError, load_config
    from migrate.discover import discover, project_root
    from migrate.table import TableError, legacy_names, target_names

    names = ("target", "min_torch", "target_version", "max_file_size", "jobs", "add_dependency", "docs", "cache")
    try:
        project = project_root(Path(), paths) if options["force_exclude"] else None
        start = project or (paths[0] if paths[0].is_dir() else paths[0].parent)
        config = load_config(start, {name: options[name] for name in names})
        rules = (*config.rules, *options["rules"])
        config = replace(config, exclude=(*config.exclude, *options["exclude"]), rules=rules)
        if config.target is None:
            known = ", ".join((*target_names(config.rules), *legacy_names()))
            raise click.UsageError(f"--target is missing (known: {known}); settings have it too: {_TARGET}")
        _check_script(config.target, options)
        table = _kept(tables, config, config.target, options)
        found = discover(paths, config.exclude, config.max_file_size, root=project, docs=config.docs)
        return table, found, config
    except FileNotFoundError as error:
        fail(f"no such file or folder: {error}")
    except OSError as error:
        fail(f"cannot read {error.filename}: {error.strerror or error}")
    except (ConfigError, TableError) as error:
        fail(str(error))


def _kept(tables: Tables | None, config: Config, target: str, options: dict[str, Any]) -> Table:
    if tables is None or config.rules:  # a file of rules may hold something else in another repository
        return _table(config, target, options)
    key = repr(replace(config, exclude=(), per_file_ignores={}))
    table = tables.get(key)
    if table is None:
        if len(tables) >= _KEPT:
            tables.clear()
        table = tables[key] = _table(config, target, options)
    return table


def _check_script(target: str, options: dict[str, Any]) -> None:
    """Options that only some targets know are not passed over for others."""
    from migrate.table import legacy_names

    for option, name in (("--quantize", "quantize"), ("--catch-mode", "mode")):
        if options[name] and target not in legacy_names():
            raise click.UsageError(f"{option} goes with --target {' or '.join(legacy_names())}, not with {target}")


def _table(config: Config, target: str, options: dict[str, Any]) -> Table:
    """The table of a run. Raises `TableError`."""
    from migrate.between import load_between, with_dependency
    from migrate.table import with_expression, with_mode

    table = load_between(
        options["source"], target,
        min_torch=config.min_torch, target_version=config.target_version, rules=config.rules,
    )  # fmt: skip
    mode = options["mode"] or ("inference" if options["quantize"] == "dynamic" else "training")
    table = with_mode(table, mode, options["quantize"], options["bitwidth"] or "8")
    if config.device and config.device_import:
        table = with_expression(table, config.device, config.device_import)
    if options["api_support"]:
        from migrate.support import load_support

        table = replace(
            table, support=load_support(target, options["hardware"], config.target_version or config.min_torch)
        )
    table = replace(table, verify_idempotent=options["verify_idempotent"])
    return with_dependency(table) if config.add_dependency else table


def examined(discovery: Discovery, table: Table, config: Config, address: str | None = None) -> RepoReport:
    """The report of a run, with a bar on a terminal. Exits with a message where a cluster cannot be used."""
    from migrate.interruption import ending_workers
    from migrate.jobs import chosen_jobs
    from migrate.runner import run, run_cached
    from migrate.workers import WorkersError, workers

    try:
        count = chosen_jobs(config.jobs, discovery)
        with workers(count, address, told=mention) as executor, Progress() as progress, ending_workers():
            work = run_cached if config.cache and address is None else run
            return work(discovery, table, executor, progress)
    except WorkersError as error:
        fail(str(error))

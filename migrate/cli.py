"""The command line: options → settings → run → reports → exit code. The only place that prints or exits.

Exit codes: 0 done; 1 `--diff --exit-code` and there is something to change; 2 bad usage, table or
settings, or a file that could not be handled.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migrate import __version__
from migrate.cli_check import FAILED, RULES_HELP, baseline, check, fail
from migrate.cli_rules import explain, rules
from migrate.cli_verify import verify
from migrate.progress import Progress

if TYPE_CHECKING:
    from migrate.config import Config
    from migrate.discover import Discovery
    from migrate.model import RepoReport, Table

Sources = Mapping[str, bytes]  # path -> the bytes that were looked at
_REPORTS = (".json", ".patch")
_TARGET = 'target = "NAME" in [tool.accel-migrate] of pyproject.toml'


class _DefaultGroup(click.Group):
    """`accel-migrate --target npu repo` means `accel-migrate migrate --target npu repo`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("--help", "--version")):
            args.insert(0, "migrate")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            from migrate.runner import blamed

            fail(blamed(error))


class _TargetOption(click.Option):
    """Its help names the targets that there are; they are looked up only when it is shown."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        from migrate.table import target_names

        self.help = f"The vendor to migrate to: {', '.join(target_names())}. There may be others in --rules."
        return super().get_help_record(ctx)


@click.group(cls=_DefaultGroup)
@click.version_option(__version__, prog_name="accel-migrate")
def main() -> None:
    """Take a PyTorch repository off CUDA, to the accelerator of another vendor.

    Without a command name, `migrate` is meant.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # code may hold what the terminal's encoding has not


main.add_command(check)
main.add_command(baseline)
main.add_command(rules)
main.add_command(explain)
main.add_command(verify)


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--target", cls=_TargetOption, metavar="NAME")
@click.option("--from", "source", metavar="NAME", default="cuda", help="The vendor to migrate from. Default: cuda.")
@click.option("--catch-mode", "mode", type=click.Choice(["training", "inference"]), default="training",
              help="What scripts do, for --target mlu-catch. Default: training.")  # fmt: skip
@click.option("--diff", "show_only", is_flag=True, help="Show what would change; write nothing.")
@click.option("--exit-code", is_flag=True, help="With --diff: exit with 1 if anything would change.")
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="DIR", help="Write a migrated copy of the tree there."
)
@click.option("--report", "reports", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
              help="Also write the report there: .json or .patch. May be repeated.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="What goes to stdout.")
@click.option("--min-torch", metavar="VERSION", help="The oldest torch that the result must run on, such as 2.5.")
@click.option("--api-support", is_flag=True, help="Also list uses of PyTorch that the vendor says it does not support.")
@click.option("--hardware", metavar="NAME", help="With --api-support: a generation of the hardware, such as a2.")
@click.option(
    "--add-dependency", is_flag=True, default=None, help="List the vendor's package wherever torch is listed."
)
@click.option("--rules", multiple=True, type=click.Path(path_type=Path), metavar="FILE", help=RULES_HELP)
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave these paths out. May be repeated.")
@click.option("--force-exclude", is_flag=True, help="Match --exclude and read settings from the project, not PATHS.")
@click.option("--docs", is_flag=True, default=None, help="Migrate the code in documents, too: Markdown, reST.")
@click.option("--max-file-size", type=click.IntRange(min=1), metavar="BYTES", help="Default: 1,000,000.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), metavar="N", help="Worker processes. Default: 1.")
@click.option("--allow-dirty", is_flag=True, help="Write files that differ from the last commit.")
@click.option("--allow-no-vcs", is_flag=True, help="Write files that git does not keep.")
@click.option("-q", "--quiet", is_flag=True, help="Print the headline only, and errors to stderr.")
def migrate(paths: tuple[Path, ...], show_only: bool, output: Path | None, **options: Any) -> None:
    """Migrate the files below PATHS (default: the current folder), in place."""
    paths = paths or (Path(),)
    reports, quiet, form = options["reports"], options["quiet"], options["form"]
    _check_usage(show_only, output, options)
    table, discovery, config = _prepared(paths, options)
    _mention(discovery.repositories)
    report, sources = _read_again(discovery.root, _run(discovery, table, config))
    if output is not None:
        report = _copied(discovery.root, output, report)
    elif not show_only:
        _guard(discovery.root, report, options["allow_dirty"], options["allow_no_vcs"])
        report = _write(discovery.root, report)
    for path in reports:
        _save(path, discovery.root, report, sources)
    _show(report, sources, form, quiet)
    if report.errors:
        sys.exit(FAILED)
    sys.exit(1 if options["exit_code"] and report.changed else 0)


def _check_usage(show_only: bool, output: Path | None, options: dict[str, Any]) -> None:
    if show_only and output is not None:
        raise click.UsageError("--diff writes nothing, --output writes a copy: choose one")
    if options["exit_code"] and not show_only:
        raise click.UsageError("--exit-code goes with --diff")
    if options["hardware"] and not options["api_support"]:
        raise click.UsageError("--hardware goes with --api-support")
    for path in options["reports"]:
        if path.suffix not in _REPORTS:
            raise click.UsageError(f"--report {path}: the suffix must be one of {', '.join(_REPORTS)}")


def _prepared(paths: Sequence[Path], options: dict[str, Any]) -> tuple[Table, Discovery, Config]:
    """Settings, table and files of a run. Exits with a message where one of them cannot be had."""
    from migrate.config import ConfigError, load_config
    from migrate.discover import discover, project_root
    from migrate.table import TableError, target_names

    names = ("target", "min_torch", "max_file_size", "jobs", "add_dependency", "docs")
    try:
        project = project_root(Path(), paths) if options["force_exclude"] else None
        start = project or (paths[0] if paths[0].is_dir() else paths[0].parent)
        config = load_config(start, {name: options[name] for name in names})
        rules = (*config.rules, *options["rules"])
        config = replace(config, exclude=(*config.exclude, *options["exclude"]), rules=rules)
        if config.target is None:
            known = ", ".join(target_names(config.rules))
            raise click.UsageError(f"--target is missing (known: {known}); settings have it too: {_TARGET}")
        table = _table(config, config.target, options)
        found = discover(paths, config.exclude, config.max_file_size, root=project, docs=config.docs)
        return table, found, config
    except FileNotFoundError as error:
        fail(f"no such file or folder: {error}")
    except OSError as error:
        fail(f"cannot read {error.filename}: {error.strerror or error}")
    except (ConfigError, TableError) as error:
        fail(str(error))


def _table(config: Config, target: str, options: dict[str, Any]) -> Table:
    """The table of a run. Raises `TableError`."""
    from migrate.between import load_between, with_dependency
    from migrate.table import with_expression, with_mode

    table = load_between(options["source"], target, min_torch=config.min_torch, rules=config.rules)
    table = with_mode(table, options["mode"])
    if config.device and config.device_import:
        table = with_expression(table, config.device, config.device_import)
    if options["api_support"]:
        from migrate.support import load_support

        table = replace(table, support=load_support(target, options["hardware"], config.min_torch))
    return with_dependency(table) if config.add_dependency else table


def _run(discovery: Discovery, table: Table, config: Config) -> RepoReport:
    from migrate.runner import run

    with Progress() as progress:
        if config.jobs == 1:
            return run(discovery, table, None, progress)
        from concurrent.futures import ProcessPoolExecutor

        with ProcessPoolExecutor(config.jobs) as executor:
            return run(discovery, table, executor, progress)


def _mention(repositories: Sequence[str]) -> None:
    from migrate.report.shown import printable

    for folder in repositories:
        click.echo(f"not looked at: {printable(folder)}, a repository of its own; name it to migrate it", err=True)


def _read_again(root: Path, report: RepoReport) -> tuple[RepoReport, Sources]:
    """The report, with an error for every file that changed since it was looked at, and the content of the others."""
    from migrate.writer import read_again

    files, sources = read_again(root, report.files)
    return replace(report, files=tuple(files)), sources


def _guard(root: Path, report: RepoReport, allow_dirty: bool, allow_no_vcs: bool) -> None:
    """Refuse to write what could not be undone with git."""
    from migrate.report.shown import printable
    from migrate.vcs import changed_files, is_repository

    paths = [result.path for result in report.changed]
    if not paths or (allow_dirty and allow_no_vcs):
        return
    if not is_repository(root):
        if not allow_no_vcs:
            fail(f"{root} is not in a git repository: pass --allow-no-vcs to write anyway, or use --diff or --output")
        return
    dirty = [] if allow_dirty else changed_files(root, paths)
    if dirty is None:
        fail("git does not say which files differ from the last commit: pass --allow-dirty, or use --diff or --output")
    if dirty:
        shown = "".join(f"\n  {printable(path)}" for path in dirty[:10])
        more = f"\n  and {len(dirty) - 10} more" if len(dirty) > 10 else ""
        fail(
            "these files differ from the last commit, or are not in it, and would be written:"
            f"{shown}{more}\ncommit or stash them, pass --allow-dirty to write anyway, or use --diff or --output"
        )


def _write(root: Path, report: RepoReport) -> RepoReport:
    from migrate.writer import write_in_place

    return replace(report, files=tuple(write_in_place(root, report.files)), written=True)


def _copied(root: Path, output: Path, report: RepoReport) -> RepoReport:
    from migrate.writer import copy_tree

    try:
        copy_tree(root, output)
    except (OSError, ValueError) as error:
        fail(f"cannot write the copy: {error}")
    return _write(output, report)


def _save(path: Path, root: Path, report: RepoReport, sources: Sources) -> None:
    from migrate.report.machine import render_json, render_patch
    from migrate.vcs import folder_of

    if path.suffix == ".patch":
        data = render_patch(report, sources.__getitem__, folder_of(root))
    else:
        data = render_json(report).encode()
    try:
        path.write_bytes(data)
    except OSError as error:
        fail(f"cannot write the report {path}: {error.strerror or error}")


def _show(report: RepoReport, sources: Sources, form: str, quiet: bool) -> None:
    from migrate.report.machine import render_json, render_patch
    from migrate.report.shown import error_lines, headline

    if form == "json":
        click.echo(render_json(report), nl=False)
        return
    if quiet:
        click.echo(headline(report))
        for line in error_lines(report):
            click.echo(f"error: {line}", err=True)
        return
    shown = render_patch(report, sources.__getitem__).decode("utf-8", "surrogateescape")
    if sys.stdout.isatty():
        from migrate.report.console import print_report

        print_report(report, shown)
    else:
        from migrate.report.text import render_text

        click.echo(render_text(report, shown), nl=False)

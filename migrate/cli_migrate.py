"""The command `migrate`: options → settings → run → files and reports → exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migrate.cli_check import (
    CACHE_HELP,
    EXECUTOR_HELP,
    FAILED,
    RULES_HELP,
    VERSION_HELP,
    check_executor,
    mention_unlisted,
)  # fmt: skip
from migrate.cli_run import examined, prepared
from migrate.cli_write import Sources, copied, guard, read_again, save, written

if TYPE_CHECKING:
    from migrate.model import RepoReport

_REPORTS = (".json", ".patch")


class _TargetOption(click.Option):
    """Its help names the targets that there are; they are looked up only when it is shown."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        from migrate.table import legacy_names, target_names

        gone = ", ".join(legacy_names())
        self.help = f"The vendor to migrate to: {', '.join(target_names())}, or of old {gone}. --rules may have others."
        return super().get_help_record(ctx)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--target", cls=_TargetOption, metavar="NAME")
@click.option("--from", "source", metavar="NAME", default="cuda", help="The vendor to migrate from. Default: cuda.")
@click.option("--catch-mode", "mode", type=click.Choice(["training", "inference"]),
              help="What scripts do, for --target mlu-catch. Default: training.")  # fmt: skip
@click.option("--quantize", type=click.Choice(["adaptive", "dynamic"]),
              help="Quantize, for --target mlu-catch: adaptive for training, dynamic for inference.")  # fmt: skip
@click.option("--bitwidth", type=click.Choice(["8", "16", "31"]), help="With --quantize adaptive. Default: 8.")
@click.option("--diff", "show_only", is_flag=True, help="Show what would change; write nothing.")
@click.option("--exit-code", is_flag=True, help="With --diff: exit with 1 if anything would change.")
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="DIR", help="Write a migrated copy of the tree there."
)
@click.option("--report", "reports", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
              help="Also write the report there: .json or .patch. May be repeated.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="What goes to stdout.")
@click.option("--min-torch", metavar="VERSION", help="The oldest torch that the result must run on, such as 2.5.")
@click.option("--target-version", metavar="VERSION", help=VERSION_HELP)
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
@click.option("-j", "--jobs", type=click.IntRange(1, 256), metavar="N", help="Processes. Default: by size.")
@click.option("--executor", metavar="ADDRESS", help=EXECUTOR_HELP)
@click.option("--cache/--no-cache", default=None, help=CACHE_HELP)
@click.option("--repos", type=click.Path(path_type=Path), metavar="FILE",
              help="Migrate the repositories that FILE lists, a folder in each line.")  # fmt: skip
@click.option("--allow-dirty", is_flag=True, help="Write files that differ from the last commit.")
@click.option("--allow-no-vcs", is_flag=True, help="Write files that git does not keep.")
@click.option("--verify-idempotent", is_flag=True, help="Look at every result again: a second run must not edit it.")
@click.option("-q", "--quiet", is_flag=True, help="Print the headline only, and errors to stderr.")
def migrate(paths: tuple[Path, ...], show_only: bool, output: Path | None, repos: Path | None, **options: Any) -> None:
    """Migrate the files below PATHS (default: the current folder), in place."""
    reports, quiet, form = options["reports"], options["quiet"], options["form"]
    _check_usage(show_only, output, options)
    if repos is not None:
        from migrate.cli_repos import migrate_repositories

        migrate_repositories(repos, {**options, "paths": paths, "show_only": show_only, "output": output})
    paths = paths or (Path(),)
    table, discovery, config = prepared(paths, options)
    _mention(discovery.repositories)
    mention_unlisted(discovery)
    report, sources = read_again(discovery.root, examined(discovery, table, config, options["executor"]))
    if output is not None:
        report = copied(discovery.root, output, report)
    elif not show_only:
        guard(discovery.root, report, options["allow_dirty"], options["allow_no_vcs"])
        report = written(discovery.root, report, sources)
    for path in reports:
        save(path, discovery.root, report, sources)
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
    check_executor(options)
    _check_quantization(options["quantize"], options["mode"], options["bitwidth"])
    for path in options["reports"]:
        if path.suffix not in _REPORTS:
            raise click.UsageError(f"--report {path}: the suffix must be one of {', '.join(_REPORTS)}")


def _check_quantization(kind: str | None, mode: str | None, bitwidth: str | None) -> None:
    if bitwidth and kind != "adaptive":
        raise click.UsageError("--bitwidth goes with --quantize adaptive")
    wanted = {"adaptive": "training", "dynamic": "inference"}.get(kind or "")
    if wanted and mode not in (None, wanted):
        raise click.UsageError(f"--quantize {kind} is for {wanted}, not for --catch-mode {mode}")


def _mention(repositories: Sequence[str]) -> None:
    from migrate.report.shown import inert

    for folder in repositories:
        click.echo(f"not looked at: {inert(folder)}, a repository of its own; name it to migrate it", err=True)


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

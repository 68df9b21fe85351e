"""The command line: the group of commands. What they share: only the modules named `cli…` print or exit.

Exit codes: 0 done; 1 `check` found something, or `--diff --exit-code` and there is something to change; 2 bad
usage, table or settings, or a file that could not be handled.
"""

from __future__ import annotations

import signal
import sys
from io import TextIOWrapper
from typing import Any

import click

from migrate import __version__
from migrate.cli_check import baseline, check, fail
from migrate.cli_migrate import migrate
from migrate.cli_rules import explain, rules
from migrate.cli_undo import undo
from migrate.cli_verify import verify


class _DefaultGroup(click.Group):
    """`accel-migrate --target npu repo` means `accel-migrate migrate --target npu repo`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args[:1] == ["--undo"]:
            args[0] = "undo"
        if not args or (args[0] not in self.commands and args[0] not in ("--help", "--version")):
            args.insert(0, "migrate")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            click.echo("accel-migrate: interrupted", err=True)
            sys.exit(128 + signal.SIGINT)
        except Exception as error:
            from migrate.runner import blamed

            fail(blamed(error))


@click.group(cls=_DefaultGroup)
@click.version_option(__version__, prog_name="accel-migrate")
def main() -> None:
    """Take a PyTorch repository off CUDA, to the accelerator of another vendor.

    Without a command name, `migrate` is meant.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # code may hold what the terminal's encoding has not


main.add_command(migrate)
main.add_command(undo)
main.add_command(check)
main.add_command(baseline)
main.add_command(rules)
main.add_command(explain)
main.add_command(verify)

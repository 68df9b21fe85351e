"""A check as annotations of GitHub Actions: workflow commands on standard output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from migrate.leftovers import CheckResult, Leftover
from migrate.model import FileResult
from migrate.report.shown import advice, check_summary, inert, is_fixable, printable

Level = Literal["error", "warning", "notice"]
_SHOWN = 10  # GitHub shows so many of each level for a step


def render_github(result: CheckResult) -> str:
    """New leftovers first: errors where migration can do it, warnings where it cannot; known ones are notices.

    No more than GitHub shows; a last notice counts the rest.
    """
    commands: dict[Level, list[str]] = {"error": [], "warning": [], "notice": []}
    for level, command in _commands(result):
        commands[level].append(command)
    hidden = {level: len(found) - _SHOWN for level, found in commands.items() if len(found) > _SHOWN}
    shown = {level: found[:_SHOWN] for level, found in commands.items()}
    if hidden:
        shown["notice"] = shown["notice"][: _SHOWN - 1]
        hidden["notice"] = len(commands["notice"]) - len(shown["notice"])
        shown["notice"].append(_command("notice", _rest(hidden, result), title="accel-migrate"))
    return "".join(f"{line}\n" for found in shown.values() for line in found)


def _commands(result: CheckResult) -> Iterator[tuple[Level, str]]:
    for leftover in result.leftovers:
        level = _level(leftover)
        yield level, _annotation(level, leftover)
    for error in result.errors:
        yield "error", _problem(error)


def _level(leftover: Leftover) -> Level:
    if leftover.state == "known":
        return "notice"
    return "error" if is_fixable(leftover.finding) else "warning"


def _annotation(level: Level, leftover: Leftover) -> str:
    finding = leftover.finding
    message = f"{inert(finding.found)}: {advice(finding)}"
    return _command(
        level, message, file=leftover.path, line=finding.line, col=finding.column, title=inert(finding.rule_id)
    )


def _problem(result: FileResult) -> str:
    message = result.error.message if result.error else ""
    line = (result.error.line if result.error else None) or 1
    return _command("error", inert(message), file=result.path, line=line, title="cannot be checked")


def _rest(hidden: dict[Level, int], result: CheckResult) -> str:
    counts = ", ".join(f"{count:,} more {level}{'' if count == 1 else 's'}" for level, count in hidden.items() if count)
    return f"{counts}, which GitHub does not show. In all: {check_summary(result)}"


def _command(level: Level, message: str, **properties: str | int) -> str:
    """One workflow command. Line breaks and separators are escaped the way the runner undoes it."""
    given = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{level} {given}::{_data(message)}"


def _data(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return printable(escaped)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

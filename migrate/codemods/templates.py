"""Rows whose `to` is a call: insert the device into the arguments, rename keywords. Arguments are never reprinted."""

from __future__ import annotations

from migrate.model import Edit, Rule, Table
from migrate.syntax import Argument, Step, Use

_DEVICE_WORDS = ("device", "device_type")


def applies(rule: Rule, use: Use, steps: tuple[Step, ...]) -> bool:
    """Whether a call template has something to do: always for another name, else if no device is given."""
    if rule.to is None or rule.to.partition("(")[0] != rule.key:
        return True
    call = _call_after(use, steps)
    if call is None or any(argument.star for argument in call.arguments):
        return False
    positional = sum(1 for argument in call.arguments if not argument.keyword)
    return positional <= rule.positional and not any(argument.keyword in _DEVICE_WORDS for argument in call.arguments)


def is_starred(use: Use, steps: tuple[Step, ...]) -> bool:
    """Whether a call takes arguments that cannot be seen here."""
    call = _call_after(use, steps)
    return call is not None and any(argument.star for argument in call.arguments)


def call_edits(table: Table, rule: Rule, use: Use, steps: tuple[Step, ...]) -> tuple[tuple[Edit, ...], str]:
    """The edits a row asks for inside the parentheses, or why they cannot be made."""
    call = _call_after(use, steps)
    edits: list[Edit] = []
    if call and (lost := _lost(table, rule, call)):
        return (), f"{rule.to} takes no {lost}: decide what to do without it"
    if call and rule.keywords:
        edits += _keyword_edits(rule, call)
    if not rule.is_template or rule.to is None:
        return tuple(edits), ""
    if call is None:
        return (), f"becomes a call, {filled(table, rule.to)}: write it out by hand"
    arguments = filled(table, rule.to).partition("(")[2][:-1]
    before, dots, after = arguments.partition("...")
    if call.arguments and not dots:
        return (), f"becomes {filled(table, rule.to)}, which takes no other argument"
    if before:
        text = before if call.arguments else before.rstrip(", ")
        edits.append(Edit(call.start, call.start, text))
    if after:
        edits.append(_appended(call, after))
    return tuple(edits), ""


def filled(table: Table, template: str) -> str:
    """A template with the target's words in place of its placeholders."""
    words = table.target.words
    return template.replace("{device}", words.device).replace("{backend}", words.backend)


def _call_after(use: Use, steps: tuple[Step, ...]) -> Step | None:
    if len(use.steps) > len(steps) and use.steps[len(steps)].kind == "call":
        return use.steps[len(steps)]
    return None


def _lost(table: Table, rule: Rule, call: Step) -> str:
    """The keyword argument of a call that the vendor's function does not take, or ""."""
    missing = table.missing_arguments.get(rule.key, frozenset())
    return next((argument.keyword for argument in call.arguments if argument.keyword in missing), "")


def _keyword_edits(rule: Rule, call: Step) -> list[Edit]:
    return [
        Edit(argument.start, argument.start + len(argument.keyword), rule.keywords[argument.keyword])
        for argument in call.arguments
        if argument.keyword in rule.keywords
    ]


def _appended(call: Step, text: str) -> Edit:
    last: Argument | None = call.arguments[-1] if call.arguments else None
    at = last.end if last else call.start
    return Edit(at, at, text if last else text.lstrip(", "))

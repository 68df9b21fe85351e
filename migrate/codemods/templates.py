"""Words of the target that are calls: insert the device into the arguments, rename keywords, name the arguments.

Arguments are never reprinted. A word such as `to("{device}", ...)` says where those of the source go.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrate.codemods.enclosing import around, needs_parentheses, quoted
from migrate.codemods.view import View
from migrate.model import Edit, Rule, Table
from migrate.syntax import Argument, Step, Use

_DEVICE_WORDS = ("device", "device_type")
_TEXT = re.compile(r"[fFrR]{0,2}(?:\"[^\"\\\n]*\"|'[^'\\\n]*')")
_DEVICE = re.compile(r"torch\.device\([^()]*\)")
_WITH_DEVICE = 'to("{device}", ...)'
_KEYWORD = re.compile(r"\w+\s*=\s*")


def applies(rule: Rule, use: Use, steps: tuple[Step, ...]) -> bool:
    """Whether a call template has something to do: always for another name, else if no device is given."""
    if rule.to is None or rule.to.partition("(")[0] != rule.key:
        return True
    call = _call_after(use, steps)
    if call is None or any(argument.star for argument in call.arguments):
        return False
    if rule.positional and not rule.to.partition("(")[2].startswith("..."):  # the device goes before so many others
        return len(call.arguments) == rule.positional
    positional = sum(1 for argument in call.arguments if not argument.keyword)
    return positional <= rule.positional and not any(argument.keyword in _DEVICE_WORDS for argument in call.arguments)


def is_starred(use: Use, steps: tuple[Step, ...]) -> bool:
    """Whether a call takes arguments that cannot be seen here."""
    call = _call_after(use, steps)
    return call is not None and any(argument.star for argument in call.arguments)


def call_edits(view: View, rule: Rule, use: Use, steps: tuple[Step, ...]) -> tuple[tuple[Edit, ...], str]:
    """The edits a row asks for inside the parentheses, or why they cannot be made."""
    call, end = _call_after(use, steps), steps[-1].end
    if call and (lost := _lost(view.table, rule, call)):
        return (), f"{rule.to} takes no {lost}: decide what to do without it"
    keywords = tuple(_keyword_edits(rule, call)) if call else ()
    if not rule.is_template or rule.to is None or (call is None and _is_type(use)):
        return keywords, ""
    word = filled(view.table, rule.to)
    if problem := _unfit(rule, call, word):
        return (), problem
    template, problem = quoted(view, end, word)
    before, _, after = _inside(template).partition("...")
    if call:
        return (*keywords, *_inserted(rule, call, before, after)), problem
    if use.site.kind == "decorator" and rule.decorates and steps[-1] is use.steps[-1]:
        return (Edit(end, end, f"({before.rstrip(', ')}{after.lstrip(', ')})"),), problem
    return (), f"becomes a call, {word}: write it out by hand"


def filled(table: Table, template: str) -> str:
    """A template with the target's words, or the project's expression, in place of its placeholders."""
    words, expression = table.target.words, table.target.expression
    if expression and expression.is_device:
        template = template.replace('"{device}"', expression.text)
    return template.replace("{device}", words.device).replace("{backend}", words.backend)


def method_word(table: Table) -> str:
    """What `.cuda` becomes: the vendor's method, or one that takes the project's expression."""
    expression = table.target.expression
    return filled(table, _WITH_DEVICE if expression and expression.is_device else table.target.words.method)


def method_edits(view: View, step: Step, call: Step) -> tuple[tuple[Edit, ...], str]:
    """The edits that turn `.cuda(…)` into the target's method, or why they cannot be made.

    A method that is told the device takes the one that is given: a number becomes a device of that number, a text
    or a torch.device stays, and anything else may be either.
    """
    target = view.table.target
    word = method_word(view.table)
    renamed = Edit(step.start, step.end, word.partition("(")[0])
    if not word.endswith(")"):
        return (renamed,), ""
    template, problem = quoted(view, step.end, word)
    given = [argument for argument in call.arguments if argument.keyword in ("", "device")]
    if problem or len(given) > 1 or any(argument.star for argument in call.arguments):
        return (), problem or f"becomes .{word}: name the arguments behind the device"
    first, _, _ = _inside(template).partition("...")
    if not given:
        return (renamed, Edit(call.start, call.start, first if call.arguments else first.rstrip(", "))), ""
    at, value = _value(view, given[0])
    if value.isascii() and value.isdecimal():
        text = first.rstrip(", ")
        if text[-1:] == ")":
            return (), f"becomes .{word}: choose device {value} before it"
        numbered = f"{text[:-1]}:{int(value)}{text[-1]}"
        if target.expression:
            numbered, problem = quoted(view, at, f'f"{{{text}}}:{int(value)}"')
            problem = f"becomes .{word}: write the number by hand" if '"' in text or "'" in text else problem
        return (renamed, Edit(at, at + len(value), numbered)), problem
    if _TEXT.fullmatch(value) or _DEVICE.fullmatch(value):
        return (renamed,), ""
    numbered = f'f"{target.words.device}:{{number}}"'
    return (), f"a device or a number? .{renamed.text}() takes a device, such as {numbered} for a number"


def predicate_edits(view: View, use: Use, number: int) -> tuple[tuple[Edit, ...], str]:
    """The edits that turn `.is_cuda` into the target's word, which may be a comparison, or why there are none."""
    step, word = use.steps[number], filled(view.table, view.table.target.words.predicate)
    text, problem = quoted(view, step.end, word)
    if problem:
        return (), problem
    if not word.isidentifier() and any(isinstance(node, ast.pattern) for node in around(view, use.start)):
        return (), f"becomes {word}, which no pattern can be: write an `if`"
    if word.isidentifier() or not needs_parentheses(view, use.start, step.end):
        return (Edit(step.start, step.end, text),), ""
    return (Edit(use.start, use.start, "("), Edit(step.start, step.end, f"{text})")), ""


def _is_type(use: Use) -> bool:
    """Whether a name stands for a class itself: in an annotation, or where types are asked for."""
    site = use.site
    return site.kind == "annotation" or (site.callee in ("isinstance", "issubclass") and site.position == "1")


def _call_after(use: Use, steps: tuple[Step, ...]) -> Step | None:
    if len(use.steps) > len(steps) and use.steps[len(steps)].kind == "call":
        return use.steps[len(steps)]
    return None


def _lost(table: Table, rule: Rule, call: Step) -> str:
    """The keyword argument of a call that the vendor's function does not take, or ""."""
    missing = table.missing_arguments.get(rule.key, frozenset())
    return next((argument.keyword for argument in call.arguments if argument.keyword in missing), "")


def _unfit(rule: Rule, call: Step | None, word: str) -> str:
    """Why the arguments of a call do not go into a template, or ""."""
    if call is None or not call.arguments:
        return ""
    if "..." not in word:
        return f"becomes {word}, which takes no other argument"
    if rule.parameters and any(argument.star == "*" for argument in call.arguments):
        return f"becomes {word}, whose arguments have another order: name those that are starred"
    if rule.parameters and sum(not argument.keyword for argument in call.arguments) > len(rule.parameters):
        return f"becomes {word}, whose arguments have another order: name them"
    return ""


def _keyword_edits(rule: Rule, call: Step) -> Iterator[Edit]:
    for argument in call.arguments:
        if argument.keyword in rule.keywords:
            yield Edit(argument.start, argument.start + len(argument.keyword), rule.keywords[argument.keyword])


def _inserted(rule: Rule, call: Step, before: str, after: str) -> Iterator[Edit]:
    """What a template puts before, between and behind the arguments of a call."""
    if not call.arguments:
        if text := before.rstrip(", ") + after.lstrip(", "):
            yield Edit(call.start, call.start, text)
        return
    first = call.arguments[0].start
    names = [f"{name}=" for name in rule.parameters]
    positional = [argument for argument in call.arguments if not argument.keyword and not argument.star]
    named = {argument.start: name for argument, name in zip(positional, names, strict=False)}
    if before:
        yield Edit(first, first, before + named.pop(first, ""))
    yield from (Edit(start, start, name) for start, name in named.items())
    if after:
        last = call.arguments[-1].end
        yield Edit(last, last, after)


def _inside(template: str) -> str:
    return template.partition("(")[2][:-1]


def _value(view: View, argument: Argument) -> tuple[int, str]:
    """Where the value of an argument begins, and the value."""
    text = view.scan.text[argument.start : argument.end]
    keyword = _KEYWORD.match(text) if argument.keyword else None
    at = keyword.end() if keyword else 0
    return argument.start + at, text[at:].rstrip()

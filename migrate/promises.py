"""What is promised of every change, checked on the outcome before anybody sees it.

Outside the edits no byte differs; what compiled still does; and the syntax tree is the one from before with just the
edits in it. Nothing here asks a codemod, or the index, or how the edits were made.
"""

from __future__ import annotations

import ast
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from migrate.edits import apply_edits
from migrate.model import Edit, FileResult, Finding
from migrate.placeholders import are_statements, placeholders
from migrate.sameness import MismatchError, check_trees

INTERNAL = "internal error, please report it"
_MORE = "more than the edits would change"
_SHOWN = 100  # characters of a statement
_UNTOLD = (SyntaxError, ValueError, RecursionError, MemoryError)  # where nothing can be said
_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # which notebooks have


class PromiseError(Exception):
    """A change that breaks a promise, which is our bug; holds the line, if it has one."""

    def __init__(self, what: str, line: int | None = None) -> None:
        super().__init__(what)
        self.line = line


def reproducer(error: PromiseError, path: str, target: str) -> str:
    """What to say of a broken promise: what it is, and how to see it again."""
    from shlex import quote

    command = f"accel-migrate --target {target} --diff {quote(path)}"
    return f"{INTERNAL}: {error} (the file is left as it was; to see this again: {command})"


def check_bytes(before: bytes, after: bytes, text: str, edits: Iterable[Edit]) -> None:
    """Raise `PromiseError` unless two contents of a file, in UTF-8, differ in the edits alone.

    `text` is the content before, decoded and without a byte-order mark.
    """
    size = len(before) - len(_utf8(text))
    at = new = 0
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        size += len(_utf8(text[done : edit.start]))
        if before[at : at + size] != after[new : new + size]:
            break
        at, new = at + size + len(_utf8(text[edit.start : edit.end])), new + size + len(_utf8(edit.text))
        done, size = edit.end, 0
    if before[at:] != after[new:]:
        raise PromiseError("bytes outside the edits would change")


def check_settled(again: FileResult) -> None:
    """Raise `PromiseError` unless a second run, of which this is the result, leaves a file as it is."""
    if again.error:
        raise PromiseError(f"a second run: {again.error.message}", again.error.line)
    for finding in again.findings:
        if finding.edits:
            raise PromiseError(f"a second run would edit it again, by {finding.rule_id}", finding.line)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def check_python(text: str, tree: ast.AST, findings: Sequence[Finding], parse: Callable[[str], ast.Module]) -> None:
    """Raise `PromiseError` unless the edits leave the rest of a module as it is.

    `tree` is that of the text, `parse` makes the one of the outcome; it may hide what this Python cannot read.
    """
    edits = [edit for finding in findings for edit in finding.edits]
    if not edits:
        return
    hidden = placeholders(tree, text, edits)
    every = [*edits, *hidden]
    after = apply_edits(text, every)
    try:
        outcome = parse(after)
    except SyntaxError as error:
        raise blamed("the result does not parse", text, findings, _before(error.lineno, text, every)) from None
    if (line := _lost(text, outcome)) is not None:
        raise blamed("the result does not compile", text, findings, _before(line, text, every))
    try:
        check_trees(tree, outcome, text, after, every)
    except MismatchError as error:
        raise blamed(_MORE, text, findings, error.line) from None
    if not are_statements(outcome, after, edits, hidden):
        raise blamed(_MORE, text, findings, None)


def _lost(before: str, outcome: ast.Module) -> int | None:
    """The line at which an outcome does not compile although its origin did; None where all is well."""
    try:
        _compile(outcome)
    except SyntaxError as error:
        try:
            _compile(before)
        except _UNTOLD:
            return None
        return error.lineno or 1
    except _UNTOLD:
        return None
    return None


def _compile(source: str | ast.Module) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(source, "<outcome>", "exec", flags=_FLAGS, dont_inherit=True)


def _before(line: int | None, text: str, edits: Iterable[Edit]) -> int | None:
    """The line from before that a line of the outcome was, roughly: edits may have brought lines in above it."""
    if line is None:
        return None
    grown = 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        if text.count("\n", 0, edit.start) + 1 + grown >= line:
            break
        grown += edit.text.count("\n") - text.count("\n", edit.start, edit.end)
    return max(1, line - grown)


def blamed(what: str, text: str, findings: Sequence[Finding], line: int | None) -> PromiseError:
    """The error, with the line and the rules of the edits on it, or next above it; of all where that is not known."""
    edited = sorted((finding for finding in findings if finding.edits), key=lambda finding: finding.line)
    here = edited if line is None else [finding for finding in edited if finding.line == line]
    if not here:
        here = [edited[max(0, bisect_right([finding.line for finding in edited], line or 0) - 1)]]
    line = line or here[0].line
    rules = ", ".join(sorted({finding.rule_id for finding in here}))
    lines = text.splitlines()
    shown = lines[line - 1].strip()[:_SHOWN] if line <= len(lines) else ""
    return PromiseError(f"{what}, by {rules}: {shown}", line)

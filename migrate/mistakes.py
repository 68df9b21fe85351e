"""What is wrong with a row of a table, taken by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrate.model import Rule

_PATTERN = re.compile(r"[A-Z0-9]+_(?:[A-Z0-9]+_)?\*")


def mistakes(rule: Rule) -> Iterator[str]:
    """The mistakes of a row whose fields have the right types and whose status is one."""
    status = rule.status
    if rule.to and status in {"same", "missing", "unknown", "harmless"}:
        yield f"a row with status {status!r} takes no 'to'"
    if status in {"missing", "harmless", "native"} and not rule.message:
        yield f"status {status!r} needs a 'message' that says what to do by hand, or why not"
    if status == "differs" and not (rule.message or rule.review):
        yield "status 'differs' needs a 'message' (no edit) or 'to' and 'review'"
    if rule.first and (rule.kind != "package" or status != "native"):
        yield "only a package with status 'native' takes a 'from'"
    if "*" in rule.key:
        if rule.kind != "env" or not _PATTERN.fullmatch(rule.key):
            yield "only a variable may be a pattern, of one or two words, such as TORCH_NCCL_*"
        elif rule.to:
            yield "a pattern takes no 'to'"

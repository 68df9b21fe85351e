"""What is wrong with a row of a table, taken by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrate.model import Rule

TAKING_NO_TO = frozenset({"same", "missing", "unknown", "harmless"})  # statuses of rows
NEEDING_MESSAGE = frozenset({"missing", "harmless", "native"})
_PATTERN = re.compile(r"[A-Z0-9]+_(?:[A-Z0-9]+_)?\*")


def mistakes(rule: Rule) -> Iterator[str]:
    """The mistakes of a row whose fields have the right types and whose status is one."""
    status = rule.status
    if rule.to and status in TAKING_NO_TO:
        yield f"a row with status {status!r} takes no 'to'"
    if status in NEEDING_MESSAGE and not rule.message:
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

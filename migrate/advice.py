"""What a person should know about a name that stays, or that changes with care."""

from __future__ import annotations

from migrate.model import Rule, Table


def advice(rule: Rule | None, name: str, table: Table) -> str:
    """What a person should know about a name that is not rewritten, or that is rewritten with care."""
    if rule is None:
        return f"{name} is not in the {table.target.words.name} table: check the vendor's documentation"
    text = rule.message or rule.review
    if text:
        return text
    if rule.status == "unknown":
        return f"no evidence that {table.target.title} has {name}: check the vendor's documentation"
    return f"{name} → {rule.to}" if rule.to else name

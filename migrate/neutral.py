"""A table for no vendor in particular, for checking that code names CUDA nowhere it need not.

It has a row for every name that some target's table has one for. Nothing is rewritten with it: the rows say
what the vendors have, and `advised` what to write so that every device works.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from migrate.model import Finding, Rule, Status, Table, Target, Vocabulary
from migrate.table import load_table, target_names

NAME = "accelerator"
_DEFAULT = "takes CUDA unless told otherwise: name the device"
_OWN = {  # what is said of a row for which every vendor has other advice
    "env": "other devices have variables of their own",
    "package": "see what the vendor of the device has in its place",
    "cli": "other devices have tools of their own",
    "resource": "say what the device in use needs, or leave it to whoever runs it",
}
_ADVICE = {
    "device:cuda": "the CUDA device by name: take the device from a setting, or ask torch.accelerator (torch 2.6)",
    "backend:nccl": "NCCL by name: take the backend from a setting, or from the device in use",
    "method:cuda": ".cuda() moves to CUDA only: .to(device) moves anywhere",
    "method:is_cuda": "asks for CUDA only: compare .device.type",
    "annotation:torch": "an annotation that names CUDA's type",
    "branch:multi-backend": "a branch for CUDA beside one for another device",
}


def neutral_table(rules: Sequence[Path] = ()) -> Table:
    """The rows of all targets' tables taken together. Raises `TableError` as `load_table` does."""
    tables = [load_table(name, rules=rules) for name in target_names(rules)]
    first = tables[0]
    words = Vocabulary(NAME, f"torch.{NAME}", NAME, NAME, NAME, f"is_{NAME}")
    target = Target(words, "other accelerators", "", first.target.versions, "", None, needs_import=False)
    ids = sorted({rule_id for table in tables for rule_id in table.rules if not _is_own(rule_id, tables)})
    merged = {rule_id: _merged([table.rules.get(rule_id) for table in tables], tables) for rule_id in ids}
    digest = blake2b("".join(table.digest for table in tables).encode(), digest_size=16).hexdigest()
    together = tuple(rule for rule in merged.values() if rule.together)
    return Table(first.source, target, merged, first.sites, digest, together=together)


def advised(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings of a run with the neutral table: none has an edit, each has advice that fits any device."""
    return tuple(
        replace(finding, safety="manual", edits=(), message=_ADVICE.get(finding.rule_id, _DEFAULT))
        if finding.edits
        else finding
        for finding in findings
        if finding.is_reference
    )


def _is_own(rule_id: str, tables: list[Table]) -> bool:
    """Whether a row of one table alone speaks of a package: that is one of the vendor's own, not CUDA's."""
    return rule_id.startswith("package:") and sum(rule_id in table.rules for table in tables) == 1


def _merged(rows: list[Rule | None], tables: list[Table]) -> Rule:
    known = [(table.target.words.name, row) for table, row in zip(tables, rows, strict=True) if row]
    first = known[0][1]
    harmless = [row for _, row in known if row.status in ("same", "harmless", "native")]
    works = first.kind != "api" or len(harmless) == len(known)
    if harmless and works:
        return replace(harmless[0], to=None, review=None, first=None, keywords={}, positional=0)
    if first.is_template and (first.to or "").partition("(")[0] == first.key:
        return replace(first, review=None)  # a call that only has to name its device
    status: Status = "missing"
    have = "; ".join(_counterparts(known))
    said = {row.message if row else None for row in rows}
    why = first.message if len(said) == 1 else _OWN.get(first.kind)
    message = f"CUDA only ({have})" if have else f"CUDA only; {why or first.message or 'no vendor is known to have it'}"
    return Rule(first.kind, first.key, status, first.evidence, message=message, together=first.together)


def _counterparts(known: list[tuple[str, Rule]]) -> Iterator[str]:
    """What the vendors have in place of a name: those that keep it first, without repeating it."""
    leaf = known[0][1].key.split(".", 2)[-1]
    same = [f"torch.{name}" for name, row in known if row.to and row.to == f"torch.{name}.{leaf}"]
    if same:
        yield f"{leaf} is also in {', '.join(same)}"
    yield from (f"{name}: {row.to}" for name, row in known if row.to and row.to != f"torch.{name}.{leaf}")

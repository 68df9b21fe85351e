"""A rule or a name → what it is, what becomes of it on every target, and an example. Nothing is read or printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import get_args

from migrate.about import RULE_IDS, rule_of
from migrate.advice import advice
from migrate.edits import unified_diff
from migrate.engine import migrate_bytes, rewritten
from migrate.model import RowKind, Rule, Table

_CLOSE = 3
_SPELLED = {  # as in code
    "cuda": "device:cuda", "cuda:0": "device:cuda", "nccl": "backend:nccl", ".cuda": "method:cuda",
    ".cuda()": "method:cuda", ".is_cuda": "method:is_cuda",
}  # fmt: skip
_EXAMPLES = {  # of the rules that come from no row
    "annotation:torch": 'def f(x: "torch.cuda.FloatTensor"): ...',
    "backend:nccl": 'torch.distributed.init_process_group("nccl")',
    "device:cuda": 'x = torch.zeros(2, device="cuda:0")',
    "method:cuda": "x = torch.zeros(2).cuda()",
    "method:is_cuda": "moved = torch.zeros(2).is_cuda",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a name on one target; `rule` is None where the rule comes from no row, or the target has none."""

    target: str
    title: str
    status: str
    to: str
    advice: str
    link: str
    since: str = ""  # the versions of the package that have it


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a rule is about, its outcomes by target, and a patch that shows one, empty if there is none."""

    rule_id: str
    short: str
    help: str
    outcomes: tuple[Outcome, ...]
    example: str


def found_ids(query: str, tables: Sequence[Table]) -> list[str]:
    """The ids that a query means: an id, the key of a row (`torch.cuda.Event`, `NCCL_DEBUG`), or a wildcard's.

    A member that has no row of its own is spoken for by its class (`torch.cuda.Event.query`).
    """
    known = _known(tables)
    if query in known:
        return [query]
    ids = [f"{kind}:{query}" for kind in get_args(RowKind)]
    exact = [rule_id for rule_id in ids if rule_id in known]
    name = query.removeprefix("env:")
    exact = exact or [f"env:{name}" for table in tables[:1] if table.rule_for("env", name)]
    if not exact and query in _SPELLED:
        return [_SPELLED[query]]
    return exact or _above(query, known, tables)


def _above(query: str, known: Mapping[str, None], tables: Sequence[Table]) -> list[str]:
    """The row of what a dotted name is a member of; a module speaks for itself only."""
    modules = {name for table in tables for name in table.sites.modules}
    name = query.removeprefix("api:").partition("(")[0]
    while name and name not in modules:
        if f"api:{name}" in known:
            return [f"api:{name}"]
        name = name.rpartition(".")[0]
    return []


def suggestions(query: str, tables: Sequence[Table]) -> list[str]:
    """Ids that look like a query that means none."""
    names = {rule_id.partition(":")[2]: rule_id for rule_id in _known(tables)}
    close = get_close_matches(query.partition(":")[2] or query, list(names), _CLOSE)
    return [names[name] for name in close]


def explained(rule_id: str, tables: Sequence[Table]) -> Explanation:
    """All that the tables say of a rule."""
    short, why = rule_of(rule_id)
    outcomes = tuple(_outcome(rule_id, table) for table in tables)
    example = next((patch for table in tables if (patch := _example(rule_id, table))), "")
    return Explanation(rule_id, short, why, outcomes, example)


def counts(table: Table) -> dict[str, int]:
    """How many rows a target has of each status, the most frequent first."""
    found: dict[str, int] = {}
    for rule in table.rules.values():
        found[rule.status] = found.get(rule.status, 0) + 1
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def row_of(rule_id: str, table: Table) -> Rule | None:
    """The row of a table that an id names, also one whose pattern it matches."""
    kind, _, key = rule_id.partition(":")
    return table.rule_for(kind, key)


def _known(tables: Sequence[Table]) -> Mapping[str, None]:
    return dict.fromkeys([*RULE_IDS, *(rule_id for table in tables for rule_id in table.rules)])


def _outcome(rule_id: str, table: Table) -> Outcome:
    target, rule = table.target, row_of(rule_id, table)
    name = rule_id.partition(":")[2]
    if rule is None:
        words = {"device:cuda": target.words.device, "backend:nccl": target.words.backend}
        words |= {"method:cuda": f".{target.words.method}()", "method:is_cuda": f".{target.words.predicate}"}
        known = rule_id in words
        status = "renamed" if known else "manual" if rule_id in RULE_IDS else "no row"
        if rule_id.startswith("script:"):
            status = "review" if table.script else "same"
        text = "" if known or rule_id in RULE_IDS else advice(None, name, table)
        since = ""
        if rule_id == "backend:nccl":
            text, since = target.backend_problem or text, _versions(target.package, target.backend_since, None)
        return Outcome(target.words.name, target.title, status, words.get(rule_id, ""), text, "", since)
    said = " ".join(text for text in (rule.message, rule.review) if text)
    since = _versions(target.package, rule.since, rule.until)
    return Outcome(target.words.name, target.title, rule.status, rule.to or "", said, table.link(rule), since)


def _versions(package: str, since: str | None, until: str | None) -> str:
    return " ".join(
        [*([f"from {package} {since}"] if since else []), *([f"before {package} {until}"] if until else [])]
    )


def _example(rule_id: str, table: Table) -> str:
    """A patch that the tool itself makes of a line with the name; empty where it makes none."""
    for line in _lines(rule_id, table):
        data = f"import os\n\nimport torch\n\n{line}\n".encode()
        result = migrate_bytes("example.py", "python", data, table)
        if result.edits and not result.error:
            return unified_diff("example.py", data, rewritten(data, result), data.decode(), result.edits).decode()
    return ""


def _lines(rule_id: str, table: Table) -> Iterator[str]:
    rule = row_of(rule_id, table)
    if rule_id in _EXAMPLES:
        yield _EXAMPLES[rule_id]
    elif rule and rule.kind == "api":
        yield f"x = {rule.key}"
        yield f"x = {rule.key}()"
    elif rule and rule.kind == "env":
        yield f'os.environ["{rule_id.partition(":")[2]}"] = "0"'

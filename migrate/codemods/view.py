"""What every codemod sees of one file, and the questions several of them ask about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from migrate.bindings import Meaning, meaning
from migrate.codemods.flow import Flows
from migrate.codemods.owners import Owners
from migrate.finder import mentions_cuda
from migrate.guards import AGNOSTIC, ROCM
from migrate.model import Draft, Edit, Repository, Rule, Table
from migrate.source import Place, Scan
from migrate.syntax import Index, Use


@dataclass(frozen=True, slots=True)
class View:
    """One file as the codemods see it. They query it; none walks a tree."""

    scan: Scan
    index: Index
    table: Table
    repository: Repository
    flows: Flows
    owners: Owners

    def mentions(self, text: str) -> bool:
        """Whether an identifier or a dotted name mentions CUDA in any of its words."""
        return mentions_cuda(text, self.table.sites)

    def listed(self, texts: Iterable[str]) -> str:
        """The target's device if it is among the texts; for no vendor in particular, any other accelerator."""
        wanted = {self.table.target.words.device} if self.table.target.package else self.table.sites.accelerators
        return next((text for text in sorted(texts) if text.partition(":")[0] in wanted), "")

    def resolve(self, place: Place, dotted: str) -> Meaning:
        """What a dotted name written at a place stands for."""
        root, dot, rest = dotted.partition(".")
        found = meaning(place.scope, root, self.table.sites.assume)
        return Meaning(frozenset(name + dot + rest for name in found.names), found.certain, found.why)


def view_of(scan: Scan, index: Index, table: Table, repository: Repository) -> View:
    """What the codemods see of a file, from its scan and its index."""
    return View(scan, index, table, repository, Flows(scan, table), Owners(scan, repository))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the table says of a dotted name: the row, how many components it covers, and what those become."""

    rule: Rule | None
    covered: int
    new: str | None = None


def components(dotted: str) -> list[str]:
    """`torch.cuda.cudart().x` → torch, cuda, cudart, (), x."""
    return dotted.replace("()", ".()").split(".")


def joined(parts: list[str]) -> str:
    return ".".join(parts).replace(".()", "()")


def judge(table: Table, dotted: str, used: frozenset[str] | None = None) -> Verdict:
    """Look a dotted name up: the longest known prefix decides, but a module only for itself.

    `used` are the names the file uses; a row that goes together with one of them counts only then.
    """
    parts = components(dotted)
    for length in range(len(parts), 0, -1):
        key = joined(parts[:length])
        rule = table.rule("api", key)
        if rule is None:
            if key in table.sites.modules:
                break
            continue
        if rule.together and (used is None or rule.together not in used):
            break
        if length < len(parts) and key in table.sites.modules:
            break
        if rule.to is None or rule.status not in ("renamed", "differs"):
            return Verdict(rule, length)
        return Verdict(rule, length, rule.to.partition("(")[0])
    return Verdict(None, len(parts))


def guarded(view: View, place: Place, start: int, end: int, *, editing: bool = True) -> Draft | None:
    """The finding for code that stands in a branch for one of several devices, which is not ours to edit.

    Without `editing` the caller has manual work to report anyway, and only a branch that is clearly one
    of several devices takes precedence over that.
    """
    words = view.table.target.words
    if place.overrides:
        why = f"part of the class's own {view.table.source.method}(): write its {words.method.partition('(')[0]}() twin"
        return Draft("method:override", start, end, "manual", why)
    if place.guard and (editing or not place.guard.soft):
        reason = place.guard.reason
        if not view.table.target.package:  # for no vendor in particular: what names another device is theirs
            return Draft("left:multi-backend", start, end, "left", reason)
        if place.guard.accelerators in (AGNOSTIC.accelerators, ROCM.accelerators):
            return Draft("left:multi-backend", start, end, "left", reason)
        if place.guard.soft:
            return Draft("branch:multi-backend", start, end, "manual", f"{reason}: is this the CUDA branch?")
        if words.name in place.guard.accelerators:
            return Draft("left:multi-backend", start, end, "left", f"{reason}; {words.name} is one of them")
        return Draft("branch:multi-backend", start, end, "manual", f"{reason}; add a branch for {words.name}")
    if view.scan.served:
        return Draft("left:multi-backend", start, end, "left", view.scan.doubt)
    if view.scan.doubt and editing:
        return Draft("branch:multi-backend", start, end, "manual", view.scan.doubt)
    return None


def dotted_of(use: Use, name: str) -> str:
    """The full dotted name of a chain whose root stands for `name`; calls are written "()", items end it."""
    parts = [name]
    for step in use.steps[1:]:
        if step.kind == "item":
            break
        parts.append("()" if step.kind == "call" else step.text)
    return joined(parts)


def component_edits(text: str, start: int, end: int, new: str) -> tuple[Edit, ...]:
    """Edits that turn a dotted name in the source into another one, touching only what differs."""
    old = text[start:end]
    before, after = old.split("."), new.split(".")
    if len(before) != len(after) or any(part != part.strip() for part in before):
        return (Edit(start, end, new),)
    edits: list[Edit] = []
    at = start
    for left, right in zip(before, after, strict=True):
        if left != right:
            edits.append(Edit(at, at + len(left), right))
        at += len(left) + 1
    return tuple(edits)

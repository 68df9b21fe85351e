"""Device and backend literals: `"cuda:0"`, `f"cuda:{i}"`, `"nccl"`, wherever torch or a name gives them meaning."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from migrate.codemods.evidence import CHECKPOINT, backend_problem, device_problem, flows, names_cuda, text_around
from migrate.codemods.expressions import literal_edits
from migrate.codemods.rows import rows_beside_the_target
from migrate.codemods.view import View, guarded
from migrate.model import Draft, Edit
from migrate.naming import OPTIONS, last_part, says
from migrate.syntax import Literal, Site

_ATTRIBUTES = ("getattr", "hasattr", "setattr", "delattr")
_TESTING = ("compare", "case", "iterate", "key", "subscript")


@dataclass(frozen=True, slots=True)
class Shapes:
    """How one source device and backend look as strings."""

    device: re.Pattern[str]
    loose: re.Pattern[str]
    backend: re.Pattern[str]
    mixed: re.Pattern[str]


def shapes(view: View) -> Shapes:
    """The patterns of the table's source: a device, a device to be completed, a backend, a list of both."""
    device, backend = re.escape(view.table.source.device), re.escape(view.table.source.backend)
    return Shapes(
        re.compile(rf"{device}(?::(?:\d+|\{{[^{{}}]*\}}|%[a-z\d]+)?)?"),
        re.compile(rf"{device}(?:\{{\}}.*)?"),
        re.compile(backend, re.IGNORECASE),
        re.compile(rf"(?:\w+:\w+,)*{device}:{backend}(?:,\w+:\w+)*"),
    )


def find(view: View) -> Iterator[Draft]:
    """Findings for the literals that are exactly a device, a backend, or a list of backends by device.

    Literals of one group change together or not at all.
    """
    groups: dict[int, list[Draft]] = {}
    found = list(_drafts(view))
    asked = {draft.start for _, draft in found if draft.edits or draft.rule_id == "branch:multi-backend"}
    rows = asked & rows_beside_the_target(view) if asked else asked
    for group, draft in found:
        if draft.start in rows:
            why = f"{view.table.target.words.device} has a row beside it"
            draft = Draft("left:device", draft.start, draft.end, "left", why)
        groups.setdefault(group, []).append(draft)
    for group, drafts in groups.items():
        stuck = next((draft for draft in drafts if draft.safety == "manual"), None) if group else None
        for draft in drafts:
            if stuck and draft.edits:
                draft = replace(
                    draft, safety="manual", edits=(), message=f"goes together with another: {stuck.message}"
                )
            yield replace(draft, group=group)


def _drafts(view: View) -> Iterator[tuple[int, Draft]]:
    patterns = shapes(view)
    for literal in view.index.literals:
        if literal.raw_bytes or literal.site.kind == "message":
            continue
        group = literal.site.group
        if patterns.mixed.fullmatch(literal.value):
            words = view.table.target.words
            if listed := view.listed(literal.value.split(",")):
                yield group, _left(literal, "backend", f"{listed} is listed beside it")
                continue
            swaps = {view.table.source.device: words.device, view.table.source.backend: words.backend}
            yield group, _decided(view, literal, "backend", swaps, view.table.target.backend_problem, True)
        elif patterns.backend.fullmatch(literal.value):
            yield group, _backend(view, literal)
        elif patterns.device.fullmatch(literal.value) or patterns.loose.fullmatch(literal.value):
            yield group, _device(view, literal, patterns)
        elif _asks_predicate(view, literal):
            yield 0, _attribute(view, literal)


def claims(view: View, literal: Literal, patterns: Shapes) -> bool:
    """Whether this codemod speaks of a literal."""
    every = (patterns.mixed, patterns.backend, patterns.device, patterns.loose)
    if literal.raw_bytes:
        return False
    return _asks_predicate(view, literal) or any(pattern.fullmatch(literal.value) for pattern in every)


def _asks_predicate(view: View, literal: Literal) -> bool:
    return literal.value == view.table.source.predicate and _names_attribute(literal)


def _names_attribute(literal: Literal) -> bool:
    return literal.site.callee in _ATTRIBUTES and literal.site.position == "1"


def _device(view: View, literal: Literal, patterns: Shapes) -> Draft:
    site = literal.site
    words = view.table.target.words
    if _names_attribute(literal):
        return _attribute(view, literal)
    if listed := view.listed(site.siblings):
        return _left(literal, "device", f"{listed} is listed beside it")
    if site.kind == "key":
        return _device_key(view, literal)
    if foreign := _foreign(view, site):
        why = f"a device of {foreign}, which has its own: see whether it knows {view.table.target.title}"
        return Draft(f"device:{view.table.source.device}", literal.start, literal.end, "manual", why)
    if _sibling_constant(view, literal):
        return _left(literal, "device", f"a constant beside one for {words.device}")
    problem = device_problem(view, literal, patterns.device.fullmatch(literal.value) is not None)
    if not problem and site.kind in _TESTING and _tests_target(view, literal):
        return _left(literal, "device", f"the same function asks for {words.device} elsewhere")
    runs = site.kind in ("argument", "assign", "return", "iterate")
    runs = runs or (site.kind == "default" and (not site.callee or view.flows.uses_option(site.name)))
    return _decided(view, literal, "device", {view.table.source.device: words.device}, problem, runs)


def _tests_target(view: View, literal: Literal) -> bool:
    """Whether the function that a literal stands in tests for the target's device as well."""
    if literal.place.scope.kind != "function":
        return False
    asked = rf"(?:==|!=|\bin\b|with\()[^#\n]*[\"']{re.escape(view.table.target.words.device)}[\"':]"
    return re.search(asked, text_around(view, literal)) is not None


def _foreign(view: View, site: Site) -> str:
    """The package, not built on torch, whose function a literal is handed to."""
    if site.kind != "argument":
        return ""
    roots = {callee.partition(".")[0] for callee in site.callees}
    packages = sorted(roots & view.table.sites.foreign)
    return packages[0] if packages else site.callee if site.callee in view.table.sites.foreign_methods else ""


def _sibling_constant(view: View, literal: Literal) -> bool:
    """Whether a class or module lists its devices, the new one among them: `CUDA = "cuda"; NPU = "npu"`."""
    if literal.site.kind != "assign" or not names_cuda(view, literal.site.name):
        return False
    every = [value for values in literal.place.scope.values.values() for value in values]
    return any(isinstance(value, ast.Constant) and value.value == view.table.target.words.device for value in every)


def _attribute(view: View, literal: Literal) -> Draft:
    """`getattr(torch, "cuda")` names the module, not a device."""
    found = view.resolve(literal.place, literal.site.other)
    names = {f"{name}.{literal.value}" for name in found.names}
    if names != {view.table.source.module}:
        holder = set(literal.site.other.split("."))
        if literal.site.other and holder.isdisjoint(OPTIONS) and not found.names:
            why = f"asks for .{literal.value} by its name: on a tensor or a module that has to be the new one"
            return Draft(f"method:{literal.value}", literal.start, literal.end, "manual", why)
        return Draft("left:identifier", literal.start, literal.end, "left", "the name of an attribute")
    leaf = last_part(view.table.target.words.module)
    problem = "" if found.certain else found.why
    return _decided(view, literal, "device", {view.table.source.device: leaf}, problem, False)


def _device_key(view: View, literal: Literal) -> Draft:
    site, words = literal.site, view.table.target.words
    if listed := view.listed(site.keys):
        return _left(literal, "device", f"the mapping has a key for {listed}")
    others = view.scan.guards.named_in(" ".join(site.keys)) if view.scan.guards else frozenset()
    if others and site.paired.lower() != view.table.source.backend:
        why = f"one entry of several accelerators ({', '.join(sorted(others))}); add one for {words.name}"
        return Draft("branch:multi-backend", literal.start, literal.end, "manual", why)
    swaps = {view.table.source.device: words.device}
    looked_up = view.flows.looked_up_by_device(literal.place, site.name)
    if site.other == "table":
        looked_up = says(site.name, view.table.sites.device_names) or flows(view, literal, site.name)
        looked_up = looked_up or says(site.name.removesuffix(".type"), view.table.sites.device_names)
    if looked_up or site.paired.lower() == view.table.source.backend:
        return _decided(view, literal, "device", swaps, "", False)
    why = CHECKPOINT if site.name == "map_location" else "a key: what looks it up, and does it hold a device type?"
    return _decided(view, literal, "device", swaps, why, False)


def _backend(view: View, literal: Literal) -> Draft:
    site, words = literal.site, view.table.target.words
    old, new = view.table.source.backend, words.backend
    beside = site.keys if site.kind == "key" else site.siblings
    if new in beside or (site.kind == "value" and view.listed(site.keys)):
        return _left(literal, "backend", f"{new} is listed beside it")
    swaps = {old: new, old.upper(): new.upper()}
    runs = site.kind in ("argument", "assign")
    problem = view.table.target.backend_problem or backend_problem(view, literal)
    return _decided(view, literal, "backend", swaps, problem, runs)


def _decided(view: View, literal: Literal, kind: str, swaps: dict[str, str], problem: str, runs: bool) -> Draft:
    """The finding for a literal: edited, or manual for the reason given or because its text is in pieces."""
    old = literal.value.partition(":")[0].partition("{")[0] if kind == "device" else literal.value
    rule_id = f"{kind}:{old.lower()}"
    start, end = literal.start, literal.end
    if draft := guarded(view, literal.place, start, end, editing=not problem):
        return draft
    if problem:
        return Draft(rule_id, start, end, "manual", problem)
    edits = tuple(_swapped(literal, swaps))
    device, expression = view.table.target.words.device, view.table.target.expression
    if expression and expression.is_device and device in swaps.values() and not _names_attribute(literal):
        swaps = {old: expression.text if new == device else new for old, new in swaps.items()}
        edits, problem = literal_edits(view, literal, edits, device)
        if problem:
            return Draft(rule_id, start, end, "manual", problem)
    if not edits:
        return Draft(rule_id, start, end, "manual", "the word is split over adjacent literals")
    message = ", ".join(f"{edit_old} → {new}" for edit_old, new in swaps.items() if edit_old in literal.value)
    return Draft(rule_id, start, end, "safe", message, edits, needs_import=runs)


def _swapped(literal: Literal, swaps: dict[str, str]) -> Iterator[Edit]:
    for piece in literal.pieces:
        for old, new in swaps.items():
            for match in re.finditer(rf"(?<![A-Za-z]){re.escape(old)}(?![A-Za-z])", piece.text):
                yield Edit(piece.start + match.start(), piece.start + match.end(), new)


def _left(literal: Literal, kind: str, reason: str) -> Draft:
    return Draft(f"left:{kind}", literal.start, literal.end, "left", reason)

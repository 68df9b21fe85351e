"""Strings that spell names: dotted torch names, environment variables, commands. All other text is left."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrate.advice import advice
from migrate.codemods.devices import claims, shapes
from migrate.codemods.texts import about_cuda
from migrate.codemods.view import View, component_edits, components, guarded, judge
from migrate.model import Draft, Edit
from migrate.naming import says
from migrate.syntax import Literal, Site

_TENSOR = re.compile(r"\w+(?:Tensor|Storage)")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*[A-Z0-9]")
_PATCHING = frozenset({"patch", "setattr", "delattr", "object"})


def find(view: View) -> Iterator[Draft]:
    """Findings for every literal and docstring that the codemod for devices does not speak of."""
    patterns = shapes(view)
    for literal in view.index.literals:
        if literal.site.kind == "message":
            if view.mentions(literal.value):
                yield _left(literal, "message", "text for people")
        elif not claims(view, literal, patterns):
            yield from _named(view, literal)
    for start, end in view.scan.docstrings:
        if view.mentions(view.scan.text[start:end]):
            yield Draft("left:docstring", start, end, "left", "a docstring")


def _named(view: View, literal: Literal) -> Iterator[Draft]:
    text, site = literal.value, literal.site
    module = view.table.source.module
    if site.kind == "annotation" and module in text:
        yield _annotation(view, literal)
    elif text.startswith(module + ".") and re.fullmatch(r"[\w.]+", text):
        yield _dotted(view, literal)
    elif told := about_cuda(view, literal):
        yield guarded(view, literal.place, literal.start, literal.end, editing=False) or _manual(literal, *told)
    elif _VARIABLE.fullmatch(text) and any(word in text for word in view.table.sites.env_words):
        yield _variable(view, literal)
    elif view.mentions(text):
        yield _left(literal, "text", "part of a name or a text of the project")


def _dotted(view: View, literal: Literal) -> Draft:
    """`"torch.cuda.FloatTensor"` as a type, `"torch.cuda.is_available"` as a patch target."""
    site = literal.site
    verdict = judge(view.table, literal.value)
    rule_id = verdict.rule.id if verdict.rule else f"api:{literal.value}"
    tensor = _TENSOR.fullmatch(literal.value.rpartition(".")[2]) is not None
    if site.kind in ("key", "subscript"):
        return _left(literal, "text", "a key of the project")
    if not tensor and not (site.callee in _PATCHING and site.position == "0"):
        return _manual(literal, rule_id, "names a CUDA function: what is done with it?")
    if draft := guarded(view, literal.place, literal.start, literal.end):
        return draft
    if verdict.new is None or verdict.covered < len(components(literal.value)):
        return _manual(literal, rule_id, advice(verdict.rule, literal.value, view.table))
    piece = literal.pieces[0]
    if len(literal.pieces) != 1 or piece.text != literal.value:
        return _manual(literal, rule_id, "the name is split over adjacent literals")
    edits = component_edits(view.scan.text, piece.start, piece.end, verdict.new)
    return Draft(
        rule_id, literal.start, literal.end, "safe", f"{literal.value} → {verdict.new}", edits, needs_import=True
    )


def _annotation(view: View, literal: Literal) -> Draft:
    """A quoted annotation holds code: every dotted name in it needs its row."""
    edits: list[Edit] = []
    for piece in literal.pieces:
        for match in re.finditer(rf"\b{re.escape(view.table.source.module)}(?:\.\w+)*", piece.text):
            verdict = judge(view.table, match.group())
            if verdict.new is None:
                rule_id = verdict.rule.id if verdict.rule else f"api:{match.group()}"
                return _manual(literal, rule_id, advice(verdict.rule, match.group(), view.table))
            rest = components(match.group())[verdict.covered :]
            new = ".".join([verdict.new, *rest])
            edits += component_edits(view.scan.text, piece.start + match.start(), piece.start + match.end(), new)
    if not view.resolve(literal.place, "torch").certain or not edits:
        return _manual(literal, "annotation:torch", "a quoted annotation that names CUDA")
    guard = guarded(view, literal.place, literal.start, literal.end)
    message = "quoted annotation"
    return guard or Draft("annotation:torch", literal.start, literal.end, "safe", message, tuple(edits))


def _variable(view: View, literal: Literal) -> Draft:
    """The name of an environment variable, or an upper-case constant of the project."""
    name = literal.value
    known = _is_environment(view, literal.site)
    rule = view.table.rule_for("env", name) if known else view.table.rule("env", name)
    likely = known or literal.site.kind == "key"
    if (rule is None or not likely) and not name.startswith(view.table.sites.env_prefixes):
        return _left(literal, "text", "a constant or a variable of the project")
    if rule is None and not known:
        return _left(literal, "text", "a constant of the project")
    rule_id = f"env:{name}"
    renames = rule is not None and rule.status == "renamed" and likely
    if draft := guarded(view, literal.place, literal.start, literal.end, editing=renames):
        return draft
    if rule and rule.to and (rule.to in literal.site.siblings or (renames and _has_twin(view, rule.to))):
        return _left(literal, "multi-backend", f"the file names {rule.to} as well")
    piece = literal.pieces[0]
    if rule is None or rule.to is None or not renames:
        doubt = "" if likely else "an environment variable? "
        return _manual(literal, rule_id, doubt + advice(rule, name, view.table))
    if len(literal.pieces) != 1 or piece.text != name:
        return _manual(literal, rule_id, "the name is split over adjacent literals")
    edit = Edit(piece.start, piece.end, rule.to)
    message = rule.review or f"{name} → {rule.to}"
    return Draft(rule_id, literal.start, literal.end, "review" if rule.review else "safe", message, (edit,))


def _has_twin(view: View, name: str) -> bool:
    """Whether the file reads the vendor's variable itself, in an entry beside this one or in a string anywhere."""
    return re.search(rf"[\"']{re.escape(name)}[\"']", view.scan.text) is not None


def _is_environment(view: View, site: Site) -> bool:
    names = view.table.sites.env_names
    described = site.function if site.kind in ("argument", "default") else site.other or site.name
    return any(says(part, names) for part in described.split("."))


def _manual(literal: Literal, rule_id: str, why: str) -> Draft:
    return Draft(rule_id, literal.start, literal.end, "manual", why)


def _left(literal: Literal, kind: str, reason: str) -> Draft:
    return Draft(f"left:{kind}", literal.start, literal.end, "left", reason)

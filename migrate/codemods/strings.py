"""Strings that spell names: dotted torch names, environment variables, commands. All other text is left."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrate.codemods.devices import claims, shapes
from migrate.codemods.view import View, advice, component_edits, components, guarded, judge
from migrate.describe import says
from migrate.model import Draft, Edit
from migrate.syntax import Literal, Site

_TENSOR = re.compile(r"\w+(?:Tensor|Storage)")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*[A-Z0-9]")
_SORT_KEY = re.compile(r"(?:self_)?cuda_(?:time|memory_usage)(?:_total)?")
_PATCHING = frozenset({"patch", "setattr", "delattr", "object"})
_CODE = frozenset({"exec", "eval", "compile", "Timer", "timeit", "repeat"})


_ERRORS = frozenset({"e", "err", "error", "ex", "exc", "exception", "msg", "message", "stderr", "output"})
_DISPATCH = frozenset({"CUDA", "AutogradCUDA", "AutocastCUDA"})
_TOLD = ("argument", "assign", "iterate", "compare", "receiver")


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
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    if site.kind == "annotation" and module in text:
        yield _annotation(view, literal)
    elif text.startswith(module + ".") and re.fullmatch(r"[\w.]+", text):
        yield _dotted(view, literal)
    elif site.kind == "compare" and _is_error(view, literal):
        why = "a text that is compared: what the vendor's library says may differ"
        yield guarded(view, literal.place, literal.start, literal.end, editing=False) or _manual(
            literal, "text:compared", why
        )
    elif text in _DISPATCH and _registers(site):
        why = "torch's dispatch key for CUDA kernels: devices outside of torch have PrivateUse1"
        yield guarded(view, literal.place, literal.start, literal.end, editing=False) or _manual(
            literal, "text:dispatch-key", why
        )
    elif text == "CUDAExecutionProvider":
        why = f"onnxruntime's name for CUDA GPUs: see which provider it has for {view.table.target.title}"
        yield guarded(view, literal.place, literal.start, literal.end, editing=False) or _manual(
            literal, "text:CUDAExecutionProvider", why
        )
    elif _VARIABLE.fullmatch(text) and any(word in text for word in view.table.sites.env_words):
        yield _variable(view, literal)
    elif _SORT_KEY.fullmatch(text) and site.kind != "key":
        rule = view.table.rule("api", "profiler.sort_by")
        why = advice(rule, text, view.table)
        yield guarded(view, literal.place, literal.start, literal.end, editing=False) or _manual(
            literal, "api:profiler.sort_by", why
        )
    elif (rule := view.table.rule("cli", first)) and site.kind in ("argument", "assign"):
        yield guarded(view, literal.place, literal.start, literal.end, editing=False) or _manual(
            literal, rule.id, advice(rule, first, view.table)
        )
    elif _is_code(view, literal):
        yield _manual(literal, "text:code", "source code in a string: migrate it by hand")
    elif told := _told(view, literal):
        yield guarded(view, literal.place, literal.start, literal.end, editing=False) or _manual(literal, *told)
    elif view.mentions(text):
        yield _left(literal, "text", "part of a name or a text of the project")


def _registers(site: Site) -> bool:
    """Whether an argument says for which device `torch.library` takes a kernel."""
    return site.kind == "argument" and (site.callee == "impl" or any(".library." in name for name in site.callees))


def _is_error(view: View, literal: Literal) -> bool:
    """Whether a text is looked for in what an exception says."""
    words = set(re.findall(r"[a-z]+", literal.site.other.lower()))
    return view.mentions(literal.value) and literal.value.isupper() and not words.isdisjoint(_ERRORS)


def _is_code(view: View, literal: Literal) -> bool:
    text, source = literal.value, view.table.source
    if f"{source.module}." not in text and f".{source.method}(" not in text:
        return False
    return literal.site.callee in _CODE or re.search(r"^\s*(?:import|from)\s+torch\b", text, re.MULTILINE) is not None


def _told(view: View, literal: Literal) -> tuple[str, str] | None:
    """The rule and the advice for a text of one line that tells a command, a parser or a pattern about devices."""
    text, source = literal.value, view.table.source
    if "\n" in text or literal.site.kind not in _TOLD:
        return None
    if says(literal.site.name, view.table.sites.message_keywords):
        return None
    if literal.site.kind == "compare" and (" " in text.strip() or _is_error(view, literal)):
        return "text:compared", "a text that is compared: what the vendor's library says may differ"
    words = rf"(?:{re.escape(source.device)}|{re.escape(source.backend)})"
    if literal.site.function.startswith("re.") and literal.site.position == "0":
        found = re.search(rf"(?<![\w-]){words}(?![\w-])", text)
        return ("text:compared", "a pattern that looks for a device: see what it has to find now") if found else None
    if re.search(rf"(?:device|backend)[\w-]*[\"']?\s*[:= ]\s*[\"']?{words}(?![\w-])", text):
        return "text:settings", "settings in a text: see who reads them"
    names = (match.group(1) for match in re.finditer(r"(?<!\w)([A-Z][A-Z0-9_]+)=", text))
    if any(view.table.rule("env", name) for name in names):
        return "text:settings", "sets an environment variable in a text: see who reads it"
    return None


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
    rule = view.table.rule("env", name)
    if rule is None and not name.startswith(view.table.sites.env_prefixes):
        return _left(literal, "text", "a constant or a variable of the project")
    known = _is_environment(view, literal.site)
    if rule is None and not known:
        return _left(literal, "text", "a constant of the project")
    rule_id = rule.id if rule else f"env:{name}"
    renames = rule is not None and rule.status == "renamed" and (known or literal.site.kind == "key")
    if draft := guarded(view, literal.place, literal.start, literal.end, editing=renames):
        return draft
    if renames and rule and rule.to and _has_twin(view, rule.to):
        return _left(literal, "multi-backend", f"the file names {rule.to} as well")
    piece = literal.pieces[0]
    if rule is None or rule.to is None or not renames:
        doubt = "" if known or literal.site.kind == "key" else "an environment variable? "
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

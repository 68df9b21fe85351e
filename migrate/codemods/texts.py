"""Texts that are more than text: what a program compares, runs, or reads settings from."""

from __future__ import annotations

import re

from migrate.advice import advice
from migrate.codemods.view import View
from migrate.model import Rule
from migrate.naming import says
from migrate.syntax import Literal, Site

_SORT_KEY = re.compile(r"(?:self_)?cuda_(?:time|memory_usage)(?:_total)?")
_CODE = frozenset({"exec", "eval", "compile", "Timer", "timeit", "repeat"})
_ERRORS = frozenset({"e", "err", "error", "ex", "exc", "exception", "msg", "message", "stderr", "output"})
_DISPATCH = frozenset({"CUDA", "AutogradCUDA", "AutocastCUDA"})
_COMPILER = "nvcc"
_FOLDER = re.compile(r"\A(?:.*/)?bin/")
_TOLD = ("argument", "assign", "iterate", "compare", "receiver")
_COMPARED = "a text that is compared: what the vendor's library says may differ"


def about_cuda(view: View, literal: Literal) -> tuple[str, str] | None:
    """The rule and the advice for a text that a person has to see, None for one that may stay."""
    text, site = literal.value, literal.site
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    if site.kind == "compare" and _is_error(view, literal):
        return "text:compared", _COMPARED
    if text in _DISPATCH and _registers(site):
        return "text:dispatch-key", "torch's dispatch key for CUDA kernels: devices outside of torch have PrivateUse1"
    if text == "CUDAExecutionProvider":
        why = f"onnxruntime's name for CUDA GPUs: see which provider it has for {view.table.target.title}"
        return "text:CUDAExecutionProvider", why
    if text == "cudagraphs" and site.kind == "argument" and (site.callee == "compile" or site.position == "backend"):
        return "text:cudagraphs", "torch.compile's backend that records CUDA graphs: see which one the vendor has"
    if _SORT_KEY.fullmatch(text) and site.kind != "key":
        return "api:profiler.sort_by", advice(view.table.rule("api", "profiler.sort_by"), text, view.table)
    if rule := _command(view, first, site, whole=first == text):
        return rule.id, advice(rule, rule.key, view.table)
    if _is_code(view, literal):
        return "text:code", "source code in a string: migrate it by hand"
    if re.fullmatch(rf"(?:rank:[\d{{}}]+|\w+)/{re.escape(view.table.source.device)}:[\d{{}}]+", text):
        return "text:settings", "a device of another process: write the new one's name by hand"
    return _told(view, literal)


def _command(view: View, first: str, site: Site, *, whole: bool) -> Rule | None:
    """The row of a command that a text begins with, or is a path to; options of the compiler have it as their key."""
    rule = view.table.rule("cli", _FOLDER.sub("", first) if whole else first)
    taken = site.kind in ("argument", "assign") or (whole and first == _COMPILER and site.kind in ("key", "subscript"))
    return rule if taken else None


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
    loads = re.search(r"^\s*(?:import|from)\s+torch\b", text, re.MULTILINE) is not None
    return literal.site.callee in _CODE or text.startswith("$") or loads


def _told(view: View, literal: Literal) -> tuple[str, str] | None:
    """The rule and the advice for a text of one line that tells a command, a parser or a pattern about devices."""
    text, source = literal.value, view.table.source
    if "\n" in text or literal.site.kind not in _TOLD:
        return None
    if says(literal.site.name, view.table.sites.message_keywords):
        return None
    if literal.site.kind == "compare" and " " in text.strip():
        return "text:compared", _COMPARED
    words = rf"(?:{re.escape(source.device)}|{re.escape(source.backend)})"
    if literal.site.function.startswith("re.") and literal.site.position == "0":
        found = re.search(rf"(?<![\w-]){words}(?![\w-])", text)
        return ("text:compared", "a pattern that looks for a device: see what it has to find now") if found else None
    if re.search(rf"(?:device|backend)[\w-]*[\"']?\s*[:= ]\s*[\"']?{words}(?![\w-])", text):
        return "text:settings", "settings in a text: see who reads them"
    names = (match.group(1) for match in re.finditer(r"(?<!\w)([A-Z][A-Z0-9_]+)=", text))
    if any(view.table.rule_for("env", name) for name in names):
        return "text:settings", "sets an environment variable in a text: see who reads it"
    return None

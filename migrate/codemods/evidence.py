"""What speaks for a literal being a device or a backend: the place it stands in, and where its value goes."""

from __future__ import annotations

import re

from migrate.callsites import takes_device
from migrate.codemods.view import View
from migrate.naming import last_part, says
from migrate.syntax import Literal, Site

CHECKPOINT = "keys name the devices a checkpoint was saved on: map to the new device by hand"
_KINDS = ("gpu", "device", "host")  # of devices, of which none is one
_BESIDE = re.compile(
    r"[a-z]{1,2}ccl|ucc|mpi|fake|auto|none|cpu|cuda|.*gloo.*|", re.IGNORECASE
)  # beside a backend of torch's
_COLLECTING = ("append", "add", "insert", "remove", "discard")
_WRITERS = frozenset({"dump", "dumps", "safe_dump", "post", "put", "patch", "request", "send"})
_CARRIERS = ("assign", "default", "return", "iterate")


def device_problem(view: View, literal: Literal, whole: bool) -> str:
    """Why a device-shaped literal may be something else, or ""."""
    site = literal.site
    if _takes_device(view, site):
        return ""
    if not whole:
        return "completed at run time: is it a device?"
    if others := [text for text in site.siblings if text.lower() in (*_KINDS, *view.table.sites.outside.platforms)]:
        return f"listed beside {others[0]!r}, which is no device of torch's: whose names are these?"
    names = view.table.sites.device_names
    bare = literal.value == view.table.source.device
    if site.kind in ("compare", "case"):
        if part := _cut(view, literal):
            return f"{part} counts the letters of {literal.value!r}"
        if says(site.other, names) or last_part(site.other) == "type" or flows(view, literal, site.other):
            return ""
        return f"compared with {site.other or 'an expression'}: is that a device?"
    if site.kind == "value":
        return _value_problem(view, site)
    if site.kind in _CARRIERS:
        return _carrier_problem(view, literal, bare)
    if site.kind == "subscript" and view.flows.looked_up_by_device(literal.place, site.other):
        return ""
    where = "used in a way we cannot see"
    if site.kind == "argument":
        holder, _, method = site.function.rpartition(".")
        if not bare or says(site.paired, names) or (method in _COLLECTING and says(holder, names)):
            return ""
        where = f"an argument of {site.function or site.callee}"
    return f"{where}: is it a device?"


def _cut(view: View, literal: Literal) -> str:
    """Where the file cuts what is compared, by the length of a device's name that will have another, or ""."""
    old, new = len(view.table.source.device), len(view.table.target.words.device)
    leaf = last_part(literal.site.other)
    if not leaf or old == new:
        return ""
    length = f"(?:{old}|{old + 1})"  # with its colon
    cut = rf"\b{re.escape(leaf)}\)*(\[ *(?:0? *: *{length}|{length} *:[^\]\n]*) *\])"
    found = re.search(cut, text_around(view, literal))
    return leaf + found.group(1) if found else ""


def text_around(view: View, literal: Literal) -> str:
    """The text of the function that a literal stands in, or else of the file."""
    scope = literal.place.scope
    if scope.kind != "function":
        return view.scan.text
    first, last = getattr(scope.node, "lineno", 1), getattr(scope.node, "end_lineno", 1)
    return "".join(view.scan.line(number) for number in range(first, last + 1))


def _carrier_problem(view: View, literal: Literal, bare: bool) -> str:
    """Why what a variable, an option, a loop or a function gives may be no device, or ""."""
    site = literal.site
    if site.name and names_cuda(view, site.name) and site.kind != "return":
        return f"{site.name!r} says which device it is: add a sibling for the new one"
    if not bare or says(site.name, view.table.sites.device_names) or flows(view, literal, site.name):
        return ""
    return f"{site.name!r} does not say that it holds a device" if site.name else "who takes this value?"


def _value_problem(view: View, site: Site) -> str:
    """Why the value of a key may be no device, or ""."""
    names = view.table.sites.device_names
    if site.callee in _WRITERS:
        return f"written out by {site.callee}(): who reads it?"
    if site.other == "map_location":
        return CHECKPOINT
    if site.name and names_cuda(view, site.name):
        return f"{site.name!r} says which device it is: add a sibling for the new one"
    return "" if says(site.name, names) or says(site.other, names) else f"the value of {site.name!r}: is it a device?"


def _takes_device(view: View, site: Site) -> bool:
    """Whether the site is one to which torch, or the name of a parameter, gives the meaning of a device."""
    if takes_device(site, view.table.sites):
        return True
    if site.kind != "argument":
        return False
    if not site.position.isdigit():
        return view.flows.takes_device(site.callee, site.name)
    if view.flows.takes_device(site.callee, _parameter(view, site)):
        return True
    module = view.table.source.module + "."
    if any(callee.startswith(module) for callee in site.callees):
        return True
    return says(_parameter(view, site), view.table.sites.device_names)


def _parameter(view: View, site: Site) -> str:
    """The name of the parameter that a positional argument goes to, if the function is in this file."""
    return view.scan.parameter(site.callee, int(site.position))


def flows(view: View, literal: Literal, name: str) -> bool:
    return bool(name) and view.flows.holds_device(literal.place, name)


def names_cuda(view: View, name: str) -> bool:
    return view.mentions(last_part(name)) and not says(name, view.table.sites.device_names)


def named_after_backend(view: View, literal: Literal) -> str:
    """The constant that a backend is assigned to, or the class it is an attribute of, if that is called like it."""
    site, scope = literal.site, literal.place.scope
    holders = (last_part(site.name), scope.name if scope.kind == "class" else "")
    named = (name for name in holders if view.table.source.backend in name.lower())
    return next(named, "") if site.kind in ("assign", "default") else ""


def backend_problem(view: View, literal: Literal) -> str:
    """Why a literal that is a backend's name may be something else, or ""."""
    site, sites = literal.site, view.table.sites
    names = sites.backend_names
    shared = "gloo" in site.siblings or "mpi" in site.siblings
    if not site.paired and (others := [text for text in site.siblings if not _BESIDE.fullmatch(text)]):
        return f"listed beside {others[0]!r}, which is no backend of torch's: whose names are these?"
    if holder := named_after_backend(view, literal):
        return f"{holder!r} says which backend it is: add a sibling for the new one"
    if site.kind == "argument":
        known = {callee.rpartition(".")[2]: places for callee, places in sites.backend_calls.items()}
        if says(site.name, names) or site.position in known.get(site.callee, ()):
            return ""
        if site.position.isdigit() and says(_parameter(view, site), names):
            return ""
    if site.kind == "value" and site.callee in _WRITERS:
        return f"written out by {site.callee}(): who reads it?"
    if shared:
        return ""
    if says(site.name, names) or says(site.other, names) or says(site.paired, names):
        return ""
    if site.kind == "value" and (site.name == view.table.source.device or site.paired == view.table.source.device):
        return ""
    return f"{site.name or site.other or site.function or 'its use'} does not say that it is a backend"

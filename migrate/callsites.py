"""What a call, a container or a dict says of the values in it: their `Site`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from migrate.describe import describe
from migrate.model import Sites
from migrate.naming import says
from migrate.nodes import string_value
from migrate.syntax import Site

OTHER = Site("other")
MESSAGE = Site("message")
METADATA = "metadata"
_MANY = 100  # literals in a row; of more, each counts once, and itself among its own siblings
ASKING = frozenset({"getattr", "hasattr", "setattr", "delattr", "object"})  # for an attribute by its name
_CONTAINERS = frozenset({"str", "list", "tuple", "set", "frozenset", "sorted", "cycle", "chain"})
_TEXT_TESTS = frozenset(
    {"startswith", "endswith", "replace", "split", "removeprefix", "removesuffix", "partition", "rpartition",
     "lstrip", "strip", "rstrip", "find", "index", "count"}
)  # fmt: skip
_KEYED = {"get": 1, "pop": 1, "setdefault": 1, "getenv": 1, "getattr": 2, "setattr": 2, "setitem": 2}
_TEXT_MAKERS = frozenset({"format", "join", "str", "repr"})
_COMPARING = frozenset({"assertEqual", "assertNotEqual", "assertIn", "assertNotIn", "assertEquals"})


def argument_sites(call: cst.Call, dotted: frozenset[str], outer: Site, sites: Sites) -> Iterator[tuple[cst.Arg, Site]]:
    """Each argument of a call with its site.

    `dotted` are the names the function may have, `outer` is the site of the call itself.
    """
    callee, function = last_name(call.func), describe(call.func)
    asked = (text,) if callee in ASKING and (text := _text_argument(call, 1)) else ()
    position = -1
    for argument in call.args:
        keyword = argument.keyword.value if argument.keyword else ""
        position += not keyword
        where = keyword or ("" if argument.star else str(position))
        yield (
            argument,
            _indirect(call, argument.value, callee, where, outer, sites)
            or Site("argument", keyword, callee, dotted, where, _first(call), asked, function=function),
        )


def _indirect(
    call: cst.Call, value: cst.BaseExpression, callee: str, where: str, outer: Site, sites: Sites
) -> Site | None:
    """The site of an argument that the function passes on, compares or prints; None if it uses it itself."""
    if default := _default(call, value, callee, where, outer, sites):
        return default
    if where in sites.message_keywords or (callee in sites.message_calls and where.isdigit()):
        return MESSAGE
    if outer.kind == "message" and (outer.callee == "raise" or callee in _TEXT_MAKERS):
        return MESSAGE
    if callee in _CONTAINERS and where == "0":
        return outer
    if callee in _TEXT_TESTS and isinstance(call.func, cst.Attribute) and where == "0":
        return Site("compare", other=describe(call.func.value), callee=callee)
    if where == str(_KEYED.get(callee)) and (key := _text_argument(call, int(where) - 1)):
        return Site("default", name=key, callee=callee, other=_first(call))
    if callee in _COMPARING and where in ("0", "1") and len(call.args) > 1:
        return Site("compare", other=describe(call.args[1 - int(where)].value))
    return None


def _default(
    call: cst.Call, value: cst.BaseExpression, callee: str, where: str, outer: Site, sites: Sites
) -> Site | None:
    """The site of an argument that is the value, or a choice, of an option, a field or a test's parameter."""
    choice = where == "type" and isinstance(value, cst.Call)
    if callee in sites.option_calls and (choice or where in ("default", "choices", "const")):
        return Site("default", name=_option(call), callee=callee, group=id(call))
    if callee in sites.field_calls and outer.kind in ("assign", "default", "annotation"):
        if where in ("default", "default_factory", "0", "factory"):
            return outer._replace(group=id(call))
        if where == "metadata":
            return Site("default", name=outer.name, callee=METADATA, group=id(call))
    if callee == "Choice" and where in ("0", "choices") and outer.kind == "default":
        return outer
    if callee == "parametrize" and where in ("1", "argvalues") and (names := _text_argument(call, 0)):
        return Site("default", name=names, callee=callee)
    if callee == "param" and outer.callee == "parametrize" and where.isdigit():
        listed = [name.strip() for name in outer.name.split(",")]
        return outer._replace(name=listed[int(where)], callee="") if int(where) < len(listed) else None
    if callee == "fixture" and where == "params" and outer.kind == "decorator":
        return Site("default", name=outer.name, callee=callee)
    return None


def takes_device(site: Site, sites: Sites) -> bool:
    """Whether torch, or the name of a keyword, makes what stands in this argument a device."""
    if site.kind != "argument":
        return False
    if site.name and says(site.name, sites.device_names):
        return True
    if any(site.position in sites.device_calls.get(callee, ()) for callee in site.callees):
        return True
    return site.position in sites.device_methods.get(site.callee, ()) and site.function != site.callee


def hands_over_rank(value: cst.BaseExpression, site: Site, sites: Sites) -> bool:
    """Whether a bare rank stands where a device belongs, in something that does not itself name CUDA."""
    if site.position in ("output_device", "device_ids") or any(_is_native(name, sites) for name in site.callees):
        return False
    if not takes_device(site, sites) or any(word in site.function.lower() for word in sites.words):
        return False
    return isinstance(value, (cst.Name, cst.Attribute)) and says(describe(value), sites.integers)


def _is_native(dotted: str, sites: Sites) -> bool:
    """Whether a function belongs to a package that we know: it makes a device of a number by itself."""
    return dotted.partition(".")[0] in sites.packages


def element_sites(values: Sequence[cst.BaseExpression], outer: Site) -> Iterator[tuple[cst.BaseExpression, Site]]:
    """The elements of a tuple, list or set. Rows of `parametrize("a, device", …)` take a name by position."""
    texts = tuple(string_value(value) or "" for value in values)
    names = [name.strip() for name in outer.name.split(",")] if outer.callee == "parametrize" else []
    row = len(names) > 1 and not any(isinstance(value, (cst.Tuple, cst.List, cst.Call)) for value in values)
    shared = tuple(filter(None, dict.fromkeys(texts))) if len(texts) > _MANY else None
    for number, value in enumerate(values):
        siblings = shared
        if siblings is None:
            siblings = tuple(text for other, text in enumerate(texts) if text and other != number)
        previous = texts[number - 1] if number else ""
        inside = outer._replace(siblings=siblings, paired=previous if previous.startswith("-") else "")
        if row and number < len(names):
            inside = inside._replace(name=names[number], callee="")
        yield value, inside


def entry_sites(node: cst.Dict, outer: Site) -> Iterator[tuple[cst.CSTNode, Site]]:
    """The keys and values of a dict display, and the mappings it unpacks."""
    pairs = [element for element in node.elements if isinstance(element, cst.DictElement)]
    keys = tuple(string_value(pair.key) or "" for pair in pairs)
    about = outer.callee == METADATA
    others = tuple(filter(None, dict.fromkeys(keys) if len(keys) > _MANY else keys))
    for element in node.elements:
        if not isinstance(element, cst.DictElement):
            yield element.value, OTHER
            continue
        key, value = string_value(element.key) or "", string_value(element.value) or ""
        if about:
            yield element.key, OTHER
            yield element.value, outer._replace(callee="") if key == "choices" else MESSAGE
            continue
        yield element.key, Site("key", outer.name, outer.callee, other=outer.kind, keys=others, paired=value)
        yield element.value, Site("value", key, outer.callee, other=outer.name, keys=others, paired=key)


def last_name(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return last_name(node.func) if isinstance(node, cst.Call) else ""


def _text_argument(call: cst.Call, position: int) -> str:
    positional = [argument for argument in call.args if not argument.keyword and not argument.star]
    return (string_value(positional[position].value) or "") if position < len(positional) else ""


def _first(call: cst.Call) -> str:
    return describe(call.args[0].value) if call.args and not call.args[0].star else ""


def _option(call: cst.Call) -> str:
    """The long option of `add_argument("-d", "--device", …)`, or its only name."""
    texts = [string_value(argument.value) or "" for argument in call.args if not argument.keyword]
    options = [text for text in texts if text.startswith("--")] or [text for text in texts if text]
    return options[0] if options else ""

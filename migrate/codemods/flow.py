"""Where a variable of one file ends up: evidence that a string in it is a device."""

from __future__ import annotations

import ast
import re

from migrate.bindings import home_of
from migrate.codemods.view import View
from migrate.describe import last_part, says
from migrate.source import Place


def reaches_device(view: View, place: Place, name: str) -> bool:
    """Whether the file passes the variable, as it stands, to something that takes a device."""
    if not re.search(rf"[(=,]\s*{re.escape(name)}\s*[,)]", view.scan.text):
        return False
    root = name.partition(".")[0]
    home = home_of(place.scope, root)
    where = home.node if home and "." not in name else place.scope.module().node
    for node in ast.walk(where):
        if isinstance(node, ast.Call) and any(_takes(view, place, node, argument, name) for argument in _passed(node)):
            return True
    return False


def _passed(node: ast.Call) -> list[tuple[str, ast.expr]]:
    positional = [(str(number), argument) for number, argument in enumerate(node.args)]
    return positional + [(keyword.arg or "", keyword.value) for keyword in node.keywords]


def _takes(view: View, place: Place, node: ast.Call, argument: tuple[str, ast.expr], name: str) -> bool:
    where, value = argument
    if not isinstance(value, (ast.Name, ast.Attribute)) or ast.unparse(value) != name:
        return False
    sites = view.table.sites
    if not where.isdigit():
        return says(where, sites.device_names)
    function = node.func
    if isinstance(function, ast.Attribute) and where in sites.device_methods.get(function.attr, ()):
        return True
    if not isinstance(function, (ast.Attribute, ast.Name)):
        return False
    dotted = ast.unparse(function)
    callees = view.resolve(place, dotted).names
    if any(where in sites.device_calls.get(callee, ()) for callee in callees):
        return True
    return says(view.scan.parameter(last_part(dotted), int(where)), sites.device_names)

"""Members of an object that a name stands for alone: `g = torch.cuda.CUDAGraph()`, and then `g.debug_dump()`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from migrate.advice import advice
from migrate.codemods.insertions import dotted
from migrate.codemods.locals import SCOPES, is_name, own, stores
from migrate.codemods.view import View
from migrate.model import Draft, Rule
from migrate.trees import every


def find_members(view: View, drafts: Sequence[Draft]) -> Iterator[Draft]:
    """Findings for members that the target's class lacks, of objects whose making is rewritten.

    Members that name CUDA themselves are other codemods' business.
    """
    rewritten = {draft.rule_id for draft in drafts if draft.edits}
    if not any(rule_id.rpartition(".")[2][:1].isupper() for rule_id in rewritten):  # no class is among them
        return
    rows = _rows(view)
    if not any(member in view.scan.text for members in rows.values() for member in members):
        return
    tree = view.scan.module.node
    for scope in (tree, *(node for node in every(tree) if isinstance(node, SCOPES))):
        for name, made in _objects(scope):
            key = dotted(view, made.func)
            if key in rows and f"api:{key}" in rewritten and stores(scope, name) == 1:
                yield from _members(view, scope, name, rows[key])


def _rows(view: View) -> dict[str, dict[str, Rule]]:
    """The rows of members that have to be seen to, by class and name."""
    table = view.table
    found: dict[str, dict[str, Rule]] = {}
    for rule in table.rules.values():
        home, _, leaf = rule.key.rpartition(".")
        stays = rule.kind == "api" and rule.status in ("missing", "differs") and not rule.to
        if stays and home not in table.sites.modules and table.rule("api", home) and not view.mentions(leaf):
            found.setdefault(home, {})[leaf] = rule
    return found


def _objects(scope: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """The names that are assigned what a call gives, and the calls."""
    for node in own(scope):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            if isinstance(target, ast.Name) and isinstance(value, ast.Call):
                yield target.id, value


def _members(view: View, scope: ast.AST, name: str, rows: dict[str, Rule]) -> Iterator[Draft]:
    for node in own(scope):
        if isinstance(node, ast.Attribute) and is_name(node.value, name) and node.attr in rows:
            rule = rows[node.attr]
            yield Draft(rule.id, *view.scan.span(node), "manual", advice(rule, rule.key, view.table))

"""What the grammar of tree-sitter says of a script, in the terms in which our scanner says it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from migrate.kinds.script import Part, Script, Word, parts_of, walk

Span = tuple[int, int]
DECLARING = ("export", "declare", "typeset", "local", "readonly")
OWN_NODES = (*DECLARING, "[", "unset", "test", "[[")  # commands for which the grammar has other nodes


class Facts(NamedTuple):
    comments: frozenset[Span]
    bodies: frozenset[str]
    assigned: frozenset[Span]
    expanded: frozenset[Span]
    commands: frozenset[int]


def facts_of_grammar(text: str) -> Facts | None:
    """The facts of an ASCII script; None where the grammar gives up on any of it."""
    tree_sitter = pytest.importorskip("tree_sitter")
    bash = pytest.importorskip("tree_sitter_bash")
    root = tree_sitter.Parser(tree_sitter.Language(bash.language())).parse(text.encode()).root_node
    if root.has_error:
        return None
    comments, bodies, assigned, expanded, commands = set(), set(), set(), set(), set()
    for node in nodes(root):
        span = (node.start_byte, node.end_byte)
        parent = node.parent.type if node.parent else ""
        if node.type == "comment":
            comments.add((span[0], span[0] + len(text[slice(*span)].rstrip("\r"))))
        elif node.type == "heredoc_body":
            bodies.add(text[slice(*span)].strip())
        elif node.type == "variable_name" and text[slice(*span)].isdigit():
            continue
        elif node.type == "variable_name" and parent == "variable_assignment" and node.prev_sibling is None:
            if node.parent.parent.type != "c_style_for_statement":
                assigned.add(span)
        elif node.type == "variable_name" and parent == "subscript":
            holder = node.parent.parent
            (assigned if holder.type == "variable_assignment" else expanded).add(span)
        elif node.type == "variable_name" and parent in ("simple_expansion", "expansion"):
            expanded.add(span)
        elif node.type == "command_name" and node.text.decode() not in OWN_NODES:
            commands.add(span[0])
    return Facts(*map(frozenset, (comments, bodies, assigned, expanded, commands)))


def nodes(root: object) -> Iterator[object]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children  # type: ignore[attr-defined]


def facts_of_scanner(script: Script) -> Facts:
    assigned, expanded, commands = set(), set(), set()
    for command in script.commands:
        first = command.words[0].literal if command.words else None
        declared = command.words if command.kind == "simple" and first in DECLARING else ()
        assigned |= {word.name for word in (*command.assignments, *declared) if word.name}
        for word in words_of(script, command.assignments, command.words, command.redirects):
            expanded |= set(names_in(parts_of(word)))
        if command.kind == "simple" and command.words and first not in OWN_NODES:
            commands.add(command.words[0].start)
    for heredoc in script.heredocs:
        expanded |= set(names_in(walk(heredoc.parts)))
    bodies = {script.text[body.start : body.end].strip() for body in script.heredocs}
    return Facts(*map(frozenset, (script.comments, bodies, assigned, expanded, commands)))


def words_of(script: Script, *groups: tuple[object, ...]) -> Iterator[Word]:
    del script
    for group in groups:
        for one in group:
            word = one if isinstance(one, Word) else one.target  # type: ignore[attr-defined]
            if word:
                yield word


def names_in(parts: Iterator[Part]) -> Iterator[Span]:
    for part in parts:
        if part.kind == "variable" and part.value.isidentifier():
            yield part.at, part.at + len(part.value)

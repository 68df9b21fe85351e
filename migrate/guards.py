"""Branches that already serve several accelerators: found from the syntax tree, never renamed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from migrate.model import Sites

_JUMPS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_AGNOSTIC = "accelerator"
_SHIM = re.compile(r"^[ \t]*(?:from|import)\b.*\btransfer_to_\w+", re.MULTILINE)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NONE: frozenset[str] = frozenset()


class Guard(NamedTuple):
    """Why code is one device's branch of several: the other accelerators the branches name.

    A guard that names the target only, with no branch for CUDA beside it, is `soft`: our own output looks
    the same, so it stops edits but changes nothing about what is manual anyway.
    """

    accelerators: frozenset[str]
    reason: str
    soft: bool = False


AGNOSTIC = Guard(frozenset({"accelerator"}), "the way out where the device in use has no module of its own")


class GuardFinder:
    """Answers, for the statements of one file, which of them stand in a branch for one accelerator."""

    def __init__(self, text: str, starts: Sequence[int], sites: Sites, source: str, target: str) -> None:
        self._text, self._starts, self._flags = text, starts, sites.flags
        self.source, self.target = source, target
        names = sorted(sites.accelerators - {source} - sites.flags)
        flags = "|".join(sorted(sites.flags)) or "(?!)"
        self._pattern = re.compile(
            rf"(?<![a-z])({'|'.join(names)})(?![a-z])|(?:torch\.|(?<![\w.]))({flags})(?!\w)"
            rf"|(?:torch\.|get_|current_)({_AGNOSTIC})",
            re.IGNORECASE,
        )
        self._words = (*names, *sorted(sites.flags), _AGNOSTIC)
        self._lower = text.lower()
        self._twins: dict[str, frozenset[str]] = {}
        self._disguises = re.compile(rf"""== *["']{target}["'][^\n]*:\s*\n\s*[\w.]+ *= *["']{source}["']""")
        self._helpers = (f"is_{target}_available", f"is_torch_{target}_available")

    def doubt(self) -> str:
        """Why nothing in the file is certain: what it asks for or loads, and no codemod of ours writes, or ""."""
        if any(helper in self._text for helper in self._helpers):
            return f"the file asks for {self.target} elsewhere; see whether this line is its CUDA branch"
        if self._disguises.search(self._text):
            return f"the file takes {self.target} for {self.source} on purpose; see whether this line is part of it"
        if "transfer_to_" in self._text and _SHIM.search(self._text):
            return "the file loads a shim that answers CUDA calls at run time: keep that, or migrate without it"
        return ""

    def named_in(self, text: str) -> frozenset[str]:
        """The accelerators that identifiers or strings in the text name, lower-case."""
        return frozenset("".join(groups).lower() for groups in self._pattern.findall(text))

    def block(self, statements: Sequence[ast.stmt], outer: Guard | None) -> Iterator[tuple[ast.stmt, Guard | None]]:
        """Pair each statement of a block with the guard it stands under."""
        guard = outer
        for index, statement in enumerate(statements):
            own = guard
            if _open(guard):
                found = self._siblings(statements, index) if isinstance(statement, ast.If) else self._twin(statement)
                own = found or guard
            yield statement, own
            if isinstance(statement, ast.If) and _open(guard):
                guard = self._rest_guard(statement) or guard

    def _twin(self, statement: ast.stmt) -> Guard | None:
        """`use_cuda = …` where the file has a `use_npu` too, and functions and classes named so."""
        names = [name for name in _bound_names(statement) if self.source in name.lower()]
        found = frozenset(device for name in names for device in self._twins_of(name))
        if not found:
            return self._counterpart(statement)
        listed = ", ".join(sorted(found))
        return Guard(found, f"{names[0]} has a counterpart for {listed}")

    def _counterpart(self, statement: ast.stmt) -> Guard | None:
        """`class Hook` and `def sync` where the file has an `NPUHook` and an `npu_sync` as well."""
        if self.target not in self._lower or not isinstance(statement, _DEFINITIONS):
            return None
        name, word = statement.name, self.target
        others = (f"{word.upper()}{name}", f"{word.capitalize()}{name}", f"{word}_{name}", f"{name}_{word}")
        if not any(re.search(rf"\b(?:def|class) +{other}\b", self._text) for other in others if other in self._text):
            return None
        return Guard(frozenset({word}), f"{name} has a counterpart for {word}", soft=True)

    def _twins_of(self, name: str) -> Iterator[str]:
        """The accelerators for which the file has the same name, in the same case: HAS_CUDA, HAS_NPU."""
        if name not in self._twins:
            present = [device for device in self._words if device in self._lower and device != _AGNOSTIC]
            self._twins[name] = frozenset(device for device in present if self._binds(self._twin_name(name, device)))
        yield from self._twins[name]

    def _twin_name(self, name: str, device: str) -> str:
        return re.sub(self.source, lambda match: _cased(device, match.group()), name, flags=re.IGNORECASE)

    def _binds(self, name: str) -> bool:
        """Whether some line assigns, defines or imports a name."""
        pattern = (
            rf"^[ \t]*(?:(?:\w+\.)?{name}[ \t]*(?::[^=\n]+)?=(?!=)|(?:async +)?(?:def|class) +{name}\b"
            rf"|(?:from|import)\b[^\n]*\b{name}\b)"
        )
        return name in self._text and re.search(pattern, self._text, re.MULTILINE) is not None

    def branches(self, node: ast.If, outer: Guard | None) -> list[Guard | None]:
        """A guard for each arm of an if/elif ladder, the last one for `else`."""
        arms = list(_arms(node))
        named = [self._mentions(test) for test in arms]
        every: frozenset[str] = frozenset().union(*named)
        if not every or not _open(outer):
            return [outer] * (len(arms) + 1)
        cuda = [self._mentions_source(test) for test in arms]
        alone = [bool(names) and not has for names, has in zip(named, cuda, strict=True)]
        if not any(alone):
            reason = f"a branch for {', '.join(sorted(every))} as well"
            mixed = any(names and has for names, has in zip(named, cuda, strict=True))
            guard = Guard(every, reason, soft=self.target in every) if mixed else outer
            return [guard] * (len(arms) + 1)
        asks = any(helper in " ".join(_words(test)) for test in arms for helper in self._helpers)
        soft = every == {self.target} and not any(cuda) and not asks
        ladder = Guard(every, f"one branch of several accelerators ({', '.join(sorted(every))})", soft)
        guards: list[Guard | None] = []
        for names, foreign in zip(named, alone, strict=True):
            own = outer if names == {self.target} else Guard(names, f"code for {', '.join(sorted(names))}")
            guards.append(own if foreign else ladder)
        guards.append(ladder)
        if len(arms) == 1 and _negated(arms[0]):
            guards.reverse()
        return guards

    def handler(self, node: ast.Try, outer: Guard | None) -> Guard | None:
        """The guard of `except` and `else` after a `try` that imports another vendor's package."""
        if not _open(outer):
            return outer
        names: frozenset[str] = frozenset()
        for statement in node.body:
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                roots = [alias.name for alias in statement.names] if isinstance(statement, ast.Import) else []
                names |= self.named_in(" ".join([*roots, getattr(statement, "module", None) or ""]))
        if not names:
            return outer
        return Guard(names, f"the way out when {', '.join(sorted(names))} is absent", soft=names == {self.target})

    def cases(self, node: ast.Match, outer: Guard | None) -> Guard | None:
        """The guard of a `match` whose patterns name several accelerators."""
        if not _open(outer):
            return outer
        patterns = [case.pattern for case in node.cases]
        names: frozenset[str] = frozenset().union(*(self._mentions(pattern) for pattern in patterns))
        if names and any(self._mentions_source(pattern) for pattern in patterns):
            return Guard(names, f"one case of several accelerators ({', '.join(sorted(names))})")
        return outer

    def choice(self, test: str, here: str, there: str, outer: Guard | None) -> Guard | None:
        """The guard of `x if cuda else y`, given the words of the condition, of x and of y."""
        first, second = self.named_in(f"{test} {here}"), self.named_in(there)
        asked = self.source not in test.lower() and self.named_in(test) - self._flags
        beside = (second and self.source in f"{test} {here}".lower()) or (first and self.source in there.lower())
        if _open(outer) and (asked or beside):
            names = first | second
            reason = f"one of several accelerators ({', '.join(sorted(names))})"
            return Guard(names, reason, soft=names == {self.target})
        return outer

    def either(self, operands: Sequence[str], outer: Guard | None) -> Guard | None:
        """The guard of `cuda or npu`, of `cuda and not xpu`, given the words of each operand."""
        others = [words for words in operands if self.source not in words.lower()]
        names = _NONE.union(*map(self.named_in, others))
        if names and _open(outer) and len(others) < len(operands):
            verb = "is" if len(names) == 1 else "are"
            return Guard(names, f"{', '.join(sorted(names))} {verb} asked for beside it", soft=self.target in names)
        return outer

    def entry(self, keys: str, outer: Guard | None) -> Guard | None:
        """The guard of the values of a dict, or of the default looked up beside it, given the words of its keys."""
        names = self.named_in(keys)
        if names and _open(outer):
            return Guard(names, f"one entry of several accelerators ({', '.join(sorted(names))})")
        return outer

    def _siblings(self, statements: Sequence[ast.stmt], index: int) -> Guard | None:
        """Two `if`s in a row, one asking for CUDA and one for another device, are a ladder too."""
        here = statements[index]
        assert isinstance(here, ast.If)
        if self._mentions(here.test) or not self._mentions_source(here.test):
            return None
        others = [node for node in _run(statements, index) if not self._mentions_source(node.test)]
        names = _NONE.union(*(self._mentions(node.test) for node in others))
        if not names:
            return None
        return Guard(names, f"beside a branch for {', '.join(sorted(names))}", soft=names == {self.target})

    def _rest_guard(self, node: ast.If) -> Guard | None:
        """After `if is_npu_available(): return …` the rest of the block is the other branch."""
        names = self._mentions(node.test)
        if not names or node.orelse or self._mentions_source(node.test) or _negated(node.test):
            return None
        if not isinstance(node.body[-1], _JUMPS):
            return None
        reason = f"after the branch for {', '.join(sorted(names))} has left"
        return Guard(names, reason, soft=names == {self.target})

    def _mentions(self, node: ast.expr | ast.pattern) -> frozenset[str]:
        """The accelerators that an expression names. Most name none: their lines are searched before the tree."""
        lines = self._lines(node)
        if not any(word in lines for word in self._words):
            return _NONE
        return self.named_in(" ".join(_words(node)))

    def _lines(self, node: ast.expr | ast.pattern) -> str:
        """The lines a node stands on, in lower case: much cheaper to search than the tree."""
        last = node.end_lineno or node.lineno
        end = self._starts[last] if last < len(self._starts) else len(self._text)
        return self._text[self._starts[node.lineno - 1] : end].lower()

    def _mentions_source(self, node: ast.expr | ast.pattern) -> bool:
        if self.source not in self._lines(node):
            return False
        return any(self.source in word.lower() for word in _words(node))


def _bound_names(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, _DEFINITIONS):
        yield statement.name
        return
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    for target in targets:
        if isinstance(target, ast.Name):
            yield target.id
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            yield target.attr


def _cased(word: str, like: str) -> str:
    return word.upper() if like.isupper() else word.capitalize() if like.istitle() else word


def _run(statements: Sequence[ast.stmt], index: int) -> Iterator[ast.If]:
    """The `if`s beside one in its block: the next ones, and those beyond them that only a jump leads past."""
    for step in (-1, 1):
        at = index + step
        while 0 <= at < len(statements):
            node = statements[at]
            if not isinstance(node, ast.If):
                break
            yield node
            if not isinstance(node.body[-1], _JUMPS):
                break
            at += step


def _open(guard: Guard | None) -> bool:
    """Whether a closer look may still find a stricter guard."""
    return guard is None or guard.soft


def _negated(test: ast.expr) -> bool:
    return any(isinstance(child, ast.Not) for child in ast.walk(test))


def _arms(node: ast.If) -> Iterator[ast.expr]:
    while True:
        yield node.test
        if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
            return
        node = node.orelse[0]


def _words(node: ast.AST) -> Iterator[str]:
    """Identifiers (dotted where they are) and string literals below a node."""
    for child in ast.walk(node):
        if isinstance(child, ast.Attribute):
            base = child.value
            yield f"{base.id}.{child.attr}" if isinstance(base, ast.Name) else child.attr
        elif isinstance(child, ast.Name):
            yield child.id
        elif isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value

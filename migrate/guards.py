"""Branches that already serve several accelerators: found from the syntax tree, never renamed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from migrate.arms import (
    JUMPS,
    arms_of,
    binds,
    bound_names,
    definitions_with,
    imported,
    is_negated,
    is_of_rocm,
    is_short,
    is_word,
    means_rocm,
    mentions_rocm,
    run_of,
    said_in,
    takes_for,
    twin_of,
    words_of,
)  # fmt: skip
from migrate.model import Sites

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
ROCM = Guard(frozenset({"rocm"}), "code for builds of torch for ROCm, in which torch.cuda is AMD's")


class GuardFinder:
    """Answers, for the statements of one file, which of them stand in a branch for one accelerator."""

    def __init__(self, text: str, starts: Sequence[int], sites: Sites, source: str, target: str) -> None:
        self._text, self._starts, self._flags = text, starts, sites.flags
        self.source, self.target = source, target
        names = sorted(sites.accelerators - {source} - sites.flags)
        flags = "|".join(sorted(sites.flags)) or "(?!)"
        classes = "|".join(word for name in names for word in (name.capitalize(), name.upper()))
        self._pattern = re.compile(
            rf"(?<![a-z])({'|'.join(names)})(?![a-z])|(?<![a-z])(?-i:({classes})(?=[A-Z]))"
            rf"|(?:torch\.|(?<![\w.]))({flags})(?!\w)|(?:torch\.|get_|current_)({_AGNOSTIC})",
            re.IGNORECASE,
        )
        self._words = (*names, *sorted(sites.flags), _AGNOSTIC)
        self._lower = text.lower()
        self.foreign = any(name in self._lower for name in sorted(self._words[:-1], key=len))  # short ones are common
        self.rocm = source == "cuda" and mentions_rocm(self._lower)
        self._twins: dict[str, frozenset[str]] = {}
        self._named = definitions_with(target, text) if target in self._lower else frozenset()
        self._helpers = (f"is_{target}_available", f"is_torch_{target}_available")

    def doubt(self) -> str:
        """Why nothing in the file is certain: what it asks for or loads, and no codemod of ours writes, or ""."""
        if any(helper in self._text for helper in self._helpers):
            return f"the file asks for {self.target} elsewhere; see whether this line is its CUDA branch"
        if takes_for(self.target, self.source, self._text):
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
            own, apart = guard, None
            if _open(guard):
                found = self._siblings(statements, index) if isinstance(statement, ast.If) else self._twin(statement)
                apart = self._way_out(statements, index)
                own = found or apart or guard
            yield statement, own
            if isinstance(statement, ast.If) and _open(guard):
                guard = self._rest_guard(statement) or apart or guard

    def _twin(self, statement: ast.stmt) -> Guard | None:
        """`use_cuda = …` where the file has a `use_npu` too, and functions and classes named so."""
        if self.rocm and isinstance(statement, _DEFINITIONS) and is_of_rocm(statement.name):
            return ROCM
        names = [name for name in bound_names(statement) if self.source in name.lower()]
        found = frozenset(device for name in names for device in self._twins_of(name))
        if not found:
            return self._counterpart(statement)
        return Guard(found, f"{names[0]} has a counterpart for {', '.join(sorted(found))}")

    def _counterpart(self, statement: ast.stmt) -> Guard | None:
        """`class Hook` and `def sync` where the file has an `NPUHook` and an `npu_sync` as well."""
        if not self._named or not isinstance(statement, _DEFINITIONS):
            return None
        name, word = statement.name, self.target
        others = (f"{word.upper()}{name}", f"{word.capitalize()}{name}", f"{word}_{name}", f"{name}_{word}")
        why = f"{name} has a counterpart for {word}"
        return None if self._named.isdisjoint(others) else Guard(frozenset({word}), why, soft=True)

    def _twins_of(self, name: str) -> Iterator[str]:
        """The accelerators for which the file has the same name, in the same case: HAS_CUDA, HAS_NPU."""
        if name not in self._twins:
            present = [device for device in self._words if device in self._lower and device != _AGNOSTIC]
            self._twins[name] = frozenset(
                device for device in present if binds(self._text, twin_of(name, self.source, device))
            )
        yield from self._twins[name]

    def branches(self, node: ast.If, outer: Guard | None) -> list[Guard | None]:
        """A guard for each arm of an if/elif ladder, the last one for `else`."""
        arms = list(arms_of(node))
        guards = self._ladder(node, [arm.test for arm in arms], outer)
        if self.rocm and _open(outer):
            for number, arm in enumerate(arms):
                if means_rocm(arm.test, True):
                    guards[number] = ROCM
            if all(means_rocm(arm.test, False) for arm in arms):
                guards[-1] = ROCM
        return guards

    def _ladder(self, node: ast.If, arms: list[ast.expr], outer: Guard | None) -> list[Guard | None]:
        named = [self._mentions(test) for test in arms]
        every: frozenset[str] = frozenset().union(*named)
        if not every or not _open(outer):
            return [outer if every else self._apart(node, (), outer)] * (len(arms) + 1)
        cuda = [self._mentions_source(test) for test in arms]
        alone = [bool(names) and not has for names, has in zip(named, cuda, strict=True)]
        if not any(alone):
            reason = f"a branch for {', '.join(sorted(every))} as well"
            mixed = any(names and has for names, has in zip(named, cuda, strict=True))
            guard = Guard(every, reason, soft=self.target in every) if mixed else outer
            return [guard] * (len(arms) + 1)
        asks = any(helper in " ".join(words_of(test)) for test in arms for helper in self._helpers)
        soft = every == {self.target} and not any(cuda) and not asks
        ladder = Guard(every, f"one branch of several accelerators ({', '.join(sorted(every))})", soft)
        guards: list[Guard | None] = []
        for names, foreign in zip(named, alone, strict=True):
            own = outer if names == {self.target} else Guard(names, f"code for {', '.join(sorted(names))}")
            guards.append(own if foreign else ladder)
        guards.append(ladder)
        if len(arms) == 1 and is_negated(arms[0]):
            guards.reverse()
        return guards

    def among(self, texts: Sequence[str], outer: Guard | None, *, asked: bool = False) -> Guard | None:
        """The guard of things side by side, by the words of each; `asked` if what chooses one of them names CUDA."""
        others = [text for text in texts if self.source not in text.lower()]
        names = self.named_in(" ".join(others)) - {_AGNOSTIC}
        if names and (asked or len(others) < len(texts)) and _open(outer):
            return self._one_of(names)
        return outer

    def listed(
        self, values: Sequence[tuple[str, list[str]]], outer: Guard | None, *, picked: bool = False, asked: bool = False
    ) -> Guard | None:
        """Of the elements of a display, by their identifiers and texts, which alone count where one is `picked`."""
        told = [(names, " ".join(filter(is_word, texts))) for names, texts in values]
        others = [both for both in told if self.source not in " ".join(both).lower()]
        if not _open(outer) or not others or (len(others) == len(told) and not asked):
            return outer
        code, texts = (self.named_in(" ".join(words)) - {_AGNOSTIC} for words in zip(*others, strict=True))
        return self._one_of(code | texts) if code or (texts and (picked or self.target in texts)) else outer

    def _one_of(self, names: frozenset[str]) -> Guard:
        return Guard(names, f"one of several accelerators ({', '.join(sorted(names))})", soft=names == {self.target})

    def _apart(self, node: ast.If, rest: Sequence[ast.stmt], outer: Guard | None) -> Guard | None:
        """The guard of arms, and of what else is run, of which one is another accelerator's, though nothing asks so."""
        if not self.foreign or not _open(outer) or not any(word in self._lines(node, *rest) for word in self._words):
            return outer
        arms = list(arms_of(node))
        blocks = [arm.body for arm in arms] + [block for block in (arms[-1].orelse, rest) if block]
        asking = [arm for arm in arms if self._mentions_source(arm.test)]
        ours = {id(arm.body) for arm in asking if not is_negated(arm.test)}  # whatever they say
        said = [self.source if id(block) in ours else said_in(block) if is_short(block) else "" for block in blocks]
        return self.among(said, outer, asked=bool(asking)) if len(blocks) > 1 else outer

    def _way_out(self, statements: Sequence[ast.stmt], index: int) -> Guard | None:
        """`if flag: return torch.xpu` and, at the end of the block, `return torch.cuda`."""
        node, rest = statements[index], statements[index + 1 :]
        if not isinstance(node, ast.If) or len(rest) != 1 or not isinstance(rest[0], ast.Return) or node.orelse:
            return None
        if not isinstance(node.body[-1], JUMPS) or self._mentions(node.test):
            return None
        return self._apart(node, rest, None)

    def handler(self, node: ast.Try, outer: Guard | None) -> Guard | None:
        """The guard of `except` and `else` after a `try` that imports another vendor's package."""
        if not _open(outer):
            return outer
        imports = [statement for statement in node.body if isinstance(statement, (ast.Import, ast.ImportFrom))]
        names = _NONE.union(*(self.named_in(" ".join(imported(statement))) for statement in imports))
        rest = [statement for statement in node.body if statement not in imports]
        if imports and not names and self.foreign and is_short(rest) and self.source not in said_in(rest).lower():
            names = self.named_in(said_in(rest)) - {_AGNOSTIC}
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
            return self._one_of(first | second)
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
        others = [node for node in run_of(statements, index) if not self._mentions_source(node.test)]
        names = _NONE.union(*(self._mentions(node.test) for node in others))
        if not names:
            return None
        return Guard(names, f"beside a branch for {', '.join(sorted(names))}", soft=names == {self.target})

    def _rest_guard(self, node: ast.If) -> Guard | None:
        """After `if is_npu_available(): return …` the rest of the block is the other branch."""
        leaves = not node.orelse and isinstance(node.body[-1], JUMPS)
        if leaves and self.rocm and means_rocm(node.test, False):
            return ROCM
        names = self._mentions(node.test)
        if not names or not leaves or self._mentions_source(node.test) or is_negated(node.test):
            return None
        reason = f"after the branch for {', '.join(sorted(names))} has left"
        return Guard(names, reason, soft=names == {self.target})

    def _mentions(self, node: ast.expr | ast.pattern) -> frozenset[str]:
        """The accelerators that an expression names. Most name none: their lines are searched before the tree."""
        lines = self._lines(node)
        if not any(word in lines for word in self._words):
            return _NONE
        return self.named_in(" ".join(words_of(node)))

    def _lines(self, node: ast.expr | ast.pattern | ast.stmt, *more: ast.stmt) -> str:
        """The lines that nodes stand on, in lower case: much cheaper to search than the tree."""
        last = (node, *more)[-1].end_lineno or node.lineno
        end = self._starts[last] if last < len(self._starts) else len(self._text)
        return self._text[self._starts[node.lineno - 1] : end].lower()

    def _mentions_source(self, node: ast.expr | ast.pattern) -> bool:
        if self.source not in self._lines(node):
            return False
        return any(self.source in word.lower() for word in words_of(node))


def _open(guard: Guard | None) -> bool:
    """Whether a closer look may still find a stricter guard."""
    return guard is None or guard.soft

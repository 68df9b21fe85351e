"""What the arms of a branch hold where its question says nothing: another accelerator's code, or that of ROCm."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

JUMPS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return, ast.Import, ast.ImportFrom)
_FEW = 3  # statements: more are no twin of what the other arm does
_DEVICE = re.compile(r"\w+(?::\d+)?")
_QUESTIONS = frozenset({"is", "has", "use", "using", "on", "with", "available", "enabled", "build", "platform"})
_DENIALS = frozenset({"no", "non", "not", "or", "and", "cuda", "skip", "without"})


def is_short(block: Sequence[ast.stmt]) -> bool:
    """Whether a block is a few simple statements, which another block can be the counterpart of."""
    return 0 < len(block) <= _FEW and all(isinstance(statement, _SIMPLE) for statement in block)


def is_of_rocm(name: str) -> bool:
    """Whether the name of a function or class says that it is for ROCm."""
    words = set(name.lower().split("_"))
    words |= {"rocm"} if name.startswith(("ROCm", "Rocm", "ROCM")) else set()
    return "rocm" in words and not words & _DENIALS


def is_word(text: str) -> bool:
    """Whether a text can be the name of a device, with or without a number."""
    return _DEVICE.fullmatch(text) is not None


def said_in(block: Sequence[ast.stmt]) -> str:
    """The identifiers of a block, and its strings that are a single word."""
    words = (word for statement in block for word in words_of(statement))
    return " ".join(word for word in words if is_word(word) or "." in word)


def is_negated(test: ast.expr) -> bool:
    return any(isinstance(child, ast.Not) for child in ast.walk(test))


def arms_of(node: ast.If) -> Iterator[ast.If]:
    while True:
        yield node
        if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
            return
        node = node.orelse[0]


def bound_names(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
        return
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    for target in targets:
        if isinstance(target, ast.Name):
            yield target.id
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            yield target.attr


def cased(word: str, like: str) -> str:
    return word.upper() if like.isupper() else word.capitalize() if like.istitle() else word


def run_of(statements: Sequence[ast.stmt], index: int) -> Iterator[ast.If]:
    """The `if`s beside one in its block: the next ones, and those beyond them that only a jump leads past."""
    for step in (-1, 1):
        at = index + step
        while 0 <= at < len(statements):
            node = statements[at]
            if not isinstance(node, ast.If):
                break
            yield node
            if not isinstance(node.body[-1], JUMPS):
                break
            at += step


def twin_of(name: str, source: str, device: str) -> str:
    """The name with the other device in it, in the same case."""
    return re.sub(source, lambda match: cased(device, match.group()), name, flags=re.IGNORECASE)


def binds(text: str, name: str) -> bool:
    """Whether some line of a file assigns, defines or imports a name."""
    pattern = (
        rf"^[ \t]*(?:(?:\w+\.)?{name}[ \t]*(?::[^=\n]+)?=(?!=)|(?:async +)?(?:def|class) +{name}\b"
        rf"|(?:from|import)\b[^\n]*\b{name}\b)"
    )
    return name in text and re.search(pattern, text, re.MULTILINE) is not None


def definitions_with(word: str, text: str) -> frozenset[str]:
    """The names of functions and classes in a file that hold a word, in any case."""
    names = (*re.findall(r"def +(\w+)", text), *re.findall(r"class +(\w+)", text))
    return frozenset(name for name in names if word in name.lower())


def mentions_rocm(text: str) -> bool:
    """Whether a text in lower case is about ROCm, or HIP."""
    return "rocm" in text or ("hip" in text and any(word in text for word in ("version.hip", "_hip", '"hip"')))


def takes_for(one: str, other: str, text: str) -> bool:
    """Whether a file makes one device another on purpose: `if kind == "npu": kind = "cuda"`."""
    if f'"{one}"' not in text and f"'{one}'" not in text:
        return False
    return re.search(rf"""== *["']{one}["'][^\n]*:\s*\n\s*[\w.]+ *= *["']{other}["']""", text) is not None


def imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The modules that an import statement names."""
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]


def words_of(node: ast.AST) -> Iterator[str]:
    """Identifiers (dotted where they are) and string literals below a node."""
    for child in ast.walk(node):
        if isinstance(child, ast.Attribute):
            base = child.value
            yield f"{base.id}.{child.attr}" if isinstance(base, ast.Name) else child.attr
        elif isinstance(child, ast.Name):
            yield child.id
        elif isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value


def says_rocm(code: str, truth: bool) -> bool:
    """Like `means_rocm`, for a condition as it is written."""
    with suppress(SyntaxError):
        return means_rocm(ast.parse(f"({code})", mode="eval").body, truth)
    return False


def means_rocm(test: ast.expr, truth: bool) -> bool:
    """Whether a condition with this truth value means that torch is a build for ROCm, whose `torch.cuda` is AMD's."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return means_rocm(test.operand, not truth)
    if isinstance(test, ast.BoolOp):
        enough = any if isinstance(test.op, ast.And) == truth else all
        return enough(means_rocm(value, truth) for value in test.values)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _compared(test.left, test.ops[0], test.comparators[0], truth)
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id in ("bool", "getattr"):
        if test.func.id == "bool":
            return len(test.args) == 1 and means_rocm(test.args[0], truth)
        holder, name = (*test.args, None, None)[:2]
        return truth and isinstance(name, ast.Constant) and name.value == "hip" and _last(holder) == "version"
    return truth and _is_rocm(test.func if isinstance(test, ast.Call) else test)


def _compared(left: ast.expr, operator: ast.cmpop, right: ast.expr, truth: bool) -> bool:
    same = isinstance(operator, (ast.Eq, ast.Is))
    if not isinstance(right, ast.Constant) or not (same or isinstance(operator, (ast.NotEq, ast.IsNot))):
        return False
    if right.value is None:
        return means_rocm(left, truth != same)
    return right.value in ("rocm", "hip") and truth == same


def _is_rocm(node: ast.expr) -> bool:
    words = set(_last(node).lower().split("_")) - {""}
    if not words & {"rocm", "hip"} or words & _DENIALS:
        return False
    asks = words != {"hip"} and (len(words) == 1 or bool(words & _QUESTIONS))
    return asks or (words == {"hip"} and isinstance(node, ast.Attribute) and _last(node.value) == "version")


def _last(node: ast.expr | None) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""

"""Programs for fuzzing, each made from one number: idioms of CUDA code planted where the grammar of Python allows
them, and fixtures with other spacing, put into one another.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence
from functools import cache
from random import Random

from kit import cases, source_of
from programs import HEADERS, IMPORTS, LEAVES, SIMPLE, WRAPPERS, is_python, spaced
from pysource_codegen import generate

from migrate.engine import DecodeError, decode

_PLANTINGS = 25  # programs from one skeleton, which costs more than all else
_NODES = 120
_LIMIT = 6000  # characters of a fixture
_AROUND = (
    "def f(x, device=None):", "class A:", "if x:", "for x in y:", "while x:", "with x as y:", "async def f():",
    "try:\n    pass\nexcept E:\n    pass\nelse:", "if a:\n    pass\nelif b:", "def f():\n    def g():\n        pass",
    "if torch.cuda.is_available():", "match x:\n    case 1:\n        pass\n    case _:\n        pass\nif x:",
)  # fmt: skip
_DOCS = ('"""Runs on cuda: x.cuda()."""', "'''torch.cuda'''", '"cuda"')


def program(seed: int) -> str:
    """A program that Python can parse."""
    random = Random(seed)
    made = (_grown, _respaced, _nested)[seed % 3](random, seed)
    choices = [(random.randrange(10**6), random.randrange(100)) for _ in range(random.choice((0, 0, 2, 6, 20)))]
    text = spaced(made, choices) if choices and is_python(made) and "\r" not in made else made
    if not is_python(text):
        text = made if is_python(made) else "import torch\nx.cuda()\n"
    end = random.choice(("\n", "\n", "\n", "\r\n", "\r"))
    return text if end == "\n" or "\r" in text else text.replace("\n", end)


# -- from the grammar ---------------------------------------------------------------------------------


def _grown(random: Random, seed: int) -> str:
    """A program of the grammar's making, with idioms in the place of some of its expressions and statements."""
    tree = ast.parse(_skeleton(seed // (3 * _PLANTINGS)))
    places = [(node, name, at) for node in ast.walk(tree) for name, at in _expressions(node)]
    for node, name, at in random.sample(places, min(len(places), random.randint(1, 8))):
        planted = ast.parse(_expression(random), mode="eval").body
        if at is None:
            setattr(node, name, planted)
        else:
            getattr(node, name)[at] = planted
    for block in random.choices([block for node in ast.walk(tree) for block in _blocks(node)], k=random.randint(0, 5)):
        at = random.randint(0, len(block))
        block[at:at] = _statements(random)
    text = _unparsed(tree)
    imports = "\n".join(random.sample(IMPORTS, random.randint(0, 3)))
    return f"{imports}\n{text}\n" if is_python(f"{imports}\n{text}\n") else f"import torch\n{text}\n"


@cache
def _skeleton(seed: int) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return generate(seed, node_limit=_NODES)
        except ValueError:  # what it grew has no text: a backslash in an f-string, before Python 3.12
            return "pass"


def _expressions(node: ast.AST) -> list[tuple[str, int | None]]:
    """The fields of a node, and places in its lists, that hold an expression of any kind."""
    found: list[tuple[str, int | None]] = []
    if isinstance(node, (ast.pattern, ast.JoinedStr, ast.FormattedValue, ast.AnnAssign)):
        return found
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.expr) and _is_read(value) and name not in ("target", "annotation", "returns"):
            found.append((name, None))
        elif isinstance(value, list) and name not in ("targets", "patterns", "generators"):
            found += ((name, at) for at, item in enumerate(value) if isinstance(item, ast.expr) and _is_read(item))
    return found


def _is_read(node: ast.expr) -> bool:
    return not isinstance(node, (ast.Starred, ast.Slice)) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load)


def _blocks(node: ast.AST) -> list[list[ast.stmt]]:
    blocks = [getattr(node, name, None) for name in ("body", "orelse", "finalbody")]
    return [block for block in blocks if isinstance(block, list) and block]


def _statements(random: Random) -> list[ast.stmt]:
    """The statements of some idiom, or none if Python does not take it alone."""
    text = random.choice((_simple, _compound, _imported))(random)
    try:
        return ast.parse(text).body
    except SyntaxError:
        return []


def _imported(random: Random) -> str:
    return random.choice(IMPORTS)


def _simple(random: Random) -> str:
    return _filled(random, SIMPLE)


def _compound(random: Random) -> str:
    header = _filled(random, HEADERS)
    last = header.rpartition("\n")[2]
    indent = last[: len(last) - len(last.lstrip())] + "    "
    return "\n".join([header, *(indent + line for line in _simple(random).split("\n")), f"{indent}pass"])


def _filled(random: Random, templates: Sequence[str]) -> str:
    template = random.choice(templates)
    fields = template.replace("{{", "").replace("}}", "").count("{}")
    return template.format(*(_expression(random) for _ in range(fields)))


def _expression(random: Random) -> str:
    """A leaf, often wrapped; what cannot stand alone is a leaf again."""
    text = random.choice(LEAVES)
    for _ in range(random.choice((0, 0, 1, 2))):
        wrapper = random.choice(WRAPPERS)
        fields = wrapper.replace("{{", "").replace("}}", "").count("{}")
        wrapped = wrapper.format(text, *(random.choice(LEAVES) for _ in range(fields - 1)))
        text = wrapped if is_python(f"({wrapped})\n") and "\n" not in wrapped else text
    return f"({text})"


def _unparsed(tree: ast.Module) -> str:
    try:
        text = ast.unparse(ast.fix_missing_locations(tree))
    except (ValueError, AttributeError, RecursionError):  # quotes in an f-string, say, or a node it cannot write
        return "pass"
    return text if is_python(text) else "pass"


# -- from the fixtures --------------------------------------------------------------------------------


@cache
def _fixtures() -> tuple[str, ...]:
    """The texts of the fixtures that are Python."""
    texts: list[str] = []
    for case in cases():
        try:
            text, encoding = decode(source_of(case).read_bytes())
        except DecodeError:
            continue
        if encoding == "utf-8" and "coding" not in text and len(text) < _LIMIT and is_python(text):
            texts.append(text)
    return tuple(texts)


def _respaced(random: Random, seed: int) -> str:
    """A fixture, or two."""
    one, other = random.choice(_fixtures()), random.choice(("", random.choice(_fixtures())))
    both = f"{one.rstrip()}\n{other}"
    return both if other and is_python(both) else one


def _nested(random: Random, seed: int) -> str:
    """Statements of fixtures in any order, some below others, with docstrings and comments among them."""
    parts: list[str] = []
    for _ in range(random.randint(1, 6)):
        text = _statement_of(random)
        for _ in range(random.choice((0, 0, 1, 2))):
            header = random.choice((random.choice(_AROUND), _filled(random, HEADERS)))
            last = header.rpartition("\n")[2]
            indent = last[: len(last) - len(last.lstrip())] + random.choice(("    ", "\t", " "))
            body = [*random.choices(_DOCS, k=random.choice((0, 0, 1))), *text.split("\n")]
            below = "\n".join([header, *(indent + line for line in body)])
            text = below if is_python(below + "\n") else text
        parts += [text, *random.choices(("# on cuda", "# torch.cuda.x()", ""), k=random.choice((0, 1)))]
    return "\n".join([random.choice((*_DOCS, "import torch", "import torch", "from torch import cuda")), *parts, ""])


def _statement_of(random: Random) -> str:
    """The lines of one statement of a fixture, as they are."""
    text = random.choice(_fixtures())
    body = [node for node in ast.parse(text).body if "\f" not in text and not isinstance(node, ast.ImportFrom)]
    if not body:
        return "x = torch.cuda.current_device()"
    node = random.choice(body)
    first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", ()))])
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(lines[first - 1 : node.end_lineno])

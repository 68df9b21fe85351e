"""Code that nests: followed as far as the parsers can be trusted, and a problem with its line beyond."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable

import libcst as cst
import pytest
from kit import CUDA, FIXTURES, result_of

from migrate import engine, newer
from migrate.model import Problem
from migrate.nesting import LIMIT, TooDeepError, check_depth, depth_of, is_too_deep

TOO_DEEP = "nested too deeply"
GREW: dict[str, Callable[[int], str]] = {
    "brackets": lambda n: "(" * n + "torch.cuda" + ")" * n,
    "calls in calls": lambda n: "f(" * n + "torch.cuda" + ")" * n,
    "open brackets": lambda n: "[torch.cuda, " * n,
    "not": lambda n: "not " * n + "torch.cuda",
    "unary": lambda n: "~" * n + "torch.cuda",
    "lambdas": lambda n: "lambda a, b: " * n + "torch.cuda",
    "lambdas with defaults": lambda n: "lambda a=1 in x, b=2: " * n + "torch.cuda",
    "conditions": lambda n: "a if b else " * n + "torch.cuda",
    "powers": lambda n: "a ** " * n + "torch.cuda",
    "sums": lambda n: "torch.cuda.is_available()" + "+1" * n,
    "attributes": lambda n: "torch.cuda" + ".a" * n,
    "calls": lambda n: "torch.cuda" + "()" * n,
    "items": lambda n: "torch.cuda" + "[0]" * n,
    "strings": lambda n: "'cuda' " * n,
    "comprehension": lambda n: "[torch.cuda " + "for a, b in c " * n + "]",
    "f-strings": lambda n: "f'{" * n + "torch.cuda" + "}'" * n,
    "formats": lambda n: "f'{torch.cuda:" + "{a:" * n + "}" * n + "}'",
}


def statement(text: str) -> bytes:
    return b"import torch\nx = " + text.encode() + b"\n"


@pytest.mark.parametrize("shape", GREW)
@pytest.mark.parametrize("count", [2000, 50_000])
@pytest.mark.parametrize("before", [b"", b"print 1\n"], ids=["", "after-an-error"])
def test_code_that_nests_too_deeply_is_a_problem(shape: str, count: int, before: bytes) -> None:
    error = result_of(before + statement(GREW[shape](count))).error
    assert error is not None
    assert error.message == TOO_DEEP or error.message.startswith("does not parse: ")
    assert error.line is not None
    assert error.line <= 3


@pytest.mark.parametrize("shape", ["not", "sums", "attributes", "calls", "items", "strings", "unary"])
def test_code_that_nests_deeper_than_python_likes_to_recurse_is_handled(shape: str) -> None:
    text = GREW[shape](300 if shape in ("items", "attributes", "sums", "calls") else 600)
    assert result_of(statement(text)).error is None


@pytest.mark.parametrize("shape", ["sums", "attributes"])
def test_code_that_ends_the_parser_of_an_old_python_is_a_problem(shape: str) -> None:
    assert result_of(statement(GREW[shape](300_000))).error == Problem(TOO_DEEP, 2)


@pytest.mark.parametrize("shape", ["sums", "attributes", "items", "strings"])
def test_problem_names_the_line_of_the_statement(shape: str) -> None:
    data = CUDA + b"\n\n" + statement(GREW[shape](2000)) + CUDA
    assert result_of(data).error == Problem(TOO_DEEP, 6)


def test_parser_that_gives_up_names_the_deepest_line() -> None:
    data = CUDA + b"y = [\n  0,\n  " + b"~" * 50_000 + b"1\n]\n"
    assert result_of(data).error == Problem(TOO_DEEP, 5)


@pytest.mark.parametrize("count", [150, 20_000])
def test_branches_of_a_statement_nest_too(count: int) -> None:
    data = CUDA + b"if x: 0\n" + b"elif x: torch.cuda\n" * count
    problem = result_of(data).error
    assert (problem is None) == (count == 150)
    assert problem is None or problem.message == TOO_DEEP


@pytest.mark.parametrize(
    "pattern", ["[" * 40 + "a" + "]" * 40, "{1:" * 20 + "a" + "}" * 20, "A(" * 40 + "a" + ")" * 40]
)
def test_pattern_that_libcst_never_comes_back_from_is_a_problem(pattern: str) -> None:
    data = CUDA + f"match x:\n    case {pattern} if torch.cuda: pass\n".encode()
    problem = result_of(data).error
    assert problem is not None
    assert problem.message == TOO_DEEP


def test_del_that_libcst_never_comes_back_from_is_a_problem() -> None:
    problem = result_of(CUDA + b"del " + b"(" * 60 + b"\n").error
    assert problem is not None
    assert problem.message.startswith("does not parse: ")


def test_recursion_that_ends_outside_the_parsers_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(engine, "migrate_python", give_up)
    assert result_of(CUDA + b"y = ((1))\n").error == Problem(TOO_DEEP, 3)


def test_libcst_is_not_asked_for_what_is_too_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newer, "cst", None)
    error = SyntaxError("no")
    with pytest.raises(SyntaxError) as caught:
        newer.masked("(" * 300, error)
    assert caught.value is error


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("", 0),
        ("a", 1),
        ("a, b, c", 1),
        ("a; b; c", 1),
        ("a\nb\r\nc\rd", 1),
        ("a + b", 3),
        ("'a' \"b\" '''c\n''' \"\"\"d\"e\\\"\"\"\"", 4),
        ("(a)", 6),
        ("(a, a, a)", 6),
        ("()()()", 9),
        ("[\n# (((((\n]", 5),
        ("a \\\n + b", 3),
        ("lambda a, b: 1", 6),
        ("(lambda: 1, lambda: 1)", 8),
        ("f'a{b}c'", 10),
        ("f'{{}}'", 5),
        ("f'{a:{b}}'", 20),
        ("f'{a!r:>{w}}' 'x'", 22),
        ("rf'\\d{a}' 'x'", 10),
        ("f'''\n{a}'''", 10),
        ("f'{a", 10),
        ("f'\na", 5),
        ("if a:\n  b\n  c\nd", 9),
        ("if a: b\nelif c: d\nelif e: f\n", 6),
        ("if a: b\nelif c: d\nelse: f\nif a: b\nelif c: d\n", 5),
        ("case [a]", 127),
        ("x.case [a]", 9),
        (")}]", 3),
    ],
)  # fmt: skip
def test_depth_is_that_of_the_tokens(text: str, depth: int) -> None:
    assert depth_of(text)[0] == depth


def test_depth_has_the_line_where_it_is_reached() -> None:
    assert depth_of("a\n(\r\n\n((b)\r))\nc")[1] == 4


def below(node: ast.AST) -> int:
    """How many expressions are in one another."""
    return max((below(child) for child in ast.iter_child_nodes(node)), default=0) + isinstance(node, ast.expr)


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*/in.py*")), ids=lambda path: path.parent.name)
def test_depth_is_no_less_than_that_of_the_tree(path: object) -> None:
    text = path.read_bytes().decode("utf-8", "replace")  # type: ignore[attr-defined]
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    assert LIMIT > depth_of(text)[0] >= below(tree)


@pytest.mark.parametrize(
    "text", ["(" * 200, "(" * 300, "-" * LIMIT, "-" * LIMIT + "\n" + "-" * LIMIT, "-" * 9_999 + "\n1"]
)
def test_whether_code_is_too_deep_is_known_without_the_rest(text: str) -> None:
    assert is_too_deep(text) == (depth_of(text)[0] > LIMIT)


def test_short_code_is_not_read() -> None:
    check_depth("(" * 400, 7)
    with pytest.raises(TooDeepError) as caught:
        check_depth("(" * 401, 7)
    assert caught.value.line == 7


@pytest.mark.parametrize("text", ["x = " + "~" * 995 + "a", "x = " + "(" * 190 + "a" + ")" * 190])
def test_limit_is_what_libcst_can_take(text: str) -> None:
    assert LIMIT - 60 < depth_of(text)[0] <= LIMIT
    assert cst.parse_module(text)


def test_room_to_recurse_is_made_once_for_all() -> None:
    result_of(CUDA)
    assert sys.getrecursionlimit() >= 6000

"""How deep a text nests, from its tokens alone: no parser is asked, so nothing overflows.

Parsers go deeper with every level; libcst's ends the process where the stack ends, and so does Python 3.10's.
"""

from __future__ import annotations

import re
from typing import Literal

LIMIT = 1000  # takes 3 MB of the stack in libcst, of the 8 MB that a thread has
_BRACKET, _BLOCK = 4, 8  # what takes more of it than an operator does, besides the one for its token
_STRICT = 124  # libcst takes up to 6 times as long for every bracket in a `case`, and twice in a `del`
_SHORT = 400  # characters: those of 200 brackets, the most that Python takes
_SLOW = re.compile(r"\b(?:case|del)\b")
_TOKEN = re.compile(
    r"""
    (?P<sign>    :=|[-+*/%@&|^~<>=!.,:;] )
  | (?P<space>   [ \t\f]+ | \\(?:\r\n|\r|\n) | \#[^\r\n]* )
  | (?P<line>    (?:\r\n|\r|\n) )
  | (?P<format>  (?:[rR]?[fFtT]|[fFtT][rR]) (?P<quote>\"{3}|'{3}|\"|') )
  | (?P<string>  [bBrRuU]{0,2} (?:
        \"{3} [^\"\\]* (?: (?: \\. | \"(?!\"\") ) [^\"\\]* )* \"{3}
      | '{3} [^'\\]* (?: (?: \\. | '(?!'') ) [^'\\]* )* '{3}
      | \" [^\"\\\r\n]* (?: \\. [^\"\\\r\n]* )* \"  |  ' [^'\\\r\n]* (?: \\. [^'\\\r\n]* )* ' ) )
  | (?P<word>    \w+ )
  | (?P<open>    [(\[{] )
  | (?P<close>   [)\]}] )
  | (?P<other>   . )
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTES = ("'", '"')
_IN_STRING = re.compile(r"\\.|\{\{|\}\}|[{}\r\n]|\"{3}|'{3}|\"|'", re.DOTALL)
_STATEMENT = re.compile(r"([ \t\f]*)(?![ \t\f\r\n#])(elif\b|else\b)?")


class TooDeepError(Exception):
    """Code that nests deeper than the parsers can be asked to follow; holds the line."""

    def __init__(self, line: int | None) -> None:
        super().__init__("nested too deeply")
        self.line = line


def check_depth(text: str, line: int) -> None:
    """Raise `TooDeepError`, with this line, for code that `ast` can read and that is deeper than `LIMIT`."""
    if (len(text) > _SHORT or _SLOW.search(text)) and is_too_deep(text):
        raise TooDeepError(line)


def depth_of(text: str) -> tuple[int, int]:
    """An upper bound of how deep a text nests, in operators, and the line (from 1) where it does."""
    reader = _Reader(text)
    reader.read()
    return reader.deepest, len(re.findall(r"\r\n|\r|\n", text[: reader.where])) + 1


def is_too_deep(text: str) -> bool:
    """Whether a text nests deeper than `LIMIT`: read no further than to where it does."""
    reader = _Reader(text)
    reader.read(LIMIT)
    return reader.deepest > LIMIT


class _Level:
    """What is open: a statement or bracket (code), an f-string, or in it a field or the format of one."""

    __slots__ = ("cost", "kind", "lambdas", "loops", "quote")

    def __init__(self, kind: Literal["code", "string", "field", "format"], cost: int, quote: str = "") -> None:
        self.kind, self.quote = kind, quote
        self.cost = cost  # its own, and one for each token since the last comma
        self.lambdas = self.loops = 0  # whose commas separate no items


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.levels = [_Level("code", 0)]
        self.blocks = [(0, 0)]  # the column of each, and how many `elif` its last statement has
        self.total = self.deepest = self.where = 0
        self.fresh, self.strict = True, False  # at the beginning of a statement; in one that is slow to parse

    def read(self, stop: float = float("inf")) -> None:
        """Read to the end, or to where the text is deeper than `stop`."""
        at, text, levels = 0, self.text, self.levels
        while at < len(text) and self.deepest <= stop:
            coded = levels[-1].kind in ("code", "field")
            found = _TOKEN.match(text, at) if coded else _IN_STRING.search(text, at)
            if not found:
                return
            at = found.end()
            if not coded:
                self.in_string(found.group())
            elif found.lastgroup == "sign":
                self.sign(found.group(), levels[-1])
            elif found.lastgroup == "line":
                if len(self.levels) == 1 and (statement := _STATEMENT.match(self.text, at)):
                    self.statement(len(statement[1].expandtabs()), statement[2])
            elif found.group() in _QUOTES:
                return  # of a string that does not end: no parser goes on
            elif found.lastgroup != "space":
                self.in_code(found, found.group())
            if self.total > self.deepest:
                self.deepest, self.where = self.total, at

    def statement(self, column: int, word: str | None) -> None:
        self.restart(self.levels[0])
        self.fresh, self.strict = True, False
        while column < self.blocks[-1][0]:
            self.total -= _BLOCK + self.blocks.pop()[1]
        if column > self.blocks[-1][0]:
            self.blocks.append((column, 0))
            self.total += _BLOCK
        branches = self.blocks[-1][1]
        after = branches + 1 if word == "elif" else branches if word else 0
        self.blocks[-1] = column, after
        self.total += after - branches

    def in_code(self, found: re.Match[str], token: str) -> None:
        level, kind = self.levels[-1], found.lastgroup
        if kind == "close" and len(self.levels) > 1 and (level.kind == "code" or token == "}"):
            self.pop(1)
            level = self.levels[-1]
        self.total += 1
        level.cost += 1
        if kind == "open":
            self.push(_Level("code", _STRICT if self.strict else _BRACKET))
        elif kind == "format":
            self.push(_Level("string", _BRACKET, found["quote"]))
        elif kind == "word":
            self.word(token, level)
        self.fresh = False

    def sign(self, token: str, level: _Level) -> None:
        self.total += 1
        level.cost += 1
        self.fresh = False
        if token == ",":
            if not (level.lambdas or level.loops):
                self.restart(level)
        elif token == ";":
            if len(self.levels) == 1:
                self.restart(level)
        elif token == ":" and level.lambdas:
            level.lambdas -= 1
        elif token == ":" and level.kind == "field":
            self.push(_Level("format", _BRACKET, self.levels[-2].quote))

    def word(self, word: str, level: _Level) -> None:
        if word == "lambda":
            level.lambdas += 1
        elif word == "for":
            level.loops += 1
        elif word == "in" and level.loops:
            level.loops -= 1
        elif len(self.levels) == 1 and (word == "del" or (word == "case" and self.fresh)):
            self.strict = True

    def in_string(self, found: str) -> None:
        level = self.levels[-1]
        inside = level.kind == "format"
        if found == "{" or (found == "{{" and inside):
            self.push(_Level("field", _BRACKET))
        elif found[0] == "}" and inside:
            self.pop(2)
        elif found == level.quote or (found in "\r\n" and len(level.quote) == 1):
            self.pop(3 if inside else 1)

    def push(self, level: _Level) -> None:
        self.levels.append(level)
        self.total += level.cost

    def pop(self, count: int) -> None:
        for _ in range(count):
            self.total -= self.levels.pop().cost

    def restart(self, level: _Level) -> None:
        """What follows is no part of what came before; a bracket keeps its own cost."""
        own = 0 if level is self.levels[0] else _STRICT if self.strict else _BRACKET
        self.total -= level.cost - own
        level.cost, level.lambdas, level.loops = own, 0, 0

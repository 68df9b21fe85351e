"""The words of a shell: characters → literal text, quotes and expansions, each with its exact span."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable

from migrate.finder import Span
from migrate.kinds.crowds import long_lines
from migrate.kinds.script import Command, Part, Word

DEPTH = 40  # levels of nesting that are read; scripts of people have less than ten
_MOST = 30_000  # words, quotes and expansions in lines that are longer than a person's
_ARITHMETIC = 4000  # characters in which arithmetic has to end
_PLAIN = re.compile(r"[^ \t\r\n;&|<>()$`'\"\\]+")
_SIMPLE = re.compile(r"[^ \t\r\n;&|<>()$`'\"\\=]+(?=[ \t\n;|]|\Z)")  # most words
_ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[(?:[^\]\s\"']|\"[^\"]*\"|'[^']*')*\])?\+?=")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPECIAL = re.compile(r"[0-9@*#?$!-]")
_ANSI = re.compile(r"\$'([^'\\]*(?:\\.[^'\\]*)*)'", re.DOTALL)
_BACKTICK = re.compile(r"`([^`\\]*(?:\\.[^`\\]*)*)`", re.DOTALL)
_BRACED = re.compile(r"\$\{[#!]?([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-](?=[}:\[%#/^,@+=?-]))?(?:\[[^\]}$\"'\\`]*\])?")
_WITHIN = {quote: re.compile(rf"[^{quote}\\$`]+") for quote in ('"', "")}
_IN_BRACES = re.compile(r"[^}\"'\\$`]+")
_IN_ARITHMETIC = re.compile(r"[^$`A-Za-z0-9_]+|[A-Za-z0-9_]+")
_CONTINUED = re.compile(r"\\\r?\n")
_GLOB = "?*+@!"


class Words:
    """Reads the words of one text, up to `end`. `commands` reads a command substitution: offset → offset behind."""

    def __init__(self, text: str, commands: Callable[[int, str], int]) -> None:
        self.text, self.end, self.depth = text, len(text), 0
        self.commands = commands
        self._ends = [found.start() for found in re.finditer("\n", text)]  # of lines, for those that cannot be read
        self._long, self._pieces = [edge for line in long_lines(text) for edge in line], 0
        self.found: list[Command] = []
        self.comments: list[Span] = []
        self.pending: list[tuple[int, Word, bool]] = []  # here-documents: number, delimiter, whether tabs go

    def fail(self, what: str, at: int) -> SyntaxError:
        return SyntaxError(what, (None, bisect_left(self._ends, at) + 1, None, None))

    def deeper(self, at: int, by: int = 1) -> None:
        """Go down a level, or up. Raises `SyntaxError` where there are too many."""
        self.depth += by
        if self.depth > DEPTH:
            raise self.fail(f"nests more than {DEPTH} levels deep", at)

    def _count(self, at: int) -> None:
        """Raises `SyntaxError` where a line turns out to be no script but data."""
        self._pieces += bisect_right(self._long, at) % 2
        if self._pieces > _MOST:
            raise self.fail(f"too much for a line: more than {_MOST:,} words, quotes and expansions", at)

    def ends_line(self, at: int) -> bool:
        return self.text.startswith(("\n", "\r\n"), at)

    def word(self, at: int, *, regex: bool = False) -> Word:
        """The word that begins at an offset; it is empty where none does. A `regex` may have bare parentheses."""
        start, text, nested = at, self.text, 0
        if self._long:
            self._count(at)
        if (simple := _SIMPLE.match(text, at, self.end)) and not regex:
            return Word(at, simple.end(), (Part("text", at, simple.end(), simple.group()),))
        parts: list[Part] = []
        items: tuple[Word, ...] | None = None
        while at < self.end:
            if match := _PLAIN.match(text, at, self.end):
                parts.append(Part("text", at, match.end(), match.group()))
                at = match.end()
                continue
            char = text[at]
            if char == "(" and not nested and (found := self._assigned(start, at)) and found.end() == at:
                at, items = self._array(at + 1)
            elif char == "(" and (nested or regex or (at > start and text[at - 1] in _GLOB)):
                nested += 1
                at = _one(parts, at, char)
            elif char in "<>" and not nested and text.startswith("(", at + 1):
                end = self.commands(at + 2, ")")
                parts.append(Part("command", at, end))
                at = end
            elif char in " \t\r\n;&|<>()":
                alone = regex and char == "|" and text[at : at + 2] != "||"
                if not (nested or alone or (char == "\r" and not self.ends_line(at))):
                    break
                nested -= char == ")"
                at = _one(parts, at, char)
            else:
                at = self.piece(at, parts)
        if nested:
            raise self.fail("a parenthesis is never closed", start)
        named = self._assigned(start, at)
        if named is None or not parts or parts[0].kind != "text" or parts[0].quoted:
            return Word(start, at, tuple(parts), items=items)
        return Word(start, at, tuple(parts), named.span(1), named.end(), items)

    def _assigned(self, start: int, end: int) -> re.Match[str] | None:
        return _ASSIGNED.match(self.text, start, end)

    def _array(self, at: int) -> tuple[int, tuple[Word, ...]]:
        """The items of an array behind its parenthesis, and the offset behind the other one."""
        begin, items = at, list[Word]()
        self.deeper(at)
        while at < self.end:
            char = self.text[at]
            if char in " \t\r\n":
                at += 1
            elif char == "#":
                end = self.line_end(at)
                self.comments.append((at, end))
                at = end
            elif char == ")":
                self.deeper(at, -1)
                return at + 1, tuple(items)
            elif found := _CONTINUED.match(self.text, at):
                at = found.end()
            else:
                word = self.word(at)
                if word.end == at:
                    break
                items.append(word)
                at = word.end
        raise self.fail("an array is never closed", begin)

    def line_end(self, at: int) -> int:
        """Where the line of an offset ends."""
        end = self.text.find("\n", at, self.end)
        return self.end if end < 0 else end - (end > at and self.text[end - 1] == "\r")

    def piece(self, at: int, parts: list[Part], *, quoted: bool = False) -> int:
        """Read a quote, an escape or an expansion into `parts`; the offset behind it."""
        char = self.text[at]
        if self._long:
            self._count(at)
        if char == "'" and not quoted:
            end = self.text.find("'", at + 1, self.end)
            if end < 0:
                raise self.fail("a ' is never closed", at)
            parts.append(Part("text", at + 1, end, self.text[at + 1 : end], quoted=True))
            return end + 1
        if char == '"':
            return self._double(at, parts)
        if char == "\\":
            return self._escape(at, parts, quoted)
        if char == "`":
            return self._backtick(at, parts, quoted)
        return self._dollar(at, parts, quoted)

    def _escape(self, at: int, parts: list[Part], quoted: bool) -> int:
        if found := _CONTINUED.match(self.text, at, self.end):
            parts.append(Part("text", at, found.end(), "", quoted))
            return found.end()
        end = min(at + 2, self.end)
        escaped = self.text[at + 1 : end]
        value = escaped if not quoted or escaped in '$`"\\' else self.text[at:end]
        parts.append(Part("text", at, end, value, True))
        return end

    def _double(self, at: int, parts: list[Part]) -> int:
        begin = at
        at = self.inside(at + 1, parts, '"')
        if at >= self.end:
            raise self.fail('a " is never closed', begin)
        if at == begin + 1:
            parts.append(Part("text", at, at, "", quoted=True))
        return at + 1

    def inside(self, at: int, parts: list[Part], quote: str) -> int:
        """Read text with expansions up to a quote, or to the end; the offset of that."""
        while at < self.end:
            if found := _WITHIN[quote].match(self.text, at, self.end):
                parts.append(Part("text", at, found.end(), found.group(), quoted=True))
                at = found.end()
            elif self.text[at] == quote:
                break
            else:
                at = self.piece(at, parts, quoted=True)
        return at

    def _backtick(self, at: int, parts: list[Part], quoted: bool) -> int:
        found = _BACKTICK.match(self.text, at, self.end)
        if found is None:
            raise self.fail("a ` is never closed", at)
        if re.search(r'\\[$`\\"]' if quoted else r"\\[$`\\]", found.group(1)):
            parts.append(Part("opaque", at, found.end(), quoted=quoted))
            return found.end()
        readable = self.attempt(at + 1, found.end() - 1, lambda: self.commands(at + 1, ""))
        parts.append(Part("command" if readable else "opaque", at, found.end(), quoted=quoted))
        return found.end()

    def attempt(self, at: int, end: int, read: Callable[[], object]) -> bool:
        """Read something that bash itself reads no sooner than it runs it; whether that can be read.

        Raises `SyntaxError` where it nests too deep.
        """
        self.deeper(at)
        outer, depth = self.end, self.depth
        found, comments, pending = len(self.found), len(self.comments), len(self.pending)
        self.end = end
        try:
            read()
        except SyntaxError:
            del self.found[found:], self.comments[comments:], self.pending[pending:]
            return False
        finally:
            self.end, self.depth = outer, depth - 1
        return True

    def _dollar(self, at: int, parts: list[Part], quoted: bool) -> int:
        text, behind = self.text, self.text[at + 1 : at + 2] if at + 1 < self.end else ""
        if behind == "'" and not quoted:
            return self._ansi(at, parts)
        if behind == '"' and not quoted:
            return self._double(at + 1, parts)
        if behind == "(":
            arithmetic = self.arithmetic_end(at + 3) if text.startswith("(", at + 2) else None
            if arithmetic:
                parts.append(Part("arithmetic", at, arithmetic, "", quoted, 0, self.arithmetic(at + 3, arithmetic - 2)))
                return arithmetic
            end = self.commands(at + 2, ")")
            parts.append(Part("command", at, end, quoted=quoted))
            return end
        if behind == "{":
            return self._braces(at, parts, quoted)
        if found := _NAME.match(text, at + 1, self.end) or _SPECIAL.match(text, at + 1, self.end):
            parts.append(Part("variable", at, found.end(), found.group(), quoted, at + 1))
            return found.end()
        parts.append(Part("text", at, at + 1, "$", quoted))
        return at + 1

    def _ansi(self, at: int, parts: list[Part]) -> int:
        found = _ANSI.match(self.text, at, self.end)
        if found is None:
            raise self.fail("a $' is never closed", at)
        if "\\" in found.group(1):
            parts.append(Part("opaque", at, found.end(), quoted=True))
        else:
            parts.append(Part("text", found.start(1), found.end(1), found.group(1), quoted=True))
        return found.end()

    def _braces(self, at: int, parts: list[Part], quoted: bool) -> int:
        """`${…}`. A ' inside of double quotes is a quote only where a pattern follows."""
        begin, found = at, _BRACED.match(self.text, at, self.end)
        if found is None:  # cut off right behind the brace
            raise self.fail("a ${ is never closed", at)
        self.deeper(at)
        at = found.end()
        literal = quoted and self.text[at : at + 1] not in ("#", "%", "/", "^", ",", "@")
        inner: list[Part] = []
        while at < self.end and self.text[at] != "}":
            if run := _IN_BRACES.match(self.text, at, self.end):
                inner.append(Part("text", at, run.end(), run.group(), quoted))
                at = run.end()
            elif self.text[at] == "'" and literal:
                at = _one(inner, at, "'")
            else:
                at = self.piece(at, inner, quoted=quoted and self.text[at] == "\\")
        if at >= self.end:
            raise self.fail("a ${ is never closed", begin)
        self.deeper(at, -1)
        inside = tuple(part._replace(quoted=part.quoted or quoted) for part in inner)
        parts.append(Part("variable", begin, at + 1, found[1] or "", quoted, max(0, found.start(1)), inside))
        return at + 1

    def arithmetic_end(self, at: int) -> int | None:
        """Where the arithmetic ends whose `((` ends at an offset; None if it is a subshell in parentheses."""
        depth = 0
        for found in re.compile(r"[()]").finditer(self.text, at, min(self.end, at + _ARITHMETIC)):
            if found.group() == "(":
                depth += 1
            elif depth:
                depth -= 1
            else:
                return found.end() + 1 if self.text.startswith(")", found.end()) else None
        return None

    def arithmetic(self, at: int, end: int) -> tuple[Part, ...]:
        """The variables of arithmetic between two offsets, which bash reads no sooner than it comes there."""
        parts: list[Part] = []
        readable = self.attempt(at, end, lambda: self._operands(at, parts))
        return tuple(parts) if readable else (Part("opaque", at, end),)

    def _operands(self, at: int, parts: list[Part]) -> None:
        while at < self.end:
            found = _IN_ARITHMETIC.match(self.text, at, self.end)
            if found is None:
                at = self.piece(at, parts)
                continue
            if _NAME.fullmatch(found.group()):
                parts.append(Part("name", at, found.end(), found.group(), at=at))
            at = found.end()


def _one(parts: list[Part], at: int, char: str) -> int:
    parts.append(Part("text", at, at + 1, char))
    return at + 1

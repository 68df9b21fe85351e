"""TOML → its tree. The library says whether a text is TOML; where its values stand is read here."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from migrate.edits import line_starts
from migrate.finder import Span
from migrate.kinds.entries import DEPTH, Branch, Document, Item, Node, Scalar
from migrate.kinds.excerpt import Excerpt, slice_of
from migrate.kinds.reading import Reading, Source
from migrate.kinds.settings import read_parsed
from migrate.toml import TomlError, parse_toml

_KEYS = 50  # parts of one dotted key: the library takes quadratic time for them
_GAP = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)*")
_COMMENT = re.compile(r"#[^\r\n]*")
_BLANK = re.compile(r"[ \t]*")
_KEY = re.compile(r"[A-Za-z0-9_-]+|\"[^\"\\\r\n]*(?:\\.[^\"\\\r\n]*)*\"|'[^'\r\n]*'")
_STRING = re.compile(
    r"\"\"\"[^\"\\]*(?:(?:\\[\s\S]|\"{1,2}(?!\"))[^\"\\]*)*\"{3,5}|'''[^']*(?:'{1,2}(?!')[^']*)*'{3,5}"
    r"|\"[^\"\\\r\n]*(?:\\.[^\"\\\r\n]*)*\"|'[^'\r\n]*'"
)
_WORD = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d[^\s,\]}#]*)?|[^\s,\[\]{}#=\"']+")
_LINE = re.compile(r"at line (\d+)")
_TEMPLATE = re.compile(r"\{\{|\{%|<%")


@dataclass(slots=True)
class _Table:
    """A table while lines still add to it."""

    keys: dict[str, Scalar] = field(default_factory=dict)
    values: dict[str, Node | _Table | list[_Table]] = field(default_factory=dict)


def read(source: Source) -> Reading:
    """Raises `SyntaxError` for what is neither TOML nor a template of it."""
    return read_parsed(source, "TOML", document_of, _TEMPLATE)


def document_of(text: str) -> Document:
    """A TOML text. Raises `SyntaxError`."""
    tree, comments = _checked(text)

    def excerpt_of(scalar: Scalar) -> Excerpt | None:
        return slice_of(text, scalar.start, scalar.end) if scalar.literal else None

    return Document(tree, comments, lambda edited: _checked(edited)[0], excerpt_of)


def _checked(text: str) -> tuple[Branch, list[Span]]:
    """The tree and the comments of a text that the library reads in the same way."""
    scanner = _Scanner(text)
    tree = _frozen(scanner.document())
    try:
        data = parse_toml(text.encode())
    except TomlError as error:
        line = _LINE.search(str(error))
        raise SyntaxError(str(error), (None, int(line[1]) if line else None, None, None)) from None
    if Counter(_texts(tree)) != Counter(_strings(data)):
        raise SyntaxError("its values cannot be told apart")
    return tree, scanner.comments


class _Scanner:
    """Walks over a text once; every method takes an offset and gives the one behind what it has read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.comments: list[Span] = []

    def document(self) -> _Table:
        """The tables of the text."""
        text, root = self.text, _Table()
        table, at = root, self._gap(0)
        while at < len(text):
            if text.startswith("[", at):
                many = text.startswith("[[", at)
                path, at = self._path(at + 1 + many)
                table = self._opened(root, path, many, at)
                at = self._expect("]]" if many else "]", at)
            else:
                path, at = self._path(at)
                value, at = self._value(self._blank(self._expect("=", at)), 0)
                self._set(table, path, value, at)
            at = self._end_of_line(at)
        return root

    def _end_of_line(self, at: int) -> int:
        at = self._blank(at)
        if at < len(self.text) and self.text[at] not in "#\r\n":
            raise self._error(at, "something behind a value")
        return self._gap(at)

    def _gap(self, at: int) -> int:
        """Over blanks, line ends and comments."""
        match = _GAP.match(self.text, at)
        end = match.end() if match else at
        while at < end and (comment := _COMMENT.search(self.text, at, end)):
            self.comments.append(comment.span())
            at = comment.end()
        return end

    def _blank(self, at: int) -> int:
        match = _BLANK.match(self.text, at)
        return match.end() if match else at

    def _expect(self, sign: str, at: int) -> int:
        at = self._blank(at)
        if not self.text.startswith(sign, at):
            raise self._error(at, f"no {sign!r}")
        return at + len(sign)

    def _path(self, at: int) -> tuple[list[Scalar], int]:
        """A key of one or several parts."""
        path: list[Scalar] = []
        while not path or self.text.startswith(".", at):
            at = self._blank(at + 1 if path else at)
            match = _KEY.match(self.text, at)
            if match is None or len(path) == _KEYS:
                raise self._error(at, f"more than {_KEYS} parts of a key" if match else "no key")
            path.append(self._scalar(match))
            at = self._blank(match.end())
        return path, at

    def _value(self, at: int, depth: int) -> tuple[Node, int]:
        if depth > DEPTH:
            raise self._error(at, f"nests more than {DEPTH} levels deep")
        if self.text.startswith(("[", "{"), at):
            return self._array(at, depth) if self.text[at] == "[" else self._inline(at, depth)
        match = _STRING.match(self.text, at) or _WORD.match(self.text, at)
        if match is None:
            raise self._error(at, "no value")
        return self._scalar(match, is_value=True), match.end()

    def _array(self, at: int, depth: int) -> tuple[Node, int]:
        items: list[Item] = []
        at = self._gap(at + 1)
        while not self.text.startswith("]", at):
            value, at = self._value(at, depth + 1)
            items.append(Item(None, value))
            at = self._gap(at)
            if not self.text.startswith("]", at):
                at = self._gap(self._expect(",", at))
        return Branch(tuple(items), False), at + 1

    def _inline(self, at: int, depth: int) -> tuple[Node, int]:
        table = _Table()
        at = self._gap(at + 1)
        while not self.text.startswith("}", at):
            path, at = self._path(at)
            value, at = self._value(self._blank(self._expect("=", at)), depth + 1)
            self._set(table, path, value, at)
            at = self._gap(at)
            if not self.text.startswith("}", at):
                at = self._gap(self._expect(",", at))
        return _frozen(table), at + 1

    def _scalar(self, match: re.Match[str], *, is_value: bool = False) -> Scalar:
        token, (start, end) = match.group(), match.span()
        quote = token[0] if token[0] in "\"'" else ""
        if not quote:
            return Scalar(start, end, token, not is_value)
        size = 3 if len(token) >= 6 and token.startswith(quote * 3) else 1
        inner = token[size:-size]
        if "\n" not in inner and "\r" not in inner and ("\\" not in inner or quote == "'"):
            return Scalar(start + size, end - size, inner, True, quote * size)
        try:
            return Scalar(start, end, str(parse_toml(f"v = {token}".encode())["v"]), False, quote * size)
        except TomlError as error:
            raise self._error(start, str(error)) from None

    def _opened(self, root: _Table, path: list[Scalar], many: bool, at: int) -> _Table:
        """The table that a header opens."""
        table = root
        for number, key in enumerate(path):
            last = number == len(path) - 1
            here = table.values.get(key.text)
            if here is None:
                table.keys[key.text] = key
                here = table.values[key.text] = [] if last and many else _Table()
            if isinstance(here, list):
                if last and many:
                    here.append(_Table())
                table = here[-1]
            elif isinstance(here, _Table):
                table = here
            else:
                raise self._error(at, f"{key.text} is no table")
        return table

    def _set(self, table: _Table, path: list[Scalar], value: Node, at: int) -> None:
        if len(path) > 1:
            table = self._opened(table, path[:-1], False, at)
        table.keys[path[-1].text] = path[-1]
        table.values[path[-1].text] = value

    def _error(self, at: int, why: str) -> SyntaxError:
        return SyntaxError(why, (None, bisect_right(line_starts(self.text), at), None, None))


def _frozen(table: _Table) -> Branch:
    items: list[Item] = []
    for name, value in table.values.items():
        if isinstance(value, list):
            node: Node = Branch(tuple(Item(None, _frozen(one)) for one in value), False)
        else:
            node = _frozen(value) if isinstance(value, _Table) else value
        items.append(Item(table.keys[name], node))
    return Branch(tuple(items), True)


def _texts(node: Node) -> Iterator[str]:
    """The strings of a tree."""
    if isinstance(node, Scalar):
        if node.quote:
            yield node.text
    else:
        for item in node.items:
            yield from _texts(item.value)


def _strings(data: object) -> Iterator[str]:
    """The strings of what the library has read."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, (dict, list)):
        for value in data.values() if isinstance(data, dict) else data:
            yield from _strings(value)

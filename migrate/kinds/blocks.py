"""Documents → the blocks of code in them, each with where its characters stand in the file."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from migrate.edits import line_starts, position
from migrate.finder import Span
from migrate.kinds.excerpt import Excerpt, slice_of
from migrate.kinds.together import Covered

_LANGUAGE = re.compile(r"(?:\{(?:code-block|code-cell|code)\}[ \t]*|\{?[ \t]*\.?)(?P<language>[\w+-]+)")
_PREFIX = re.compile(r"[ \t>]*")
_DIRECTIVE = re.compile(
    r"(?P<indent>[ \t]*)\.\.[ \t]+(?:code-block|code|sourcecode)::[ \t]*(?P<language>[\w+-]+)[ \t]*[\r\n]*"
)
_OPTION = re.compile(r"[ \t]+:[\w-]+:")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code, its language in lower case; `code` is None where its lines are not those of the file."""

    language: str
    start: int
    end: int
    code: Excerpt | None


def markdown_blocks(text: str) -> list[Block]:
    """The fenced blocks of Markdown that say their language, also those in lists and quotes."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark").disable(["reference", "lheading"])  # of no matter here, and slow
    reader.core.ruler.enableOnly(["normalize", "block"])
    starts = [*line_starts(text), len(text)]
    found: list[Block] = []
    for token in reader.parse(text):
        language = _LANGUAGE.match(token.info.strip()) if token.type == "fence" else None
        if language and token.map:
            lines = token.content.removesuffix("\n").split("\n") if token.content else []
            first = token.map[0] + 1
            spans = [(starts[number], starts[number + 1]) for number in range(first, first + len(lines))]
            found.append(_block(text, language["language"].lower(), spans, lines))
    return found


def rest_blocks(text: str) -> Iterator[Block]:
    """The blocks of `code-block` and its like in reStructuredText."""
    starts = [*line_starts(text), len(text)]
    spans = list(pairwise(starts))
    at = 0
    while at < len(spans):
        match = _DIRECTIVE.fullmatch(text, *spans[at])
        at += 1
        if match is None:
            continue
        while at < len(spans) and _OPTION.match(text, *spans[at]):
            at += 1
        body: list[Span] = []
        while at < len(spans) and (_is_blank(text, spans[at]) or _indent(text, spans[at]) > len(match["indent"])):
            body.append(spans[at])
            at += 1
        while body and _is_blank(text, body[-1]):
            body.pop()
        while body and _is_blank(text, body[0]):
            body.pop(0)
        if body:
            width = min(_indent(text, span) for span in body if not _is_blank(text, span))
            lines = [_bare(text[start:end])[width:] for start, end in body]
            yield _block(text, match["language"].lower(), body, lines)


def html_comments(text: str, blocks: Sequence[Block]) -> list[Span]:
    """The spans of `<!-- … -->` outside the blocks."""
    inside = Covered((block.start, block.end) for block in blocks)
    spans: list[Span] = []
    at = text.find("<!--")
    while at >= 0:
        end = text.find("-->", at + 4)
        if end < 0:
            break
        if inside.holds(at):
            end = at + 1
        else:
            end += 3
            spans.append((at, end))
        at = text.find("<!--", end)
    return spans


def _block(text: str, language: str, spans: Sequence[Span], lines: Sequence[str]) -> Block:
    """The block of some lines of the file, of which each is to be the end of one."""
    if not spans:
        return Block(language, 0, 0, None)
    start, end = spans[0][0], spans[-1][1]
    bare = [_bare(text[first:last]) for first, last in spans]
    prefixes = [line[: len(line) - len(shown)] for line, shown in zip(bare, lines, strict=True)]
    exact = all(prefix + shown == line for prefix, shown, line in zip(prefixes, lines, bare, strict=True))
    if not exact or not all(map(_PREFIX.fullmatch, prefixes)):
        return Block(language, start, end, None)
    if not any(prefixes):
        return Block(language, start, end, slice_of(text, start, end))
    return Block(language, start, end, _indented(text, spans, prefixes))


def _indented(text: str, spans: Sequence[Span], prefixes: Sequence[str]) -> Excerpt:
    """Lines without what stands before each of them; a line that is added gets what the one before it has."""
    places, ends = array("q"), array("q")
    shown: list[str] = []
    for (start, end), prefix in zip(spans, prefixes, strict=True):
        begin = start + len(prefix)
        places.extend(range(begin, end))
        ends.extend(range(begin + 1, end + 1))
        shown.append(text[begin:end])
    code = "".join(shown)
    begins = line_starts(code)

    def spelled(added: str, at: int) -> str | None:
        if "\n" not in added:
            return None if "\r" in added else added
        prefix = prefixes[position(begins, max(at - 1, 0))[0] - 1]
        if at == 0 or code[at - 1] != "\n":
            return added.replace("\n", "\n" + prefix)
        if not added.endswith("\n"):
            return None
        return prefix + added[:-1].replace("\n", "\n" + prefix) + "\n"  # put before the prefix of its line

    return Excerpt(code, places, ends, spelled)


def _bare(line: str) -> str:
    return line.rstrip("\r\n")


def _is_blank(text: str, span: Span) -> bool:
    return not text[span[0] : span[1]].strip()


def _indent(text: str, span: Span) -> int:
    line = text[span[0] : span[1]]
    return len(line) - len(line.lstrip(" \t"))

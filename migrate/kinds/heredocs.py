"""Here-documents: where they end, and the expansions in them."""

from __future__ import annotations

from migrate.kinds.script import Heredoc, Part, Word
from migrate.kinds.shellwords import Words


def body_of(words: Words, at: int, delimiter: Word, stripped: bool) -> tuple[int, int]:
    """Where the here-document that begins at an offset ends, and where its delimiter does."""
    text, end = words.text, words.end
    wanted = "".join(part.value for part in delimiter.parts)
    if any(part.kind != "text" for part in delimiter.parts):
        wanted = text[delimiter.start : delimiter.end]
    while at < end:
        begin, behind = at, words.line_end(at)
        at = min(end, behind + 1 + text.startswith("\r\n", behind))
        line = text[begin:behind]
        if (line.lstrip("\t") if stripped else line) == wanted:
            return begin, at
    return end, end


def heredoc_of(words: Words, start: int, end: int, delimiter: Word) -> Heredoc:
    """The here-document between two offsets; opaque where its expansions cannot be read, which bash says too late."""
    if any(part.quoted or part.value == "" for part in delimiter.parts):
        return Heredoc(start, end, True, (Part("text", start, end, words.text[start:end], quoted=True),))
    parts = list[Part]()
    outer, depth = words.end, words.depth
    words.end = end
    try:
        words.inside(start, parts, "")
    except SyntaxError:
        parts = [Part("opaque", start, end, quoted=True)]
    words.end, words.depth = outer, depth
    return Heredoc(start, end, False, tuple(parts))

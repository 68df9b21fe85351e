"""Order, apply and show edits: strings in, strings out. Nothing here knows what an edit means."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate

from migrate.model import Edit

_NEWLINE = re.compile(r"\r\n|\r|\n")
_CONTEXT = 3


@lru_cache(maxsize=2)  # a file before and after, which several modules ask for
def line_starts(text: str) -> Sequence[int]:
    """Offsets at which the lines begin that Python sees: after CR LF, LF and lone CR, not after form feeds."""
    if "\r" in text:
        return (0, *(match.end() for match in _NEWLINE.finditer(text)))
    lengths = [len(line) + 1 for line in text.split("\n")]
    return tuple(accumulate(lengths[:-1], initial=0))


def position(starts: Sequence[int], offset: int) -> tuple[int, int]:
    """Line and column of an offset, both from 1, columns in characters."""
    line = bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with every edit made. Raises `ValueError` if two edits overlap or one lies outside."""
    parts: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if not done <= edit.start <= edit.end <= len(text):
            raise ValueError(f"edit {edit.start}-{edit.end} overlaps another or lies outside the text")
        parts += text[done : edit.start], edit.text
        done = edit.end
    return "".join([*parts, text[done:]])


def overlaps(edits: Iterable[Edit], others: Iterable[Edit]) -> bool:
    """Whether an edit of the first group touches a character, or an insertion point, of the second."""
    return any(
        (edit.start < other.end and other.start < edit.end) or (edit.start, edit.end) == (other.start, other.end)
        for edit in edits
        for other in others
    )


def unified_diff(path: str, old: bytes, new: bytes, text: str, edits: Iterable[Edit]) -> bytes:
    """A patch for one file that `git apply` accepts, or b"" where nothing differs.

    `old` and `new` are the file's bytes, `text` the decoded old content that the edits refer to. Lines end
    at LF only, as git counts them, and the bytes are those of the file whatever its encoding.
    """
    before, after = old.split(b"\n"), new.split(b"\n")
    blocks = [block for block in _blocks(before, after, text, edits) if block[0] < block[1] or block[2] < block[3]]
    if not blocks:
        return b""
    name_a, name_b = _quoted("a/" + path), _quoted("b/" + path)
    out = [b"diff --git %s %s\n--- %s\n+++ %s\n" % (name_a, name_b, _tabbed(name_a), _tabbed(name_b))]
    for group in _grouped(blocks):
        out += _hunk(before, after, group)
    return b"".join(out)


Block = tuple[int, int, int, int]  # old lines [a, b) became new lines [c, d), counted from 0


def _blocks(before: list[bytes], after: list[bytes], text: str, edits: Iterable[Edit]) -> list[Block]:
    """The runs of lines that differ, found from the edits alone: no search, linear time."""
    found: list[Block] = []
    line = shift = at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        line += text.count("\n", at, edit.start)
        inside = text.count("\n", edit.start, edit.end)
        first, last = line, line + inside + 1
        at, line = edit.end, line + inside
        added = edit.text.count("\n") - inside
        if found and first < found[-1][1]:
            a, _, c, _ = found.pop()
            found.append((a, last, c, last + shift + added))
        else:
            found.append((first, last, first + shift, last + shift + added))
        shift += added
    return [_trimmed(before, after, block) for block in found]


def _trimmed(before: list[bytes], after: list[bytes], block: Block) -> Block:
    a, b, c, d = block
    while a < b and c < d and before[a] == after[c] and (a + 1 == len(before)) == (c + 1 == len(after)):
        a, c = a + 1, c + 1
    while a < b and c < d and before[b - 1] == after[d - 1] and (b == len(before)) == (d == len(after)):
        b, d = b - 1, d - 1
    return a, b, c, d


def _grouped(blocks: list[Block]) -> list[list[Block]]:
    groups: list[list[Block]] = []
    for block in blocks:
        if groups and block[0] - groups[-1][-1][1] <= 2 * _CONTEXT:
            groups[-1].append(block)
        else:
            groups.append([block])
    return groups


def _hunk(before: list[bytes], after: list[bytes], group: list[Block]) -> list[bytes]:
    start = max(0, group[0][0] - _CONTEXT)
    end = min(_line_count(before), group[-1][1] + _CONTEXT)
    new_start = start + group[0][2] - group[0][0]
    body: list[bytes] = []
    removed = added = 0
    at = start
    for a, b, c, d in group:
        b, d = min(b, _line_count(before)), min(d, _line_count(after))
        body += [_line(b" ", before, i) for i in range(at, a)]
        body += [_line(b"-", before, i) for i in range(a, b)]
        body += [_line(b"+", after, i) for i in range(c, d)]
        removed, added, at = removed + b - a, added + d - c, b
    body += [_line(b" ", before, i) for i in range(at, end)]
    old_count = end - start
    new_count = old_count - removed + added
    head = b"@@ -%s +%s @@\n" % (_range(start, old_count), _range(new_start, new_count))
    return [head, *body]


def _line_count(lines: list[bytes]) -> int:
    return len(lines) - 1 if lines[-1] == b"" else len(lines)


def _line(mark: bytes, lines: list[bytes], index: int) -> bytes:
    ending = b"\n" if index < len(lines) - 1 else b"\n\\ No newline at end of file\n"
    return mark + lines[index] + ending


def _range(start: int, count: int) -> bytes:
    return b"%d,%d" % (start + 1 if count else start, count)


def _quoted(path: str) -> bytes:
    """A path as git writes it in patches: C-quoted where it holds anything but printable ASCII."""
    raw = path.encode("utf-8", "surrogateescape")
    if all(0x20 <= byte < 0x7F and byte not in b'"\\' for byte in raw):
        return raw
    escapes = {0x22: b'\\"', 0x5C: b"\\\\", 0x0A: b"\\n", 0x09: b"\\t", 0x0D: b"\\r"}
    quoted = (escapes.get(byte) or (bytes([byte]) if 0x20 <= byte < 0x7F else b"\\%03o" % byte) for byte in raw)
    return b'"' + b"".join(quoted) + b'"'


def _tabbed(name: bytes) -> bytes:
    return name + b"\t" if b" " in name and not name.startswith(b'"') else name

"""Comments by which an author keeps a reference as it is: `# accel: ignore[ID, …]`, `# accel: skip-file`."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from itertools import islice

from migrate.comments import Comments, read_comments
from migrate.edits import line_starts, position
from migrate.found import shortened
from migrate.model import SUPPRESSION as _WORD
from migrate.model import Finding

_MARK = re.compile(rf"#[ \t]*{_WORD}(?P<rest>[^#]*)")
_OTHER = re.compile(rf"(?:<!--|//|;)[ \t]*{_WORD}(?P<rest>[^#]*)")  # at the start of comments in other languages
_FORM = re.compile(r"[ \t]+(?:(?P<file>skip-file)|ignore(?:\[(?P<ids>[^\[\]]*)\])?)\s*")
_NEARLY = ("ignore", "ignore-file", "skip", "skip-file", "noqa")
_LIKENESS = 0.75
_ALL = "*"
_MOST_IDS = 50  # in one comment; with one comment to a line, hostile files take no longer than others
_MOST_HINTS = 200
_HINT = "write `# accel: ignore[ID, …]`, `# accel: ignore` or `# accel: skip-file`, and a reason behind another #"


@dataclass(frozen=True, slots=True)
class _Suppression:
    """One such comment; `problem` says why it has no effect, if it has none."""

    start: int
    end: int
    line: int
    ids: tuple[str, ...] = (_ALL,)
    whole_file: bool = False
    problem: str = ""


Use = tuple[_Suppression, str]


def suppressed(
    text: str, findings: tuple[Finding, ...], known_ids: frozenset[str] | None, comments: Comments | None = None
) -> tuple[Finding, ...]:
    """The findings of a file as its comments want them, with one more for each comment that does not work.

    `comments` are those of the text; without them it is Python. Where comments begin with `//`, `;` or `<!--`,
    that stands for the first #.

    `# accel: ignore[ID, …]` stands on the line of the reference or on the last line of its statement. An ID is
    a rule id (`device:cuda`), the kind of one (`device`) or a pattern (`api:torch.cuda.*`, also for an id that
    holds a comma or a bracket); `# accel: ignore` means all. `# accel: skip-file` stands before all code and
    means every line. Suppressed findings keep all but their edits; what is left on purpose needs no suppression.
    An inserted line, which is no reference, cannot be suppressed but with the whole file: an import goes when every
    finding that had edits is suppressed, and stays while one of them may still need it.

    The new findings are `suppression:malformed`, `suppression:unknown-id` (for an id that neither `known_ids` nor
    the file has; never if it is None) and `suppression:unused`. A file that is skipped has only the last.
    """
    if _WORD not in text:
        return findings
    comments = comments or read_comments(text)
    starts = line_starts(text)
    marks = list(_suppressions(text, comments, starts))
    skips = [mark for mark in marks if mark.whole_file and not mark.problem]
    marks = skips[:1] or marks
    by_line = {mark.line: mark for mark in marks if not mark.problem}
    used: set[Use] = set()
    result: list[Finding] = []
    for finding in findings:
        near = skips[:1] or _near(finding, by_line, comments, starts)
        uses = _uses(finding, near)
        used |= uses
        result.append(replace(finding, suppressed=True, edits=()) if uses else finding)
    if used and not any(finding.edits for finding in result if finding.is_reference):
        result = [finding for finding in result if finding.is_reference or _is_listed(finding)]
    known = None if known_ids is None else _with_kinds({*known_ids, *(finding.rule_id for finding in findings)})
    candidates = sorted(known) if known and len(marks) <= _MOST_HINTS else []
    for mark in marks:
        result += [_finding(text, starts, mark, *what) for what in _complaints(mark, used, known, candidates)]
    return tuple(sorted(result, key=lambda finding: (finding.start, finding.end, finding.rule_id)))


def _suppressions(text: str, comments: Comments, starts: Sequence[int]) -> Iterator[_Suppression]:
    """Every comment that is a suppression, or nearly one. Other words may follow "accel:" as they like."""
    for span in comments.spans:
        line = 0
        if match := _OTHER.match(text, *span):
            mark = _Suppression(match.start(), span[1], position(starts, match.start())[0])
            yield from _read(mark, match["rest"].rstrip().removesuffix("-->"), leads=match.start() < comments.code)
            continue
        for match in islice(_MARK.finditer(text, *span), 2):
            again = line > 0
            line = line or position(starts, match.start())[0]
            mark = _Suppression(match.start(), match.start() + len(match.group().rstrip()), line)
            if again:
                yield replace(mark, problem="is the second one in its line: put all ids into the first")
            else:
                yield from _read(mark, match["rest"], leads=match.start() < comments.code)


def _read(mark: _Suppression, rest: str, *, leads: bool) -> Iterator[_Suppression]:
    """The suppression that the words behind "accel:" make, if they are meant as one."""
    form = _FORM.fullmatch(rest)
    if form is None:
        if _is_nearly_one(rest):
            yield replace(mark, problem=f"is no suppression: {_HINT}")
    elif form["file"]:
        problem = "" if leads else "has no effect behind code: `# accel: skip-file` stands before all of it"
        yield replace(mark, whole_file=True, problem=problem)
    elif form["ids"] is None:
        yield mark
    else:
        ids = tuple(dict.fromkeys(name.strip() for name in form["ids"].split(",")))
        if not all(re.fullmatch(r"\S+", name) for name in ids):
            yield replace(mark, problem=f"lacks an id, or a comma between two: {_HINT}")
        elif len(ids) > _MOST_IDS:
            yield replace(mark, problem=f"names more than {_MOST_IDS} ids: use kinds or patterns")
        else:
            yield replace(mark, ids=ids)


def _is_nearly_one(rest: str) -> bool:
    word = re.match(r"[\w-]*", rest.strip().lower())
    return bool(word and get_close_matches(word.group(), _NEARLY, 1, _LIKENESS))


def _near(
    finding: Finding, by_line: Mapping[int, _Suppression], comments: Comments, starts: Sequence[int]
) -> list[_Suppression]:
    """The suppressions on the line of a finding and on the last one of its statement, or above its line."""
    end = comments.ends[bisect_left(comments.ends, min(finding.start, comments.ends[-1]))]
    lines = {finding.line, position(starts, end)[0], *((finding.line - 1,) if comments.above else ())}
    return [by_line[line] for line in lines if line in by_line]


def _uses(finding: Finding, marks: Sequence[_Suppression]) -> set[Use]:
    """Those of the suppressions, each with its id, that a finding falls under."""
    if not finding.is_reference:
        return {(mark, _ALL) for mark in marks if mark.whole_file}
    if finding.safety == "left":
        return set()
    return {(mark, name) for mark in marks for name in mark.ids if _means(name, finding.rule_id)}


def _is_listed(finding: Finding) -> bool:
    """Whether an inserted line lists a package, which no other edit asks for."""
    return finding.rule_id.startswith("package:") and not finding.suppressed


def _means(name: str, rule_id: str) -> bool:
    return name in (rule_id, rule_id.partition(":")[0]) or (_ALL in name and fnmatchcase(rule_id, name))


def _with_kinds(ids: set[str]) -> frozenset[str]:
    return frozenset(ids.union(name.partition(":")[0] for name in ids))


def _complaints(
    mark: _Suppression, used: set[Use], known: frozenset[str] | None, candidates: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """What is wrong with a suppression: rule ids and messages. A pattern is never unknown, only unused."""
    if mark.problem:
        yield "suppression:malformed", mark.problem
        return
    idle = [name for name in mark.ids if (mark, name) not in used]
    unknown = [name for name in idle if known is not None and name not in known and _ALL not in name]
    if unknown:
        close = get_close_matches(unknown[0], candidates, 1, _LIKENESS) if len(unknown) == 1 else []
        hint = f": did you mean {close[0]}?" if close else ""
        yield "suppression:unknown-id", f"there is no rule, nor kind of rules, called {', '.join(unknown)}{hint}"
    unused = [name for name in idle if name not in unknown]
    if unused:
        what = "" if len(unused) == len(mark.ids) else f" by {', '.join(unused)}"
        where = "in this file" if mark.whole_file else "on this line, nor in a statement that ends on it"
        yield "suppression:unused", f"suppresses nothing{what} {where}: remove it"


def _finding(text: str, starts: Sequence[int], mark: _Suppression, rule_id: str, message: str) -> Finding:
    shown = text[mark.start : mark.end]
    line, column = position(starts, mark.start)
    return Finding(rule_id, mark.start, mark.end, line, column, shortened(shown), message, "manual")

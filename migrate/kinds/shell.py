"""A scanner for POSIX shell and bash: characters → commands, comments and here-documents.

It is our own, and no grammar's, because it has to say of a single place that it is unsure of it and go on behind
that, because every span has to be exact to the character, and because a tool that runs in hooks should not bring
a compiled dependency. It keeps no tree: what a compound command holds is listed as commands in order. It reads what
bash reads and some more; each character is looked at a bounded number of times. The tests compare it with a grammar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from migrate.kinds.heredocs import body_of, heredoc_of
from migrate.kinds.script import Command, CommandKind, Heredoc, Part, Redirect, Script, Word
from migrate.kinds.shellwords import DEPTH, Words

_BLANKS = re.compile(r"(?:[ \t]+|\\\r?\n|\r(?!\n))*")
_SEPARATOR = re.compile(r";;&|;;|;&|;|&&|\|\||\|&|\||&(?!>)")
_REDIRECT = re.compile(r"(?:\d+|\{\w+\})?(?P<operator>&>>|&>|<<<|<<-|<<|<&|>&|<>|>>|>\||<(?!\()|>(?!\())")
_FUNCTION = re.compile(r"[ \t]*\([ \t]*\)")
_KEYWORDS = frozenset({
    "if", "then", "else", "elif", "fi", "while", "until", "do", "done", "{", "}", "!", "time", "coproc",
})  # fmt: skip
_LOGIC = re.compile(r"&&|\|\||[()<>]")


@dataclass(slots=True)
class _Open:
    """What is open in a list of commands: a parenthesis, or a `case` that expects a pattern or runs a branch."""

    kind: Literal["(", "pattern", "branch"]
    start: int


@dataclass(slots=True)
class _Draft:
    """A simple command as far as it was read."""

    words: list[Word] = field(default_factory=list)
    assignments: list[Word] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)
    start: int = -1


def lex(text: str) -> Script:
    """The script that a text holds.

    Raises `SyntaxError`, with the line, for a quote or a parenthesis that is never closed or that closes nothing,
    and for one that nests too deep.
    """
    lexer = _Lexer(text)
    lexer.run(0, "")
    comments = tuple(sorted(set(lexer.words.comments)))  # a comment behind `for x` is read twice
    return Script(text, tuple(lexer.commands), comments, tuple(lexer.heredocs), frozenset(lexer.functions))


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.words = Words(text, self.run)
        self.commands: list[Command] = []
        self.heredocs: list[Heredoc] = []
        self.functions: set[str] = set()
        self.pending: list[tuple[int, Word, bool]] = []  # number, delimiter, whether tabs go

    def run(self, at: int, closer: str) -> int:
        """Read commands up to `closer`, or to the end without one; the offset behind it."""
        self.words.deeper(at)
        begin, stack, draft = at, list[_Open](), _Draft()
        while True:
            at = self._blanks(at)
            if at >= self.words.end:
                break
            if stack and stack[-1].kind == "pattern":
                at = self._pattern(at, stack)
            elif self.text[at] == ")" and closer and not any(one.kind == "(" for one in stack):
                self._finish(draft, captured=bool(closer))
                self.words.deeper(at, -1)
                return at + 1
            else:
                at = self._step(at, stack, draft, begin > 0)
        self._finish(draft, captured=begin > 0)
        if closer:
            raise self.words.fail("a $( is never closed", begin - 2)
        if unclosed := next((one for one in stack if one.kind == "("), None):
            raise self.words.fail("a ( is never closed", unclosed.start)
        self.words.deeper(at, -1)
        return at

    def _blanks(self, at: int) -> int:
        return found.end() if (found := _BLANKS.match(self.text, at, self.words.end)) else at

    def _step(self, at: int, stack: list[_Open], draft: _Draft, captured: bool) -> int:
        """Read one token."""
        text, char = self.text, self.text[at]
        if char == "#":
            end = self.words.line_end(at)
            self.words.comments.append((at, end))
            return end
        if self.words.ends_line(at):
            self._finish(draft, captured=captured)
            return self._lines(text.index("\n", at) + 1)
        if found := _REDIRECT.match(text, at, self.words.end):
            return self._redirect(found, draft)
        if found := _SEPARATOR.match(text, at, self.words.end):
            self._finish(draft, captured=captured, piped=found.group() in ("|", "|&"))
            if found.group().startswith(";;") or found.group() == ";&":
                _next_branch(stack)
            return found.end()
        if char in "()":
            return self._parenthesis(at, stack, draft, captured)
        return self._word(at, stack, draft, captured)

    def _parenthesis(self, at: int, stack: list[_Open], draft: _Draft, captured: bool) -> int:
        if self.text[at] == ")":
            self._finish(draft, captured=captured)
            while stack and stack[-1].kind != "(":
                stack.pop()
            if not stack:
                raise self.words.fail("a ) closes nothing", at)
            stack.pop()
            return at + 1
        if draft.words or draft.assignments:
            raise self.words.fail("a ( stands where none can", at)
        if self.text.startswith("((", at) and (end := self.words.arithmetic_end(at + 2)):
            part = Part("arithmetic", at, end, inner=self.words.arithmetic(at + 2, end - 2))
            self._add("arithmetic", [Word(at, end, (part,))], at, end)
            return end
        if len(stack) >= DEPTH:
            raise self.words.fail(f"nests more than {DEPTH} levels deep", at)
        stack.append(_Open("(", at))
        return at + 1

    def _word(self, at: int, stack: list[_Open], draft: _Draft, captured: bool) -> int:
        word = self._read(at)
        if not draft.words and not draft.assignments:
            if (plain := word.plain) and (end := self._keyword(plain, word, stack)) is not None:
                return end
            if found := _FUNCTION.match(self.text, word.end, self.words.end):
                self.functions.add(self.text[word.start : word.end])
                return found.end()
        if draft.start < 0:
            draft.start = at
        (draft.assignments if word.name and not draft.words else draft.words).append(word)
        return word.end

    def _read(self, at: int) -> Word:
        word = self.words.word(at)
        if word.end == at:
            raise self.words.fail("a word is missing", at)
        return word

    def _keyword(self, plain: str, word: Word, stack: list[_Open]) -> int | None:
        """Read what a reserved word begins; the offset behind it, None for any other word."""
        if plain in _KEYWORDS:
            return word.end
        if plain in ("for", "select"):
            return self._for(word)
        if plain == "case":
            return self._case(word, stack)
        if plain == "esac":
            while stack and stack[-1].kind != "(":
                if stack.pop().kind == "branch":
                    break
            return word.end
        if plain == "function":
            name = self._read(self._blanks(word.end))
            self.functions.add(self.text[name.start : name.end])
            return found.end() if (found := _FUNCTION.match(self.text, name.end, self.words.end)) else name.end
        return self._test(word) if plain == "[[" else None

    def _for(self, keyword: Word) -> int:
        at = self._blanks(keyword.end)
        if self.text.startswith("((", at):
            return at
        words = [self._read(at)]
        at = self._lines(words[0].end)
        following = self.words.word(at)
        if following.plain != "in":
            self._add("for", words, keyword.start, words[0].end)
            return words[0].end
        at = self._blanks(following.end)
        while at < self.words.end and self.text[at] not in ";#&" and not self.words.ends_line(at):
            words.append(self._read(at))
            at = self._blanks(words[-1].end)
        self._add("for", words, keyword.start, words[-1].end)
        return at

    def _case(self, keyword: Word, stack: list[_Open]) -> int:
        subject = self._read(self._blanks(keyword.end))
        self._add("case", [subject], keyword.start, subject.end)
        following = self.words.word(self._lines(subject.end))
        if following.plain != "in":
            raise self.words.fail("a case without its in", keyword.start)
        if len(stack) >= DEPTH:
            raise self.words.fail(f"nests more than {DEPTH} levels deep", keyword.start)
        stack.append(_Open("pattern", keyword.start))
        return following.end

    def _pattern(self, at: int, stack: list[_Open]) -> int:
        """Read the patterns of one branch, or the end of the `case`."""
        at = self._lines(at)
        if at < self.words.end and self.text[at] == "(":
            at = self._blanks(at + 1)
        begin, words = at, list[Word]()
        while at < self.words.end:
            word = self._read(at)
            if not words and word.plain == "esac":
                stack.pop()
                return word.end
            words.append(word)
            at = self._blanks(word.end)
            char = self.text[at : at + 1]
            if char not in ("|", ")"):
                raise self.words.fail("a pattern of a case is not closed", begin)
            at = self._blanks(at + 1)
            if char == ")":
                break
        self._add("pattern", words, begin, at, within=stack[-1].start)
        stack[-1].kind = "branch"
        return at

    def _test(self, keyword: Word) -> int:
        at, words = self._lines(keyword.end), list[Word]()
        while at < self.words.end:
            after = words[-1].plain if words else ""
            logic = None if after == "=~" else _LOGIC.match(self.text, at, self.words.end)
            if logic:
                end = logic.end()
                words.append(Word(at, end, (Part("text", at, end, logic.group()),)))
            else:
                words.append(self.words.word(at, regex=after == "=~"))
            if words[-1].end == at:
                break
            if words[-1].plain == "]]":
                self._add("test", words[:-1], keyword.start, words[-1].end)
                return words[-1].end
            at = self._lines(words[-1].end)
        raise self.words.fail("a [[ is never closed", keyword.start)

    def _lines(self, at: int) -> int:
        """Skip blanks, line ends with the here-documents behind them, and comments that stand alone."""
        while True:
            if self.pending and at > 0 and self.text[at - 1] == "\n":
                at = self._bodies(at)
            found = self._blanks(at)
            if found < self.words.end and self.words.ends_line(found):
                at = self.text.index("\n", found) + 1
            elif found < self.words.end and self.text[found] == "#":
                at = self.words.line_end(found)
                self.words.comments.append((found, at))
            else:
                return found

    def _redirect(self, found: re.Match[str], draft: _Draft) -> int:
        operator = found["operator"]
        if draft.start < 0:
            draft.start = found.start()
        target = self._read(self._blanks(found.end()))
        number = None
        if operator in ("<<", "<<-"):
            number = len(self.heredocs)
            self.heredocs.append(Heredoc(target.end, target.end, False, ()))
            self.pending.append((number, target, operator == "<<-"))
        draft.redirects.append(Redirect(operator, target, number))
        return target.end

    def _bodies(self, at: int) -> int:
        """Read the here-documents that begin at an offset."""
        pending, self.pending = self.pending, []
        for number, delimiter, stripped in pending:
            begin, known = at, len(self.commands)
            body, at = body_of(self.words, begin, delimiter, stripped)
            self.heredocs[number] = heredoc_of(self.words, begin, body, delimiter)
            if [part.kind for part in self.heredocs[number].parts] == ["opaque"]:
                del self.commands[known:]
        return at

    def _finish(self, draft: _Draft, *, captured: bool, piped: bool = False) -> None:
        """End the simple command, if one was begun."""
        if draft.start < 0:
            return
        words = draft.words
        ends = [word.end for word in (*draft.assignments, *words)]
        ends += [redirect.target.end for redirect in draft.redirects if redirect.target]
        parts = (tuple(words), tuple(draft.assignments), tuple(draft.redirects))
        self.commands.append(Command("simple", draft.start, max(ends), *parts, captured, piped))
        draft.words, draft.assignments, draft.redirects, draft.start = [], [], [], -1

    def _add(self, kind: CommandKind, words: list[Word], start: int, end: int, within: int = -1) -> None:
        self.commands.append(Command(kind, start, end, tuple(words), within=within))


def _next_branch(stack: list[_Open]) -> None:
    if stack and stack[-1].kind == "branch":
        stack[-1].kind = "pattern"

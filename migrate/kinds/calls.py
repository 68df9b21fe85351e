"""Which program a command of a shell runs, behind the wrappers that start it, and what kind of a program that is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from migrate.kinds.script import Command, Word
from migrate.naming import words_of

Role = Literal["launcher", "message", "declaration", "test", "other"]
_LAUNCHER = re.compile(r"python[\d.]*|i?python3?|torchrun|deepspeed|horovodrun|colossalai")
_SCRIPT = re.compile(r"[^\0]*[^/\0]\.(?:py|sh|bash)")
_WRAPPERS = frozenset({
    "env", "nohup", "time", "exec", "command", "builtin", "sudo", "doas", "srun", "mpirun", "mpiexec",
    "mpiexec.hydra", "orterun", "numactl", "taskset", "timeout", "nice", "ionice", "setsid", "stdbuf", "nsys", "ncu",
    "nvprof", "xvfb-run",
})  # fmt: skip
_RUNNERS = frozenset(
    ("uv", "poetry", "conda", "mamba", "pipenv", "pdm", "hatch", "pixi", "rye")
)  # behind them stands what they run
_SHELLS = frozenset(("bash", "sh", "zsh", "ksh", "dash", "source", "."))
_DECLARATIONS = frozenset(("export", "declare", "typeset", "local", "readonly", "unset", "read"))
_MESSAGES = frozenset((":", "echo", "printf", "logger", "die", "usage"))
_PROGRAMS = frozenset({
    "accelerate", "pip", "pip3", "apt", "apt-get", "yum", "dnf", "docker", "podman", "nvidia-docker", "nvidia-smi",
    "nvcc", "module", "ml", "eval", "ssh", "singularity", "apptainer", "echo", "printf", "test", "[", "make", "cmake",
    "cat", "tee",
})  # fmt: skip
_DISPLAYED = frozenset(("/dev/stderr", "/dev/stdout", "/dev/null", "/dev/tty"))


@dataclass(frozen=True, slots=True)
class Call:
    """A command, the number of its word that is the program, and the program's name without folders.

    The words of a `launcher` behind its program end up in a Python program or a script of the repository.
    """

    command: Command
    role: Role
    at: int
    program: str

    @property
    def arguments(self) -> tuple[Word, ...]:
        return self.command.words[self.at + 1 :]

    @property
    def wrapping(self) -> tuple[Word, ...]:
        return self.command.words[: self.at]


def call_of(command: Command, text: str, starts: Mapping[str, str], messages: frozenset[str]) -> Call:
    """The program of a command; `starts` has the first word of the variables that hold the beginning of one."""
    if command.kind != "simple":
        return Call(command, "test" if command.kind in ("test", "case", "pattern") else "other", -1, "")
    at = _program_at(command.words, text, starts)
    if at >= len(command.words):
        return Call(command, "other", at, "")
    word = command.words[at]
    program = base_of(word, text, starts)
    return Call(command, _role(command, at, program, text, starts, messages), at, program)


def base_of(word: Word, text: str, starts: Mapping[str, str]) -> str:
    """The name of a program without its folders; that of a variable's value where it is known."""
    literal = word.literal
    if literal is None and (name := only_variable(word)):
        if "python" in words_of(name):
            return "python"
        literal = starts.get(name)
    if literal is None:
        raw = text[word.start : word.end].strip("\"'")
        if found := re.fullmatch(r"(?:\$\(|`)\s*(?:which|command -v)\s+(\S+?)\s*[)`]", raw):
            return found[1]
        literal = raw if "$(" not in raw and "`" not in raw else ""
    return literal.rpartition("/")[2] or literal


def only_variable(word: Word) -> str | None:
    """The variable that a word is the value of, and nothing else."""
    parts = [part for part in word.parts if part.kind != "text" or part.value]
    if len(parts) != 1 or parts[0].kind != "variable" or parts[0].inner:
        return None
    return parts[0].value or None


def is_script(literal: str) -> bool:
    return _SCRIPT.fullmatch(literal) is not None


def _program_at(words: Sequence[Word], text: str, starts: Mapping[str, str]) -> int:
    """The number of the word that is the program; behind a wrapper the first one that can be."""
    at = 0
    while at < len(words):
        base = base_of(words[at], text, starts)
        if base in _RUNNERS and at + 1 < len(words) and words[at + 1].literal == "run":
            at = _behind(words, at + 2, text, starts, options=True)
        elif base in _WRAPPERS:
            at = _behind(words, at + 1, text, starts, options=True)
        elif base.startswith("$"):
            behind = _behind(words, at + 1, text, starts, options=False)
            return behind if behind < len(words) else at
        else:
            return at
    return at


def _behind(words: Sequence[Word], begin: int, text: str, starts: Mapping[str, str], *, options: bool) -> int:
    """The first word from a number on that is a program we know; else, with `options`, the first that can be one."""
    first = len(words)
    for number in range(begin, len(words)):
        literal = words[number].literal or ""
        base = base_of(words[number], text, starts)
        if _LAUNCHER.fullmatch(base) or is_script(base):
            return number
        if options and (base in _WRAPPERS or base in _RUNNERS or base in _SHELLS or base in _PROGRAMS):
            return number
        if first == len(words) and not literal.startswith("-") and not words[number].name:
            first = number
    return first if options else len(words)


def _role(
    command: Command, at: int, program: str, text: str, starts: Mapping[str, str], messages: frozenset[str]
) -> Role:
    words = command.words
    launches = program == "accelerate" and at + 1 < len(words) and words[at + 1].literal == "launch"
    if launches or _LAUNCHER.fullmatch(program) or is_script(program):
        return "launcher"
    if program in _SHELLS:
        behind = next((word.literal or "" for word in words[at + 1 :] if not (word.literal or "").startswith("-")), "")
        return "launcher" if is_script(behind) else "other"
    if program in ("[", "test"):
        return "test"
    if program in _DECLARATIONS:
        return "declaration"
    if (program in _MESSAGES or program in messages or program == "cat") and _is_shown(command):
        return "message"
    return "other"


def _is_shown(command: Command) -> bool:
    """Whether what a command prints is for people: it goes into no file, value or other command."""
    files = [
        redirect for redirect in command.redirects
        if ">" in redirect.operator and (redirect.target is None or not _displays(redirect.operator, redirect.target))
    ]  # fmt: skip
    one = command.words[-1].literal or "" if len(command.words) == 2 else ""
    returns = re.fullmatch(r"[a-z]+(?::\d+)?", one) is not None  # `echo cuda` may be what a function returns
    return not (files or returns or command.captured or command.piped)


def _displays(operator: str, target: Word) -> bool:
    return operator == ">&" or (target.literal or "") in _DISPLAYED

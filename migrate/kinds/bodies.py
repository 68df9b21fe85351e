"""Here-documents that are scripts: a shell or a scheduler runs them, here or elsewhere, or they become a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from migrate.filetypes import kind_of
from migrate.kinds.calls import Call
from migrate.kinds.excerpt import Excerpt, slice_of
from migrate.kinds.script import GAP, Heredoc, Part, Word, said

SHELLS = ("bash", "sh", "zsh", "ksh", "dash")
_TAKING = ("-o", "+o", "-O", "+O", "--rcfile", "--init-file")  # options of a shell with a value
_SCHEDULERS = frozenset(("sbatch", "qsub", "bsub"))
_ELSEWHERE = frozenset({
    "ssh", "docker", "podman", "nvidia-docker", "docker-compose", "kubectl", "oc", "singularity", "apptainer",
    "enroot", "su", "chroot", "gcloud", "tailscale", "multipass", "lxc",
})  # fmt: skip
_WRITERS = ("cat", "tee")
_WRITTEN = "in a script that is written here"
_SHEBANG = re.compile(r"\s*#!(?P<line>.*)")
_SHELL = re.compile(r"(?:^|[/ ])(?:ba|da|a|z|k)?sh(?= |$)")
_PROFILE = re.compile(r"(?:.*/)?\.(?:bash|zsh|k?sh)?(?:rc|profile|env|_profile|_login|_aliases)")


def script_of(body: Heredoc, call: Call, following: Sequence[Call], text: str) -> tuple[Excerpt, str] | None:
    """The shell in a here-document and why none of it is to be edited, which is empty where it can be.

    None for a here-document that is no shell as far as one can tell. `following` are the calls behind its own.
    """
    if (found := _SHEBANG.match(text, body.start, body.end)) and not _SHELL.search(found["line"].strip()):
        return None
    why = _reason(call, following, text, bool(found))
    return None if why is None else (_excerpt(body, text), why)


def _reason(call: Call, following: Sequence[Call], text: str, is_marked: bool) -> str | None:
    """Why a body is not to be edited; empty where it can be, None where it is no shell.

    `is_marked` says that its first line names a shell.
    """
    if call.program in _WRITERS:
        if is_marked or any(kind_of(name) == "shell" or _PROFILE.fullmatch(name) for name in _files(call, text)):
            return _WRITTEN
        reader = _reader(call, following) if call.program == "cat" and call.command.piped else None
        return None if reader is None else _reason(reader, (), text, is_marked)
    words = [word.literal or GAP for word in call.arguments]
    if call.program in SHELLS:
        return "" if _reads_input(words) else None
    if call.program in _SCHEDULERS:
        return ""
    if call.program not in _ELSEWHERE:
        return None
    named = any(word.rpartition("/")[2] in SHELLS for word in words)
    alone = call.program == "ssh" and len([word for word in words if not word.startswith("-")]) == 1
    return f"in a here-document for {call.program}" if named or alone else None


def _reads_input(words: Sequence[str]) -> bool:
    """Whether a shell with these arguments reads its script from where a here-document is."""
    value = False
    for word in words:
        if value:
            value = False
        elif word == "-s":
            return True
        elif not word.startswith(("-", "+")) or (word.endswith("c") and not word.startswith("--")):
            return False
        else:
            value = word in _TAKING
    return True


def _files(call: Call, text: str) -> Iterator[str]:
    """The files that a command writes, as they are spelled."""
    for redirect in call.command.redirects:
        if ">" in redirect.operator and redirect.target:
            yield _spelled(redirect.target, text)
    if call.program == "tee":
        yield from (_spelled(word, text) for word in call.arguments if not text.startswith("-", word.start))


def _spelled(word: Word, text: str) -> str:
    return text[word.start : word.end].strip("\"'")


def _reader(call: Call, following: Sequence[Call]) -> Call | None:
    """The command that gets what one prints; those of substitutions in it are listed before it."""
    behind = (other for other in following if other.command.start >= call.command.end)
    return min(behind, key=lambda other: other.command.start, default=None)


def _excerpt(body: Heredoc, text: str) -> Excerpt:
    """What the reader of a here-document gets, but for the expansions in it, which stand as they are written."""
    if body.quoted or "\\" not in text[body.start : body.end]:
        return slice_of(text, body.start, body.end)
    return said([_unescaped(part, text) for part in body.parts], text, raw=True)


def _unescaped(part: Part, text: str) -> Part:
    r"""A piece of a here-document, in which `\"` is no escape, other than between quotes."""
    written = text[part.start : part.end]
    return part._replace(value=written) if written == '\\"' else part

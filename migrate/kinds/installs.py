"""What a script installs, loads, runs and asks for: packages, modules, containers, devices of a scheduler."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from migrate.finder import text_mentions
from migrate.kinds import pins, rows
from migrate.kinds.calls import Call
from migrate.kinds.excerpt import Excerpt
from migrate.kinds.options import words_with
from migrate.kinds.pieces import Piece
from migrate.kinds.script import Word, said
from migrate.model import Draft, Table

_INDEX = frozenset(("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--index", "--default-index"))
_TAKING = frozenset({
    "-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-t", "--target", "--prefix", "--root", "-n",
    "--name", "-p", "--python", "--cache-dir", "--channel", "--file", "--platform", "--python-version",
})  # fmt: skip
_SYSTEM = frozenset(("apt", "apt-get", "aptitude", "yum", "dnf", "zypper", "apk"))
_CONDA = frozenset(("conda", "mamba", "micromamba"))
_CONTAINERS = frozenset(("docker", "podman", "nvidia-docker", "docker-compose"))
_SCHEDULERS = frozenset(("srun", "sbatch", "salloc"))
_RUNTIME = "a runtime for NVIDIA's containers"
_GPUS = re.compile(r"(?P<option>--gres|--gpus|--gpus-per-(?:node|task|socket)|-G)(?:=(?P<value>.*))?", re.DOTALL)
_REPOSITORY = re.compile(r"/([A-Za-z0-9][\w.-]*?)(?:\.git)?(?:[@#].*)?", re.DOTALL)


def install_drafts(table: Table, piece: Piece, call: Call) -> Iterator[Draft]:
    """What to say of a command that installs or runs something, on the piece."""
    if call.command.kind != "simple" or call.role in ("message", "test", "declaration"):
        return
    text, words = piece.script.text, call.command.words
    for word in words:
        if draft := _command(table, word, _excerpt(word, text)):
            yield draft
    action = [word.literal or "" for word in call.arguments]
    if _installs_python(call, action):
        yield from _requirements(table, call, text)
    elif call.program in _SYSTEM and "install" in action:
        yield from _named(table, "apt", call, text, "a system package for CUDA")
    elif call.program in ("module", "ml") or (call.program == "spack" and action[:1] == ["load"]):
        yield from _named(table, "module", call, text, "a module with CUDA")
    elif call.program in _CONTAINERS:
        yield from _container(table, call, text)
    yield from _devices(table, _scheduled(call, text), text)


def directive_drafts(table: Table, text: str, words: list[Word]) -> Iterator[Draft]:
    """The devices that a line for a scheduler (`#SBATCH --gres=gpu:8`) asks for."""
    yield from _devices(table, words, text)


def _excerpt(word: Word, text: str) -> Excerpt:
    return said(word.parts, text)


def _command(table: Table, word: Word, excerpt: Excerpt) -> Draft | None:
    """`nvidia-smi` by itself, as a program or as the argument of one."""
    if len(excerpt.text) > 200 or not text_mentions(excerpt.text, table.sites):
        return None
    draft = rows.command(table, excerpt.text, 0)
    if draft is None and excerpt.text == "nvidia-docker":
        draft = rows.resource(table, excerpt.text, 0) or _settings(excerpt.text, _RUNTIME, table)
    return excerpt.moved(draft) if draft else None


def _settings(name: str, what: str, table: Table) -> Draft:
    return Draft("text:settings", 0, len(name), "manual", f"{what}: see what {table.target.title} has in its place")


def _installs_python(call: Call, action: list[str]) -> bool:
    if call.program == "uv":
        return action[:2] == ["pip", "install"] or action[:1] == ["add"]
    if call.program == "poetry":
        return action[:1] == ["add"]
    if call.program.startswith("python"):
        return "-m" in action and action[action.index("-m") + 1 :][:2] == ["pip", "install"]
    installs = call.program in _CONDA or re.fullmatch(r"pip[\d.]*|pipx|\$\{?PIP\}?", call.program)
    return bool(installs) and ("install" in action or "create" in action)


def _requirements(table: Table, call: Call, text: str) -> Iterator[Draft]:
    begun = False
    for _, word, previous in words_with(call):
        excerpt = _excerpt(word, text)
        value = excerpt.text
        option, equals, address = value.partition("=")
        draft = None
        if equals and option in _INDEX:
            draft = pins.index(table, address, len(option) + 1)
        elif previous in _INDEX or "://" in value:
            draft = pins.index(table, value, 0) or _address(table, value)
        elif previous in ("-c", "--channel") and call.program in _CONDA and text_mentions(value, table.sites):
            draft = Draft("package:index", 0, len(value), "manual", "a channel of CUDA builds")
        elif value in ("install", "add", "create"):
            begun = True
            continue
        elif begun and value and not value.startswith("-") and previous not in _TAKING:
            draft = pins.requirement(table, value.replace("\0", "*"), 0)
        if draft:
            yield excerpt.moved(draft)


def _address(table: Table, value: str) -> Draft | None:
    """A package by the address of its repository."""
    name = _REPOSITORY.fullmatch(value[value.rfind("/") :] if "/" in value else "")
    if name is None or not text_mentions(value, table.sites):
        return None
    known = rows.distribution(table, name[1], 0)
    return replace(known, end=len(value)) if known else _settings(value, "an address of NVIDIA's or for CUDA", table)


def _named(table: Table, kind: str, call: Call, text: str, what: str) -> Iterator[Draft]:
    """`module load cuda/11.8`, `apt-get install cuda-toolkit-12-1`."""
    for word in call.arguments:
        excerpt = _excerpt(word, text)
        name = excerpt.text.partition("/")[0] if kind == "module" else excerpt.text
        row = rows.resource(table, f"{kind}:{name}", 0)
        draft = replace(row, end=len(excerpt.text)) if row else None
        if draft is None and text_mentions(excerpt.text, table.sites):
            draft = _settings(excerpt.text, what, table)
        if draft:
            yield excerpt.moved(draft)


def _container(table: Table, call: Call, text: str) -> Iterator[Draft]:
    """`docker run --gpus all`, `--runtime=nvidia`, and the image."""
    words = call.arguments
    for number, word in enumerate(words):
        excerpt = _excerpt(word, text)
        option, equals, value = excerpt.text.partition("=")
        following = _excerpt(words[number + 1], text).text if number + 1 < len(words) else ""
        name = ""
        if option == "--gpus":
            name = option
        elif option == "--runtime":
            name = f"--runtime={value if equals else following}"
        draft = rows.resource(table, name, 0) if name else None
        if draft is None and name.endswith("=nvidia"):
            draft = _settings(name, _RUNTIME, table)
        if draft is None and "/" in excerpt.text and not excerpt.text.startswith(("-", "/", ".")):
            draft = rows.resource(table, excerpt.text, 0) or _image(table, excerpt.text)
        if draft:
            yield excerpt.moved(replace(draft, end=len(excerpt.text)))


def _image(table: Table, name: str) -> Draft | None:
    if not text_mentions(name, table.sites):
        return None
    return _settings(name, "an image with CUDA in it", table)


def _scheduled(call: Call, text: str) -> Sequence[Word]:
    """The words of a command that are for a scheduler: those up to the program, all if that is the scheduler."""
    words = call.command.words
    for number, word in enumerate(words[: call.at + 1]):
        if _excerpt(word, text).text in _SCHEDULERS:
            return words[number + 1 : call.at] if number < call.at else words[number + 1 :]
    return ()


def _devices(table: Table, words: Sequence[Word], text: str) -> Iterator[Draft]:
    for number, word in enumerate(words):
        excerpt = _excerpt(word, text)
        found = _GPUS.fullmatch(excerpt.text)
        if found is None:
            continue
        following = _excerpt(words[number + 1], text).text if number + 1 < len(words) else ""
        value = found["value"] if found["value"] is not None else following
        name = "--gres=gpu" if found["option"] == "--gres" else found["option"]
        if found["option"] == "--gres" and "gpu" not in value:
            continue
        if draft := rows.resource(table, name, 0):
            yield excerpt.moved(replace(draft, end=len(excerpt.text)))

"""What settings ask of containers, schedulers and shells → drafts; all of it is for a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from migrate.finder import Span
from migrate.kinds.commands import script_drafts
from migrate.kinds.entries import Item, Scalar, Spot
from migrate.kinds.excerpt import draft_of
from migrate.kinds.page import Page
from migrate.kinds.pins import channel
from migrate.kinds.rows import command, named_value, names_image, resource, unedited
from migrate.model import Draft

_IMAGES = frozenset({"image", "container", "base_image", "baseimage", "docker_image", "container_image", "image_name"})
_GIVEN = frozenset({"gpus", "runtime", "driver", "capabilities", "gres", "slurm_gres"})
_ASKING = _IMAGES | _GIVEN | {
    "runs-on", "options", "uses", "docker", "nodeselector", "tolerations", "channels", "device_requests",
    "runtimeclassname", "default-runtime", "accelerators", "gpu-type", "features", "runargs",
}  # fmt: skip
_OPTION = re.compile(r"--(?:gpus|runtime|gres|gpus-per-[a-z]+)(?:=| )[^\s]+")
_SCRIPTS = frozenset({
    "run", "script", "before_script", "after_script", "command", "args", "entrypoint", "commands", "cmd", "scripts",
    "commands_pre", "commands_post", "postcreatecommand", "poststartcommand", "setup", "bash",
})  # fmt: skip
_LISTED = frozenset({"script", "before_script", "after_script", "commands", "scripts", "setup"})  # a line for each item
_EXPRESSION = re.compile(r"\$?\{\{[^{}\r\n]{0,200}\}\}")
_PYTHON = re.compile(r"(?:.*/)?python[\d.]*(?:\s.*)?")
_WORDS = 500  # of a command, or lines of a script
_LENGTH = 50_000  # characters of a script: longer ones are data
_TOLD = "what a container or a scheduler gives: see what it is called for the new device"


def resource_drafts(page: Page, spot: Spot, item: Item, scalar: Scalar) -> list[Draft]:
    """What to say of a value that is an image, a runtime or a resource; none for another."""
    key = item.key.text if item.key else spot.keys[-1] if spot.keys else ""
    drafts: list[Draft | None] = []
    if key.lower() in _GIVEN:
        draft = resource(page.table, f"{key}: {scalar.text}", item.key.start if item.key else scalar.start)
        drafts.append(draft and replace(draft, end=scalar.end))
    elif is_image(spot, key) or scalar.text.startswith("nvidia.com/") or names_image(scalar.text):
        drafts.append(resource(page.table, scalar.text, scalar.start))
    elif scalar.literal and is_asking(spot, item):
        options = _OPTION.finditer(scalar.text)
        drafts += [resource(page.table, found.group(), scalar.start + found.start()) for found in options]
    if found := [replace(draft, end=min(draft.end, scalar.end)) for draft in drafts if draft]:
        return found
    if key == "channels" and any(page.mentions_in(scalar)):
        return [channel(page.table, scalar.start, scalar.end)]
    if is_asking(spot, item) and any(page.mentions_in(scalar)) and not scalar.text.startswith("./"):
        return [Draft("text:settings", scalar.start, scalar.end, "manual", _TOLD)]
    return []


def is_image(spot: Spot, key: str) -> bool:
    """Whether a value is the image of a container."""
    return key.lower() in _IMAGES or (key in ("name", "image") and not _IMAGES.isdisjoint(spot.keys[-1:]))


def resource_key(page: Page, key: Scalar) -> Draft | None:
    """What to say of a key that is a resource (`nvidia.com/gpu`); None for another."""
    if not key.text.lower().startswith("nvidia.com/"):
        return None
    draft = resource(page.table, key.text, key.start)
    return replace(draft, end=key.end) if draft else Draft("text:settings", key.start, key.end, "manual", _TOLD)


def is_asking(spot: Spot, item: Item) -> bool:
    """Whether the keys say that a container or a scheduler reads the value."""
    keys = [item.key.text] if item.key else []
    return any(key.lower() in _ASKING for key in (*keys, *spot.keys[::-1][:1]))


def is_script(spot: Spot, item: Item) -> bool:
    """Whether a value is shell, or a word of a command."""
    key = item.key.text if item.key else spot.keys[-1] if spot.keys else ""
    inside = bool(spot.keys) and spot.keys[-1] == "scripts"  # of a package.json
    return key.lower() in _SCRIPTS or inside


def script(page: Page, spot: Spot, item: Item, scalar: Scalar) -> tuple[list[Draft], list[Span]]:
    """What to say of a piece of shell, and its comments."""
    why = "in a step of a workflow" if page.source.path.startswith(".github/") else "in a command of these settings"
    if item.key is None and spot.keys[-1].lower() not in _LISTED and not _follows_c(spot, scalar):
        return [replace(unedited(draft, why), end=scalar.end) for draft in _argument(page, spot, scalar)], []
    python = item.key is not None and _PYTHON.fullmatch(_beside(spot, "shell")) is not None
    excerpt = page.document.excerpt_of(scalar)
    if excerpt is None or len(excerpt.text) > _LENGTH or len(spot.branch.items) > _WORDS:
        return list(_unread(page, scalar, "Python" if python else "shell")), []
    masked = _EXPRESSION.sub(lambda match: "x" * len(match.group()), excerpt.text)
    try:
        drafts, comments = (_python(page, masked), []) if python else script_drafts(page.table, masked)
    except SyntaxError:
        return list(_unread(page, scalar, "Python" if python else "shell")), []
    spans = [(excerpt.starts[start], excerpt.ends[end - 1]) for start, end in comments if start < end]
    return [unedited(excerpt.moved(draft), why) for draft in drafts], spans


def _unread(page: Page, scalar: Scalar, language: str) -> Iterator[Draft]:
    for start, end in page.mentions_in(scalar):
        yield Draft("text:code", start, end, "manual", f"{language} that cannot be read here: migrate it by hand")


def _python(page: Page, text: str) -> list[Draft]:
    """What to say of a step in Python. Raises `SyntaxError` for one that cannot be read."""
    from migrate.kinds.foreign import migrated

    return [draft_of(finding) for finding in migrated(page.source, text)]


def _beside(spot: Spot, name: str) -> str:
    """The value under another key of a mapping; empty where there is none."""
    values = (item.value for item in spot.branch.items if item.key and item.key.text == name)
    value = next(values, None)
    return value.text if isinstance(value, Scalar) else ""


def _follows_c(spot: Spot, scalar: Scalar) -> bool:
    """Whether a word of a command is the script behind `-c`."""
    if " " not in scalar.text.strip():
        return False
    words = list(islice(spot.branch.scalars(), _WORDS))
    at = words.index(scalar) if scalar in words else 0
    return at > 0 and words[at - 1].text.startswith("-") and words[at - 1].text.endswith("c")


def _argument(page: Page, spot: Spot, scalar: Scalar) -> Iterator[Draft]:
    """What to say of one word of a command that is given as a list."""
    words = list(islice(spot.branch.scalars(), _WORDS))
    if scalar not in words:
        return  # no command has so many words
    before = [other.text for other in words[: words.index(scalar)][-1:]]
    option, equals, value = scalar.text.partition("=")
    if equals and option.startswith("-"):
        draft = named_value(page.table, option, value, scalar.end - len(value))
    elif before and before[0].startswith("-"):
        draft = named_value(page.table, before[0], scalar.text, scalar.start)
    else:
        draft = command(page.table, scalar.text, scalar.start) or named_value(page.table, "", scalar.text, scalar.start)
    if draft:
        yield draft

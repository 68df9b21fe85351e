"""Lists of packages in settings → drafts: what is CUDA's in them, and what goes beside torch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from migrate.kinds import pins
from migrate.kinds.entries import Branch, Item, Node, Scalar, Spot
from migrate.kinds.page import Page
from migrate.model import Draft, Edit

_LISTS = frozenset({
    "dependencies", "requires", "install_requires", "tests_require", "setup_requires", "requirements", "pip", "deps",
    "dev-dependencies", "extra-dependencies", "pip_packages", "python_packages", "additional_dependencies",
    "constraint-dependencies", "override-dependencies", "features",
})  # fmt: skip
_GROUPS = frozenset({"optional-dependencies", "dependency-groups", "extras_require", "options.extras_require"})
_BUILDING = frozenset({"build-system", "setup_requires"})  # what torch is needed for there needs no device
_TABLES = frozenset({"dependencies", "dev-dependencies", "pypi-dependencies"})  # a package for each key
_URL = re.compile(r"https?://[^\s'\"]+")
_CHANNEL = re.compile(r"[\w.-]+::")
_PLAIN = re.compile(r"[\w.=*<>~!-]+(?:; [\w.=*<>~!'\" -]+)?")
_LINE = re.compile(r"[^\r\n]*(?P<end>\r\n|\r|\n|\Z)")
_ALONE = re.compile(r"(?:,[ \t]*)?(?:#.*)?")  # what may follow an entry that has a line of its own

Added = dict[int, tuple[str, ...]]


def lists_packages(spot: Spot) -> bool:
    """Whether a list is one of packages."""
    keys = spot.keys[::-1]
    if spot.branch.is_mapping or not keys:
        return False
    return keys[0].lower() in _LISTS or any(key.lower() in _GROUPS for key in keys[:2])


def one_line(page: Page, spot: Spot, item: Item) -> Spot | None:
    """A list of packages in the line of its key, as INI files have it, as a list; None for anything else."""
    if page.source.kind != "ini" or item.key is None or not isinstance(item.value, Scalar):
        return None
    listed = Spot(Branch((Item(None, item.value),), False), (*spot.keys, item.key.text), spot.branch, False)
    return listed if lists_packages(listed) else None


def is_package_table(page: Page, spot: Spot) -> bool:
    """Whether a mapping has a package for each key, as Poetry's."""
    return page.source.kind == "toml" and spot.branch.is_mapping and bool(spot.keys) and spot.keys[-1] in _TABLES


def address_drafts(page: Page, scalar: Scalar) -> Iterator[Draft]:
    """What to say of the addresses in a value: indexes and wheels that are CUDA's."""
    if scalar.literal:
        for match in _URL.finditer(scalar.text):
            if draft := pins.index(page.table, match.group(), scalar.start + match.start()):
                yield draft


def list_drafts(page: Page, spot: Spot, added: Added) -> Iterator[Draft]:
    """What to say of a list of packages; what is added behind a value is put into `added`."""
    scalars = list(spot.branch.scalars())
    is_conda = _is_conda(page, spot)
    for scalar in scalars:
        yield from _entry(page, scalar)
    specs = [_spec(scalar.text, is_conda) for scalar in scalars]
    if is_conda:
        yield from _conda(page, spot, scalars, specs)
    elif not _BUILDING.intersection(spot.keys):
        yield from _companion(page, scalars, specs, added)


def table_drafts(page: Page, spot: Spot, added: Added) -> Iterator[Draft]:
    """What to say of a table of packages."""
    rows = [(item.key, item.value) for item in spot.branch.items if item.key]
    specs = [_table_spec(key, value) for key, value in rows]
    for (key, value), spec in zip(rows, specs, strict=True):
        if draft := pins.requirement(page.table, spec, key.start):
            yield replace(draft, start=key.start, end=max(_end(value), key.end))
    if found := pins.companion(page.table, specs):
        yield _row(page, *rows[found[0]], found[1], added)
    elif absent := pins.absence(page.table, specs):
        yield _by_hand(page, rows[absent[0]][0], absent[1])


def _entry(page: Page, scalar: Scalar) -> Iterator[Draft]:
    text = scalar.text.strip()
    if text.startswith("-") or (_URL.match(text) and " " not in text):
        yield from address_drafts(page, scalar)
        return
    if draft := pins.requirement(page.table, scalar.text, scalar.start):
        yield draft if scalar.literal else replace(draft, start=scalar.start, end=scalar.end)


def _spec(text: str, is_conda: bool) -> str:
    spec = _CHANNEL.sub("", text, count=1)
    return re.sub(r"\Apytorch(?![\w-])", "torch", spec) if is_conda else spec


def _is_conda(page: Page, spot: Spot) -> bool:
    return page.source.kind == "yaml" and spot.keys == ("dependencies",)


def _conda(page: Page, spot: Spot, scalars: list[Scalar], specs: list[str]) -> Iterator[Draft]:
    """What to say of torch as conda's own package: the one beside it comes from pip."""
    inner = [item.value for item in spot.branch.items if isinstance(item.value, Branch)]
    from_pip = [
        scalar.text
        for branch in inner
        for item in branch.items
        if isinstance(item.value, Branch) and item.key and item.key.text == "pip"
        for scalar in item.value.scalars()
    ]
    everything = [*specs, *from_pip]
    if pins.companion(page.table, from_pip):
        return
    if found := pins.companion(page.table, everything):
        scalar, why = scalars[found[0]], f"list {found[1]} among the packages of pip"
    elif absent := pins.absence(page.table, specs):
        scalar, why = scalars[absent[0]], absent[1]
    else:
        return
    yield _by_hand(page, scalar, why)


def _companion(page: Page, scalars: list[Scalar], specs: list[str], added: Added) -> Iterator[Draft]:
    if absent := pins.absence(page.table, specs):
        yield _by_hand(page, scalars[absent[0]], absent[1])
    found = pins.companion(page.table, specs)
    if found is None:
        return
    torch, new = scalars[found[0]], found[1]
    edits = _inserted(page, torch, new)
    if edits:
        added[torch.start] = (new,)
        at = edits[-1].start
        yield Draft(pins.companion_id(page.table), at, at, "review", pins.reason(page.table, new), edits)
    else:
        yield _by_hand(page, torch, f"list {new} beside it")


def _inserted(page: Page, torch: Scalar, new: str) -> tuple[Edit, ...]:
    """The edits that list a package behind torch, in the manner of torch's own entry; none if that is not clear."""
    text, quote = page.source.text, torch.quote
    if not torch.literal or not _PLAIN.fullmatch(new) or (quote and quote in new) or len(quote) > 1:
        return ()
    start, end = torch.start - len(quote), torch.end + len(quote)
    begin = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    before = text[begin:start]
    line = _LINE.match(text, end)
    if line is None:
        return ()
    newline, stop = line["end"] or _newline(text), line.start("end")
    listed, rest = f"{newline}{before}{quote}{new}{quote}", text[end:stop].strip()
    if page.source.kind == "ini":
        return (Edit(stop, stop, listed),) if before and before.isspace() else ()
    if re.fullmatch(r"[ \t]*-[ \t]+", before):
        return (Edit(stop, stop, listed),)
    if not before.strip() and _ALONE.fullmatch(rest):
        if rest.startswith(","):
            return (Edit(stop, stop, f"{listed},"),)
        return (Edit(end, end, ","), Edit(stop, stop, listed)) if rest else (Edit(end, end, f",{listed}"),)
    if page.source.kind == "yaml" and "[" not in before:
        return ()
    return (Edit(end, end, f", {quote}{new}{quote}"),)


def _row(page: Page, key: Scalar, value: Node, new: str, added: Added) -> Draft:
    """The draft that adds a row to a table of packages."""
    text = page.source.text
    name, _, version = new.partition("==")
    begin = max(text.rfind("\n", 0, key.start), text.rfind("\r", 0, key.start)) + 1
    if isinstance(value, Scalar) and value.literal and not text[begin : key.start].strip() and ";" not in new:
        line = _LINE.match(text, value.end)
        if line and len(value.quote) == 1 and not key.quote:
            newline, stop = line["end"] or _newline(text), line.start("end")
            row = f"{newline}{text[begin : key.start]}{name} = {value.quote}{version or '*'}{value.quote}"
            added[value.start] = (name, version or "*")
            why = pins.reason(page.table, new)
            return Draft(pins.companion_id(page.table), stop, stop, "review", why, (Edit(stop, stop, row),))
    return _by_hand(page, key, f"list {new} beside it")


def _by_hand(page: Page, torch: Scalar, why: str) -> Draft:
    return Draft(pins.companion_id(page.table), torch.start, torch.end, "manual", why)


def _newline(text: str) -> str:
    match = re.search(r"\r\n|\r|\n", text)
    return match.group() if match else "\n"


def _table_spec(key: Scalar, value: Node) -> str:
    """A row of a table as a requirement."""
    text = " ".join(_texts(value))
    return f"{key.text}{'==' if text[:1].isdigit() else ' '}{text}"


def _texts(value: Node) -> Iterator[str]:
    if isinstance(value, Scalar):
        yield value.text
    else:
        for item in value.items:
            yield from _texts(item.value)


def _end(value: Node) -> int:
    """Where the last scalar of a value ends."""
    if isinstance(value, Scalar):
        return value.end
    return max((_end(item.value) for item in value.items), default=0)

"""A vendor's own pages of supported PyTorch APIs → migrate/rules/support/<target>.toml, those that are not supported.

python tools/harvest_support.py npu CHECKOUT_OF_ASCEND_PYTORCH 2.7=pytorch_2-7-1 2.13=pytorch_2-13-0

Reads docs/zh/api/native_api/<folder>/*.md of https://github.com/Ascend/pytorch: each API has a link to PyTorch's
documentation with its name, and a table with a line for each generation of the hardware.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = "docs/zh/api/native_api"
_NAME = re.compile(r"\*\*原生文档\*\*：\[(?P<name>torch(?:\.\w+)+)\]")
_MARK = re.compile(r"\|\s*<term>(?P<hardware>[^<]+)</term>\s*\|\s*(?P<mark>[✔✘])\s*\|")
_KEYS = {"Atlas A2": "a2", "Atlas A3": "a3", "Ascend 950DT": "950dt"}


def main(arguments: Sequence[str]) -> None:
    """Write the file of one target."""
    target, checkout, *versions = arguments
    found: dict[str, dict[str, list[str]]] = {}
    for pair in versions:
        version, _, folder = pair.partition("=")
        found[version] = unsupported(sorted((Path(checkout) / PAGES / folder).glob("*.md")))
    text = "\n".join(_lines(found, versions)) + "\n"
    (ROOT / "migrate" / "rules" / "support" / f"{target}.toml").write_text(text, "utf-8")


def unsupported(pages: Sequence[Path]) -> dict[str, list[str]]:
    """The names that each generation of the hardware is marked not to support, by its key."""
    marks: dict[str, dict[str, set[str]]] = {mark: {key: set() for key in _KEYS.values()} for mark in "✔✘"}
    for page in pages:
        name = ""
        for line in page.read_text("utf-8").split("\n"):
            if match := _NAME.search(line):
                name = match["name"]
            elif (match := _MARK.match(line)) and name:
                key = next((key for title, key in _KEYS.items() if match["hardware"].startswith(title)), "")
                if key:
                    marks[match["mark"]][key].add(name)
    return {key: sorted(names - marks["✔"][key]) for key, names in marks["✘"].items()}  # both: of overloads, say


def _lines(found: dict[str, dict[str, list[str]]], versions: Sequence[str]) -> Iterator[str]:
    yield "# What the vendor's own tables mark as not supported. Made by tools/harvest_support.py."
    yield 'evidence = "https://github.com/Ascend/pytorch/tree/9e73e708ab9350d203475609f36f8a43f6a0c2ab/docs/zh/api/native_api"'
    yield from ("", "[hardware]")
    yield from (f'{key} = "{title}"' for title, key in _KEYS.items())
    for version, names in found.items():
        everywhere = set.intersection(*map(set, names.values()))
        yield from ("", f'["{version}"]', *_listed("every", sorted(everywhere)))
        for key, values in names.items():
            yield from _listed(key, [name for name in values if name not in everywhere])


def _listed(key: str, names: Sequence[str]) -> Iterator[str]:
    yield f"{key} = ["
    yield from (f'    "{name}",' for name in names)
    yield "]"


if __name__ == "__main__":
    main(sys.argv[1:])

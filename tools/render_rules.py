"""The pages docs/rules/<target>.md and docs/rules/matrix.md, made from the tables.

python tools/render_rules.py            write them
python tools/render_rules.py --check    exit with 1 if one of them is not what its table says
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the checkout that this file is part of

from migrate.codemods.templates import filled  # noqa: E402
from migrate.model import Rule, Status, Table  # noqa: E402
from migrate.table import legacy_names, load_table, target_names  # noqa: E402

PAGES = ROOT / "docs" / "rules"
_SECTIONS = {
    "api": "Names in PyTorch",
    "env": "Environment variables",
    "cli": "Commands",
    "package": "Packages",
    "resource": "Containers, schedulers and system packages",
}


_MARKS: dict[Status, str] = {
    "same": "✔", "renamed": "✔", "native": "✔", "differs": "◐", "harmless": "○", "missing": "–", "unknown": "?",
}  # fmt: skip


def main() -> None:
    """Write the pages, or say which are stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is stale")
    check = parser.parse_args().check
    pages = {PAGES / f"{name}.md": page(name) for name in (*target_names(), *legacy_names())}
    pages[PAGES / "matrix.md"] = matrix()
    stale = [path for path, text in pages.items() if not path.is_file() or path.read_text("utf-8") != text]
    stray = sorted(set(PAGES.glob("*.md")) - set(pages))
    if check:
        for path in [*stale, *stray]:
            print(f"{path.relative_to(ROOT)} is not what the tables say: run `python tools/render_rules.py`")
        sys.exit(1 if stale or stray else 0)
    PAGES.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.write_text(pages[path], "utf-8")
    for path in stray:
        path.unlink()


def page(name: str) -> str:
    """The Markdown page of one target."""
    table = load_table(name)
    return "\n".join(_lines(name, table)) + "\n"


def matrix() -> str:
    """The Markdown page of all names on all targets."""
    tables = [load_table(name) for name in target_names()]
    lines = [
        "<!-- Made by tools/render_rules.py from migrate/rules: edit the tables, then run it. -->",
        "# Every name on every target",
        "",
        "✔ the vendor has it, under the same name or its own · ◐ something alike, see the target's page · – none ·",
        "○ nothing to do · ? not known · empty: no row, so it is reported. The head of a column leads to that page.",
    ]
    names = [table.target.words.name for table in tables]
    for kind, title in _SECTIONS.items():
        keys = sorted({rule.key for table in tables for rule in table.rules.values() if rule.kind == kind})
        lines += ["", f"## {title}", "", "| CUDA | " + " | ".join(f"[{name}]({name}.md)" for name in names) + " |"]
        lines += ["|---|" + ":---:|" * len(tables)]
        lines += [f"| `{key}` | " + " | ".join(_mark(table.rule(kind, key)) for table in tables) + " |" for key in keys]
    return "\n".join(lines) + "\n"


def _mark(rule: Rule | None) -> str:
    if rule is None:
        return ""
    if rule.status == "renamed" and rule.review:
        return "◐"
    return _MARKS[rule.status]


def _evidence(rule: Rule, table: Table) -> str:
    """`tree:torch_npu/npu/memory.py#L721` as a link to the file at the revision that the table pins."""
    word, _, path = rule.evidence.partition(":")
    return f"[{word}:{_short(path)}]({table.link(rule)})"


def _short(path: str) -> str:
    """The end of a path, enough to tell what is linked to."""
    parts = path.rstrip("/").split("/")
    return path if len(parts) <= 2 else "…/" + "/".join(parts[-2:])


def _lines(name: str, table: Table) -> Iterator[str]:
    target, rules = table.target, list(table.rules.values())
    folder = "legacy/" if name in legacy_names() else ""
    yield f"<!-- Made by tools/render_rules.py from migrate/rules/{folder}{name}.toml: edit that, then run it. -->"
    yield f"# {target.title} (`--target {name}`)"
    yield ""
    yield "What each name becomes. The rule of a row is called `kind:name` in reports, such as `api:torch.cuda.Event`."
    yield "A name that ends in `*` stands for every variable that begins like it and has no row of its own."
    yield "The last column says where to look it up. [How to read and change a row](../adding-a-row.md)."
    yield ""
    yield from _facts(table)
    yield ""
    counts = Counter(rule.status for rule in rules)
    said = ", ".join(f"{counts[status]} {status}" for status in get_args(Status) if counts[status])
    yield f"{len(rules)} rows: {said}."
    for kind, title in _SECTIONS.items():
        rows = sorted((rule for rule in rules if rule.kind == kind), key=lambda rule: (rule.key.lower(), rule.key))
        if rows:
            yield from ("", f"## {title}", "", "| CUDA | status | what becomes of it | evidence |", "|---|---|---|---|")
            yield from (_row(rule, table) for rule in rows)


def _facts(table: Table) -> Iterator[str]:
    target, words, source = table.target, table.target.words, table.source
    yield "| CUDA | becomes |"
    yield "|---|---|"
    yield f"| `{source.module}` | `{words.module}` of the package `{target.package}` |"
    yield f'| `"{source.device}"`, `"{source.device}:0"` | `"{words.device}"`, `"{words.device}:0"` |'
    since = f" (from {target.package} {target.backend_since})" if target.backend_since else ""
    yield f'| `"{source.backend}"` | `"{words.backend}"`{since} |'
    method = filled(table, words.method)
    method = method if method.endswith(")") else f"{method}()"
    yield f"| `.{source.method}()`, `.{source.predicate}` | `.{method}`, `.{filled(table, words.predicate)}` |"
    until = f" (left out with `--min-torch {target.import_until}` or newer)" if target.import_until else ""
    if target.import_line:
        yield f"| beside `import torch` | `{target.import_line}`{until} |"
    if target.install:
        yield f"| a CUDA build of torch | {target.install} |"
    yield f"| versions that rows may name | {', '.join(target.versions)} |"


def _row(rule: Rule, table: Table) -> str:
    cells = (f"`{rule.key}`", rule.status, _outcome(rule, table), _evidence(rule, table))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _outcome(rule: Rule, table: Table) -> str:
    """What a row does, or tells a person to do, in one cell."""
    parts = [f"`{filled(table, rule.to)}`"] if rule.to else []
    parts += [f"keyword `{old}` → `{new}`" for old, new in rule.keywords.items()]
    parts += [f"arguments by name: {', '.join(f'`{name}`' for name in rule.parameters)}"] if rule.parameters else []
    parts += [f"where the file uses `{rule.together}`"] if rule.together else []
    parts += [f"from {table.target.package} {rule.since}"] if rule.since else []
    parts += [f"before {table.target.package} {rule.until}"] if rule.until else []
    parts += [f"from {rule.key} {rule.first}"] if rule.first and rule.first not in (rule.message or "") else []
    shown = [", ".join(parts)] if parts else []
    return " — ".join([*shown, *(text for text in (rule.message, rule.review) if text)]) or "stays"


if __name__ == "__main__":
    main()

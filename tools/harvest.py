"""Draft rows from a checkout of a vendor's package, or whether a table's names are still in it.

python tools/harvest.py CHECKOUT --package torch_npu                  print [[namespace]] blocks, and what is missing
python tools/harvest.py CHECKOUT --package torch_npu --verify npu     exit with 1 if a name of the table is gone

The package is read, never run: what its statements bind, submodules, and imports, also those of everything.
A name that native code or a function adds is not seen. --verify looks for such a one in the file that its row gives
as evidence; native sources only have to be there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]  # the checkout that this file is part of

from namespaces import Package  # noqa: E402

from migrate.model import Rule, Table  # noqa: E402
from migrate.table import load_sites, load_table, target_names  # noqa: E402

NAMES = ROOT / "tests" / "data" / "torch_cuda_names.txt"
_SOURCE = "torch.cuda."
_WIDTH = 104


def main() -> None:
    """Print the rows, or the names that are gone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--package", required=True, help="its name in Python, such as torch_npu")
    parser.add_argument(
        "--namespace", help="the module that stands for torch.cuda, if it is not torch_npu.npu or alike"
    )
    parser.add_argument("--verify", choices=target_names(), metavar="TARGET", help="check the names of this table")
    options = parser.parse_args()
    package = package_in(options.checkout, options.package)
    if package is None:
        parser.error(f"{options.checkout} holds no package {options.package}")
    space = options.namespace or namespace_of(package)
    if not options.verify:
        print("\n".join(drafted(package, space)))
        return
    table = load_table(options.verify)
    gone = [rule for rule in named(table) if not exists(package, space, table, rule, options.checkout)]
    for rule in gone:
        print(f"{rule.to}, which {rule.key} becomes: not found")
    print(f"{len(gone)} of {len(list(named(table)))} names are gone")
    sys.exit(1 if gone else 0)


def package_in(checkout: Path, name: str) -> Package | None:
    """The package of a checkout, which lies at the top or in one of the usual folders."""
    folders = (checkout / folder / Path(*name.split(".")) for folder in (".", "src", "python", "python_packages"))
    return next((Package(name, folder) for folder in folders if (folder / "__init__.py").is_file()), None)


def namespace_of(package: Package) -> str:
    """`torch_npu.npu` for `torch_npu`, or the package itself where it has no such submodule."""
    inner = f"{package.name}.{package.name.rpartition('_')[2]}"
    return inner if package.file_of(inner) else package.name


def drafted(package: Package, space: str) -> Iterator[str]:
    """The rows for what is there under its old name, by module, and what is not as a comment."""
    modules = load_sites().modules
    names = [name for name in NAMES.read_text("utf-8").splitlines() if name.startswith(_SOURCE) and "(" not in name]
    names = [name for name in names if name.rpartition(".")[0] in modules]
    there = {name for name in names if package.holds(space, name.removeprefix(_SOURCE))}
    for home in sorted({name.rpartition(".")[0] for name in there}):
        inner = home.removeprefix(_SOURCE.rstrip(".")).lstrip(".")
        leaves = [name.rpartition(".")[2] for name in sorted(there) if name.rpartition(".")[0] == home]
        file = package.file_of(f"{space}.{inner}".rstrip(".")) or package.file_of(space)
        yield "[[namespace]]"
        yield f'from = "{home}"'
        yield f'to = "torch.{home.replace("torch.cuda", space.rpartition(".")[2].rpartition("_")[2])}"'
        yield from listed(leaves)
        yield f'evidence = "tree:{file.relative_to(package.folder.parent).as_posix() if file else ""}"'
        yield ""
    gone = [name for name in names if name not in there]
    yield f"# {len(there)} of {len(names)} names are there. Not bound by a statement:"
    yield from (f"# {name}" for name in gone)


def listed(leaves: list[str]) -> Iterator[str]:
    """Names as a list of TOML, wrapped."""
    yield "names = ["
    line = "   "
    for leaf in leaves:
        if len(line) + len(leaf) > _WIDTH:
            yield line
            line = "   "
        line += f' "{leaf}",'
    yield from (line, "]")


def named(table: Table) -> Iterator[Rule]:
    """The rows that write a name of the vendor's package."""
    words = table.target
    for rule in table.rules.values():
        if rule.kind == "api" and rule.to and rule.to.startswith((f"{words.words.module}.", f"{words.package}.")):
            yield rule


def exists(package: Package, space: str, table: Table, rule: Rule, checkout: Path) -> bool:
    """Whether what a row writes is bound, or else named by its evidence."""
    name = (rule.to or "").partition("(")[0]
    module = f"{table.target.words.module}."
    home, rest = (space, name.removeprefix(module)) if name.startswith(module) else (package.name, "")
    if package.holds(home, rest or name.removeprefix(f"{package.name}.")):
        return True
    word, _, path = rule.evidence.partition("#")[0].partition(":")
    file = checkout / path
    if word != "tree" or not file.is_file():
        return False
    return file.suffix != ".py" or name.rpartition(".")[2] in file.read_text("utf-8", "replace")


if __name__ == "__main__":
    main()

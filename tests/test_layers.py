"""Who may import whom, and how long files and functions may be: read from the source, without running it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from layers import NOWHERE, OURS, RESTRICTED

ROOT = Path(__file__).parents[1]
CHILD = ROOT / "migrate" / "verify" / "child"  # runs in the Python of the user, who need not have us there
SOURCES = {
    ".".join(path.relative_to(ROOT / "migrate").with_suffix("").parts): ast.parse(path.read_bytes())
    for path in sorted((ROOT / "migrate").rglob("*.py"))
    if not path.is_relative_to(CHILD)
}
HOUSE = sorted(
    path for files in ("migrate/**/*.py", "tests/*.py", "tests/verify/*.py", "tools/*.py") for path in ROOT.glob(files)
)


def imports_of(module: str, *, lazy: bool = True) -> Iterator[str]:
    """Dotted names that a module imports; without `lazy` those that its own import brings along."""
    skipped = set() if lazy else {id(node) for late in later(SOURCES[module]) for node in ast.walk(late)}
    for node in ast.walk(SOURCES[module]):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relative to itself"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def later(tree: ast.Module) -> Iterator[ast.AST]:
    """The parts of a module that do not run when it is imported."""
    for node in ast.walk(tree):
        function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if function or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield node


def ours(names: Iterator[str]) -> set[str]:
    """The modules of the package among imported names."""
    found: set[str] = set()
    for name in names:
        if name.split(".")[0] == "migrate":
            whole = name.removeprefix("migrate.")
            homes = (whole, f"{whole}.__init__", whole.rpartition(".")[0], f"{whole.rpartition('.')[0]}.__init__")
            found.add(next((home for home in homes if home in SOURCES), "__init__"))
    return found


@pytest.mark.parametrize("module", SOURCES)
def test_module_imports_of_ours_what_the_table_says(module: str) -> None:
    assert ours(imports_of(module)) == set(OURS[module].split())


def test_table_names_no_module_that_is_gone() -> None:
    assert set(OURS) == set(SOURCES)


@pytest.mark.parametrize("restricted", RESTRICTED)
def test_restricted_module_is_imported_only_where_the_table_says(restricted: str) -> None:
    users = {
        module
        for module in SOURCES
        for name in imports_of(module)
        if f"{name}.".startswith(f"{restricted}.") and name.partition(".")[0] != "migrate"
    }
    assert users == set(RESTRICTED[restricted].split())


@pytest.mark.parametrize("module", SOURCES)
def test_nothing_else_from_outside_is_imported(module: str) -> None:
    roots = {name.partition(".")[0] for name in imports_of(module)}
    assert not roots & NOWHERE
    assert roots <= {*sys.stdlib_module_names, *RESTRICTED, "migrate", "tomllib"}


@pytest.mark.parametrize("module", SOURCES)
def test_only_the_nodes_and_the_parser_of_libcst_are_used(module: str) -> None:
    below = {name for name in imports_of(module) if name.startswith("libcst.")}
    assert below <= {"libcst._nodes.internal.CodegenState"}
    tree = SOURCES[module]
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and reads_libcst(node)}
    assert not attributes & {"metadata", "matchers", "codemod", "MetadataWrapper", "CSTVisitor", "CSTTransformer"}
    if module != "spans":
        assert "_codegen" not in {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("path", sorted(CHILD.rglob("*.py")), ids=lambda path: path.relative_to(CHILD).as_posix())
def test_device_imports_torch_and_the_standard_library_only(path: Path) -> None:
    roots: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            roots.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            roots.add((node.module or "").partition(".")[0])
    assert roots <= {*sys.stdlib_module_names, "torch", "accel_device"}


def reads_libcst(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("cst", "libcst")


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    graph = {module: ours(imports_of(module, lazy=False)) - {module} for module in SOURCES}
    assert list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize(
    "statements",
    [
        "import migrate.cli",
        "import migrate.runner, migrate.report.machine",
        "import migrate; migrate.load_table('npu')",
        "from migrate.cli import main; main(['--target', 'npu', '--diff', '.'])",
    ],
)
def test_without_a_mention_of_cuda_neither_libcst_nor_rich_is_imported(statements: str, tmp_path: Path) -> None:
    (tmp_path / "clean.py").write_bytes(b"import torch\nx = torch.ones(2)\n")
    start = f"import atexit, sys; sys.path.insert(0, {str(ROOT)!r}); atexit.register(lambda: print(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", f"{start}; {statements}"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    loaded = set(ast.literal_eval(done.stdout.splitlines()[-1]))
    assert "migrate" in loaded
    assert not loaded & {"libcst", "rich", "torch", "migrate.index", "migrate.scan", "migrate.report.console"}


@pytest.mark.parametrize("path", HOUSE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_file_and_its_functions_are_short(path: Path) -> None:
    source = path.read_bytes()
    assert source.count(b"\n") <= 300
    functions = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    long = {node.name: length for node in functions if (length := (node.end_lineno or 0) - node.lineno + 1) > 40}
    assert not long

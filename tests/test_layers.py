"""Who may import whom, and how long files and functions may be: read from the source, without running it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = {
    ".".join(path.relative_to(ROOT / "migrate").with_suffix("").parts): ast.parse(path.read_bytes())
    for path in sorted((ROOT / "migrate").rglob("*.py"))
}
HOUSE = sorted(path for files in ("migrate/**/*.py", "tests/*.py", "tools/*.py") for path in ROOT.glob(files))

# What a module takes from the others of the package: a module that is not named here has no place yet.
OURS = {
    "__init__": "engine runner table",
    "__main__": "cli",
    "codemods.surroundings": "codemods.view edits trees",
    "extras": "",
    "codemods.insertions": "codemods.surroundings codemods.view extras model trees",
    "codemods.retired": "codemods.names codemods.surroundings codemods.view extras model syntax",
    "expression": "extras model",
    "codemods.project": "codemods.insertions codemods.view extras model trees",
    "codemods.expressions": "codemods.surroundings codemods.view extras model syntax",
    "codemods.enclosing": "source trees",
    "targets": "expression extras model reader",
    "tablefiles": "reader toml",
    "reader": "model",
    "codemods.plugin": "codemods.view model syntax",
    "between": "model",
    "explain": "about advice edits engine model",
    "cli_rules": "cli_check config explain model table",
    "about": "",
    "sites": "model",
    "naming": "",
    "found": "edits model",
    "filetypes": "model",
    "advice": "model",
    "model": "extras",
    "edits": "model",
    "finder": "model",
    "toml": "",
    "table": "between expression extras model reader sites tablefiles targets",
    "neutral": "model table",
    "config": "discover toml",
    "hunks": "",
    "vcs": "hunks",
    "discover": "filetypes model vcs",
    "repository": "discover engine model source trees",
    # one file: the scan, made with the standard library only
    "trees": "",
    "bindings": "",
    "guards": "model",
    "source": "bindings guards",
    "binder": "bindings model source",
    "scan": "binder bindings edits finder guards model source",
    # one file: the index, made with libcst
    "spans": "",
    "nesting": "",
    "nodes": "",
    "describe": "",
    "newer": "edits model nesting nodes spans",
    "regions": "nesting source spans",
    "syntax": "bindings source",
    "callsites": "describe model naming nodes syntax",
    "records": "describe nodes regions source syntax",
    "walk": "bindings callsites describe finder guards model nodes records regions source syntax",
    "grammar": "callsites describe nodes records syntax walk",
    "index": "callsites finder grammar model source syntax walk",
    # one file: what becomes of it
    "codemods.devices": "codemods.evidence codemods.expressions codemods.view model naming syntax",
    "codemods.evidence": "callsites codemods.view naming syntax",
    "codemods.flow": "bindings model naming source trees",
    "codemods.gates": "codemods.view model trees",
    "codemods.imports": "advice codemods.plan codemods.plugin codemods.view model syntax",
    "codemods.methods": "codemods.names codemods.plan codemods.templates codemods.view model syntax",
    "codemods.names": "advice callsites codemods.plan codemods.templates codemods.view model syntax",
    "codemods.owners": "model source syntax trees",
    "codemods.plan": "bindings codemods.templates codemods.view model syntax",
    "codemods.strings": "advice codemods.devices codemods.texts codemods.view model naming syntax",
    "codemods.templates": "codemods.view model syntax",
    "codemods.texts": "advice codemods.view naming syntax",
    "codemods.vendor": "codemods.imports codemods.view model source",
    "codemods.view": "bindings codemods.enclosing codemods.flow codemods.owners finder guards model source syntax",
    "codemods.words": "advice codemods.plan codemods.templates codemods.view model naming syntax",
    "codemods.__init__": (
        "codemods.devices codemods.imports codemods.methods codemods.names codemods.plan codemods.retired "
        "codemods.strings codemods.view codemods.words model"
    ),
    # one file: what its author keeps, and all of it together
    "comments": "",
    "suppress": "comments edits found model",
    "author": "codemods.view found model suppress",
    "settle": "codemods.view edits found model",
    "engine": (
        "author codemods.__init__ codemods.gates codemods.project codemods.vendor edits expression finder "
        "found index kinds.__init__ model nesting newer regions scan settle source"
    ),
    # many files, and what is shown of them
    "runner": "__init__ discover engine finder model repository",
    "writer": "engine model",
    "leftovers": "edits engine model",
    "baseline": "leftovers",
    "check": "__init__ baseline discover engine filetypes finder leftovers model neutral runner table",
    "report.__init__": "",
    "report.annotated": "leftovers report.shown",
    "report.check_json": "leftovers model report.shown",
    "report.concise": "leftovers report.shown",
    "report.console": "model report.shown",
    "report.formats": "leftovers",
    "report.github": "leftovers model report.shown",
    "report.gitlab": "leftovers model report.shown",
    "report.junit": "leftovers model report.shown",
    "report.machine": "edits engine model",
    "report.markdown": "leftovers report.shown",
    "report.sarif": "about leftovers model report.shown",
    "report.shown": "edits leftovers model",
    "report.statistics": "leftovers report.shown",
    "report.text": "model report.shown",
    "cli_check": "baseline check config discover leftovers report.formats report.shown table vcs",
    "cli": (
        "__init__ cli_check cli_rules config discover model report.console report.machine report.shown "
        "report.text runner table vcs writer"
    ),
    # files that are no Python
    "kinds.commands": "finder model",
    "kinds.pins": "finder kinds.rows model",
    "kinds.__init__": "kinds.reading model",
    "kinds.excerpt": "model",
    "kinds.prose": "kinds.reading",
    "kinds.reading": "comments edits finder found model settle suppress",
    "kinds.rows": "advice model naming",
}

# Everything else that is not in this table may be imported anywhere.
RESTRICTED = {
    "libcst": "callsites describe grammar newer nodes records regions spans walk",
    "libcst._nodes.internal": "spans",
    "click": "cli cli_check cli_rules",
    "rich": "report.console",
    "tomli": "toml",
    "subprocess": "vcs",
    "multiprocessing": "runner",
    "concurrent": "check cli cli_check runner",
    "tempfile": "writer",
    "shutil": "writer",
    "os": "discover hunks vcs writer",
    "pathlib": "check cli cli_check cli_rules config discover neutral runner table tablefiles vcs writer",
    "time": "check cli runner",
    "json": "baseline cli_rules report.check_json report.gitlab report.machine report.sarif",
    "importlib": "__init__ kinds.__init__ report.formats",
    "typing.Any": (
        "__init__ baseline cli cli_check config grammar reader report.check_json report.gitlab "
        "report.machine report.sarif sites tablefiles targets toml"
    ),
}
NOWHERE = {"torch", "random", "datetime", "socket", "pickle", "ctypes", "logging", "glob"}


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

"""What is said of a rule table that cannot be used, and what of one that can."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit import TARGETS, table

from migrate.engine import migrate_bytes
from migrate.model import Rule
from migrate.table import TableError, load_table, read_table, target_names, version_key

TARGET = """
schema = 1
[target]
name = "v"
title = "V"
module = "torch.v"
device = "v"
backend = "vccl"
method = "v"
predicate = "is_v"
package = "torch_v"
versions = ["2.5", "2.10"]
[target.import]
line = "import torch_v"
until = "2.6"
evidence = "docs:x"
[sources]
rev = "1"
docs = "https://example.org/{path}"
"""
NAMES = '[[namespace]]\nfrom = "torch.cuda"\nto = "torch.v"\nnames = ["a", "b"]\nevidence = "docs:x"\n'
ROW = '[api."torch.cuda.c"]\nstatus = "renamed"\nto = "torch.v.c"\nevidence = "docs:x"\n'
STATUSES = "same, renamed, differs, harmless, missing, unknown, native"


def save(folder: Path, text: str) -> Path:
    path = folder / "v.toml"
    path.write_text(text)
    return path


def errors(folder: Path, text: str) -> list[str]:
    with pytest.raises(TableError) as caught:
        read_table(save(folder, text))
    return list(caught.value.errors)


def rules(folder: Path, text: str, min_torch: str | None = None) -> list[Rule]:
    return list(read_table(save(folder, text), min_torch=min_torch).rules.values())


def test_targets_of_the_tool_are_listed() -> None:
    assert target_names() == ("gcu", "hpu", "mlu", "musa", "npu", "tpu", "xpu")


def test_unknown_target_is_named_with_the_likely_or_all_known_ones() -> None:
    with pytest.raises(TableError, match=r"^unknown target 'mul'; did you mean 'mlu'\?$"):
        load_table("mul")
    for name in ("zzz", "", "sites", "../rules/npu"):
        with pytest.raises(
            TableError,
            match=r"^unknown target '.*'(; did you mean 'npu'\?| \(known: gcu, hpu, mlu, mlu-catch, musa, .*\))$",
        ):
            load_table(name)


def test_names_of_a_namespace_become_rows(tmp_path: Path) -> None:
    assert rules(tmp_path, TARGET + NAMES) == [
        Rule("api", "torch.cuda.a", "renamed", "docs:x", to="torch.v.a"),
        Rule("api", "torch.cuda.b", "renamed", "docs:x", to="torch.v.b"),
    ]


def test_all_fields_of_a_row_are_read(tmp_path: Path) -> None:
    fields = 'review = "r"\nsince = "2.5"\nkeywords = { a = "b" }\ntogether = "torch.x"\npositional = 2\n'
    (rule,) = rules(tmp_path, TARGET + ROW + fields)
    assert rule == Rule(
        "api", "torch.cuda.c", "renamed", "docs:x", "torch.v.c", None, "r", "2.5", None, {"a": "b"}, "torch.x", 2
    )
    assert rule.id == "api:torch.cuda.c"


def test_fields_of_calls_are_read(tmp_path: Path) -> None:
    (rule,) = rules(tmp_path, TARGET + ROW + 'parameters = ["x", "y"]\ndecorates = true\n')
    assert (rule.parameters, rule.decorates) == (("x", "y"), True)
    for field, wanted in {"parameters": "a list of quoted names", "decorates": "true or false"}.items():
        (error,) = errors(tmp_path, TARGET + ROW + f'{field} = "x"\n')
        assert error.endswith(f'"]: {field} must be {wanted}')


def test_target_that_torch_has_built_in_needs_no_import(tmp_path: Path) -> None:
    start, _, rest = TARGET.partition("[target.import]")
    target = read_table(save(tmp_path, start + rest[rest.index("[sources]") :])).target
    assert (target.import_line, target.import_until, target.needs_import) == ("", None, False)


def test_review_of_an_import_is_read(tmp_path: Path) -> None:
    text = TARGET.replace('until = "2.6"', 'review = "r"\nbeside = "b"')
    target = read_table(save(tmp_path, text)).target
    assert (target.needs_import, target.import_review, target.import_beside) == (True, "r", "b")


def test_names_whose_calls_or_members_have_rows_are_watched(tmp_path: Path) -> None:
    rows = ROW.replace("cuda.c", "cuda.call").replace('"torch.v.c"', "'torch.v.c(\"{device}\", ...)'")
    rows += ROW.replace("cuda.c", "cuda.kw") + 'keywords = { a = "b" }\n'
    rows += ROW.replace("cuda.c", "cuda.Class.member") + ROW.replace("cuda.c", "cuda.f().member")
    rows += ROW.replace("cuda.c", "Tensor.member") + ROW.replace("cuda.c", "cuda.memory.name") + ROW
    rows += '[missing_arguments]\n"torch.cuda.c" = ["a"]\n'
    names = {"torch.cuda.call", "torch.cuda.kw", "torch.cuda.Class", "torch.cuda.f", "torch.cuda.c"}
    assert read_table(save(tmp_path, TARGET + rows)).watched == names


def test_digest_tells_tables_and_oldest_versions_apart(tmp_path: Path) -> None:
    path = save(tmp_path, TARGET)
    digests = {read_table(path).digest, read_table(path, min_torch="2.5").digest}
    digests |= {read_table(save(tmp_path, TARGET + ROW)).digest, *(table(target).digest for target in TARGETS)}
    assert len(digests) == 6


@pytest.mark.parametrize(("min_torch", "status"), [("2.9", "missing"), ("2.10", "renamed"), (None, "renamed")])
def test_row_that_is_newer_than_the_oldest_torch_is_missing(tmp_path: Path, min_torch: str | None, status: str) -> None:
    (rule,) = rules(tmp_path, TARGET + ROW + 'since = "2.10"\n', min_torch)
    assert rule.status == status
    message = "needs torch_v 2.10; the project supports torch 2.9." if status == "missing" else None
    assert rule.message == message


@pytest.mark.parametrize(
    ("version", "status", "message"),
    [
        (None, "missing", "torch_v 2.10 does not have it any more."),
        ("2.10.1", "missing", "torch_v 2.10 does not have it any more."),
        ("2.9", "renamed", None),
    ],
)
def test_row_that_is_gone_is_missing(tmp_path: Path, version: str | None, status: str, message: str | None) -> None:
    path = save(tmp_path, TARGET + ROW + 'until = "2.10"\n')
    (rule,) = read_table(path, target_version=version).rules.values()
    assert (rule.status, rule.message) == (status, message)


def test_version_of_the_package_goes_before_that_of_torch(tmp_path: Path) -> None:
    path = save(tmp_path, TARGET + ROW + 'since = "2.10"\n')
    (rule,) = read_table(path, min_torch="2.5", target_version="2.10").rules.values()
    assert rule.status == "renamed"
    (rule,) = read_table(path, min_torch="2.10", target_version="2.9").rules.values()
    assert rule.message == "needs torch_v 2.10; the result has to run on torch_v 2.9."
    assert not read_table(path, target_version="2.6").target.needs_import
    with pytest.raises(TableError, match=r"^target-version 1\.9: the table of v knows torch_v from 2\.5 on$"):
        read_table(path, target_version="1.9")
    digests = {read_table(path, min_torch="2.9").digest, read_table(path, target_version="2.9").digest}
    assert len(digests) == 2


def test_backend_that_is_too_new_is_reported() -> None:
    text = b'import torch\ntorch.distributed.init_process_group("nccl")\n'
    for version, edited in ((None, True), ("2.6", True), ("2.4", False)):
        table = load_table("xpu", target_version=version)
        result = migrate_bytes("a.py", "python", text, table)
        assert bool(result.edits) == edited
        assert bool(migrate_bytes("a.yaml", "yaml", b"backend: nccl\n", table).edits) == edited
    (finding,) = result.findings
    assert finding.message == "xccl needs torch 2.6; the result has to run on torch 2.4."


@pytest.mark.parametrize(("min_torch", "needed"), [("2.5", True), ("2.6", False), ("2.10.1", False), (None, True)])
def test_import_is_needed_until_torch_loads_the_package(tmp_path: Path, min_torch: str | None, needed: bool) -> None:
    assert read_table(save(tmp_path, TARGET), min_torch=min_torch).target.needs_import == needed


def test_versions_are_ordered_by_number() -> None:
    assert sorted(["2.10", "2.9", "10.0", "2.9.1"], key=version_key) == ["2.9", "2.9.1", "2.10", "10.0"]


@pytest.mark.parametrize("version", ["abc", "2.x", "", "2.", "2.5+cpu", "²"])
def test_oldest_torch_that_is_no_version_is_named(tmp_path: Path, version: str) -> None:
    with pytest.raises(TableError, match=r"^min-torch '.*' is not a version number, such as 2\.5$"):
        read_table(save(tmp_path, TARGET), min_torch=version)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("schema = 1", "schema = 2", "[schema]: must be 1, found 2"),
        ("schema = 1", "", "[schema]: must be 1, found None"),
        ("schema = 1", "schema = 1\nsource = 2", "[top level]: unknown key 'source'; did you mean 'sources'?"),
        ('title = "V"', "", "[target]: 'title' is missing"),
        ('title = "V"', "title = 2.10", "[target]: title = 2.1 must be a quoted string (2.10 would read as 2.1)"),
        ('title = "V"', "title = 2", "[target]: title = 2 must be a quoted string"),
        ('title = "V"', 'title = "V"\ntitel = 1', "[target]: unknown key 'titel'; did you mean 'title'?"),
        ('["2.5", "2.10"]', "[2.5]", "[target]: versions must be a list of quoted version numbers"),
        ('["2.5", "2.10"]', '["2.x"]', "[target]: versions must be a list of quoted version numbers"),
        ('["2.5", "2.10"]', '"2.5"', "[target]: versions must be a list of quoted version numbers"),
        ('until = "2.6"', 'until = "soon"', "[target.import]: until = 'soon' is not a version number"),
        ('line = "import torch_v"', "", "[target.import]: 'line' is missing"),
        ('"docs:x"', '"dosc:x"', "[target.import]: evidence source 'dosc' is not declared in [sources]"),
        ('"docs:x"', '"rev:x"', "[target.import]: evidence source 'rev' is not declared in [sources]"),
        ('evidence = "docs:x"', "", "[target.import]: 'evidence' is missing"),
    ],
)  # fmt: skip
def test_mistake_in_the_head_is_named(tmp_path: Path, old: str, new: str, error: str) -> None:
    assert errors(tmp_path, TARGET.replace(old, new)) == [f"v.toml: {error}"]


@pytest.mark.parametrize(
    ("modules", "error"),
    [
        ('[modules]\n"torch.v.amp" = "v amp"', "'torch.v.amp' and what it leads to must be names of modules"),
        ('[modules]\n"torch.v.amp" = 1', "'torch.v.amp' and what it leads to must be names of modules"),
        ('[modules]\n"torch.v-amp" = ""', "'torch.v-amp' and what it leads to must be names of modules"),
    ],
)
def test_mistake_in_a_module_is_named(tmp_path: Path, modules: str, error: str) -> None:
    assert errors(tmp_path, f"{TARGET}{modules}\n") == [f"v.toml: [modules]: {error}"]


SPACE = "namespace 1: torch.cuda"


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ('to = "torch.v"\n', "", f"[{SPACE}]: 'to' is missing"),
        ('to = "torch.v"', 'status = "missing"', f"[{SPACE}]: 'message' is missing"),
        ('to = "torch.v"', 'status = "differs"', f"[{SPACE}]: 'message' is missing"),
        ('to = "torch.v"', 'status = "gone"', f"[{SPACE}]: status 'gone' is none of {STATUSES}"),
        ('from = "torch.cuda"', "", "[namespace 1: ?]: 'from' is missing"),
        ('names = ["a", "b"]', "", f"[{SPACE}]: names must be a list of quoted names"),
        ('names = ["a", "b"]', "names = []", f"[{SPACE}]: names must be a list of quoted names"),
        ('names = ["a", "b"]', 'names = "ab"', f"[{SPACE}]: names must be a list of quoted names"),
        ('["a", "b"]', '["a", "a"]', "[namespace 1]: 'torch.cuda.a' is also given by namespace 1"),
        ('["a", "b"]', '["a"]\nform = 1', f"[{SPACE}]: unknown key 'form'; did you mean 'from'?"),
        ('["a", "b"]', '["a"]\nsince = "2.6"', f"[{SPACE}]: since = '2.6' is not one of the target's versions"),
        ('evidence = "docs:x"', "", f"[{SPACE}]: 'evidence' is missing"),
        ("[[namespace]]", "[namespace]", "[namespace]: must be written [[namespace]]"),
    ],
)
def test_mistake_in_a_namespace_is_named(tmp_path: Path, old: str, new: str, error: str) -> None:
    assert errors(tmp_path, TARGET + NAMES.replace(old, new)) == [f"v.toml: {error}"]


BY_HAND = "needs a 'message' that says what to do by hand, or why not"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('status = "renamed"', "'to' is missing"),
        ('status = "same"\nto = "torch.v.c"', "a row with status 'same' takes no 'to'"),
        ('status = "missing"', f"status 'missing' {BY_HAND}"),
        ('status = "harmless"', f"status 'harmless' {BY_HAND}"),
        ('status = "native"', f"status 'native' {BY_HAND}"),
        ('status = "differs"', "status 'differs' needs a 'message' (no edit) or 'to' and 'review'"),
        ('status = "rename"\nto = "torch.v.c"', f"status 'rename' is none of {STATUSES}"),
        ("", f"status None is none of {STATUSES}"),
        ('status = "same"\nsince = "2.50"', "since = '2.50' is not one of the target's versions"),
        ('status = "same"\nsince = 2.10', "since = 2.1 must be a quoted string (2.10 would read as 2.1)"),
        ('status = "same"\nmesage = "m"', "unknown key 'mesage'; did you mean 'message'?"),
    ],
)
@pytest.mark.parametrize("kind", ["api", "env", "package", "cli", "resource"])
def test_mistake_in_a_row_is_named(tmp_path: Path, kind: str, text: str, error: str) -> None:
    row = f'[{kind}."torch.cuda.c"]\nevidence = "docs:x"\n{text}\n'
    assert errors(tmp_path, TARGET + row) == [f'v.toml: [{kind}."torch.cuda.c"]: {error}']


def test_name_that_a_row_and_a_namespace_give_is_named(tmp_path: Path) -> None:
    text = TARGET + NAMES + ROW.replace("cuda.c", "cuda.a")
    assert errors(tmp_path, text) == ['v.toml: [api."torch.cuda.a"]: also given by namespace 1']


def test_value_in_place_of_a_table_is_named(tmp_path: Path) -> None:
    text = TARGET.replace("schema = 1", "schema = 1\nenv = 1").partition("[sources]")[0] + "[api]\nx = 1\n"
    wanted = ["[target.import]: evidence source 'docs' is not declared in [sources]", '[api."x"]: must be a table']
    assert errors(tmp_path, text)[:2] == [f"v.toml: {error}" for error in wanted]
    assert "v.toml: [env]: must be a table" in errors(tmp_path, text)


def test_text_that_is_no_toml_is_named_with_the_place(tmp_path: Path) -> None:
    (error,) = errors(tmp_path, TARGET + ROW + ROW)
    assert error.startswith("v.toml: Cannot declare ('api', 'torch.cuda.c') twice (at line 24")


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    text = TARGET.replace('title = "V"', "titel = 1") + NAMES.replace("to =", "too =") + ROW.replace("docs:", "x:")
    assert errors(tmp_path, text) == [
        "v.toml: [target]: unknown key 'titel'; did you mean 'title'?",
        "v.toml: [target]: 'title' is missing",
        "v.toml: [namespace 1: torch.cuda]: unknown key 'too'; did you mean 'to'?",
        "v.toml: [namespace 1: torch.cuda]: 'to' is missing",
        "v.toml: [api.\"torch.cuda.c\"]: evidence source 'x' is not declared in [sources]",
    ]

"""Tables of a project: what they add to the tool's, what they put in their place, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit import table

from migrate.between import load_between
from migrate.engine import migrate_bytes, rewritten
from migrate.neutral import neutral_table
from migrate.table import TableError, load_table, target_names

OVER = """\
schema = 1
extends = "npu"
[api."torch.cuda.can_device_access_peer"]
status = "renamed"
to = "torch.npu.peers"
[api."torch.cuda.empty_cache"]
status = "missing"
message = "Not with our pool."
"""
ACME = """\
schema = 1
[target]
name = "acme"
title = "Acme"
module = "torch.acme"
device = "acme"
backend = "accl"
method = "acme"
predicate = "is_acme"
package = "torch_acme"
versions = ["2.5"]
[target.import]
line = "import torch_acme"
[api."torch.cuda.synchronize"]
status = "renamed"
to = "torch.acme.sync"
since = "2.5"
"""
LINE = '[target.import]\nline = "import torch_acme"\n'
SMALL = 'schema = 1\nextends = "npu"\n[target]\nname = "acme"\n'


def saved(folder: Path, *texts: str) -> list[Path]:
    """Files with these texts: 0.toml, 1.toml, …"""
    paths = [folder / f"{number}.toml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return paths


def errors(folder: Path, target: str, *texts: str) -> list[str]:
    """What is wrong with these tables, without the folder's name."""
    with pytest.raises(TableError) as caught:
        load_table(target, rules=saved(folder, *texts))
    return [error.replace(f"{folder}/", "") for error in caught.value.errors]


def test_rows_are_put_over_those_of_the_target(tmp_path: Path) -> None:
    rules = saved(tmp_path, OVER)
    own, tools = load_table("npu", rules=rules), table("npu")
    changed = {key: rule for key, rule in own.rules.items() if tools.rules.get(key) != rule}
    assert {key: (rule.status, rule.to) for key, rule in changed.items()} == {
        "api:torch.cuda.can_device_access_peer": ("renamed", "torch.npu.peers"),
        "api:torch.cuda.empty_cache": ("missing", None),
    }
    assert [own.link(rule) for rule in changed.values()] == ["", ""]
    assert own.target == tools.target
    assert own.digest != tools.digest
    assert load_table("mlu", rules=rules).rules == table("mlu").rules


def test_rows_without_a_target_are_for_all_those_they_name_or_for_all(tmp_path: Path) -> None:
    row = '[env.CUDA_OURS]\nstatus = "missing"\nmessage = "m"\n'
    (every,) = saved(tmp_path, f"schema = 1\n{row}")
    assert all(load_table(name, rules=[every]).rule("env", "CUDA_OURS") for name in target_names())
    (two,) = saved(tmp_path, f'schema = 1\nextends = ["npu", "tpu"]\n{row}')
    found = [name for name in target_names() if load_table(name, rules=[two]).rule("env", "CUDA_OURS")]
    assert found == ["npu", "tpu"]


def test_later_table_goes_before_an_earlier_one(tmp_path: Path) -> None:
    later = OVER.replace("torch.npu.peers", "torch.npu.others")
    rules = saved(tmp_path, OVER, later)
    for files, name in ((rules, "others"), (rules[::-1], "peers")):
        rule = load_table("npu", rules=files).rule("api", "torch.cuda.can_device_access_peer")
        assert rule
        assert rule.to == f"torch.npu.{name}"


def test_target_of_its_own_migrates(tmp_path: Path) -> None:
    rules = saved(tmp_path, ACME)
    assert target_names(rules) == ("acme", *target_names())
    own = load_table("acme", rules=rules)
    assert own.sites.accelerators >= {"acme", "npu"}
    data = b'import torch\ntorch.cuda.synchronize()\nx = torch.ones(2, device="cuda:0").cuda()\ntorch.cuda.device(1)\n'
    result = migrate_bytes("a.py", "python", data, own)
    expected = 'torch.acme.sync()\nx = torch.ones(2, device="acme:0").acme()\ntorch.cuda.device(1)\n'
    assert rewritten(data, result).decode() == f"import torch\nimport torch_acme\n{expected}"
    assert "torch.cuda.device is not in the acme table" in [item.message.partition(":")[0] for item in result.findings]


def test_target_takes_over_what_it_does_not_say(tmp_path: Path) -> None:
    own, npu = load_table("acme", rules=saved(tmp_path, SMALL)), table("npu")
    assert own.rules == npu.rules
    assert (own.target.words.name, own.target.words.device) == ("acme", "npu")
    assert own.target.import_line == npu.target.import_line


def test_rows_that_are_taken_over_speak_of_the_target_by_its_own_words(tmp_path: Path) -> None:
    text = ACME.replace("schema = 1", 'schema = 1\nextends = "npu"')
    own = load_table("acme", rules=saved(tmp_path, text))
    renamed = {key: rule.to for key, rule in own.rules.items() if rule.to}
    assert renamed["api:torch.cuda.Event"] == "torch.acme.Event"
    assert renamed["api:torch.Tensor.cuda"] == "torch.Tensor.acme"
    assert renamed["api:torch.cuda.synchronize"] == "torch.acme.sync"
    assert not [to for to in renamed.values() if to.startswith(("torch.npu", "torch_npu"))]


def test_names_are_imported_from_what_a_table_says_is_a_module(tmp_path: Path) -> None:
    text = b"from torch.cuda import can_device_access_peer as peers\n"
    row = OVER.replace("torch.npu.peers", "lab.devices.peers")
    told = f'{row}[modules]\n"lab.devices" = "lab.device"\n'
    plain, known = (load_table("npu", rules=saved(tmp_path, each)) for each in (row, told))
    assert rewritten(text, migrate_bytes("a.py", "python", text, plain)) == text
    assert b"from lab.device import peers\n" in rewritten(text, migrate_bytes("a.py", "python", text, known))


def test_modules_of_a_target_follow_where_it_is_extended(tmp_path: Path) -> None:
    acme = load_table("acme", rules=saved(tmp_path, SMALL + 'module = "torch.acme"\npackage = "torch_acme"\n' + LINE))
    assert acme.modules["torch.acme.amp"] == "torch.acme.amp"
    assert acme.modules["torch_acme.profiler"] == "torch_acme.profiler"


def test_table_over_a_target_is_also_over_those_that_extend_it(tmp_path: Path) -> None:
    other = SMALL.replace('"npu"', '"acme"').replace('name = "acme"', 'name = "other"')
    own = load_table("other", rules=saved(tmp_path, OVER, SMALL, other))
    assert own.rules["api:torch.cuda.empty_cache"].status == "missing"
    assert own.target.words.name == "other"


def test_evidence_of_a_project_does_not_hide_that_of_the_tool(tmp_path: Path) -> None:
    sources = '[sources]\nrev = "1"\ntree = "https://example.org/{rev}/{path}"\n'
    (file,) = saved(tmp_path, OVER.replace('to = "torch.npu.peers"', 'to = "torch.npu.peers"\nevidence = "tree:a.py"'))
    file.write_text(file.read_text() + sources)
    own, tools = load_table("npu", rules=[file]), table("npu")
    assert own.link(own.rules["api:torch.cuda.can_device_access_peer"]) == "https://example.org/1/a.py"
    event = tools.rules["api:torch.cuda.Event"]
    assert own.link(event) == tools.link(event)


def test_no_vendor_in_particular_knows_the_targets_of_a_project(tmp_path: Path) -> None:
    own = neutral_table(saved(tmp_path, ACME.replace("torch.cuda.synchronize", "torch.cuda.ours")))
    assert (own.rules["api:torch.cuda.ours"].message or "").startswith("CUDA only (acme: torch.acme.sync)")


def test_way_back_from_a_target_of_a_project(tmp_path: Path) -> None:
    rules = saved(tmp_path, ACME)
    assert load_between("acme", "cuda", rules=rules).rules["api:torch.acme.sync"].to == "torch.cuda.synchronize"
    across = load_between("npu", "acme", rules=rules)
    assert across.rules["api:torch.npu.synchronize"].to == "torch.acme.sync"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (OVER.replace("schema = 1", "schema = 2"), "[schema]: must be 1, found 2"),
        (OVER.replace('"npu"', '"npuu"'), "[extends]: unknown target 'npuu'; did you mean 'npu'?"),
        (OVER.replace('"npu"', "1"), "[extends]: must be the name of a target, or a list of names"),
        (OVER.replace('"npu"', "[1]"), "[extends]: must be the name of a target, or a list of names"),
        (OVER.replace('"renamed"', '"renamd"'), "[api.\"torch.cuda.can_device_access_peer\"]: status 'renamd' is none"),
        (
            OVER.replace("npu.peers", "npu.peers; f"),
            '[api."torch.cuda.can_device_access_peer"]: to = \'torch.npu.peers',
        ),
        (f'{OVER}keywords = ["a"]', '[api."torch.cuda.empty_cache"]: keywords must be a table of names, such as'),
        (f'{OVER}together = "a"', "[api.\"torch.cuda.empty_cache\"]: together = 'a' must be a dotted name"),
        (f"{OVER}positional = -1", '[api."torch.cuda.empty_cache"]: positional must be a number that is not negative'),
        (f'{OVER}evidence = "tree:a"', "[api.\"torch.cuda.empty_cache\"]: evidence source 'tree' is not declared in"),
        (f'{OVER}since = "9"', "[api.\"torch.cuda.empty_cache\"]: since = '9' is not one of the target's versions"),
        (f"{OVER}[missing_arguments]\n'torch.x' = []", "[missing_arguments]: 'torch.x' has no row"),
        ("schema = 1\nx = ", "Invalid value (at "),
        (f"schema = 1\nx = {'9' * 5000}", "Exceeds the limit"),
        (SMALL.replace('"acme"', '"mlu"'), "[target]: the name 'mlu' is taken (the tool's own): choose another"),
        (SMALL.replace('"acme"', '"cuda"'), "[target]: the name 'cuda' is taken (the tool's own): choose another"),
        (SMALL.replace('name = "acme"', 'title = "A"'), "[target]: 'name' is missing, or no quoted string"),
        (SMALL.replace('"npu"', '["npu", "mlu"]'), "[extends]: a table with a [target] extends one other, not 2"),
        (SMALL.replace('"npu"', '"acme"'), "[extends]: goes in a circle: acme → acme"),
        ("schema = 1\ntarget = 1\n", "[target]: must be a table"),
    ],
)
def test_mistake_is_named_with_the_file(tmp_path: Path, text: str, error: str) -> None:
    (found,) = errors(tmp_path, "npu", text)
    assert found.startswith(f"0.toml: {error}"), found


def test_mistakes_of_all_tables_come_at_once(tmp_path: Path) -> None:
    texts = OVER.replace("to =", "too ="), OVER.replace("message =", "mesage ="), "schema = 1\n[apt]\n"
    found = errors(tmp_path, "npu", *texts)
    assert [error[:6] for error in found] == ["0.toml", "0.toml", "1.toml", "1.toml", "2.toml"]
    assert found[-1] == "2.toml: [top level]: unknown key 'apt'; did you mean 'api'?"


def test_circles_and_names_given_twice_are_named_with_each_file(tmp_path: Path) -> None:
    round_ = SMALL.replace('"npu"', '"other"'), SMALL.replace('"acme"', '"other"').replace('"npu"', '"acme"')
    assert errors(tmp_path, "npu", *round_) == [
        "0.toml: [extends]: goes in a circle: acme → other → acme",
        "1.toml: [extends]: goes in a circle: other → acme → other",
    ]
    (found,) = errors(tmp_path, "npu", SMALL, SMALL)
    assert found == f"1.toml: [target]: the name 'acme' is taken ({tmp_path / '0.toml'}): choose another".replace(
        f"{tmp_path}/", ""
    )


def test_words_of_a_target_have_to_be_names(tmp_path: Path) -> None:
    text = ACME.replace('device = "acme"', "device = 'a\"b'").replace("import torch_acme", "x()")
    assert errors(tmp_path, "acme", text) == [
        "0.toml: [target]: device = 'a\"b' is no word",
        "0.toml: [target.import]: line = 'x()' is no line that imports",
    ]
    other = f'{SMALL}package = "torch_acme"\n'
    (found,) = errors(tmp_path, "acme", other)
    assert found.startswith("0.toml: [target.import]: 'line' is missing: torch_acme is not loaded by `import torch_npu")


def test_unknown_target_is_compared_with_those_of_the_project(tmp_path: Path) -> None:
    assert errors(tmp_path, "acne", SMALL) == ["unknown target 'acne'; did you mean 'acme'?"]


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "big.toml").write_bytes(b"#" * 1_000_001)
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    paths = [tmp_path / name for name in ("none.toml", "big.toml", "bytes.toml", "")]
    with pytest.raises(TableError) as caught:
        load_table("npu", rules=paths)
    found = [error.replace(f"{tmp_path}", ".") for error in caught.value.errors]
    assert found[:2] == [
        "./none.toml: cannot be read: No such file or directory",
        "./big.toml: is larger than 1,000,000 bytes",
    ]
    assert found[2].startswith("./bytes.toml: 'utf-8' codec can't decode")
    assert found[3].startswith(".: cannot be read: ")

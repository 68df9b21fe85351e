"""`accel-migrate rules` and `accel-migrate explain`: what the tables say, for people and programs."""

from __future__ import annotations

import json

import pytest
from kit import command, table

from migrate.about import RULE_IDS
from migrate.explain import counts, explained, found_ids, suggestions
from migrate.table import legacy_names, load_table, target_names

TABLES = [table("mlu"), table("npu")]


def test_coverage_counts_every_row_once() -> None:
    code, out, _ = command("rules", "--format", "json")
    rows = {row.pop("target"): row for row in json.loads(out)}
    assert code == 0
    assert list(rows) == [*target_names(), *legacy_names()]
    for name, row in rows.items():
        numbers = [int(value) for key, value in row.items() if key not in ("device", "rows")]
        assert sum(numbers) == int(row["rows"]) == len(load_table(name).rules)
    assert sum(counts(TABLES[1]).values()) == len(TABLES[1].rules)


def test_rows_are_listed_filtered_and_sorted() -> None:
    _, out, _ = command("rules", "--target", "npu", "--kind", "env", "--sort", "status", "--format", "json")
    rows = json.loads(out)
    assert {row["rule"].partition(":")[0] for row in rows} == {"env"}
    assert [row["status"] for row in rows] == sorted(row["status"] for row in rows)
    assert {"target": "npu", "rule": "env:CUDA_VISIBLE_DEVICES", "status": "renamed"}.items() <= next(
        row for row in rows if row["rule"] == "env:CUDA_VISIBLE_DEVICES"
    ).items()
    _, out, _ = command("rules", "--target", "npu", "--status", "missing", "--format", "json")
    assert {row["status"] for row in json.loads(out)} == {"missing"}


def test_targets_are_sorted_by_their_numbers() -> None:
    _, out, _ = command("rules", "--sort", "renamed", "--format", "json")
    numbers = [int(row["renamed"]) for row in json.loads(out)]
    assert numbers == sorted(numbers, reverse=True)
    assert "for rows" in command("rules", "--sort", "status").err
    assert "for targets" in command("rules", "--target", "npu", "--sort", "missing").err
    assert "'mising' is not one of" in command("rules", "--status", "mising").err
    assert "'apu' is not one of" in command("rules", "--kind", "apu").err


def test_rows_as_markdown_and_text_have_one_line_each() -> None:
    _, out, _ = command("rules", "--target", "npu", "--kind", "cli", "--format", "markdown")
    head, rule, *rows = out.splitlines()
    assert head == "| target | rule | status | to | advice |"
    assert rule == "| --- | --- | --- | --- | --- |"
    assert len(rows) == sum(1 for row in TABLES[1].rules.values() if row.kind == "cli")
    _, out, _ = command("rules", "--target", "npu", "--kind", "cli")
    assert len(out.splitlines()) == len(rows) + 1


@pytest.mark.parametrize(
    ("query", "rule_id"),
    [
        ("torch.cuda.Event", "api:torch.cuda.Event"),
        ("api:torch.cuda.Event", "api:torch.cuda.Event"),
        ("CUDA_VISIBLE_DEVICES", "env:CUDA_VISIBLE_DEVICES"),
        ("NCCL_TREE_THRESHOLD", "env:NCCL_TREE_THRESHOLD"),
        ("env:NCCL_TREE_THRESHOLD", "env:NCCL_TREE_THRESHOLD"),
        ("flash_attn", "package:flash_attn"),
        ("nvidia-smi", "cli:nvidia-smi"),
        ("device:cuda", "device:cuda"),
        ("cuda:0", "device:cuda"),
        (".is_cuda", "method:is_cuda"),
        ("torch.cuda.Event.query", "api:torch.cuda.Event"),
        ("torch.cuda.cudart().cudaHostRegister", "api:torch.cuda.cudart"),
    ],
)
def test_name_is_found_by_id_or_key(query: str, rule_id: str) -> None:
    assert found_ids(query, TABLES) == [rule_id]


def test_explanation_has_every_target_a_link_and_an_example() -> None:
    explanation = explained("api:torch.cuda.CUDAGraph", TABLES)
    assert [item.target for item in explanation.outcomes] == ["mlu", "npu"]
    assert all(item.link.startswith("https://") and "{" not in item.link for item in explanation.outcomes)
    assert "-x = torch.cuda.CUDAGraph\n+x = torch.mlu.MLUGraph" in explanation.example


@pytest.mark.parametrize("rule_id", RULE_IDS)
def test_every_rule_without_a_row_is_explained(rule_id: str) -> None:
    explanation = explained(rule_id, TABLES)
    assert explanation.short
    assert bool(explanation.example) == (rule_id in {
        "annotation:torch", "backend:nccl", "device:cuda", "method:cuda", "method:is_cuda",
    })  # fmt: skip


def test_versions_are_named() -> None:
    code, out, _ = command("explain", "torch.cuda.CUDAGraph", "--target", "xpu")
    assert (code, "renamed → torch.xpu.XPUGraph, from torch 2.12" in out) == (0, True)
    assert "xccl, from torch 2.6" in command("explain", "nccl", "--target", "xpu").out
    old = command("explain", "torch.cuda.CUDAGraph", "--target", "xpu", "--target-version", "2.6").out
    assert "needs torch 2.12; the result has to run on torch 2.6." in old
    assert command("rules", "--target-version", "2.6").code == 2
    _, out, _ = command("rules", "--target", "npu", "--status", "missing", "--format", "json")
    _, older, _ = command(
        "rules", "--target", "npu", "--target-version", "2.5", "--status", "missing", "--format", "json"
    )
    assert len(json.loads(older)) > len(json.loads(out))


def test_catch_is_explained_beside_the_others() -> None:
    out = command("explain", "torch.cuda.set_device").out
    assert "mlu-catch (Cambricon MLU with CATCH): renamed → torch_mlu.core.mlu_model.set_device" in out
    assert "api:torch.cuda.set_device" in command("rules", "--target", "mlu-catch").out


def test_every_link_of_every_table_is_complete() -> None:
    for name in target_names():
        rows = load_table(name)
        links = [rows.link(rule) for rule in rows.rules.values()]
        assert all(link.startswith("https://") and "{" not in link for link in links)


def test_every_renamed_variable_has_an_example() -> None:
    for rule in TABLES[1].rules.values():
        if rule.kind == "env" and rule.status == "renamed":
            assert f'os.environ["{rule.to}"]' in explained(rule.id, TABLES[1:]).example


def test_command_prints_advice_and_example() -> None:
    code, out, err = command("explain", "NCCL_SOCKET_IFNAME", "--target", "npu")
    assert (code, err) == (0, "")
    assert "npu (Huawei Ascend NPU): differs" in out
    assert "HCCL_SOCKET_IFNAME exists" in out
    code, out, _ = command("explain", "torch.cuda.is_available", "--format", "json")
    (value,) = json.loads(out)
    assert {item["target"] for item in value["targets"]} == {*target_names(), *legacy_names()}
    assert value["example"].startswith("diff --git")


def test_typing_error_gets_a_suggestion() -> None:
    assert command("explain", "torch.cuda.amp.autocasts").code == 2  # a module does not speak for its names
    code, out, err = command("explain", "torch.cuda.CUDAGrph")
    assert (code, out) == (2, "")
    assert "did you mean api:torch.cuda.CUDAGraph" in err
    assert suggestions("zzzzzz", TABLES) == []
    assert "accel-migrate rules" in command("explain", "zzzzzz").err
    assert "did you mean 'npu'" in command("explain", "torch.cuda.Event", "--target", "npuu").err

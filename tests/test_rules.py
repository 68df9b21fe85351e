"""Every row of every table on the smallest file that uses its name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kit import EVERY_TARGET, check_finding, findings, result_of, table

from migrate.advice import advice
from migrate.codemods.templates import filled
from migrate.engine import parse, rewritten
from migrate.model import Rule, Status

ELSEWHERE = {"profiler.sort_by": 'prof.table(sort_by="cuda_time_total")\n'}  # rows that are no names under torch


def rows(kind: str, *, where: Callable[[Rule], object] = bool) -> pytest.MarkDecorator:
    """Parametrize a test over the rows of one kind, of all targets, that a condition picks."""
    found = [(target, rule) for target in EVERY_TARGET for rule in table(target).rules.values()]
    picked = [
        pytest.param(target, rule, id=f"{target}-{rule.id}")
        for target, rule in found
        if rule.kind == kind and where(rule)
    ]
    return pytest.mark.parametrize(("target", "rule"), picked)


def has(*statuses: Status) -> Callable[[Rule], bool]:
    return lambda rule: rule.status in statuses


def renames(rule: Rule) -> bool:
    return rule.to is not None and not rule.is_template and rule.together is None and is_seen(rule)


def needs_hand(rule: Rule) -> bool:
    return rule.status in ("missing", "unknown", "differs") and rule.to is None and is_seen(rule)


def is_seen(rule: Rule) -> bool:
    """Whether the name itself makes the tool look; the others count only beside one that does."""
    sites = table("npu").sites
    return rule.key in ELSEWHERE or any(word in rule.key.lower() for word in (*sites.words, *sites.triggers))


def using(rule: Rule) -> str:
    return ELSEWHERE.get(rule.key) or f"import torch\nx = {rule.key}\n"


def migrated_and_stable(text: str, target: str) -> str:
    """The text after one run, which parses, and in which a second run finds nothing to edit."""
    data = text.encode()
    output = rewritten(data, result_of(data, target))
    parse(output.decode())
    assert result_of(output, target).edits == ()
    return output.decode()


@rows("api", where=lambda rule: rule.key.startswith("torch.cuda") and renames(rule))
def test_name_becomes_what_its_row_says(target: str, rule: Rule) -> None:
    wanted = table(target).target
    vendors = f"{rule.to}.".startswith((f"{wanted.words.module}.", f"{wanted.package}."))
    line = f"{wanted.import_line}\n" if vendors and wanted.needs_import else ""
    assert migrated_and_stable(using(rule), target) == f"import torch\n{line}x = {rule.to}\n"


@rows("api", where=lambda rule: not rule.key.startswith("torch.cuda") and renames(rule))
def test_name_outside_torch_cuda_becomes_what_its_row_says(target: str, rule: Rule) -> None:
    assert migrated_and_stable(using(rule), target).endswith(f"\nx = {rule.to}\n")


@rows("api", where=renames)
def test_renamed_name_is_safe_unless_its_row_asks_for_a_review(target: str, rule: Rule) -> None:
    edited = [finding for finding in findings(using(rule), target) if finding.edits and finding.found]
    assert [finding.rule_id for finding in edited] == [rule.id]
    assert edited[0].safety == ("review" if rule.review or rule.status == "differs" else "safe")


@rows("api", where=lambda rule: rule.key.rpartition(".")[0] in table("npu").sites.modules and renames(rule))
def test_name_is_imported_from_a_module_or_stays(target: str, rule: Rule) -> None:
    home, _, leaf = rule.key.rpartition(".")
    text = f"from {home} import {leaf} as x\n"
    modules, wanted = table(target).modules, (rule.to or "").rpartition(".")
    output = migrated_and_stable(text, target)
    if modules.get(wanted[0]):
        assert output.endswith(f"from {modules[wanted[0]]} import {wanted[2]} as x\n")
    else:
        assert output == text
        assert f"and write {rule.to}" in check_finding(text, rule.id, target).message


@rows("api", where=lambda rule: rule.keywords)
def test_keyword_is_renamed_with_the_name(target: str, rule: Rule) -> None:
    arguments = ", ".join(f"{keyword}=1" for keyword in rule.keywords)
    wanted = ", ".join(f"{keyword}=1" for keyword in rule.keywords.values())
    output = migrated_and_stable(f"import torch\nx = {rule.key}({arguments})\n", target)
    assert output.endswith(f"x = {rule.to}({wanted})\n")


@pytest.mark.parametrize(
    ("target", "name", "argument"),
    [
        (target, name, argument)
        for target in EVERY_TARGET
        for name, arguments in table(target).missing_arguments.items()
        for argument in sorted(arguments)
    ],
)
def test_call_with_an_argument_the_vendor_does_not_take_stays(target: str, name: str, argument: str) -> None:
    text = f"import torch\nx = {name}({argument}=y)\n"
    assert migrated_and_stable(text, target) == text
    assert {finding.safety for finding in findings(text, target)} == {"manual"}


@rows("api", where=lambda rule: rule.is_template)
def test_call_gains_the_arguments_of_its_template(target: str, rule: Rule) -> None:
    call = filled(table(target), rule.to or "")
    given = ", ".join(["y"] * rule.positional)
    wanted = call.replace("...", given) if given else call.replace(", ...", "").replace("..., ", "")
    assert migrated_and_stable(f"import torch\nx = {rule.key}({given})\n", target).endswith(f"\nx = {wanted}\n")


@rows("api", where=needs_hand)
def test_name_without_a_counterpart_is_reported(target: str, rule: Rule) -> None:
    reported = {(finding.rule_id, finding.safety, finding.edits) for finding in findings(using(rule), target)}
    assert reported == {(rule.id, "manual", ())}


@rows("api", where=has("same", "harmless"))
def test_name_that_works_there_stays(target: str, rule: Rule) -> None:
    assert {(finding.safety, finding.edits) for finding in findings(using(rule), target)} <= {("left", ())}


@rows("api", where=lambda rule: rule.together)
def test_name_moves_together_with_another(target: str, rule: Rule) -> None:
    alone = f"import torch\nx = {rule.key}\n"
    assert migrated_and_stable(alone, target) == alone
    beside = f"import torch\nx = {rule.key}, {rule.together}\n"
    assert f"\nx = {rule.to}, " in migrated_and_stable(beside, target)


@rows("env", where=has("renamed"))
def test_variable_becomes_what_its_row_says(target: str, rule: Rule) -> None:
    text = 'import os\nos.environ["{}"] = "1"\n'
    assert migrated_and_stable(text.format(rule.key), target) == text.format(rule.to)


@rows("env", where=lambda rule: rule.to is None and is_seen(rule))
def test_variable_without_a_counterpart_is_reported(target: str, rule: Rule) -> None:
    name = rule.key.replace("*", "NEVER_HEARD_OF")
    finding = check_finding(f'import os\nos.environ["{name}"] = "1"\n', f"env:{name}", target)
    assert finding.message == advice(rule, name, table(target))


@rows("cli", where=lambda rule: is_seen(rule))
def test_command_is_reported(target: str, rule: Rule) -> None:
    check_finding(f'import subprocess\nsubprocess.run(["{rule.key}"])\n', rule.id, target)


@rows("package")
def test_package_is_reported_where_it_is_imported(target: str, rule: Rule) -> None:
    safety = "left" if rule.status in ("native", "harmless") else "manual"
    for module in modules_of(rule):
        for statement in (f"import {module}", f"import {module}.sub as m", f"from {module} import name"):
            check_finding(f"{statement}\n", rule.id, target, safety)


def modules_of(rule: Rule) -> list[str]:
    return [name for name, key in table("npu").sites.packages.items() if key == rule.key]

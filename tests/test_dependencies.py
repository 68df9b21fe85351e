"""The requirements in setup(): what is found in which lists, and the element that --add-dependency adds."""

from __future__ import annotations

import pytest
from test_requirements import listing

from migrate.engine import migrate_bytes, parse, rewritten
from migrate.model import FileResult


def run(text: str, target: str = "npu") -> FileResult:
    return migrate_bytes("setup.py", "python", text.encode(), listing(target))


def added(text: str) -> str:
    """The text after a run with --add-dependency, for which a second one is at an end."""
    result = run(text)
    assert result.error is None
    output = rewritten(text.encode(), result).decode()
    parse(output)
    assert run(output).edits == ()
    return output


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('["torch"]', '["torch", "torch-npu"]'),
        ("['torch==2.1.0', 'numpy']", "['torch==2.1.0', 'torch-npu==2.1.*', 'numpy']"),
        ('("torch", "numpy")', '("torch", "torch-npu", "numpy")'),
        ('["numpy", "torch" ,]', '["numpy", "torch", "torch-npu" ,]'),
        ('[\n  "torch",\n  "numpy",\n]', '[\n  "torch",\n  "torch-npu",\n  "numpy",\n]'),
        ('[\n  "torch",  # x\n]', '[\n  "torch",  # x\n  "torch-npu",\n]'),
        ('[\r\n\t"torch"\r\n]', '[\r\n\t"torch",\r\n\t"torch-npu"\r\n]'),
        ('[\n  "torch"  # x\n]', '[\n  "torch", "torch-npu"  # x\n]'),
        ('["numpy",\n "torch"]', '["numpy",\n "torch", "torch-npu"]'),
        ('["torch"] + ["numpy"]', '["torch", "torch-npu"] + ["numpy"]'),
        ("""['torch; a == "b"']""", """['torch; a == "b"', 'torch-npu; a == "b"']"""),
        ('list(("torch", *more))', 'list(("torch", "torch-npu", *more))'),
    ],
)
def test_vendors_package_goes_behind_torch(before: str, after: str) -> None:
    assert added(f"setup(install_requires={before})\n") == f"setup(install_requires={after})\n"


@pytest.mark.parametrize(
    "text",
    [
        'deps = ["torch"HERE]\nsetup(install_requires=deps)\n',
        'deps: list = ["torch"HERE]\nsetuptools.setup(install_requires=["numpy"] + deps)\n',
        'deps = []\ndeps += ["torch"HERE]\nsetup(install_requires=sorted(deps))\n',
        'deps = []\ndeps.extend(["torch"HERE])\nsetup(install_requires=deps)\n',
        'extra = {}\nextra["a"] = ["torch"HERE]\nsetup(extras_require=extra)\n',
        'setup(extras_require={"a": ["torch"HERE], "b": ["numpy"]})\n',
        'def deps(): pass\nsetup(install_requires=deps() if a else ["torch"HERE])\n',
        'options = {"install_requires": ["torch"HERE]}\nsetup(**options)\n',
        'options = {}\noptions["install_requires"] = ["torch"HERE]\nsetup(**options)\n',
    ],
)
def test_lists_are_found_wherever_they_are_put_together(text: str) -> None:
    assert added(text.replace("HERE", "")) == text.replace("HERE", ', "torch-npu"')


@pytest.mark.parametrize(
    "text",
    [
        'setup(install_requires=["torch", "torch-npu"])\n',
        'setup(install_requires=["torch"], extras_require={"npu": ["torch_npu"]})\n',
        'setup(install_requires=["numpy"], classifiers=["torch"])\n',
        'setup(setup_requires=["torch"], install_requires=[])\n',
        'unrelated = ["torch"]\nsetup(install_requires=read("requirements.txt"))\n',
        'deps = needed("torch")\nsetup(install_requires=deps)\n',
        'install_requires = ["torch"]\n',
        'setup(install_requires="torch\\nnumpy")\n',
        '# accel: skip-file\nsetup(install_requires=["torch"])\n',
    ],
)
def test_nothing_is_added_where_it_does_not_belong(text: str) -> None:
    assert added(text) == text
    assert run(text).findings == ()


@pytest.mark.parametrize("text", ['("torch")', '"torch" ">=2"', 'r"torch"', '"""torch"""', '"torch\\x3e=2"'])
def test_person_adds_what_stands_beside_no_plain_text(text: str) -> None:
    (finding,) = run(f"setup(install_requires=[{text}])\n").findings
    assert (finding.rule_id, finding.safety) == ("package:torch-npu", "manual")
    assert finding.message == "list torch-npu behind it"


def test_package_that_is_on_no_registry_is_never_written() -> None:
    result = run('setup(install_requires=["numpy", "torch"])\n', "tpu")
    assert result.edits == ()
    assert [finding.rule_id for finding in result.findings] == ["package:torch_tpu"]


def test_names_that_hold_each_other_are_no_circle() -> None:
    text = 'a = b = []\na = b + ["torch"]\nb = a\nsetup(install_requires=a)\n'
    assert added(text) == text.replace('"torch"', '"torch", "torch-npu"')

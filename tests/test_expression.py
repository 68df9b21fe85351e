"""An expression of the project in the place of a literal device."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from kit import cases, command, result_of, source_of, table, tree

from migrate.engine import decode, migrate_bytes, parse, rewritten
from migrate.expression import ExpressionError, read_expression
from migrate.model import FileResult, Table
from migrate.table import TableError, load_table, with_expression

LINE = "from myproj import utils"


@cache
def own(target: str = "npu", text: str = "utils.device_type", line: str = LINE) -> Table:
    return with_expression(table(target), text, line)


def result(text: str, path: str = "pkg/a.py", using: Table | None = None) -> FileResult:
    return migrate_bytes(path, "python", text.encode(), using or own())


def after(text: str, path: str = "pkg/a.py", using: Table | None = None) -> str:
    found = result(text, path, using)
    assert found.error is None
    return rewritten(text.encode(), found).decode()


def manual(text: str, path: str = "pkg/a.py", using: Table | None = None) -> list[str]:
    found = result(text, path, using)
    assert not found.edits, found.edits
    return [item.message for item in found.findings if item.safety == "manual"]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ('x.to("cuda")', "x.to(utils.device_type)"),
        ("x.to(device='cuda:1')", "x.to(device=f'{utils.device_type}:1')"),
        ('x.to(f"cuda:{rank}")', 'x.to(f"{utils.device_type}:{rank}")'),
        ("x.to(F'cuda:{rank}')", "x.to(F'{utils.device_type}:{rank}')"),
        ('x.to("""cuda:0""")', 'x.to(f"""{utils.device_type}:0""")'),
        ('x.to(u"cuda")', "x.to(utils.device_type)"),
        ('x.to("cuda:" + str(rank))', 'x.to(f"{utils.device_type}:" + str(rank))'),
        ("print(f\"{x.to('cuda')}\")", 'print(f"{x.to(utils.device_type)}")'),
        ("print(f\"{x.to('cuda:0')}\")", "print(f\"{x.to(f'{utils.device_type}:0')}\")"),
        ("x.cuda()", "x.to(utils.device_type)"),
        ("x.cuda(non_blocking=True)", "x.to(utils.device_type, non_blocking=True)"),
        ("x.cuda(1)", 'x.to(f"{utils.device_type}:1")'),
        ("x.cuda(device=1, non_blocking=True)", 'x.to(device=f"{utils.device_type}:1", non_blocking=True)'),
        ('x.cuda("cuda:0")', 'x.to(f"{utils.device_type}:0")'),
        ('y = device.type == "cuda"', "y = device.type == utils.device_type"),
        ('assert device.type in("cuda", "cpu")', 'assert device.type in(utils.device_type, "cpu")'),
        ('device = "cuda"if x else"cpu"', 'device = utils.device_type if x else"cpu"'),
        ('device = 1 if x else"cuda"', "device = 1 if x else utils.device_type"),
        ('def device(): return"cuda:0"', 'def device(): return f"{utils.device_type}:0"'),
        ('{"cuda": 1, "cpu": 2}[device.type]', '{utils.device_type: 1, "cpu": 2}[device.type]'),
        ('p.add_argument("--device", default="cuda", choices=["cuda", "cpu"])',
         'p.add_argument("--device", default=utils.device_type, choices=[utils.device_type, "cpu"])'),
        ("torch.amp.GradScaler(init_scale=2)", "torch.amp.GradScaler(utils.device_type, init_scale=2)"),
        ("torch.cuda.amp.autocast(enabled=y)", "torch.npu.amp.autocast(enabled=y)"),
        ('torch.distributed.init_process_group("cpu:gloo,cuda:nccl")',
         'torch.distributed.init_process_group(f"cpu:gloo,{utils.device_type}:hccl")'),
        ('getattr(torch, "cuda").empty_cache()', 'getattr(torch, "npu").empty_cache()'),
        ("y = x.is_cuda", "y = x.is_npu"),
        ('match device.type:\n    case "cuda" | "cpu":\n        pass',
         'match device.type:\n    case utils.device_type | "cpu":\n        pass'),
        ('class A:\n    device: str = "cuda"', "class A:\n    device: str = utils.device_type"),
    ],
)  # fmt: skip
def test_expression_stands_where_the_literal_would(before: str, expected: str) -> None:
    text = f"import torch\n{before}\n"
    out = after(text)
    assert out.endswith(f"\n{expected}\n")
    assert (f"\n{LINE}\n" in out) == ("utils" in expected)
    assert result(out).edits == ()
    parse(out)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('x.to("cuda:%d" % rank)', "in a text that is completed elsewhere"),
        ('x.to("cuda:{}".format(rank))', "in a text that is completed elsewhere"),
        ('x.to(r"cuda:0")', "write the text as an f-string"),
        ('match str(device):\n    case "cuda:0":\n        pass', "a pattern cannot hold an f-string"),
        ('def f(device: Literal["cuda", "cpu"]): ...', "a type cannot hold it"),
        ("def f(device: \"Literal['cuda']\"): ...", ""),
        ('utils = 1\nx.to("cuda")', "'utils' is something else in this file"),
        ('def f(utils):\n    return x.to("cuda")', "'utils' is something else in this file"),
        ('from other import utils\nx.to("cuda")', "'utils' is something else in this file"),
        (
            'try:\n    from myproj import utils\nexcept ImportError:\n    pass\nx.to("cuda")',
            "something else in this file",
        ),
        ('from __future__ import annotations; x.to("cuda")', "there is no line before it"),
    ],
)
def test_what_cannot_hold_it_is_reported(text: str, why: str) -> None:
    found = manual(f"from typing import Literal\n{text}\n" if "__future__" not in text else f"{text}\n")
    assert all(why in message for message in found)
    assert found or not why


@pytest.mark.parametrize("path", ["myproj/utils.py", "src/myproj/utils.py"])
def test_file_that_makes_the_expression_says_the_device(path: str) -> None:
    assert after('device_type = "cuda"\n', path) == 'device_type = "npu"\n'


@pytest.mark.parametrize("path", ["utils.py", "myproj/__init__.py", "__init__.py", "myproj/utils/__init__.py", "a.pyi"])
def test_file_that_may_not_import_it_is_left_to_a_person(path: str) -> None:
    (why,) = manual('device_type = "cuda"\n', path)
    assert why.startswith("becomes utils.device_type: ")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("", f"{LINE}\n"),
        ("import os\n", f"import os\n{LINE}\n"),
        ('"""Doc."""\n', f'"""Doc."""\n{LINE}\n'),
        ("#!x\n# y\n\nfrom __future__ import division\n", f"#!x\n# y\n\nfrom __future__ import division\n{LINE}\n"),
        ("import os\nx = 1\nimport torch\nimport sys\ny = 1\n",
         f"import os\nx = 1\nimport torch\nimport torch_npu\nimport sys\n{LINE}\ny = 1\n"),
        ("import sys\nimport torch\ny = 1\n", f"import sys\nimport torch\nimport torch_npu\n{LINE}\ny = 1\n"),
        (f"{LINE}\n", f"{LINE}\n"),
        ("from myproj import other, utils\n", "from myproj import other, utils\n"),
        ("import a; import b\n", f"import a; import b\n{LINE}\n"),
        ("import torch; \\\nimport b\n", f"import torch; \\\nimport b\nimport torch_npu\n{LINE}\n"),
    ],
)  # fmt: skip
def test_import_is_written_once_behind_the_others(head: str, expected: str) -> None:
    text = f'{head}device = "cuda"\nother_device = x.to("cuda")\n'
    out = after(text)
    assert out == f"{expected}device = utils.device_type\nother_device = x.to(utils.device_type)\n"
    assert result(out).edits == ()


def test_import_goes_before_what_runs_first() -> None:
    text = 'import os\nDEVICE = "cuda"\nimport torch\n'
    assert after(text) == f"import os\n{LINE}\nDEVICE = utils.device_type\nimport torch\nimport torch_npu\n"
    assert after('@f(device="cuda")\ndef g(): ...\n') == f"{LINE}\n@f(device=utils.device_type)\ndef g(): ...\n"
    shared = after('import torch; x = torch.device("cuda")\n')
    assert shared == f"import torch_npu\n{LINE}\nimport torch; x = torch.device(utils.device_type)\n"


def test_line_ends_are_those_of_the_file() -> None:
    assert after('device = "cuda"\r\n') == f"{LINE}\r\ndevice = utils.device_type\r\n"


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("DEVICE", "from myproj.config import DEVICE", "DEVICE"),
        ("device_type()", "from myproj import device_type", "device_type()"),
        ("myproj.utils.device", "import myproj.utils", "myproj.utils.device"),
        ("u.device", "import myproj.utils as u", "u.device"),
        (
            "torch.accelerator.current_accelerator().type",
            "import torch",
            "torch.accelerator.current_accelerator().type",
        ),
    ],
)
def test_expressions_and_their_imports(text: str, line: str, expected: str) -> None:
    using = own("npu", text, line)
    before = 'import torch\nx.to("cuda")\nx.to("cuda:0")\n'
    out = after(before, using=using)
    assert out.endswith(f'x.to({expected})\nx.to(f"{{{expected}}}:0")\n')
    assert out.count(line) == 1 + (line == "import torch")  # import torch_npu
    assert result(out, using=using).edits == ()


def test_expression_with_quotes_does_not_go_into_an_f_string() -> None:
    using = own("npu", 'os.environ["DEVICE"]', "import os")
    assert after('x.to("cuda")\n', using=using) == 'import os\nx.to(os.environ["DEVICE"])\n'
    for text in ('x.to("cuda:0")\n', "print(f\"{x.to('cuda')}\")\n", "x.cuda(1)\n"):
        assert "becomes" in manual(text, using=using)[0]
    assert "os.environ['DEVICE'])}" in after('print(f"{x.cuda()}")\n', using=using)
    bare = own("npu", "DEVICE", "from myproj import DEVICE")
    assert manual('match device:\n    case "cuda":\n        pass\n', using=bare)


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("1 +", LINE, "is no expression"),
        ("utils.a or utils.b", LINE, "has to be a name"),
        ("(utils.a)", LINE, "has to be a name"),
        ('"npu"', LINE, "has to be a name"),
        ("utils.a # x", LINE, "has to be a name"),
        ("utils.a\n", LINE, "has to be a name"),
        ("x" * 201, LINE, "has to be a name"),
        ("utils.a", "x = 1", "is no import of one name"),
        ("utils.a", "import a, b", "is no import of one name"),
        ("utils.a", f"{LINE}; x()", "is no import of one name"),
        ("utils.a", "", "is no import of one name"),
        ("utils.a", "from . import utils", "would not do in every file"),
        ("utils.a", "from a import *", "would not do in every file"),
        ("utils.a", "from __future__ import utils", "would not do in every file"),
        ("utils.a", "from a import b", "begins with 'utils', but"),
        ("utils.a", "import a.utils", "begins with 'utils', but"),
    ],
)
def test_mistake_is_named(text: str, line: str, why: str) -> None:
    with pytest.raises(ExpressionError, match=why):
        read_expression(text, line)


@pytest.mark.parametrize("name", cases())
@pytest.mark.parametrize("vendor", ["npu", "musa"])
def test_every_case_parses_and_stays(name: str, vendor: str) -> None:
    data = source_of(name).read_bytes()
    found = migrate_bytes("a/in.py", "python", data, own(vendor))
    plain = result_of(data, vendor)
    assert (found.error is None) == (plain.error is None)
    if found.error is None:
        out = rewritten(data, found)
        parse(decode(out)[0])
        again = migrate_bytes("a/in.py", "python", out, own(vendor))
        assert (again.error, again.edits) == (None, ())


def test_settings_name_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = f'target = "npu"\ndevice = "utils.device_type"\ndevice-import = "{LINE}"\n'
    files = {
        "accel-migrate.toml": settings.encode(),
        "a.py": b'x.to("cuda")\n',
        "myproj/utils.py": b'device_type = "cuda"\n',
    }
    monkeypatch.chdir(tree(tmp_path, files))
    out = command("--diff").out
    assert f"+{LINE}\n+x.to(utils.device_type)\n" in out
    assert '+device_type = "npu"\n' in out
    tree(tmp_path, {"accel-migrate.toml": settings.replace("utils", "other", 1).encode()})
    assert "accel-migrate: device: 'other.device_type' begins with 'other'" in command("--diff").err
    tree(tmp_path, {"accel-migrate.toml": b'device = "a"\n'})
    assert "device and device-import go together" in command("--diff").err


def test_table_of_a_project_names_it(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    fields = f'expression = "utils.device_type"\nexpression_import = "{LINE}"\n'
    text = f'schema = 1\nextends = "npu"\n[target]\nname = "x"\n{fields}'
    path.write_text(text)
    assert after('x.to("cuda")\n', using=load_table("x", rules=[path])).endswith("x.to(utils.device_type)\n")
    path.write_text(text.replace("utils.dev", "other.dev"))
    with pytest.raises(TableError, match=r"\[target\]: expression: 'other.device_type' begins with 'other'"):
        load_table("x", rules=[path])


def test_change_shown_is_made() -> None:
    page = (Path(__file__).parents[1] / "docs" / "usage.md").read_text("utf-8")
    shown = re.search(r"### An expression.*?```text\n(.*?)```", page, re.S)
    assert shown
    lines = shown[1].splitlines(keepends=True)
    before = "".join(line[1:] or line for line in lines if line[0] != "+")
    expected = "".join(line[1:] or line for line in lines if line[0] != "-")
    assert after(before.replace("torch.npu", "torch.cuda")) == expected

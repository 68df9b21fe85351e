"""From any device to any other: the way back to CUDA, and the way across."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from kit import EVERY_TARGET, cases, command, repository, result_of, source_of

from migrate.between import between, load_between
from migrate.edits import apply_edits
from migrate.engine import decode, migrate_bytes, rewritten
from migrate.model import FileResult, Table
from migrate.table import TableError, load_table

NPU = """\
import os

import torch
import torch_npu
from torch.npu.amp import autocast

os.environ["ASCEND_RT_VISIBLE_DEVICES"] = "0"


def main(inputs, output):  # the inputs of the npu
    if inputs.npu().is_npu:
        torch.npu.synchronize()
    device = torch.device("npu:0" if torch.npu.is_available() else "cpu")
    torch.distributed.init_process_group("hccl")
    return output.to(device)
"""


LOST = {
    *("import_of_the_submodule_in_the_other_branch", "import_of_the_submodule_behind_a_use"),  # `import torch.cuda` too
    "backend_names_of_distributed_c10d",  # two names became one
    *("api_oom_except", "else_and_elif_headers", "exception_groups", "out_of_memory_error"),  # a name of torch for all
    *("api_profiler_activity", "profiler_activities"),  # names of the plug-in itself, which a person has to see to
    *("code_for_rocm", "keys_and_values_change_together"),  # what stays for CUDA in it: is the rest another branch?
    *("devices_listed_with_numbers_and_backends", "ladder_in_a_display", "long_line"),
    "edit_next_to_a_multi_line_string",  # a text in the condition names CUDA: is it a branch?
    "environment_backend_of_processes",  # two variables became one; the way back takes the newer
    *("import_multi_comma", "import_plain_torch_cuda", "import_torch_cuda_alone_binds_torch"),  # `import torch.cuda`
    "plain_import_of_submodule_keeps_torch",
    "no_newline_after_the_only_import",  # the line end that an inserted import needed stays
}


LOST_FROM = {
    "xpu": {"import_behind_a_line_that_goes_on"},  # libcst does not read half of a line
    "tpu": {"documented_cambricon_imagenet_resnet50"},  # one arm of its branches stays
    "hpu": {
        *("alias_of_import_torch_cuda", "byte_order_mark_with_crlf", "import_from_cuda_module"),  # torch.amp serves all
        "variable_set_to_what_stays",
        "mock_patch_of_dotted_names",  # names one that only CUDA has
    },
    "musa": {
        *("api_hasattr_guard", "one_line_compound_statements"),  # its condition keeps the branch for a person
        "submodules_of_torch_cuda",  # a name that has a short form there, and gets it
    },
}


@cache
def back(target: str) -> Table:
    return load_between(target, "cuda")


def after(text: str, table: Table) -> str:
    result = migrate_bytes("in.py", "python", text.encode(), table)
    assert result.error is None, result.error
    return rewritten(text.encode(), result).decode()


def test_way_back_to_cuda() -> None:
    expected = (
        NPU.replace("import torch_npu\n", "").replace("hccl", "nccl").replace("ASCEND_RT_VISIBLE", "CUDA_VISIBLE")
    )
    expected = expected.replace("torch.npu", "torch.cuda").replace(".npu()", ".cuda()").replace("is_npu", "is_cuda")
    assert after(NPU, back("npu")) == expected.replace('"npu:0"', '"cuda:0"')


def test_way_across() -> None:
    expected = NPU.replace("import torch_npu\n", "import torch_mlu\n").replace("hccl", "cncl")
    expected = expected.replace("ASCEND_RT_VISIBLE", "MLU_VISIBLE").replace("torch.npu", "torch.mlu")
    expected = expected.replace(".npu()", ".mlu()").replace("is_npu", "is_mlu").replace('"npu:0"', '"mlu:0"')
    across = load_between("npu", "mlu")
    assert after(NPU, across) == expected
    assert after(expected, across) == expected


@pytest.mark.parametrize(
    "text",
    [
        "inputs, output = 1, 2\nprint(inputs, output)\n",
        "class Input: npus = 1\n",
        "import torch\nx = torch.cuda.is_available()\ny = x.to('cuda')\n",
        "# on the npu\nx = 'npu'\n",
        "import torch_npu\nx = torch_npu.npu_fusion_attention(1)\n",
        "from torch_npu.contrib import transfer_to_npu\n",
        "try:\n    import torch_npu\nexcept ImportError:\n    pass\n",
        "import torch\nimport torch_npu  # loads the plug-in\n",
        "import torch\nif torch.cuda.is_available():\n    x = 'cuda'\nelif torch.npu.is_available():\n    x = 'npu'\n",
    ],
)
def test_text_that_stays(text: str) -> None:
    assert after(text, back("npu")) == text


def test_import_that_cannot_go_is_reported() -> None:
    text = b"import torch_npu\nx = torch_npu.npu_fusion_attention(1)\n"
    result = migrate_bytes("in.py", "python", text, back("npu"))
    assert [item.safety for item in result.findings if item.rule_id == "package:torch_npu"] == ["manual"]


def safe_only(result: FileResult, table: Table) -> FileResult:
    """The result without what a person should look at, and without calls that gained an argument."""
    rules = {finding.rule_id: table.rules.get(finding.rule_id) for finding in result.findings}
    kept = tuple(
        finding
        for finding in result.findings
        if finding.safety == "safe"
        and not ((rule := rules[finding.rule_id]) and rule.is_template)
        and not (finding.rule_id.startswith("method:") and "(" in table.target.words.method)
    )
    return replace(result, findings=kept)


@pytest.mark.parametrize("target", EVERY_TARGET)
def test_round_trip_gives_the_original_text(target: str) -> None:
    forward = load_table(target)
    renamed = [imported for name, imported in forward.modules.items() if name != imported]
    lost: dict[str, str] = {}
    tried = 0
    for case in cases():
        data = source_of(case).read_bytes()
        result = result_of(data, target)
        if result.error or not result.edits or result.kind != "python":
            continue
        text, encoding = decode(data)
        there = apply_edits(text, safe_only(result, forward).edits)
        if there == text or migrate_bytes("in.py", "python", data, back(target)).findings:
            continue  # nothing safe, or the vendor's words are in the original
        if any(f"from {name} " in there or f"import {name} as" in there for name in renamed):
            continue  # imports from the vendor's own package are for a person
        tried += 1
        again = migrate_bytes("in.py", "python", there.encode(encoding), back(target))
        home = apply_edits(there, again.edits)
        if home != text:
            lost[case] = home
    assert tried > 180
    assert "\n".join(sorted(set(lost) - LOST - LOST_FROM.get(target, set()))) == ""


def test_names_that_several_became_have_no_way_back_unless_one_is_spelled_alike() -> None:
    table = load_table("npu")
    home = between(table, None)
    rule = home.rule("env", "TORCH_HCCL_BLOCKING_WAIT")
    assert rule is not None
    assert rule.to == "TORCH_NCCL_BLOCKING_WAIT"


def test_module_with_a_name_of_its_own_takes_its_uses_along() -> None:
    text = "from torch.mlu import cnpx\ncnpx.mark(1)\n"
    assert after(text, back("mlu")) == "from torch.cuda import nvtx\nnvtx.mark(1)\n"


def test_import_from_the_package_of_a_vendor_is_reported() -> None:
    text = "from torch_musa.core.amp import autocast\n"
    assert after(text, back("musa")) == text
    result = migrate_bytes("in.py", "python", text.encode(), back("musa"))
    assert [item.safety for item in result.findings] == ["manual"]


def test_kernels_of_cuda_are_no_business_of_another_source() -> None:
    for source, target, count in (("cuda", "npu", 1), ("npu", "cuda", 0), ("npu", "mlu", 0), ("catch", "mlu", 0)):
        result = migrate_bytes("a.cu", "cuda-source", b"__global__ void npu() {}\n", load_between(source, target))
        assert len(result.findings) == count


def test_device_of_torch_itself_keeps_its_import() -> None:
    text = 'import torch\nx = torch.xpu.Stream()\ny.to("xpu:0")\n'
    assert after(text, back("xpu")) == text.replace("xpu", "cuda")


def test_plug_in_with_a_short_name_goes_where_nothing_uses_it() -> None:
    line = "import habana_frameworks.torch.core as htcore\n"
    text = f'import torch\n{line}y.to("hpu")\n'
    assert after(text, back("hpu")) == 'import torch\ny.to("cuda")\n'
    assert after(text, load_between("hpu", "npu")) == 'import torch\nimport torch_npu\ny.to("npu")\n'
    assert line in after(f"{text}loss.backward()\nhtcore.mark_step()\n", back("hpu"))


def test_source_and_target_have_to_differ_and_exist() -> None:
    for source, target in (("cuda", "cuda"), ("npu", "npu"), ("nbu", "cuda"), ("npu", "mlv")):
        with pytest.raises(TableError):
            load_between(source, target)


def test_command_takes_a_source(tmp_path: object) -> None:
    from pathlib import Path

    folder = repository(Path(str(tmp_path)), {"a.py": NPU.encode()})
    code, out, err = command("--from", "npu", "--target", "cuda", "--diff", folder)
    assert (code, err) == (0, "")
    assert "-import torch_npu" in out
    assert '+    torch.distributed.init_process_group("nccl")' in out
    assert command("--from", "nbu", "--target", "cuda", "--diff", folder).err.count("did you mean 'npu'") == 1

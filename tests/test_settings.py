"""Settings of all formats: what is edited reads as it should, and hostile texts do no harm."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import FIXTURES, TARGETS, all_cases, result_of, source_of, table

from migrate.between import with_dependency
from migrate.engine import decode, migrate_bytes, rewritten
from migrate.filetypes import kind_of
from migrate.model import FileResult
from migrate.toml import parse_toml

LOADERS: dict[str, Callable[[str], object]] = {
    "yaml": lambda text: [node and yaml.serialize(node) for node in yaml.compose_all(text, Loader=yaml.SafeLoader)],
    "toml": lambda text: parse_toml(text.encode()),
}
PACKAGE = {"npu": "torch-npu==2.1.*", "mlu": None, "tpu": None}


def listed(name: str, text: str, target: str = "npu") -> tuple[str, FileResult]:
    """The text after a run that lists the vendor's package, and its result."""
    data, kind = text.encode(), kind_of(name)
    assert kind
    result = migrate_bytes(name, kind, data, with_dependency(table(target)))
    assert result.error is None, result.error
    return rewritten(data, result).decode(), result


def changed(name: str, text: str, target: str = "npu") -> str:
    result = result_of(text.encode(), target, name)
    assert result.error is None, result.error
    return rewritten(text.encode(), result).decode()


@pytest.mark.parametrize("vendor", TARGETS)
@pytest.mark.parametrize("name", [case for case in all_cases() if source_of(case).suffix in (".yaml", ".toml")])
def test_output_loads_and_differs_from_the_input_only_in_words_of_the_target(name: str, vendor: str) -> None:
    source = source_of(name)
    output = FIXTURES / name / f"out.{vendor}{source.suffix}"
    load = LOADERS[source.suffix[1:]]
    if not output.exists():
        return
    before, after = decode(source.read_bytes(), "yaml")[0], decode(output.read_bytes(), "yaml")[0]
    words = table(vendor).target.words
    back = str(load(after)).replace(words.backend.upper(), "NCCL").replace(words.backend, "nccl")
    old = str(load(before))
    if "ENV" not in old and "CUDA_" not in old:
        assert back.replace(words.device, "cuda") == old.replace(words.device, "cuda")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.yaml", "device: cuda:1 # cuda\n", "device: npu:1 # cuda\n"),
        ("a.yaml", "{device: 'cuda'}", "{device: 'npu'}"),
        ("a.yaml", '? device\n: !!str "cuda"\n', '? device\n: !!str "npu"\n'),
        ("a.yaml", "device: &d cuda\neval_device: *d\n", "device: &d npu\neval_device: *d\n"),
        ("a.yaml", "env: {CUDA_VISIBLE_DEVICES: '0'}\n", "env: {ASCEND_RT_VISIBLE_DEVICES: '0'}\n"),
        ("a.json", '[{"device": "cuda"}, NaN,]', '[{"device": "npu"}, NaN,]'),
        ("a.json", '{"device": "cuda"}\n{"device": "cuda"}\n', '{"device": "npu"}\n{"device": "npu"}\n'),
        ("a.toml", 'a.device = \'cuda\'\n[[b]]\n"dev" = "cuda"\n', 'a.device = \'npu\'\n[[b]]\n"dev" = "npu"\n'),
        ("a.toml", 'device = """cuda"""\n', 'device = """npu"""\n'),
        ("a.ini", "device: 'cuda'\r[a]\rbackend = nccl\r", "device: 'npu'\r[a]\rbackend = hccl\r"),
        ("a.env", " export DEVICE = cuda", " export DEVICE = npu"),
    ],
)
def test_value_is_edited_where_it_stands(name: str, before: str, after: str) -> None:
    assert changed(name, before) == after
    assert changed(name, after) == after


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "name: cuda\n"),
        ("a.yaml", "device: cudagraph\n"),
        ("a.yaml", "device: 'cu''da'\n# device: cuda\n"),
        ("a.yaml", "device: |\n  cuda\n"),
        ("a.yaml", "CUDA_VISIBLE_DEVICES: 0\n"),
        ("a.yaml", "env:\n  - CUDA_VISIBLE_DEVICES=0\n  - X=$CUDA_VISIBLE_DEVICES\n"),
        (
            "a.json",
            '{"device": "cuda", "device": "npu", "devices": ["cuda", "npu"]}'.replace('"cuda", "device"', '1, "d"'),
        ),
        ("a.json", '{"env": {"PYTORCH_CUDA_ALLOC_CONF": 1, "PYTORCH_NPU_ALLOC_CONF": 1}}'),
        ("a.toml", "device = '''\ncuda'''\n"),
        ("a.ini", "device\n= cuda\n"),
        ("a.env", 'DEVICE="cuda\n'),
        ("package-lock.json", '{"env": {"CUDA_VISIBLE_DEVICES": "0"}}'),
        (".github/workflows/a.yml", "device: cuda\n"),
    ],
)
def test_text_stays(name: str, text: str) -> None:
    assert changed(name, text) == text


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.toml", "[project]\ndependencies = ['torch==2.1.0']\n", "['torch==2.1.0', 'torch-npu==2.1.*']"),
        (
            "a.toml",
            '[project]\ndependencies = [\n  "torch==2.1.0"\n]\n',
            '[\n  "torch==2.1.0",\n  "torch-npu==2.1.*"\n]',
        ),
        (
            "a.toml",
            '[project]\ndependencies = [\r\n  "torch==2.1.0",  # a\r\n  "x"\r\n]\n'.replace("[\r\n", "[\r\n", 1),
            '"torch==2.1.0",  # a\r\n  "torch-npu==2.1.*",\r\n  "x"',
        ),
        ("a.toml", '[tool.poetry.dependencies]\ntorch = "2.1.0"', 'torch = "2.1.0"\ntorch-npu = "2.1.*"'),
        ("a.yaml", "dependencies:\n- pip:\n  - torch==2.1.0 # a\n", "  - torch==2.1.0 # a\n  - torch-npu==2.1.*\n"),
        ("a.yaml", 'requirements: ["torch==2.1.0"]\n', '["torch==2.1.0", "torch-npu==2.1.*"]'),
        (
            "setup.cfg",
            "[options]\ninstall_requires =\n  torch==2.1.0\n  x\n",
            "  torch==2.1.0\n  torch-npu==2.1.*\n  x\n",
        ),
    ],
)
def test_package_of_the_vendor_is_listed_behind_torch(name: str, before: str, after: str) -> None:
    output, result = listed(name, before)
    assert after in output
    assert [finding.safety for finding in result.findings] == ["review"]
    assert listed(name, output) == (output, listed(name, output)[1])
    assert changed(name, before) == before


@pytest.mark.parametrize("target", ["npu", "mlu"])
def test_package_that_cannot_be_listed_is_asked_for(target: str) -> None:
    for name, text in [
        ("environment.yml", "dependencies:\n- pytorch=2.1\n"),
        ("setup.cfg", "[options]\ninstall_requires = torch==2.1.0\n"),
        ("a.toml", "[tool.poetry.dependencies]\ntorch = {version = '2.1.0'}\n"),
    ]:
        output, result = listed(name, text, target)
        assert output == text
        assert [finding.safety for finding in result.findings] == ["manual"], name


@pytest.mark.parametrize("suffix", ["yaml", "json", "toml", "ini", "env"])
@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000 + "#cuda",
        '{"cuda":' * 50_000, "cuda: " + "a" * 900_000, '"cuda" ' * 20_000, "cuda='" + "''" * 300_000,
        "cuda: " + "{{ " * 300_000, "cuda: " + "$" * 900_000, "cuda." * 20_000 + "=1", "cuda " + " #" * 400_000,
        '["cuda" ' + "/*" * 400_000, "device: cuda\0\n", "device: cuda\r" * 5_000, "devices:\n" + "- cuda\n" * 10_000,
        "env:\n" + "- CUDA_VISIBLE_DEVICES=0\n" * 5_000, "a: &a [cuda]\n" + "b: [*a,*a]\n" * 5_000, "\tcuda: cuda",
        'cuda="""' + '"' * 900_000, "CUDA_X='" + "a\n" * 100_000, " " * 900_000 + "cuda", "cuda: " + "&" * 900_000,
    ],
    ids=map(str, range(100)),
)  # fmt: skip
def test_hostile_text_is_an_error_or_fine(suffix: str, text: str) -> None:
    begin = time.perf_counter()
    result = result_of(text.encode(), "npu", f"a.{suffix}")
    assert time.perf_counter() - begin < 20  # about a second where nobody else is at work
    assert result.error or result.findings


def test_error_names_the_line() -> None:
    for name, text in [("a.yaml", "a: cuda\nb: [\n"), ("a.json", '{"a": "cuda"\n'), ("a.toml", "a = 1\nb = cuda\n")]:
        error = result_of(text.encode(), "npu", name).error
        assert error
        assert error.line in (2, 3)


SCALARS = st.sampled_from(["cuda", "'cuda'", '"cuda"', "cuda:0", '"\\u0063uda"', "é😀", "'it''s'", "|\n   cuda\n", "1"])
KEYS = st.sampled_from(["device", "'device'", "name", "backend", "env", "😀", '"a b"'])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(KEYS, SCALARS), max_size=6), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_edited_yaml_loads_to_the_same_but_for_devices(
    pairs: list[tuple[str, str]], newline: str, comments: bool
) -> None:
    keys = dict(pairs)
    lines = "".join(f"{key}: {value.rstrip()}\n{'# cuda' * comments}\n" for key, value in keys.items())
    text = lines.replace("\n", newline)
    output = changed("a.yaml", text)
    before, after = yaml.safe_load(text) or {}, yaml.safe_load(output) or {}
    assert list(after) == list(before)
    for key, value in before.items():
        is_edited = key == "device" and value in ("cuda", "cuda:0") and "\\" not in text
        assert after[key] in (value, value.replace("cuda", "npu") if isinstance(value, str) else value)
        assert not is_edited or after[key] != value or "|" in text


@settings(deadline=None, max_examples=60)
@given(st.recursive(st.sampled_from(["cuda", "x", 1, None]), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["device", "a", "\u00e9\n"]), inner), max_leaves=12), st.booleans())  # fmt: skip
def test_edited_json_loads_to_the_same_but_for_devices(data: object, ascii_only: bool) -> None:
    text = json.dumps(data, ensure_ascii=ascii_only, indent=1)
    output = changed("a.json", text)
    assert json.dumps(json.loads(output), ensure_ascii=ascii_only, indent=1).replace("npu", "cuda") == text

"""Dockerfiles: what is an instruction, what is a word, and that nothing but the words of an edit changes."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import result_of

from migrate.engine import rewritten
from migrate.kinds.dockerfile import json_words, parse, unquoted
from migrate.kinds.together import Covered
from migrate.model import FileResult

NAME = "Dockerfile"


def outcome(text: str, target: str = "npu") -> FileResult:
    return result_of(text.encode(), target, NAME)


@pytest.fixture(scope="module", autouse=True)
def raised_limit() -> None:
    outcome("USER cuda\n")  # raises the limit of recursion, which must not happen inside a property


def migrated(text: str) -> str:
    data = text.encode()
    result = result_of(data, "npu", NAME)
    assert result.error is None, result.error
    return rewritten(data, result).decode()


def reported(text: str) -> list[tuple[str, str, str]]:
    result = outcome(text)
    assert result.error is None, result.error
    return [(finding.rule_id, finding.safety, finding.found) for finding in result.findings]


def shown(text: str) -> list[tuple[str, str]]:
    return [(item.name, item.rest.text) for item in parse(text).instructions]


INSTRUCTIONS = (
    ("run a \\\n  b", [("RUN", "a   b")]),
    ("RUN a \\\r\n b\r\nUSER c\r\n", [("RUN", "a  b"), ("USER", "c")]),
    ("RUN a \\  \n b", [("RUN", "a  b")]),
    ("RUN a \\\n# c \\\n   # d\n\n b", [("RUN", "a  b")]),
    ("RUN a \\\\\nUSER b", [("RUN", "a \\\\"), ("USER", "b")]),
    ("# escape=`\nRUN a `\n b\\\nUSER c", [("RUN", "a  b\\"), ("USER", "c")]),
    ("\n# escape=`\nRUN a \\\n b", [("RUN", "a  b")]),
    ("  ONBUILD  run  a", [("RUN", "a")]),
    ("RUN a \\", [("RUN", "a ")]),
    ("RUN", [("RUN", "")]),
    ("RUN cat <<A <<-'B' && x\nUSER 1\nA\n\tUSER 2\n\tB\nUSER 3", [("RUN", "cat <<A <<-'B' && x"), ("USER", "3")]),
    ("RUN echo '<<A' a<<2x", [("RUN", "echo '<<A' a<<2x")]),
    ("WORKDIR <<A\nUSER b", [("WORKDIR", "<<A"), ("USER", "b")]),
)


@pytest.mark.parametrize(("text", "expected"), INSTRUCTIONS)
def test_instructions_are_those_of_docker(text: str, expected: list[tuple[str, str]]) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize("text", ["RUN <<A\ncuda\n", "RUN cuda\n\nrun2 x\n", "cuda\n", "ONBUILD ONBUILD RUN cuda\n"])
def test_what_docker_refuses_is_an_error_of_the_file(text: str) -> None:
    result = outcome(text)
    assert result.error is not None
    assert result.error.line
    assert result.findings == ()


@settings(derandomize=True, deadline=None)
@given(st.lists(st.text(alphabet=' ab"\\$=cudé\n', max_size=6), max_size=6))
def test_words_of_the_exec_form_are_those_of_json(words: list[str]) -> None:
    text = json.dumps(words, ensure_ascii=False)
    found = json_words(text)
    assert found is not None
    assert [json.loads(f'"{word.text}"') for word in found] == words
    assert all(text[word.start :].startswith(word.text) for word in found)


@pytest.mark.parametrize("text", ["['a']", '["a"', '["a" "b"]', '["a",]', "a", '["a"] b', '["a\\"]'])
def test_other_text_is_in_shell_form(text: str) -> None:
    assert json_words(text) is None


def test_quotes_around_a_word() -> None:
    (instruction,) = parse("ENV A=\"b c\" D='e f' G=h\\ i").instructions
    assert [unquoted(word).text for word in instruction.words] == ['A="b c"', "D='e f'", "G=h\\ i"]


PIECES = st.sampled_from(
    ["FROM nvidia/cuda:12", "ENV", "DEVICE=cuda", "CUDA_VISIBLE_DEVICES=0", "$CUDA_VISIBLE_DEVICES", "RUN", "<<A", "A",
     "\n", "\n", "\\\n", "# cuda", '["python", "--device", "cuda"]', "CMD", "'", '"', "\r\n", "\t", "é", "ARG", "COPY"]
)  # fmt: skip


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.lists(PIECES, max_size=25))
def test_a_second_run_finds_nothing_to_edit(pieces: list[str]) -> None:
    data = " ".join(pieces).encode()
    result = result_of(data, "npu", NAME)
    if result.error is None:
        output = rewritten(data, result)
        assert output.count(b"\n") == data.count(b"\n")
        assert result_of(output, "npu", NAME).edits == ()


def test_a_stage_begins_without_shell_and_entry_point() -> None:
    text = 'FROM a\nSHELL ["powershell"]\nRUN x\nFROM b\nCMD ["--device", "cuda"]\n'
    assert migrated(text) == text  # whatever the entry point of b is
    assert reported(text) == [("device:cuda", "manual", "cuda")]


@pytest.mark.parametrize("words", ['"--device", "cuda"', '"--device=cuda"', '"--n", "1", "--device=cuda:1"'])
def test_entry_point_takes_the_words_of_cmd(words: str) -> None:
    text = f'FROM a\nENTRYPOINT ["python", "x.py"]\nCMD [{words}]\n'
    assert migrated(text) == text.replace("cuda", "npu")
    assert [safety for _, safety, _ in reported(text.replace("python", "docker"))] == ["manual"]
    assert [safety for _, safety, _ in reported(f"CMD [{words}]\n")] == ["manual"]


def test_shell_as_a_word_of_the_exec_form_keeps_its_escapes() -> None:
    text = 'CMD ["bash", "-c", "echo \\"$CUDA_VISIBLE_DEVICES\\""]\nENV CUDA_VISIBLE_DEVICES=0\n'
    assert migrated(text) == text.replace("CUDA_VISIBLE_DEVICES", "ASCEND_RT_VISIBLE_DEVICES")


def test_images_by_any_name() -> None:
    text = "ARG A=nvidia/cuda:12\nARG B=nvidia/cuda:11\nARG DEVICE=cuda\nFROM ${A}\nCOPY --from=$B /a /b\n"
    rules = [(rule.partition(":")[0], safety) for rule, safety, _ in reported(text)]
    assert rules == [("resource", "manual"), ("resource", "manual"), ("device", "safe")]


def test_arguments_are_the_projects_unless_the_table_has_a_row() -> None:
    text = "ARG CUDA_VERSION=12.1\nARG CUDA_HOME=/x\nFROM a\nENV V=$CUDA_VERSION\n"
    found = {(rule, safety) for rule, safety, _ in reported(text)}
    assert found == {("left:text", "left"), ("env:CUDA_HOME", "manual")}


HOSTILE = {
    "words": "ENV " + "CUDA_VISIBLE_DEVICES=$CUDA_HOME " * 4_000,
    "quotes": "ENV cuda" + "\"'" * 400_000,
    "escapes": "ENV cuda" + "\\ " * 400_000,
    "continued": "RUN cuda \\\n" * 12_000,
    "comments": "RUN cuda \\\n" + "# cuda\n" * 12_000,
    "exec": "CMD [" + '"cuda" , ' * 12_000,
    "options": 'CMD ["python"' + ', "--device", "cuda"' * 6_000 + "]",
    "heredocs": "RUN cat" + " <<A" * 20_000 + "\ncuda\n" + "A\n" * 20_000,
    "blank": "ENV cuda=" + " " * 1_000_000,
    "stages": "FROM nvidia/cuda AS cuda\n" * 5_000,
    "directives": "# cuda = 1\n" * 12_000,
    "spaces": "#" + " " * 500_000 + "cuda",
    "paths": "ENV A=" + "/usr/local/cuda" * 60_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_large_and_odd_files_take_no_longer_than_others(name: str) -> None:
    started = time.process_time()
    outcome(HOSTILE[name])
    assert time.process_time() - started < 10


def test_spans_hold_what_lies_in_any_of_them() -> None:
    covered = Covered([(5, 6), (0, 4), (1, 2)])
    assert [offset for offset in range(8) if covered.holds(offset)] == [0, 1, 2, 3, 5]
    assert not Covered([]).holds(0)


def test_images_are_reported_for_every_target() -> None:
    for target in ("npu", "mlu", "tpu"):
        (finding,) = outcome("FROM nvidia/cuda:12.1.0-devel-ubuntu22.04\n", target).findings
        assert finding.rule_id.startswith("resource:")
        assert finding.safety == "manual"

"""Every mention of CUDA outside of Python has a finding, and each of its lines one that begins there."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit import FIXTURES, result_of, table

from migrate.filetypes import kind_of
from migrate.finder import text_mentions
from migrate.model import SUPPRESSION

OTHERS = (None, "python", "notebook", "docs", "prose", "requirements", "cuda-source")
FILES = sorted(
    path
    for path in FIXTURES.glob("*/*.*")
    if kind_of(path.name) not in OTHERS and not path.name.startswith("findings.")
)
BODY = """#!/bin/bash
#SBATCH --gres=gpu:8
export CUDA_VISIBLE_DEVICES=0,1
nvidia-smi   # cuda
python train.py --device cuda
srun bash -c "echo \\$CUDA_VISIBLE_DEVICES; torchrun a.py --backend nccl"
"""
READERS = (
    "sbatch", "bash", "bash -ex", "bash -s -- x", "sh -o pipefail", "ssh host", "ssh host bash",
    "docker run -i img bash", "cat > x.sh", "cat", "cat >> ~/.bashrc", "sudo tee /x/y.sh", "tee a.conf",
    "python -", "mail -s x", "cat > x.yaml", "srun bash", "foo", ":", "cat >x.py",
)  # fmt: skip
TEXTS = (
    'X="\nnvidia-smi\n--device cuda\n  cuda and nccl\nlast"\nfoo "$X" "\ncuda\n a b cuda\n"\necho "\ncuda\nnccl"\n',
    "ssh h '\nnvidia-smi\npython a.py --device cuda\n'\n",
    'A=(\n --nccl\n "--device cuda\n  --cuda"\n)\nfoo "${A[@]}"\n',
    "cat <<EOF | ssh h bash\nnvidia-smi\ncuda\nEOF\n",
    "cmd=$(cat <<'E'\n#!/bin/bash\nnvidia-smi\npython a.py --device cuda\nE\n)\n",
    "cat <<A <<B\ncuda\nA\nnccl\ncuda\nB\n",
)


def silent(text: str, name: str) -> list[str]:
    """The mentions that nothing is said of where they stand, each with its line; those in suppressions need nothing."""
    result = result_of(text.encode(), name=name)
    assert result.error is None, text
    lines = text.split("\n")
    found = []
    for start, end in text_mentions(text, table("npu").sites):
        line = text.count("\n", 0, start) + 1
        told = [one for one in result.findings if one.start <= start < one.end]
        if not any(one.line == line for one in told) and SUPPRESSION not in lines[line - 1]:
            found.append(f"{line}: {text[start:end]}")
    return found


def indented(text: str, by: str) -> str:
    return "".join(by + line for line in text.splitlines(keepends=True))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_mention_of_a_fixture_is_told_of_on_its_line(path: Path) -> None:
    text = path.read_bytes().decode()
    if (result := result_of(text.encode(), name=path.name)).error:
        assert not result.findings
    else:
        assert silent(text, path.name) == []


@pytest.mark.parametrize("quote", ["", "'"])
@pytest.mark.parametrize("reader", READERS)
def test_every_mention_of_a_here_document_is_told_of_on_its_line(reader: str, quote: str) -> None:
    script = f"{reader} <<{quote}EOF{quote}\n{BODY}EOF\n"
    assert silent(script, "in.sh") == []
    assert silent(f"RUN {script}", "Dockerfile") == []
    assert silent(f"COPY <<{quote}EOF{quote} /{reader.rpartition('/')[2].split()[-1]}\n{BODY}EOF\n", "Dockerfile") == []
    assert (
        silent("jobs:\n  a:\n    steps:\n      - run: |\n" + indented(script, " " * 10), ".github/workflows/a.yml")
        == []
    )


@pytest.mark.parametrize("text", TEXTS)
def test_every_mention_of_a_text_of_several_lines_is_told_of_on_its_line(text: str) -> None:
    assert silent(text, "in.sh") == []
    assert silent("a:\n  steps:\n    - run: |\n" + indented(text, " " * 8), "in.yaml") == []


@pytest.mark.parametrize("text", [text for text in TEXTS if "<<" not in text])
def test_every_mention_of_a_text_of_lines_that_go_on_is_told_of_on_its_line(text: str) -> None:
    lines = text.rstrip().split("\n")
    assert silent("RUN " + " \\\n".join(lines) + "\n", "Dockerfile") == []
    assert silent("x:\n\t" + " \\\n\t".join(lines) + "\n", "Makefile") == []


@pytest.mark.parametrize("shell", ["python", "python3 {0}", "bash", "pwsh"])
def test_every_mention_of_a_step_is_told_of_on_its_line(shell: str) -> None:
    code = '"""about cuda\nand nccl"""\nimport torch  # cuda\nx = torch.ones(1).cuda()\ny = "nvidia"\n'
    step = f"jobs:\n  a:\n    steps:\n      - shell: {shell}\n        run: |\n{indented(code, ' ' * 10)}"
    assert silent(step, ".github/workflows/a.yml") == []

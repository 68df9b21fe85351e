"""Documents: which blocks are code, where their lines stand, and what becomes of them with --docs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import command, table, tree

from migrate.engine import migrate_bytes, parse, rewritten
from migrate.kinds.blocks import html_comments, markdown_blocks, rest_blocks
from migrate.model import FileResult

CODE = "import torch\nx = torch.zeros(1).cuda()\n"
DONE = "import torch\nimport torch_npu\nx = torch.zeros(1).npu()\n"


def outcome(text: str, name: str = "in.md", target: str = "npu") -> FileResult:
    return migrate_bytes(name, "docs", text.encode(), table(target))


@pytest.fixture(scope="module", autouse=True)
def raised_limit() -> None:
    outcome("cuda\n")  # raises the limit of recursion, which must not happen inside a property


def migrated(text: str, name: str = "in.md") -> str:
    data = text.encode()
    result = outcome(text, name)
    assert result.error is None, result.error
    output = rewritten(data, result)
    assert outcome(output.decode(), name).edits == ()
    return output.decode()


def reported(text: str, name: str = "in.md") -> list[tuple[int, str, str]]:
    return [(finding.line, finding.rule_id, finding.safety) for finding in outcome(text, name).findings]


def fenced(code: str, prefix: str, first: str = "", info: str = "python") -> str:
    lines = "".join(f"{prefix}{line}\n" for line in code.split("\n")[:-1])
    return f"Text.\n\n{first or prefix}```{info}\n{lines}{prefix}```\n\nMore on it.\n"


PREFIXES = (
    ("", ""), ("  ", ""), ("> ", ""), (">", ""), ("  ", "- "), ("   ", "1. "), (">   ", "> - "), ("> > ", ""),
    ("    ", "1.  "),
)  # fmt: skip


@pytest.mark.parametrize(("prefix", "first"), PREFIXES)
def test_added_lines_get_the_prefix_of_their_block(prefix: str, first: str) -> None:
    assert migrated(fenced(CODE, prefix, first)) == fenced(DONE, prefix, first)


@pytest.mark.parametrize("prefix", ["", "> ", "  "])
def test_line_put_before_the_first_one(prefix: str) -> None:
    code = "from torch.cuda.amp import autocast\n"
    done = "import torch_npu\nfrom torch.npu.amp import autocast\n"
    assert migrated(fenced(code, prefix)) == fenced(done, prefix)


@pytest.mark.parametrize("prefix", ["", "> "])
def test_line_put_behind_the_last_one(prefix: str) -> None:
    code = "def f():\n    x = torch.zeros(1).cuda()\nimport torch\n"
    done = "def f():\n    x = torch.zeros(1).npu()\nimport torch\nimport torch_npu\n"
    assert migrated(fenced(code, prefix)) == fenced(done, prefix)


@pytest.mark.parametrize(
    "info", ["python", "py", "python3", "Python", 'python title="a.py"', "{code-block} python", "{python}"]
)
def test_languages_by_any_name(info: str) -> None:
    assert migrated(fenced(CODE, "", info=info)) == fenced(DONE, "", info=info)


LEFT = (
    fenced(CODE, "", info=""),
    fenced(CODE, "", info="text"),
    fenced(CODE, "", info="pycon"),
    fenced(">>> x.cuda()\n", ""),
    fenced("x = Model(..., device='cuda', ...\n", ""),
    fenced("!pip install torch\nx.cuda()\n", ""),
    "    import torch\n    x.cuda()\n",
    "`torch.zeros(1).cuda()` and <code>torch.cuda</code>\n",
    "<div>\n```python\nx.cuda()\n```\n</div>\n",
    "```diff\n-x.cuda()\n```\n",
    "- ```python\n\tx.cuda()\n  ```\n",  # a tab that is half prefix
)


@pytest.mark.parametrize("text", LEFT)
def test_everything_else_is_left(text: str) -> None:
    assert migrated(text) == text
    found = reported(text)
    assert found
    assert {(rule, safety) for _, rule, safety in found} == {("left:docs", "left")}


def test_block_that_does_not_parse_is_one_finding() -> None:
    assert reported(fenced("x = f(cuda, ..., cuda\ny = 'cuda'\n", "")) == [(4, "left:docs", "left")]


def test_snippets_without_an_import_of_torch_get_none() -> None:
    assert migrated(fenced("pipe.to('cuda')\n", "")) == fenced("pipe.to('npu')\n", "")


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_ends_and_a_block_without_an_end(ending: str) -> None:
    text = f"> ```python\n{CODE}".replace("import", "> import").replace("\nx", "\n> x")[:-1].replace("\n", ending)
    done = f"> ```python\n{DONE}".replace("import ", "> import ").replace("\nx", "\n> x")[:-1].replace("\n", ending)
    assert migrated(text) == done


def test_settings_and_dockerfiles_in_blocks() -> None:
    text = fenced("FROM nvidia/cuda:12\nENV DEVICE=cuda\n", "> ", info="dockerfile")
    assert migrated(text) == text.replace("=cuda", "=npu")
    assert [safety for _, _, safety in reported(text)] == ["manual", "safe"]
    assert reported(fenced("FRUM cuda\n", "", info="dockerfile")) == [(4, "left:docs", "left")]


REST = """\
Title
=====

.. code-block:: python
   :linenos:

   import torch

   x = torch.zeros(1).cuda()

.. note::

   .. code:: python

      import torch
      y = torch.cuda.device_count()

On cuda::

   x = torch.zeros(1).cuda()

.. code-block:: python

text about cuda
"""


def test_blocks_of_restructured_text() -> None:
    done = REST.replace(").cuda()", ").npu()", 1).replace("torch.cuda.d", "torch.npu.d")
    done = done.replace("   import torch\n\n", "   import torch\n   import torch_npu\n\n")
    done = done.replace("      import torch\n      y", "      import torch\n      import torch_npu\n      y")
    assert migrated(REST, "in.rst") == done
    assert [block.language for block in rest_blocks(REST)] == ["python", "python"]


def test_comments_keep_a_document_or_a_line() -> None:
    skipped = "<!-- accel: skip-file -->\n" + fenced(CODE, "")
    assert migrated(skipped) == skipped
    kept = fenced(CODE.replace(".cuda()", ".cuda()  # accel: ignore"), "> ")
    assert migrated(kept) == kept
    assert ("suppression:unused", "manual") in {item[1:] for item in reported(fenced("x = 1  # accel: ignore\n", ""))}


def test_comments_of_html_are_those_outside_of_code() -> None:
    text = "<!-- a --> b <!-- c\n-->\n\n```text\n<!-- d -->\n```\n<!-- e"
    spans = html_comments(text, markdown_blocks(text))
    assert [text[start:end] for start, end in spans] == ["<!-- a -->", "<!-- c\n-->"]


LINES = st.sampled_from(
    ["```python", "```", "~~~py", "~~~", "> ```python", "> ```", "> import torch", "import torch", "x.cuda()",
     "> x.cuda()", "- a", "  ```python", "  import torch", "  x.cuda()", "  ```", "", ">", "\t```python", "\tx.cuda()",
     "    ```python", "1. ```py", "   x.cuda()", "   import torch", "   ```", "```bash", "<div>", "---", "\r", "cuda"]
)  # fmt: skip


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.lists(LINES, max_size=30))
def test_nothing_outside_of_python_changes(lines: list[str]) -> None:
    text = "\n".join(lines)
    output = migrated(text)
    before, after = markdown_blocks(text), markdown_blocks(output)
    assert [block.language for block in before] == [block.language for block in after]
    for old, new in zip(before, after, strict=True):
        if old.code and new.code and old.code.text != new.code.text:
            parse(new.code.text)
            added = [line.lstrip(">\t ") for line in new.code.text.splitlines() if "torch_npu" in line]
            assert set(added) <= {"import torch_npu"}
    kept = [line for line in output.split("\n") if not line.rstrip("\r").endswith("import torch_npu")]
    assert [line.replace("npu", "cuda") for line in kept] == text.split("\n")


HOSTILE = ("> a\n", "- ", "```py\n", "1. a\n\n", "[a]: b\n", "<a\n", "<!--", "> ```python\n> cuda\n", "[", "\t", "a\n")


@pytest.mark.parametrize("piece", HOSTILE)
def test_large_and_odd_documents_take_no_longer_than_others(piece: str) -> None:
    started = time.process_time()
    text = "cuda " + piece * (100_000 // len(piece))
    assert outcome(text).error is None
    assert outcome(text, "in.rst").error is None
    assert time.process_time() - started < 10


def test_documents_are_migrated_only_if_asked(tmp_path: Path) -> None:
    files = {"README.md": fenced(CODE, "").encode(), "a.rst": REST.encode(), "b.py": b"x = 1\n"}
    tree(tmp_path, files)
    assert command("--target", "npu", "--diff", "-q", tmp_path).out == "6 references: 0 rewritten, 6 left, 0 need you\n"
    asked = command("--target", "npu", "--diff", "--docs", "-q", tmp_path).out
    assert asked == "6 references: 3 rewritten, 3 left, 0 need you\n"
    assert command("check", tmp_path).code == 0
    assert command("check", "--docs", tmp_path).code == 1
    tree(tmp_path, {"accel-migrate.toml": b"docs = true\n"})
    assert command("--target", "npu", "--diff", "-q", tmp_path).out == asked
    assert command("check", tmp_path).code == 1

"""Comments that keep a reference, in languages in which comments begin with something else than #."""

from __future__ import annotations

import pytest
from kit import findings

from migrate.comments import Comments
from migrate.model import Finding
from migrate.suppress import suppressed


def kept(text: str, comment: str, *, above: bool = False) -> list[tuple[int, bool]]:
    """The lines of the references `cuda` in a text, and whether the comment in it suppresses them."""
    lines = text.split("\n")
    found = tuple(
        Finding("device:cuda", at, at + 4, number, 1, "cuda", "why", "manual")
        for number, line in enumerate(lines, 1)
        if (at := text.find("cuda", sum(len(item) + 1 for item in lines[: number - 1]))) >= 0 and "cuda" in line
    )
    start = text.index(comment)
    ends = [index for index, char in enumerate(text) if char == "\n"] + [len(text)]
    comments = Comments([(start, start + len(comment))], ends, start + 1 if start == 0 else 0, above)
    after = suppressed(text, found, frozenset({"device:cuda"}), comments)
    assert [item for item in after if not item.rule_id.startswith("suppression:")] or not found
    return [(item.line, item.suppressed) for item in after if item.rule_id == "device:cuda"]


FORMS = (
    "# accel: ignore", "// accel: ignore", "; accel: ignore[device]", "<!-- accel: ignore -->", "//accel: ignore",
    "<!-- accel: ignore[device] # for us only -->", "// accel: ignore # for us only", "<!--accel: ignore-->",
)  # fmt: skip


@pytest.mark.parametrize("comment", FORMS)
def test_comment_is_about_its_line(comment: str) -> None:
    assert kept(f"cuda {comment}\ncuda\n", comment) == [(1, True), (2, False)]


@pytest.mark.parametrize("comment", FORMS)
def test_comment_on_a_line_of_its_own_is_about_the_next_where_that_is_said(comment: str) -> None:
    text = f"cuda\n{comment}\ncuda\ncuda\n"
    assert kept(text, comment, above=True) == [(1, False), (3, True), (4, False)]
    assert kept(text, comment) == [(1, False), (3, False), (4, False)]


@pytest.mark.parametrize("comment", ["// accel: skip-file", "; accel: skip-file", "<!-- accel: skip-file -->"])
def test_whole_file(comment: str) -> None:
    assert kept(f"{comment}\ncuda\ncuda\n", comment) == [(2, True), (3, True)]


@pytest.mark.parametrize(
    "comment", ["// see // accel: ignore", "<!-- accel: ignore", "; x; accel: ignore", "/ accel: ignore"]
)
def test_other_comments_mean_nothing(comment: str) -> None:
    wanted = comment.startswith("<!--")  # one that goes on is still one
    assert kept(f"cuda {comment}\n", comment) == [(1, wanted)]


def test_python_knows_only_its_own() -> None:
    text = "import torch\nx = torch.zeros(1).cuda()  # see // accel: ignore\n"
    assert [item.rule_id for item in findings(text) if item.edits] == ["import:torch_npu", "method:cuda"]
    text = "import torch\nx = torch.zeros(1).cuda()  # see ; # accel: ignore\n"
    assert not [item for item in findings(text) if item.edits]

"""Comments that keep references as they are, and what is said of those that do not work."""

from __future__ import annotations

from dataclasses import replace

import pytest
from kit import findings, table

from migrate.leftovers import is_leftover
from migrate.model import Finding
from migrate.suppress import suppressed

KNOWN = frozenset(table("npu").rules) | {"device:cuda", "method:cuda", "branch:multi-backend"}


def found_in(text: str) -> tuple[Finding, ...]:
    """What is found in a text whose comments have not been read yet."""
    return findings(text.replace("accel:", "axxel:"))


def outcome(text: str, known: frozenset[str] | None = KNOWN) -> tuple[Finding, ...]:
    """The findings of a text that starts with an import of torch, which no test has to write."""
    text = f"import torch\n{text}"
    return suppressed(text, found_in(text), known)


def leftovers(text: str, known: frozenset[str] | None = KNOWN) -> list[str]:
    """`line rule` of what is neither suppressed nor left on purpose, lines counted without the import."""
    return [f"{item.line - 1} {item.rule_id}" for item in outcome(text, known) if is_leftover(item)]


def check_complaint(comment: str, rule_id: str, message: str, known: frozenset[str] | None = KNOWN) -> None:
    """A comment behind a reference suppresses nothing and is said to be wrong."""
    text = f"x = torch.zeros(1).cuda()  {comment}\n"
    (finding,) = (item for item in outcome(text, known) if item.rule_id.startswith("suppression:"))
    assert (finding.rule_id, finding.safety, finding.line) == (f"suppression:{rule_id}", "manual", 2)
    assert message in finding.message
    assert comment.endswith(finding.found) or finding.found in comment
    whole = f"import torch\n{text}"
    assert whole[finding.start : finding.end] == finding.found
    assert whole.split("\n")[1][finding.column - 1 :].startswith(finding.found)
    assert "1 method:cuda" in leftovers(text, known)


FORMS = (
    "# accel: ignore", "# accel: ignore[method:cuda]", "# accel: ignore[method]", "# accel: ignore[ method ]",
    "# accel: ignore[method:*]", "# accel: ignore[*]", "#accel: ignore", "#  accel:  ignore  ",
    "# accel: ignore[method]  # CUDA only", "# noqa: E501  # accel: ignore[method]", "# why # accel: ignore # noqa",
)  # fmt: skip


@pytest.mark.parametrize("comment", FORMS)
def test_comment_on_the_line_suppresses_and_keeps_all_but_the_edits(comment: str) -> None:
    text = f"import torch\nx = torch.zeros(1).cuda()  {comment}\n"
    before = found_in(text)
    (one,) = (item for item in before if item.rule_id == "method:cuda")
    (other,) = (item for item in suppressed(text, before, KNOWN) if item.rule_id == "method:cuda")
    assert one.edits
    assert other == replace(one, suppressed=True, edits=())
    assert leftovers(text.partition("\n")[2]) == []


def test_other_lines_and_other_rules_stay() -> None:
    text = 'x = torch.zeros(1).cuda()\ny = x.to("cuda").cuda()  # accel: ignore[device]\n'
    assert leftovers(text) == ["1 method:cuda", "2 method:cuda"]


def test_several_ids_suppress_several_rules() -> None:
    text = 'y = torch.zeros(1).to("cuda").cuda()  # accel: ignore[device:cuda, method]\n'
    assert leftovers(text) == []


def test_text_without_the_word_is_returned_as_it_is() -> None:
    found = found_in("import torch\nx = torch.zeros(1).cuda()  # ignore\n")
    assert suppressed("no such word", found, KNOWN) is found


STATEMENTS = (
    "x = torch.zeros(\n    1,\n).cuda(\n    0,\n){}\n",
    "x = torch.zeros(1) \\\n    .cuda() \\\n    .float(){}\n",
    "if torch.cuda.is_available(\n):{}\n    pass\n",
    "x = [\n    torch.zeros(1).cuda(),\n    # one more\n\n    '''\n    # text ) \\\\''',\n]{}\n",
    "x = torch.device(\n    'cuda'); y = (\n    1){}\n",
    "x = (torch\n    .cuda\n    .synchronize()\n){}",
    "x = torch.zeros(1).cuda(\r\n){}\r\n",
    "x = torch.zeros(1).cuda(\r){}\ry = 1\r",
)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_comment_behind_the_last_line_of_a_statement_is_about_all_of_it(statement: str) -> None:
    assert len(leftovers(statement.format(""))) == 1
    assert leftovers(statement.format("  # accel: ignore")) == []
    _, other = leftovers(statement.format("") + "\n\nz = 1  # accel: ignore\n")
    assert other.endswith("suppression:unused")


def test_comment_on_another_line_of_the_statement_is_unused() -> None:
    text = "x = torch.zeros(\n    1,  # accel: ignore\n).cuda(\n    0\n)\n"
    assert leftovers(text) == ["2 suppression:unused", "3 method:cuda"]


def test_comment_on_the_line_before_is_unused() -> None:
    text = "# accel: ignore\nx = torch.zeros(1).cuda()\n"
    assert leftovers(text) == ["1 suppression:unused", "2 method:cuda"]


def test_comment_in_the_header_is_not_about_the_block() -> None:
    text = "if torch.cuda.is_available():  # accel: ignore\n    torch.cuda.synchronize()\n"
    assert leftovers(text) == ["2 api:torch.cuda.synchronize"]


def test_word_in_a_string_is_no_suppression() -> None:
    text = 'x = torch.zeros(1).cuda(), "# accel: ignore", """\n# accel: ignroe\n"""\n'
    assert leftovers(text) == ["1 method:cuda"]


PROSE = (
    "# accel: linear acceleration in m/s",
    "# accel: x, y, z",
    "# the accel: ignore",
    "# accel:",
    "# accelerate: ignore",
)


@pytest.mark.parametrize("comment", PROSE)
def test_other_comments_with_the_word_mean_nothing(comment: str) -> None:
    assert leftovers(f"x = torch.zeros(1).cuda()  {comment}\n") == ["1 method:cuda"]


MALFORMED = (
    "# accel: ignore [method]", "# accel:ignore[method]", "#accel: ignroe", "# accel: ignore method",
    "# accel: ignore(method)", "# accel: ignore[method] because", "# accel: ignore[method", "# accel: ignore: method",
    "# accel: Ignore", "# accel: ignored", "# accel: skip_file", "# accel: skipfile", "# accel: noqa",
    "# accel: skip-file, please", "# accel: ignore[method][device]",
)  # fmt: skip


@pytest.mark.parametrize("comment", MALFORMED)
def test_comment_that_is_nearly_a_suppression_is_malformed(comment: str) -> None:
    check_complaint(comment, "malformed", "is no suppression: write `# accel: ignore[ID, …]`")


@pytest.mark.parametrize("ids", ["", " ", "method,", ",method", "method,,device", "method device"])
def test_list_that_lacks_an_id_is_malformed(ids: str) -> None:
    check_complaint(f"# accel: ignore[{ids}]", "malformed", "lacks an id, or a comma between two")


def test_list_of_too_many_ids_is_malformed() -> None:
    ids = ", ".join(f"m{number}" for number in range(51))
    text = f"x = torch.zeros(1).cuda()  # accel: ignore[{ids}]\n"
    assert leftovers(text) == ["1 method:cuda", "1 suppression:malformed"]
    assert [len(item.found) for item in outcome(text) if item.rule_id == "suppression:malformed"] == [80]


def test_second_suppression_of_a_line_is_malformed() -> None:
    text = 'x = torch.zeros(1).to("cuda").cuda()  # accel: ignore[method] # accel: ignore[device]\n'
    assert leftovers(text) == ["1 device:cuda", "1 suppression:malformed"]


def test_id_that_no_rule_has_is_unknown() -> None:
    check_complaint("# accel: ignore[methd]", "unknown-id", "called methd: did you mean method?")
    check_complaint("# accel: ignore[method:cuad]", "unknown-id", "called method:cuad: did you mean method:cuda?")
    check_complaint("# accel: ignore[E501, F401]", "unknown-id", "called E501, F401")
    check_complaint("# accel: ignore[E501]", "unknown-id", "called E501", frozenset())


def test_unknown_id_does_not_keep_the_others_from_working() -> None:
    text = "x = torch.zeros(1).cuda()  # accel: ignore[method, devise]\n"
    assert leftovers(text) == ["1 suppression:unknown-id"]


def test_no_id_is_unknown_where_nobody_knows_them() -> None:
    check_complaint("# accel: ignore[E501]", "unused", "suppresses nothing on this line", None)


def test_id_of_a_finding_of_the_file_is_known() -> None:
    text = "torch.cuda.never_heard_of()  # accel: ignore[api:torch.cuda.never_heard_of]\n"
    assert leftovers(text, frozenset()) == []


def test_id_that_is_not_found_there_is_unused() -> None:
    check_complaint("# accel: ignore[device:cuda]", "unused", "suppresses nothing on this line")
    check_complaint("# accel: ignore[api:torch.cuda.*]", "unused", "suppresses nothing on this line")
    text = "x = torch.zeros(1).cuda()  # accel: ignore[method, device, branch]\n"
    (unused,) = (item for item in outcome(text) if is_leftover(item))
    assert unused.message.startswith("suppresses nothing by device, branch on this line")


def test_what_is_left_on_purpose_needs_no_suppression() -> None:
    text = "use_cuda = True  # accel: ignore\n# cuda  # accel: ignore[left]\n"
    assert leftovers(text) == ["1 suppression:unused", "2 suppression:unused"]
    assert not any(item.suppressed for item in outcome(text))


def test_suppression_that_names_cuda_is_no_reference_itself() -> None:
    text = "x = 1  # accel: ignore[device:cuda]\n"
    assert leftovers(text) == ["1 suppression:unused"]


SKIP = "#!/usr/bin/env python\n# a licence\n\n  # accel: skip-file  # as it is\n"
CODE = "'''Docs.'''\nimport torch\nx = torch.zeros(1).cuda()\n"


def test_file_that_is_skipped_has_nothing_left_and_no_edits() -> None:
    text = SKIP + CODE
    found = suppressed(text, found_in(text), KNOWN)
    assert [(item.rule_id, item.suppressed, item.edits) for item in found] == [("method:cuda", True, ())]


def test_file_that_is_skipped_has_no_other_complaints() -> None:
    text = SKIP + CODE + "y = 1  # accel: ignore\nz = 1  # accel: ignroe\n"
    assert not any(is_leftover(item) for item in suppressed(text, found_in(text), KNOWN))


def test_skipping_a_file_without_references_is_unused() -> None:
    text = SKIP + "use_cuda = 1\n"
    (unused,) = (item for item in suppressed(text, found_in(text), KNOWN) if is_leftover(item))
    assert (unused.rule_id, unused.line, unused.column) == ("suppression:unused", 4, 3)
    assert unused.message == "suppresses nothing in this file: remove it"


def test_skipping_a_file_behind_code_is_malformed() -> None:
    check_complaint("# accel: skip-file", "malformed", "has no effect behind code")
    text = "'''Docs.'''\n# accel: skip-file\n" + CODE
    found = suppressed(text, found_in(text), KNOWN)
    assert [item.rule_id for item in found if is_leftover(item)] == ["suppression:malformed", "method:cuda"]


def test_inserted_import_goes_with_the_last_edit() -> None:
    text = "x = torch.zeros(1).cuda()  # accel: ignore\ny = torch.zeros(1).cuda(){}\n"
    assert [item.rule_id for item in outcome(text.format("")) if not item.is_reference] == ["import:torch_npu"]
    assert [item.edits for item in outcome(text.format("  # accel: ignore"))] == [(), ()]


def test_inserted_import_stays_where_no_edit_is_suppressed() -> None:
    text = "x = torch.zeros(1).cuda()\ntorch.cuda.never_heard_of()  # accel: ignore\n"
    assert [item.rule_id for item in outcome(text) if item.edits] == ["import:torch_npu", "method:cuda"]


def test_inserted_import_is_not_suppressed_itself() -> None:
    text = "import torch\nx = torch.zeros(1).cuda()  # accel: ignore\n"
    text = text.replace("h\n", "h  # accel: ignore[import]\n", 1) + "y = x.cuda()\n"
    found = suppressed(text, found_in(text), KNOWN)
    assert [(item.line, item.rule_id) for item in found if is_leftover(item)] == [
        (1, "suppression:unused"), (3, "method:cuda"),
    ]  # fmt: skip
    assert [item.rule_id for item in found if item.edits and not item.is_reference] == ["import:torch_npu"]


def test_findings_come_in_order() -> None:
    text = "# accel: ignore\nx = torch.zeros(1).cuda()  # accel: ignroe\ny = x.cuda()\n"
    found = outcome(text)
    assert list(found) == sorted(found, key=lambda item: (item.start, item.end, item.rule_id))


BROKEN = (
    "x = (1\n",
    "x = 'open\n",
    '"""',
    "x = $ ? `\n",
    "\0\n",
    "if x:\n\ty\n        z\n",
    "f'{x[\"'\n",
    ")))\n",
    "\\",
)


@pytest.mark.parametrize("code", BROKEN)
def test_text_that_is_no_python_is_matched_by_line(code: str) -> None:
    text = "y.cuda()  # accel: ignore\n" + code
    found = (Finding("method:cuda", 1, 8, 1, 2, ".cuda()", "why", "manual"),)
    assert suppressed(text, found, KNOWN) == (replace(found[0], suppressed=True),)

"""What the processes wrote down, and what counts of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kit import found, table, tree

from migrate.check import Scope, judged
from migrate.leftovers import Entry
from migrate.runner import run
from migrate.verify.events import Device, Event, EventsError, read_records
from migrate.verify.rewritten import Rewritten
from migrate.verify.verdict import Missed, covered, judged_events

END = {
    "kind": "end", "pid": 7, "rank": 0, "operators": {"aten::add": 2, "aten::mm": 5}, "calls_on_device": 7,
    "devices_used": [0], "seconds_total": 2.0, "seconds_device": 0.5, "peak_bytes": {"0": 100},
}  # fmt: skip
START = {"kind": "start", "pid": 7, "rank": 0, "argv": ["a.py"], "torch": "2.13.0", "python": "3.11"}
MET = {
    "kind": "missing",
    "what": "torch.npu.x",
    "file": "a.py",
    "line": 3,
    "why": "no",
    "raised": True,
    "rule": "api:x",
}


def lines(*records: object) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def test_processes_are_summed() -> None:
    other = {**END, "pid": 8, "devices_used": [1, 0], "peak_bytes": {"0": 1, "1": 3}, "operators": {"aten::add": 9}}
    files = [("7.jsonl", lines(START, END)), ("8.jsonl", lines({**START, "pid": 8}, other))]
    device = read_records(files).device
    assert device == Device(2, 0, {"aten::add": 11, "aten::mm": 5}, (0, 1), 4.0, 1.0, {0: 101, 1: 3})
    assert device.calls == 16
    assert list(device.operators) == ["aten::add", "aten::mm"]


def test_same_event_in_several_processes_is_one() -> None:
    records = read_records([("7.jsonl", lines(MET)), ("8.jsonl", lines(MET, {**MET, "line": 4, "rule": None}))])
    assert records.events == (
        Event("missing", "torch.npu.x", "a.py", 3, "no", "api:x", raised=True),
        Event("missing", "torch.npu.x", "a.py", 4, "no", "", raised=True),
    )


def test_killed_process_is_known_by_its_start_and_its_lines_count() -> None:
    data = lines(START, {"kind": "ran", "file": "a.py", "line": 3}) + b'{"kind": "ran", "fi'
    records = read_records([("7.jsonl", data), ("8.jsonl", b"")])
    assert (records.device.processes, records.device.unended) == (1, 1)
    assert records.ran == {"a.py": frozenset({3})}


@pytest.mark.parametrize(
    "record",
    [b"{", b"[]", b"7", b'{"kind": "odd"}', b'{"what": 1}', lines({**MET, "line": "x"}), lines({**END, "operators": 3}),
     lines({**END, "peak_bytes": {"a": 1}}), b'{"kind": "ran", "file": "a.py"}'],
)  # fmt: skip
def test_record_that_the_device_cannot_have_written_is_named(record: bytes) -> None:
    with pytest.raises(EventsError, match=r"^7\.jsonl:2: is no record"):
        read_records([("7.jsonl", lines(START) + record.removesuffix(b"\n") + b"\n")])


def test_coverage_counts_a_line_by_any_of_those_it_runs_with() -> None:
    files = [Rewritten("a.py", {1: (1,), 3: (2, 3, 4), 5: (5,)}), Rewritten("b.py", {1: (1,)})]
    records = read_records([("7.jsonl", lines(*({"kind": "ran", "file": "a.py", "line": n} for n in (1, 4))))])
    sources = {"a.py": b"a\r\nb\r\nc\r\nd\r\n  e\r\n", "b.py": b"f"}
    coverage = covered(files, records, "names", [], sources.__getitem__)
    assert (coverage.rewritten, coverage.ran) == (4, 2)
    assert coverage.missed == (Missed("a.py", 5, "e"), Missed("b.py", 1, "f"))


SOURCE = b"""\
import torch
import torch_npu

x = torch.zeros(1).cuda()
y = torch.zeros(1).cuda()  # accel: ignore
z = torch.zeros(
    1,
).cuda()  # accel: ignore[method]
if torch.cuda.is_available():
    device = "cuda"
elif torch.npu.is_available():
    device = "npu"
torch.backends.cudnn.benchmark = True
w = torch.zeros(1)  # about cuda
import apex
"""
IGNORED = Scope(ignore=("package:apex",))


def accepted(folder: Path, kind: str, line: int, entries: list[Entry] | None = None) -> str:
    """Why an event on a line of the source does not count."""
    discovery = found(tree(folder, {"a.py": SOURCE}))
    report = run(discovery, table("npu"))
    scan = judged(report, IGNORED, entries, lambda path: SOURCE)
    (event,) = judged_events([Event(kind, "x", "a.py", line)], report, scan, lambda path: SOURCE)
    assert event.text == SOURCE.decode().split("\n")[line - 1].strip()
    return event.accepted


@pytest.mark.parametrize("kind", ["leftover", "silent"])
@pytest.mark.parametrize(
    ("line", "reason"),
    [(4, ""), (5, "a comment keeps it"), (6, "a comment keeps it"), (8, "a comment keeps it"), (14, ""),
     (15, "the settings leave it out")],
)  # fmt: skip
def test_what_the_author_keeps_does_not_count(kind: str, line: int, reason: str, tmp_path: Path) -> None:
    assert accepted(tmp_path, kind, line) == reason


def test_what_a_baseline_lists_does_not_count(tmp_path: Path) -> None:
    entries = [Entry("method:cuda", "a.py", "cuda", 1)]
    assert accepted(tmp_path, "leftover", 4, entries) == "the baseline lists it"


def test_code_for_several_devices_may_ask_for_cuda_but_not_use_it(tmp_path: Path) -> None:
    assert "npu is one of them" in accepted(tmp_path, "silent", 9)
    assert accepted(tmp_path, "leftover", 9) == ""
    assert accepted(tmp_path, "silent", 13) != ""


def test_event_outside_of_the_repository_counts() -> None:
    discovery = found(Path(__file__).parent / "stand_in")
    report = run(discovery, table("npu"))
    scan = judged(report, Scope(), None, lambda path: b"")

    def read(path: str) -> bytes:
        raise FileNotFoundError(path)

    event = Event("silent", "torch.cuda.is_available()")
    assert list(judged_events([event], report, scan, read)) == [event]

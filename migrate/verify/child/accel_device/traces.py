"""Tracebacks of the user's script without the frames of the simulation, which stand where a card has none."""

from __future__ import annotations

import sys
from types import TracebackType

from accel_device.events import Events


def without_ours(trace: TracebackType | None, events: Events) -> TracebackType | None:
    """The traceback without frames of this package."""
    kept = []
    while trace is not None:
        if not events.is_ours(trace.tb_frame.f_code.co_filename):
            kept.append(trace)
        trace = trace.tb_next
    following: TracebackType | None = None
    for one in reversed(kept):
        following = TracebackType(following, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return following


def install_traces(events: Events) -> None:
    """Print tracebacks that nobody caught as plain Python would have them."""
    before = sys.excepthook

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        clean = without_ours(trace, events)
        before(kind, error.with_traceback(clean), clean)

    sys.excepthook = show

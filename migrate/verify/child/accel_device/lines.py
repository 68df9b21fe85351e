"""Which watched lines ran: each is written to the event log when it is executed for the first time."""

from __future__ import annotations

import sys
import threading
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from accel_device.events import Events

    Trace = Callable[[FrameType, str, Any], Any]  # as typeshed has it


class Lines:
    """Watches the lines of some files in this process."""

    def __init__(self, events: Events, watch: dict[str, frozenset[int]]) -> None:
        self.events, self.watch = events, watch
        self.left = {file: set(lines) for file, lines in watch.items()}
        self.files: dict[str, str] = {}

    def start(self) -> None:
        if not self.watch:
            return
        if hasattr(sys, "monitoring"):
            self.monitor(sys.monitoring)
        else:
            threading.settrace(self.enter)
            sys.settrace(self.enter)

    def file(self, code: CodeType) -> str:
        """The watched file that a code object is from; "" when it is from none."""
        name = code.co_filename
        file = self.files.get(name)
        if file is None:
            path = self.events.path(name)
            file = self.files[name] = path if path in self.watch else ""
        return file

    def note(self, file: str, line: int) -> None:
        if line in self.left[file]:
            self.left[file].discard(line)
            self.events.write({"kind": "ran", "file": file.removeprefix(self.events.root), "line": line})

    def monitor(self, monitoring: Any) -> None:
        """Python 3.12 and later: events that switch themselves off."""
        tool = next(number for number in (4, 3, 5, 1, 2) if monitoring.get_tool(number) is None)
        monitoring.use_tool_id(tool, "accel-migrate")

        def enter(code: CodeType, offset: int) -> object:
            if self.file(code):
                monitoring.set_local_events(tool, code, monitoring.events.LINE)
            return monitoring.DISABLE

        def step(code: CodeType, line: int) -> object:
            self.note(self.file(code), line)
            return monitoring.DISABLE

        monitoring.register_callback(tool, monitoring.events.PY_START, enter)
        monitoring.register_callback(tool, monitoring.events.LINE, step)
        monitoring.set_events(tool, monitoring.events.PY_START)

    def enter(self, frame: FrameType, event: str, argument: Any) -> Trace | None:
        """The trace function of a call: lines are traced in frames of watched files only."""
        file = self.file(frame.f_code)
        if not file or not self.left[file]:
            return None
        left = self.left[file]

        def step(frame: FrameType, event: str, argument: Any) -> Trace | None:
            if event == "line" and frame.f_lineno in left:
                self.note(file, frame.f_lineno)
            return step if left else None

        return step

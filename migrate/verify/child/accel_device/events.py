"""The event log: what this process met, one JSON line each, written as it happens."""

from __future__ import annotations

import json
import os
import sys
import threading
from types import FrameType

HERE = os.path.dirname(os.path.realpath(__file__)) + os.sep
LIBRARY = os.path.dirname(os.path.realpath(os.__file__)) + os.sep


class Calls(threading.local):
    """How deep a thread is in calls that are recorded as a whole."""

    depth = 0


def is_standard(path: str) -> bool:
    """Whether a file belongs to the standard library; what is installed is kept below it."""
    return path.startswith(LIBRARY) and "-packages" not in path.removeprefix(LIBRARY)


class Events:
    """Writes `events/<pid>.jsonl`; knows which files are the user's."""

    def __init__(self, folder: str, root: str) -> None:
        self.folder = os.path.join(folder, "events")
        self.root = os.path.join(os.path.realpath(root), "")
        self.began_in = os.getcwd()  # names of files may be relative to it
        self.torch = ""
        self.written: set[tuple[str, str, str, int]] = set()
        self.pid = os.getpid()
        self.calls = Calls()
        self.kinds: dict[str, str] = {}

    def find_torch(self, folder: str) -> None:
        """Tell where torch's own code is."""
        self.torch = os.path.join(os.path.realpath(folder), "")
        self.kinds.clear()

    def write(self, event: dict[str, object]) -> None:
        """Append one line; a child of fork starts a file of its own."""
        if os.getpid() != self.pid:
            self.pid = os.getpid()
            self.written.clear()
        line = json.dumps(event, ensure_ascii=False) + "\n"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        file = os.open(os.path.join(self.folder, f"{self.pid}.jsonl"), flags, 0o644)
        try:
            os.write(file, line.encode("utf-8", "backslashreplace"))
        finally:
            os.close(file)

    def record(
        self, kind: str, what: str, frame: FrameType | None, why: str = "", *, raised: bool = False, rule: str = ""
    ) -> None:
        """Write what was met at `frame`, once for its line."""
        file, line = self.place(frame)
        if os.getpid() == self.pid and (kind, what, file, line) in self.written:
            return
        event = {"kind": kind, "what": what, "file": file, "line": line, "why": why, "raised": raised}
        self.write(event | {"rule": rule} if rule else event)
        self.written.add((kind, what, file, line))

    def place(self, frame: FrameType | None) -> tuple[str, int]:
        """The file, relative to the root, and the line of a frame."""
        if frame is None:
            return "", 0
        return self.path(frame.f_code.co_filename).removeprefix(self.root), frame.f_lineno

    def path(self, filename: str) -> str:
        """The file that a code object's name of it means."""
        return os.path.realpath(os.path.join(self.began_in, filename))

    def whose(self, filename: str) -> str:
        """Who wrote the code of a file: "user", "torch", "simulation", "generated", "standard" or "library"."""
        kind = self.kinds.get(filename)
        if kind is None:
            kind = self.kinds[filename] = self.judge(filename)
        return kind

    def is_ours(self, filename: str) -> bool:
        """Whether the code of a file is the simulation's."""
        return not filename.startswith("<") and self.whose(filename) == "simulation"

    def judge(self, filename: str) -> str:
        if filename.startswith("<"):
            return "simulation" if filename.startswith("<frozen") else "generated"
        path = self.path(filename)
        if path.startswith(HERE):
            return "simulation"
        if self.torch and path.startswith(self.torch):
            return "torch"
        if os.path.basename(path) == "typing_extensions.py" or is_standard(path):
            return "standard"
        installed = "site-packages" in path.removeprefix(self.root).split(os.sep)
        return "library" if installed or not path.startswith(self.root) else "user"

    def user_frame(self) -> FrameType | None:
        """The innermost frame of the user's code."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and self.whose(frame.f_code.co_filename) != "user":
            frame = frame.f_back
        return frame

    def direct_frame(self) -> FrameType | None:
        """The frame that called torch, directly or by way of Python's own library, if it is the user's."""
        return self.users(self.behind("simulation", "generated", "torch", "standard"))

    def calling_frame(self) -> FrameType | None:
        """The frame that called the simulation, if it is the user's."""
        return self.users(self.behind("simulation", "generated"))

    def caller_is(self, kind: str) -> bool:
        """Whether the code that called the simulation is torch's, the user's or a library's."""
        frame = self.behind("simulation")
        return frame is not None and self.whose(frame.f_code.co_filename) == kind

    def behind(self, *kinds: str) -> FrameType | None:
        """The innermost frame whose code is of none of these kinds."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and self.whose(frame.f_code.co_filename) in kinds:
            frame = frame.f_back
        return frame

    def users(self, frame: FrameType | None) -> FrameType | None:
        """The frame, if its code is the user's."""
        return frame if frame is not None and self.whose(frame.f_code.co_filename) == "user" else None

    def compiling(self) -> bool:
        """Whether torch's compiler is at work, which tries devices of every kind."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            name = frame.f_code.co_filename
            if f"{os.sep}_inductor{os.sep}" in name and self.whose(name) == "torch":
                return True
            frame = frame.f_back
        return False

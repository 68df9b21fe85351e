"""Tests for CUDA that are simply false on the device, so that code quietly goes the CPU's way: recorded, not raised."""

from __future__ import annotations

import ctypes
import gc
import sys
from typing import Any

import torch

from accel_device.events import Events


def names_cuda(value: object) -> bool:
    return isinstance(value, str) and value.partition(":")[0] == "cuda"


def install_comparisons(events: Events, device: str) -> None:
    """Watch `device.type` and `Tensor.is_cuda` in the user's code."""
    watch_is_cuda(events)
    watch_device_type(events, device)


def watch_is_cuda(events: Events) -> None:
    original = torch._C.TensorBase.is_cuda

    def is_cuda(self: torch.Tensor) -> bool:
        if events.whose(sys._getframe(1).f_code.co_filename) == "user":
            events.record("compare", "Tensor.is_cuda", sys._getframe(1), "is false for a tensor of the device")
        return bool(original.__get__(self))

    torch.Tensor.is_cuda = property(is_cuda)


def watched_type(events: Events, device: str) -> str:
    """The name of the device type as a string that notices what it is compared with."""

    def note(other: object, what: str) -> None:
        frame = events.calling_frame()
        if frame is not None:
            events.record("compare", what, frame, f"is false: the type is {device!r}")

    class DeviceType(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            if names_cuda(other):
                note(other, f'device.type == "{other}"')
            return str.__eq__(self, other)

        def __ne__(self, other: object) -> bool:
            if names_cuda(other):
                note(other, f'device.type != "{other}"')
            return str.__ne__(self, other)

        def __hash__(self) -> int:
            return str.__hash__(self)

        def startswith(self, prefix: Any, *range: Any) -> bool:
            if names_cuda(prefix):
                note(prefix, f'device.type.startswith("{prefix}")')
            return str.startswith(self, prefix, *range)

        def __reduce__(self) -> tuple[type, tuple[str]]:
            return str, (str(self),)

    return DeviceType(device)


def watch_device_type(events: Events, device: str) -> None:
    """Replace the descriptor of `torch.device.type`: the class is C's, so its dictionary is written directly."""
    attributes = gc.get_referents(torch.device.__dict__)[0]
    original = attributes["type"]
    watched = watched_type(events, device)

    def read(self: torch.device) -> str:
        kind: str = original.__get__(self)
        # libraries get the plain string: torch's compiler insists on it
        if kind == device and events.whose(sys._getframe(1).f_code.co_filename) == "user":
            return watched
        return kind

    attributes["type"] = property(read)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(torch.device))

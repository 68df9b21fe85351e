"""Streams, events and device contexts: everything is synchronous, so ordering calls have only to exist."""

from __future__ import annotations

from time import perf_counter

import torch

from accel_device.machine import Machine


def stream_names(machine: Machine) -> dict[str, object]:
    """The names of `torch.<device>` that have to do with streams, events and the current device."""
    event, context = event_class(machine), context_class(machine)
    stream = stream_class(machine, event, context)
    classes = (stream, event, context, *device_classes(machine))
    for kind in classes:
        kind.__module__, kind.__qualname__ = machine.profile.module, kind.__name__
    for kind, title in ((stream, "stream"), (event, "event")):
        setattr(kind, f"{machine.name}_{title}", property(id))  # the driver's handle: a number that is its own
    defaults: dict[int, torch.Stream] = {}

    def default_stream(device: object = None) -> torch.Stream:
        index = machine.index_of(device)
        if index not in defaults:
            defaults[index] = stream(index)
        return defaults[index]

    def current_stream(device: object = None) -> torch.Stream:
        return machine.streams.get(machine.index_of(device)) or default_stream(device)

    def set_stream(stream: torch.Stream) -> None:
        machine.streams[stream.device.index] = stream

    return {kind.__name__: kind for kind in classes} | {
        "stream": context,
        "current_stream": current_stream,
        "default_stream": default_stream,
        "set_stream": set_stream,
        "is_current_stream_capturing": lambda: False,
    }


def stream_class(machine: Machine, event_type: type, context: type) -> type:
    class Stream(torch.Stream):
        def __new__(cls, device: object = None, priority: int = 0, **more: object) -> Stream:
            machine.start()
            where = torch.device(machine.name, machine.index_of(device))
            stream: Stream = super().__new__(cls, device=where, priority=priority)
            return stream

        def record_event(self, event: torch.Event = None) -> torch.Event:
            recorded = event_type() if event is None else event
            recorded.record(self)
            return recorded

        def wait_event(self, event: object) -> None:
            pass

        def wait_stream(self, stream: torch.Stream) -> None:
            if stream.device.type != machine.name:
                raise RuntimeError(f"expected a {machine.name} stream, got {stream.device}")

        def synchronize(self) -> None:
            pass

        def query(self) -> bool:
            return True

        def __enter__(self) -> Stream:
            self.context = context(self)
            self.context.__enter__()
            return self

        def __exit__(self, *details: object) -> None:
            self.context.__exit__(*details)

    return Stream


def event_class(machine: Machine) -> type:
    class Event:
        def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
            machine.start()
            self.enable_timing = enable_timing
            self.recorded: float | None = None

        def record(self, stream: torch.Stream | None = None) -> None:
            self.recorded = perf_counter()

        def wait(self, stream: torch.Stream | None = None) -> None:
            pass

        def query(self) -> bool:
            return True

        def synchronize(self) -> None:
            pass

        def elapsed_time(self, end_event: Event) -> float:
            """Milliseconds between two recorded events."""
            if not (self.enable_timing and end_event.enable_timing):
                raise RuntimeError("Both events must be created with argument 'enable_timing=True'.")
            if self.recorded is None or end_event.recorded is None:
                raise RuntimeError("Both events must be recorded before calculating elapsed time.")
            return (end_event.recorded - self.recorded) * 1000

    return Event


def context_class(machine: Machine) -> type:
    class StreamContext:
        def __init__(self, stream: torch.Stream | None) -> None:
            self.stream = stream

        def __enter__(self) -> None:
            if self.stream is not None:
                index = self.stream.device.index
                self.before = machine.streams.get(index), machine.current.index
                machine.streams[index] = self.stream
                machine.current.index = index

        def __exit__(self, *details: object) -> None:
            if self.stream is not None:
                stream, machine.current.index = self.before
                if stream is None:
                    del machine.streams[self.stream.device.index]
                else:
                    machine.streams[self.stream.device.index] = stream

    return StreamContext


def device_classes(machine: Machine) -> tuple[type, type]:
    class device:  # noqa: N801  # vendors call it so
        def __init__(self, device: object) -> None:
            self.idx = machine.index_of(device)

        def __enter__(self) -> None:
            self.prev_idx, machine.current.index = machine.current.index, self.idx

        def __exit__(self, *details: object) -> None:
            machine.current.index = self.prev_idx

    class device_of(device):  # noqa: N801
        def __init__(self, obj: torch.Tensor) -> None:
            super().__init__(obj.device if obj.device.type == machine.name else None)

    return device, device_of

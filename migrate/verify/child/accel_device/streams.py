"""Streams, events and device contexts: everything is synchronous, so ordering calls have only to exist."""

from __future__ import annotations

from time import perf_counter

import torch

from accel_device.machine import Machine


def stream_names(machine: Machine) -> dict[str, object]:
    """The names of `torch.<device>` that have to do with streams, events and the current device."""
    current: dict[int, torch.Stream] = {}

    class Stream(torch.Stream):
        def __new__(cls, device: object = None, priority: int = 0, **more: object) -> Stream:
            machine.start()
            where = torch.device(machine.name, machine.index_of(device))
            stream: Stream = super().__new__(cls, device=where, priority=priority)
            return stream

        def record_event(self, event: Event | None = None) -> Event:
            event = event or Event()
            event.record(self)
            return event

        def wait_event(self, event: Event) -> None:
            pass

        def wait_stream(self, stream: torch.Stream) -> None:
            if stream.device.type != machine.name:
                raise RuntimeError(f"expected a {machine.name} stream, got {stream.device}")

        def synchronize(self) -> None:
            pass

        def query(self) -> bool:
            return True

        def __enter__(self) -> Stream:
            self.context = StreamContext(self)
            self.context.__enter__()
            return self

        def __exit__(self, *details: object) -> None:
            self.context.__exit__(*details)

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

        def elapsed_time(self, end: Event) -> float:
            """Milliseconds between two recorded events."""
            if not (self.enable_timing and end.enable_timing):
                raise RuntimeError("Both events must be created with argument 'enable_timing=True'.")
            if self.recorded is None or end.recorded is None:
                raise RuntimeError("Both events must be recorded before calculating elapsed time.")
            return (end.recorded - self.recorded) * 1000

    class StreamContext:
        def __init__(self, stream: torch.Stream | None) -> None:
            self.stream = stream

        def __enter__(self) -> None:
            if self.stream is not None:
                index = self.stream.device.index
                self.before = current.get(index), machine.current.index
                current[index] = self.stream
                machine.current.index = index

        def __exit__(self, *details: object) -> None:
            if self.stream is not None:
                stream, machine.current.index = self.before
                if stream is None:
                    del current[self.stream.device.index]
                else:
                    current[self.stream.device.index] = stream

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

    defaults: dict[int, torch.Stream] = {}

    def default_stream(device: object = None) -> torch.Stream:
        index = machine.index_of(device)
        if index not in defaults:
            defaults[index] = Stream(index)
        return defaults[index]

    def current_stream(device: object = None) -> torch.Stream:
        return current.get(machine.index_of(device)) or default_stream(device)

    def set_stream(stream: torch.Stream) -> None:
        current[stream.device.index] = stream

    classes: tuple[type, ...] = (Stream, Event, StreamContext, device, device_of)
    for kind in classes:
        kind.__module__, kind.__qualname__ = machine.profile.module, kind.__name__
    return {kind.__name__: kind for kind in classes} | {
        "stream": StreamContext,
        "current_stream": current_stream,
        "default_stream": default_stream,
        "set_stream": set_stream,
        "is_current_stream_capturing": lambda: False,
    }

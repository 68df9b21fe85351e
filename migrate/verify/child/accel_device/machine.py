"""The state of the simulated machine: one a process, as there is one driver a process."""

from __future__ import annotations

import os
import threading
import weakref
from typing import NoReturn

import torch

from accel_device.events import Events
from accel_device.memory import Memory
from accel_device.profile import Profile
from accel_device.seeds import DeviceGenerator


class NotModelledError(NotImplementedError):
    """The vendor has it, the simulation has not: nothing can be said about this line."""


class Current(threading.local):
    """The current device of a thread."""

    index = 0


class Machine:
    """Devices, generators, memory and counters of this process."""

    def __init__(self, profile: Profile, events: Events) -> None:
        self.profile = profile
        self.events = events
        self.name = profile.device
        self.count = profile.devices
        self.current = Current()
        self.started = False
        self.forked = False
        self.seed = 0
        self.generators: list[DeviceGenerator] = []
        self.memory = [Memory() for _ in range(profile.devices)]
        self.own_generators: dict[int, weakref.ref[torch.Generator]] = {}
        self.lock = threading.RLock()
        self.streams: dict[int, torch.Stream] = {}  # the current stream of a device, where it is not the default
        self.rank: int | None = None
        self.modelled: dict[str, object] = {}  # what the simulation implements of the vendor's names
        self.seconds = 0.0
        self.kept: list[object] = []  # libraries and callbacks that C++ refers to
        os.register_at_fork(after_in_child=self.note_fork)

    def note_fork(self) -> None:
        self.forked = self.started
        self.seconds = 0.0
        for memory in self.memory:
            memory.forget()

    def start(self) -> None:
        """Open the device, as the first operator or an explicit init does; raises in a forked child."""
        if self.forked:
            title = self.name.upper()
            why = (
                f"Cannot re-initialize {title} in forked subprocess. To use {title} with multiprocessing, "
                "you must use the 'spawn' start method"
            )
            self.events.record("fork", f"{self.name} in a forked process", self.events.user_frame(), why, raised=True)
            raise RuntimeError(why)
        if not self.started:
            self.started = True
            self.generators = [DeviceGenerator(self.seed) for _ in range(self.count)]

    def index_of(self, device: object = None) -> int:
        """The index that None, a number, a string or a torch.device means; the current device's when it says none."""
        if device is None:
            return self.current.index
        if isinstance(device, str):
            device = torch.device(device)
        if isinstance(device, torch.device):
            if device.type != self.name:
                raise ValueError(f"Expected a {self.name} device, but got: {device}")
            device = -1 if device.index is None else device.index
        if not isinstance(device, int):
            raise TypeError(f"Expected a {self.name} device, but got: {device!r}")
        return self.check_index(device)

    def exchange(self, index: int) -> int:
        """Make a device the current one, unless it is -1; the one that was."""
        before = self.current.index
        self.current.index = self.check_index(index)
        return before

    def check_index(self, index: int) -> int:
        if index == -1:
            return self.current.index
        if not 0 <= index < self.count:
            raise RuntimeError(
                f"{self.name.upper()} error: invalid device ordinal {index} (the simulated machine has {self.count})"
            )
        return index

    def owns(self, generator: object) -> bool:
        """Whether a generator is one that was made for the device."""
        assert isinstance(generator, torch._C.Generator)
        kept = self.own_generators.get(generator._cdata)
        return kept is not None and kept() is not None

    def refuse(self, what: str) -> NoReturn:
        """Record and raise that the simulation has no model of something."""
        why = f"{what}: the simulation does not model it, so this line is not proven"
        self.events.record("unmodelled", what, self.events.user_frame(), why, raised=True)
        raise NotModelledError(why)

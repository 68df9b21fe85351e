"""What the simulation implements of `torch.<device>`, by dotted name; the profile decides which of it exists."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from types import SimpleNamespace

import torch

from accel_device.machine import Machine
from accel_device.seeds import DeviceGenerator
from accel_device.statistics import CAPACITY, MemoryStatistics
from accel_device.streams import stream_names

TYPES = ("Float", "Double", "Half", "BFloat16", "Int", "Long", "Short", "Char", "Byte", "Bool")
NO_CAPABILITY = ("npu", "tpu")  # these vendors answer None, the others a pair


def implementations(machine: Machine) -> dict[str, object]:
    """Everything that is modelled."""
    names = {
        **methods(Devices(machine)),
        **methods(RandomNumbers(machine)),
        **methods(Markers()),
        **methods(MemoryStatistics(machine)),
        **precision_names(machine),
        **stream_names(machine),
        "_lazy_init": machine.start,
        "_get_device_index": lambda device, optional=False, allow_cpu=False: machine.index_of(device),
        "_exchange_device": machine.exchange,
        "_maybe_exchange_device": machine.exchange,
        "_lazy_call": lambda call, **how: call(),
        "_sleep": lambda cycles: None,
        "_is_in_bad_fork": lambda: machine.forked,
        **{f"{kind}Tensor": legacy_type(machine, f"{kind}Tensor") for kind in TYPES},
    }
    return {name: titled(name, value, machine.profile.module) for name, value in names.items()}


def methods(owner: object) -> dict[str, object]:
    """The public methods of an object by their names."""
    return {name: getattr(owner, name) for name in dir(owner) if not name.startswith("_")}


def titled(name: str, value: object, module: str) -> object:
    """A function under the name that the vendor gives it, for tracebacks and pickles; other objects as they are."""
    if not callable(value) or isinstance(value, (type, partial)):
        return value

    @wraps(value)
    def call(*args: object, **kwargs: object) -> object:
        return value(*args, **kwargs)

    call.__name__ = call.__qualname__ = name.rpartition(".")[2]
    call.__module__ = module
    return call


class Devices:
    """The names that have to do with devices."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._debug = 0

    def is_available(self) -> bool:
        return self._machine.count > 0

    def device_count(self) -> int:
        return self._machine.count

    def current_device(self) -> int:
        return self._machine.current.index

    def set_device(self, device: object) -> None:
        self._machine.current.index = self._machine.index_of(device)

    def is_initialized(self) -> bool:
        return self._machine.started and not self._machine.forked

    def init(self) -> None:
        self._machine.start()

    def synchronize(self, device: object = None) -> None:
        self._machine.index_of(device)
        self._machine.start()

    def get_device_name(self, device: object = None) -> str:
        return f"Simulated {self._machine.name.upper()} {self._machine.index_of(device)}"

    def get_device_properties(self, device: object = None) -> SimpleNamespace:
        name, cores = self.get_device_name(device), os.cpu_count() or 1
        return SimpleNamespace(name=name, total_memory=CAPACITY, major=0, minor=0, multi_processor_count=cores)

    def get_device_capability(self, device: object = None) -> tuple[int, int] | None:
        self._machine.index_of(device)
        return None if self._machine.name in NO_CAPABILITY else (0, 0)

    def can_device_access_peer(self, device: object, peer_device: object) -> bool:
        return self._machine.index_of(device) != self._machine.index_of(peer_device)

    def utilization(self, device: object = None) -> int:
        return 0

    def set_sync_debug_mode(self, debug_mode: int | str) -> None:
        modes = {"default": 0, "warn": 1, "error": 2}
        self._debug = modes[debug_mode] if isinstance(debug_mode, str) else debug_mode

    def get_sync_debug_mode(self) -> int:
        return self._debug


class Markers:
    """Ranges for a profiler, and other calls that leave no trace."""

    def __init__(self) -> None:
        self._depth = self._started = 0

    def range_push(self, *message: object, **more: object) -> int:
        self._depth += 1
        return self._depth - 1

    def range_pop(self, *domain: object, **more: object) -> int:
        self._depth -= 1
        return self._depth

    def range_start(self, *message: object, **more: object) -> int:
        self._started += 1
        return self._started

    def range_end(self, range_id: int, *domain: object, **more: object) -> None:
        pass

    def mark(self, *message: object, **more: object) -> None:
        pass

    @contextmanager
    def range(self, *message: object, **more: object) -> Iterator[None]:
        yield

    annotate = range


class RandomNumbers:
    """The names that have to do with random numbers."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def _seed(self, seed: int, indexes: Iterable[int]) -> None:
        machine = self._machine
        machine.seed = int(seed)
        if machine.started and not machine.forked:
            for index in indexes:
                machine.generators[index].manual_seed(int(seed))

    def _generator(self, device: object = None) -> DeviceGenerator:
        self._machine.start()
        return self._machine.generators[self._machine.index_of(device)]

    def manual_seed(self, seed: int) -> None:
        self._seed(seed, [self._machine.current.index])

    def manual_seed_all(self, seed: int) -> None:
        self._seed(seed, range(self._machine.count))

    def seed(self) -> None:
        self._generator().seed()

    def seed_all(self) -> None:
        for index in range(self._machine.count):
            self._generator(index).seed()

    def initial_seed(self) -> int:
        return self._generator().value

    def get_rng_state(self, device: object = None) -> torch.Tensor:
        return self._generator(device).get_state()

    def set_rng_state(self, new_state: torch.Tensor, device: object = None) -> None:
        self._generator(device).set_state(new_state)

    def get_rng_state_all(self) -> list[torch.Tensor]:
        return [self.get_rng_state(index) for index in range(self._machine.count)]

    def set_rng_state_all(self, new_states: Iterable[torch.Tensor]) -> None:
        for index, state in enumerate(new_states):
            self.set_rng_state(state, index)


def precision_names(machine: Machine) -> dict[str, object]:
    """The names that have to do with mixed precision."""
    device = machine.name

    class GradScaler(torch.amp.GradScaler):
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(device, *args, **kwargs)

    class autocast(torch.amp.autocast):  # noqa: N801  # vendors call it so
        def __init__(
            self, enabled: bool = True, dtype: torch.dtype = torch.float16, cache_enabled: bool = True
        ) -> None:
            super().__init__(device, enabled=enabled, dtype=dtype, cache_enabled=cache_enabled)

    wrappers = {
        "custom_fwd": partial(torch.amp.custom_fwd, device_type=device),
        "custom_bwd": partial(torch.amp.custom_bwd, device_type=device),
    }
    modules = {"GradScaler": GradScaler, "autocast": autocast, **wrappers}
    return {
        **{f"amp.{name}": value for name, value in modules.items()},
        **{f"amp.autocast_mode.{name}": value for name, value in modules.items()},
        "amp.grad_scaler.GradScaler": GradScaler,
        "amp.grad_scaler.OptState": torch.amp.grad_scaler.OptState,
        "amp.common.amp_definitely_not_available": lambda: False,
        "amp.amp_definitely_not_available": lambda: False,
        "get_amp_supported_dtype": lambda: [torch.float16, torch.bfloat16],
        "is_bf16_supported": lambda including_emulation=True: True,
        "is_autocast_enabled": lambda: torch.is_autocast_enabled(device),
        "set_autocast_enabled": lambda enabled: torch.set_autocast_enabled(device, enabled),
        "get_autocast_dtype": lambda: torch.get_autocast_dtype(device),
        "set_autocast_dtype": lambda dtype: torch.set_autocast_dtype(device, dtype),
    }


def legacy_type(machine: Machine, name: str) -> Callable[..., torch.Tensor]:
    """`torch.<device>.FloatTensor` and its kin."""

    def make(*args: object, **kwargs: object) -> torch.Tensor:
        return getattr(torch, name)(*args, **kwargs).to(machine.name)

    return make

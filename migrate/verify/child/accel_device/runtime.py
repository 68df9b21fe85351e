"""What the simulation implements of `torch.<device>`, by dotted name; the profile decides which of it exists."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial, wraps
from types import SimpleNamespace

import torch

from accel_device.machine import Machine
from accel_device.statistics import CAPACITY, memory_names
from accel_device.streams import stream_names

TYPES = ("Float", "Double", "Half", "BFloat16", "Int", "Long", "Short", "Char", "Byte", "Bool")
NO_CAPABILITY = ("npu", "tpu")  # these vendors answer None, the others a pair


def implementations(machine: Machine) -> dict[str, object]:
    """Everything that is modelled."""
    names = {
        **device_names(machine),
        **random_names(machine),
        **precision_names(machine),
        **stream_names(machine),
        **memory_names(machine),
        **{f"{kind}Tensor": legacy_type(machine, f"{kind}Tensor") for kind in TYPES},
    }
    return {name: titled(name, value, machine.profile.module) for name, value in names.items()}


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


def device_names(machine: Machine) -> dict[str, object]:
    """The names that have to do with devices."""

    def set_device(device: object) -> None:
        machine.current.index = machine.index_of(device)

    def properties(device: object = None) -> SimpleNamespace:
        machine.index_of(device)
        cores = os.cpu_count() or 1
        return SimpleNamespace(name=title(device), total_memory=CAPACITY, major=0, minor=0, multi_processor_count=cores)

    def title(device: object = None) -> str:
        return f"Simulated {machine.name.upper()} {machine.index_of(device)}"

    def capability(device: object = None) -> tuple[int, int] | None:
        machine.index_of(device)
        return None if machine.name in NO_CAPABILITY else (0, 0)

    def synchronize(device: object = None) -> None:
        machine.index_of(device)
        machine.start()

    debug = [0]

    def set_debug(mode: int | str) -> None:
        debug[0] = {"default": 0, "warn": 1, "error": 2}[mode] if isinstance(mode, str) else mode

    return {
        "is_available": lambda: machine.count > 0,
        "device_count": lambda: machine.count,
        "current_device": lambda: machine.current.index,
        "set_device": set_device,
        "is_initialized": lambda: machine.started and not machine.forked,
        "init": machine.start,
        "_lazy_init": machine.start,
        "_is_in_bad_fork": lambda: machine.forked,
        "synchronize": synchronize,
        "get_device_name": title,
        "get_device_properties": properties,
        "get_device_capability": capability,
        "can_device_access_peer": lambda device, peer_device: device != peer_device,
        "utilization": lambda device=None: 0,
        "set_sync_debug_mode": set_debug,
        "get_sync_debug_mode": lambda: debug[0],
    }


def random_names(machine: Machine) -> dict[str, object]:
    """The names that have to do with random numbers."""

    def seed_all(seed: int, indexes: Iterable[int]) -> None:
        machine.seed = int(seed)
        if machine.started and not machine.forked:
            for index in indexes:
                machine.generators[index].manual_seed(int(seed))

    def every() -> range:
        return range(machine.count)

    def state(device: object = None) -> torch.Tensor:
        machine.start()
        return machine.generators[machine.index_of(device)].get_state()

    def set_state(new_state: torch.Tensor, device: object = None) -> None:
        machine.start()
        machine.generators[machine.index_of(device)].set_state(new_state)

    def set_states(new_states: Iterable[torch.Tensor]) -> None:
        for index, new in enumerate(new_states):
            set_state(new, index)

    def reseed(indexes: Iterable[int]) -> None:
        machine.start()
        for index in indexes:
            machine.generators[index].seed()

    def initial_seed() -> int:
        machine.start()
        return machine.generators[machine.current.index].value

    return {
        "manual_seed": lambda seed: seed_all(seed, [machine.current.index]),
        "manual_seed_all": lambda seed: seed_all(seed, every()),
        "seed": lambda: reseed([machine.current.index]),
        "seed_all": lambda: reseed(every()),
        "initial_seed": initial_seed,
        "get_rng_state": state,
        "set_rng_state": set_state,
        "get_rng_state_all": lambda: [state(index) for index in every()],
        "set_rng_state_all": set_states,
    }


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

    modules = {"amp.GradScaler": GradScaler, "amp.autocast": autocast}
    deeper = {"amp.grad_scaler.GradScaler": GradScaler, "amp.autocast_mode.autocast": autocast}
    return {
        **modules,
        **deeper,
        "amp.custom_fwd": partial(torch.amp.custom_fwd, device_type=device),
        "amp.custom_bwd": partial(torch.amp.custom_bwd, device_type=device),
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

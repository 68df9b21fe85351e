"""Python-level pieces of torch that a vendor's plug-in supplies in C++: accelerator, pinning, storages, generators."""

from __future__ import annotations

import functools
import weakref
from typing import Any

import torch

from accel_device.leftovers import watch_call
from accel_device.machine import Machine

ACCELERATOR = (
    "is_available", "device_count", "synchronize", "current_stream", "set_stream", "empty_cache", "memory_allocated",
    "max_memory_allocated", "memory_reserved", "max_memory_reserved", "memory_stats", "reset_peak_memory_stats",
    "reset_accumulated_memory_stats",
)  # fmt: skip
PINNED = "_accel_pinned"


def patch_torch(machine: Machine) -> None:
    """Make torch's device-independent API see the simulated device."""
    patch_accelerator(machine)
    patch_pinning(machine)
    patch_storage(machine)
    patch_generator(machine)
    patch_compile(machine)
    patch_parallel(machine)


def patch_accelerator(machine: Machine) -> None:
    names, accelerator = machine.modelled, torch.accelerator
    for name in ACCELERATOR:
        if hasattr(accelerator, name):
            setattr(accelerator, name, names[name])
    accelerator.current_device_index = accelerator.current_device_idx = names["current_device"]
    accelerator.set_device_index = accelerator.set_device_idx = names["set_device"]
    if hasattr(accelerator, "get_memory_info"):
        accelerator.get_memory_info = names["mem_get_info"]


def patch_pinning(machine: Machine) -> None:
    """Pinned memory: ordinary memory with a mark."""
    is_pinned_there = torch._C.TensorBase.is_pinned

    def pin_memory(self: torch.Tensor, device: object = None) -> torch.Tensor:
        if self.device.type != "cpu":
            raise RuntimeError(f"cannot pin '{self.type()}' only dense CPU tensors can be pinned")
        pinned = self.clone() if self.requires_grad else self.detach().clone()
        setattr(pinned, PINNED, True)
        return pinned

    def is_pinned(self: torch.Tensor, device: object = None) -> bool:
        if not getattr(self, PINNED, False):
            setattr(self, PINNED, self.device.type == "cpu" and is_pinned_there(self))
        return bool(getattr(self, PINNED))

    torch.Tensor.pin_memory = pin_memory
    torch.Tensor.is_pinned = is_pinned


def patch_storage(machine: Machine) -> None:
    """Storages made on the device, and freed and grown again as FSDP does."""
    kind = torch.UntypedStorage
    make_there, resize_there = kind.__new__, kind.resize_

    def make(cls: type, *args: object, device: object = None, **kwargs: object) -> object:
        if device is None:
            return make_there(cls, *args, **kwargs)
        if torch.device(device).type != machine.name:
            return make_there(cls, *args, device=device, **kwargs)
        size = args[0] if args else 0
        if isinstance(size, int):
            return torch.empty(size, dtype=torch.uint8, device=device).untyped_storage()
        return torch.tensor(size, dtype=torch.uint8, device=device).untyped_storage()

    def resize(self: torch.UntypedStorage, size: int) -> torch.UntypedStorage:
        if self.device.type != machine.name:
            return resize_there(self, size)
        if size > self.nbytes():
            machine.refuse("growing a device storage in place")
        return self  # the bytes are simply kept

    kind.__new__ = staticmethod(make)
    kind.resize_ = resize


def patch_compile(machine: Machine) -> None:
    """torch.compile without the generated code: what inductor would write is for the card."""
    compile_there = torch.compile

    @functools.wraps(compile_there)
    def compile_here(*args: Any, **kwargs: Any) -> object:
        if kwargs.get("backend", "inductor") == "inductor" and not kwargs.get("disable"):
            why = "inductor's code for the device is not simulated: the same graph runs operator by operator"
            machine.events.record("unmodelled", "torch.compile()", machine.events.user_frame(), why)
            kwargs = {name: value for name, value in kwargs.items() if name not in ("mode", "options")}
            kwargs["backend"] = "aot_eager"
        return compile_there(*args, **kwargs)

    torch.compile = compile_here


def patch_parallel(machine: Machine) -> None:
    """torch.nn.DataParallel: its primitives are CUDA's."""
    for name in ("_scatter", "_gather", "_broadcast_coalesced"):
        setattr(torch._C, name, lambda *args, **kwargs: machine.refuse("torch.nn.DataParallel"))


def patch_generator(machine: Machine) -> None:
    """`torch.Generator(device=…)`: a CPU generator that says it is the device's."""
    base = torch._C.Generator

    def make(cls: type, device: object = "cpu") -> torch.Generator:
        where = torch.device(device)
        if where.type == "cuda":
            frame = machine.events.user_frame()
            return watch_call(machine.events, f'torch.Generator("{where}")', frame, lambda: base(device))
        if where.type != machine.name:
            return base(device)
        machine.start()
        made = base.__new__(cls, "cpu")
        made._accel_device = torch.device(machine.name, machine.index_of(where))
        machine.own_generators[made._cdata] = weakref.ref(made)
        return made

    # isinstance() has to hold for generators that torch makes itself
    kind = type("Kind", (type(base),), {"__instancecheck__": lambda cls, obj: isinstance(obj, base)})
    device = property(lambda self: self._accel_device)
    body = {"__new__": make, "device": device, "__module__": "torch", "__qualname__": "Generator"}
    torch.Generator = kind("Generator", (base,), body)

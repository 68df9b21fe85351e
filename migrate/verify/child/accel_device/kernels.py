"""Operators of the device that an alias cannot serve: copies, resizing, reading a value."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import torch
from torch import Tensor

from accel_device.alias import device_alias, host_alias, numeric_alias
from accel_device.call import HOST_KEY
from accel_device.machine import Machine
from accel_device.strict import check_dtype, check_values

_to_copy = torch.ops.aten._to_copy.default._op
_as_strided = torch.ops.aten.as_strided.default._op_dk
_set_storage = torch.ops.aten.set_.source_Storage_storage_offset._op_dk


class Kernels:
    """Kernels by the full name of their operator: `table`."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def table(self) -> dict[str, Callable[..., object]]:
        return {
            "aten::copy_": self.copy,
            "aten::_copy_from": self.copy_from,
            "aten::_copy_from_and_resize": self.copy_and_resize,
            "aten::_to_copy": self.convert,
            "aten::clone": self.clone,
            "aten::resize_": self.resize,
            "aten::_local_scalar_dense": self.read_value,
            "aten::_efficientzerotensor": self.make_zeros,
            "aten::record_stream": lambda tensor, stream: None,
            "aten::is_pinned": lambda tensor, device=None: False,
            "aten::_pin_memory": self.refuse_pinning,
        }

    def copy(self, target: Tensor, source: Tensor, non_blocking: bool = False) -> Tensor:
        self.machine.start()
        if self.machine.profile.strict_dtypes and target.get_device() >= 0 > source.get_device():
            check_values(self.machine, source.detach())
        with torch._C._AutoDispatchBelowAutograd():
            numeric_alias(target).copy_(numeric_alias(source))
        return target

    def copy_from(self, source: Tensor, target: Tensor, non_blocking: bool = False) -> Tensor:
        return self.copy(target, source)

    def copy_and_resize(self, source: Tensor, target: Tensor) -> Tensor:
        if target.shape != source.shape:
            target.resize_(source.shape)
        return self.copy(target, source)

    def convert(
        self,
        tensor: Tensor,
        dtype: torch.dtype | None = None,
        layout: torch.layout | None = None,
        device: torch.device | None = None,
        pin_memory: bool | None = None,
        non_blocking: bool = False,
        memory_format: torch.memory_format | None = None,
    ) -> Tensor:
        here = device is None or device.type == self.machine.name
        if here and self.machine.profile.strict_dtypes and tensor.get_device() < 0:
            check_values(self.machine, tensor.detach())
        elsewhere = None if here else device
        made = _to_copy(numeric_alias(tensor), dtype=dtype, device=elsewhere, memory_format=memory_format)
        if not here:
            return made
        index = tensor.get_device() if device is None else self.machine.index_of(device)
        return new_tensor(self.machine, made, index)

    def clone(self, tensor: Tensor, memory_format: torch.memory_format | None = None) -> Tensor:
        made = numeric_alias(tensor).clone(memory_format=memory_format)
        return new_tensor(self.machine, made, tensor.get_device())

    def resize(self, tensor: Tensor, size: list[int], memory_format: torch.memory_format | None = None) -> Tensor:
        return resize_tensor(self.machine, tensor, size)

    def read_value(self, tensor: Tensor) -> object:
        return host_alias(tensor).item()

    def make_zeros(
        self,
        size: list[int],
        dtype: torch.dtype | None = None,
        layout: torch.layout | None = None,
        device: torch.device | None = None,
        pin_memory: bool | None = None,
    ) -> Tensor:
        return torch.zeros(size, dtype=dtype, device=device)

    def refuse_pinning(self, tensor: Tensor, device: torch.device | None = None) -> Tensor:
        raise RuntimeError(f"cannot pin '{tensor.type()}' only dense CPU tensors can be pinned")


def new_tensor(machine: Machine, made: Tensor, index: int) -> Tensor:
    """A fresh CPU tensor as one of the device."""
    machine.start()
    if machine.profile.strict_dtypes:
        check_dtype(machine, made.dtype)
    machine.memory[index].add(made.untyped_storage())
    return device_alias(made, index)


def resize_tensor(machine: Machine, tensor: Tensor, size: list[int]) -> Tensor:
    """Resize in place; a storage that is too small is replaced by a larger one with the same first bytes."""
    machine.start()
    offset, width, storage = tensor.storage_offset(), tensor.element_size(), tensor.untyped_storage()
    elements = offset + prod(int(length) for length in size)
    if elements * width > storage.nbytes():
        larger = torch.empty(elements, dtype=tensor.dtype, device="cpu")
        kept = _as_strided(HOST_KEY, tensor, [storage.nbytes() // width], [1], 0)
        larger[: kept.numel()].copy_(host_alias(kept))
        index = tensor.get_device()
        machine.memory[index].add(larger.untyped_storage())
        storage = device_alias(larger, index).untyped_storage()
    strides: list[int] = []
    step = 1
    for length in reversed(size):
        strides.insert(0, step)
        step *= max(int(length), 1)
    _set_storage(HOST_KEY, tensor, storage, offset, list(size), strides)
    return tensor

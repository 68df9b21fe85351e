"""Operators of the device that an alias cannot serve: copies, resizing, reading a value."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import torch
from torch import Tensor

from accel_device.alias import device_alias, host_alias
from accel_device.fallback import HOST_KEY
from accel_device.machine import Machine
from accel_device.strict import check_dtype, check_values

_to_copy = torch.ops.aten._to_copy.default._op
_as_strided = torch.ops.aten.as_strided.default._op_dk
_set_storage = torch.ops.aten.set_.source_Storage_storage_offset._op_dk


def special_kernels(machine: Machine) -> dict[str, Callable[..., object]]:
    """Kernels by the full name of their operator."""

    def copy(target: Tensor, source: Tensor, non_blocking: bool = False) -> Tensor:
        machine.start()
        if machine.profile.strict_dtypes and target.get_device() >= 0 > source.get_device():
            check_values(machine, source.detach())
        with torch._C._AutoDispatchBelowAutograd():
            numeric_alias(target).copy_(numeric_alias(source))
        return target

    def copy_from(source: Tensor, target: Tensor, non_blocking: bool = False) -> Tensor:
        return copy(target, source)

    def copy_and_resize(source: Tensor, target: Tensor) -> Tensor:
        if target.shape != source.shape:
            target.resize_(source.shape)
        return copy(target, source)

    def read_value(tensor: Tensor) -> object:
        return host_alias(tensor).item()

    def resize(tensor: Tensor, size: list[int], memory_format: torch.memory_format | None = None) -> Tensor:
        return resize_tensor(machine, tensor, size)

    def make_zeros(
        size: list[int],
        dtype: torch.dtype | None = None,
        layout: torch.layout | None = None,
        device: torch.device | None = None,
        pin_memory: bool | None = None,
    ) -> Tensor:
        return torch.zeros(size, dtype=dtype, device=device)

    def convert(
        tensor: Tensor,
        dtype: torch.dtype | None = None,
        layout: torch.layout | None = None,
        device: torch.device | None = None,
        pin_memory: bool | None = None,
        non_blocking: bool = False,
        memory_format: torch.memory_format | None = None,
    ) -> Tensor:
        made = _to_copy(numeric_alias(tensor), dtype=dtype, memory_format=memory_format)
        index = tensor.get_device() if device is None else machine.place(device)
        return made if index is None else new_tensor(machine, made, index)

    def clone(tensor: Tensor, memory_format: torch.memory_format | None = None) -> Tensor:
        return new_tensor(machine, numeric_alias(tensor).clone(memory_format=memory_format), tensor.get_device())

    def do_nothing(*args: object) -> None:
        return None

    def answer_false(*args: object) -> bool:
        return False

    def refuse_pinning(tensor: Tensor, device: torch.device | None = None) -> Tensor:
        raise RuntimeError(f"cannot pin '{tensor.type()}' only dense CPU tensors can be pinned")

    return {
        "aten::copy_": copy,
        "aten::_copy_from": copy_from,
        "aten::_copy_from_and_resize": copy_and_resize,
        "aten::_local_scalar_dense": read_value,
        "aten::resize_": resize,
        "aten::_efficientzerotensor": make_zeros,
        "aten::_to_copy": convert,
        "aten::clone": clone,
        "aten::record_stream": do_nothing,
        "aten::is_pinned": answer_false,
        "aten::_pin_memory": refuse_pinning,
    }


def new_tensor(machine: Machine, made: Tensor, index: int) -> Tensor:
    """A fresh CPU tensor as one of the device."""
    machine.start()
    if machine.profile.strict_dtypes:
        check_dtype(machine, made.dtype)
    machine.memory[index].add(made.untyped_storage())
    return device_alias(made, index)


def numeric_alias(tensor: Tensor) -> Tensor:
    """The CPU alias with the conjugate and negative bits of the tensor, which only copies get to see."""
    if tensor.get_device() < 0:
        return tensor
    alias = host_alias(tensor)
    if tensor.is_complex() and tensor.is_conj():
        alias = alias.conj()
    return torch._neg_view(alias) if tensor.is_neg() else alias


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

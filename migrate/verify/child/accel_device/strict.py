"""The dtypes and values that a device does not have, when the run asks for them to be refused."""

from __future__ import annotations

import torch

from accel_device.machine import Machine


def check_dtype(machine: Machine, dtype: torch.dtype) -> None:
    """RuntimeError for a tensor of a dtype that the device does not have."""
    name = str(dtype).removeprefix("torch.")
    if name in machine.profile.refused:
        why = f"{machine.name} has no {name} (this run asked for strict dtypes)"
        machine.events.record("dtype", name, machine.events.user_frame(), why, raised=True)
        raise RuntimeError(why)


def check_values(machine: Machine, tensor: torch.Tensor) -> None:
    """RuntimeError for values that the device cannot hold because it keeps the dtype in fewer bits."""
    name = str(tensor.dtype).removeprefix("torch.")
    kept = machine.profile.narrowed.get(name)
    if kept is None or not tensor.numel():
        return
    floating = tensor.is_floating_point()
    limits = (torch.finfo if floating else torch.iinfo)(getattr(torch, kept))
    values = tensor[tensor.isfinite()] if floating else tensor
    if not values.numel():
        return
    low, high = torch.aminmax(values)
    if low.item() < limits.min or high.item() > limits.max:
        why = f"{machine.name} keeps {name} in {kept}: a value is out of its range (this run asked for strict dtypes)"
        machine.events.record("dtype", name, machine.events.user_frame(), why, raised=True)
        raise RuntimeError(why)

"""Autocast on the device: the operator lists of the installed torch, read from its header."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import torch

HEADER = os.path.join("include", "ATen", "autocast_mode.h")
LOWER, PROMOTE = "LOWER_PRECISION_FP", "PROMOTE"
POLICIES = (LOWER, "FP32", "FP32_SET_OPT_DTYPE", PROMOTE)


def read_lists() -> dict[str, list[str]]:
    """Operator names by policy; OSError or ValueError when the header is not there or not as expected."""
    path = os.path.join(os.path.dirname(torch.__file__), HEADER)
    with open(path, encoding="utf-8") as file:
        source = file.read().replace("\\\n", " ")
    lists = {}
    for policy in POLICIES:
        match = re.search(rf"#define AT_FORALL_{policy}\(_\)([^\n]*)", source)
        if match is None:
            raise ValueError(f"{path}: no list {policy}")
        found = re.findall(r"_\((\w+)(?:,\s*(\w+))?\)", match[1])
        lists[policy] = [f"{name}.{overload}" if overload else name for name, overload in found]
    return lists


def install_autocast(device: str, keep: list[object]) -> None:
    """Register the autocast kernels of the private-use device."""
    everything = torch.library.Library("_", "IMPL")
    everything.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")
    library = torch.library.Library("aten", "IMPL")
    keep += [everything, library]
    for policy, names in read_lists().items():
        for full in names:
            name, _, overload = full.partition(".")
            packet = getattr(torch.ops.aten, name, None)
            op = getattr(packet, overload or "default", None)
            if op is not None:
                library.impl(full, casting(op, policy, device), "AutocastPrivateUse1")


def casting(op: torch._ops.OpOverload, policy: str, device: str) -> Callable[..., object]:
    """An operator that casts its floating-point tensors first."""
    here = torch._C.DispatchKeySet(torch._C.DispatchKey.AutocastPrivateUse1)

    def kernel(*args: object, **kwargs: object) -> object:
        with torch._C._ExcludeDispatchKeyGuard(here):
            dtype = torch.float32
            if policy == LOWER:
                dtype = torch.get_autocast_dtype(device)
            elif policy == PROMOTE:
                dtype = widest(args, torch.get_autocast_dtype(device))
            lowered = {name: cast(value, dtype) for name, value in kwargs.items()}
            return op(*[cast(value, dtype) for value in args], **lowered)

    return kernel


def cast(value: object, dtype: torch.dtype) -> object:
    if isinstance(value, torch.Tensor):
        eligible = value.get_device() >= 0 and value.is_floating_point() and value.dtype is not torch.float64
        return value.to(dtype) if eligible and value.dtype is not dtype else value
    if isinstance(value, (list, tuple)):
        return type(value)([cast(one, dtype) for one in value])
    return value


def widest(values: tuple[object, ...], dtype: torch.dtype) -> torch.dtype:
    """float32 when one of the device's tensors is, else the autocast dtype."""
    for value in values:
        for one in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(one, torch.Tensor) and one.get_device() >= 0 and one.dtype is torch.float32:
                return torch.float32
    return dtype

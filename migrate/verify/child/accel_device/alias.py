"""Tensors that share their bytes: the host's view of a device tensor and the device's view of a host tensor.

DLPack's device code 12 (`kDLExtDev`, dlpack.h) is what torch takes for its private-use device type. Overwriting the
device field of a capsule that nobody has consumed yet relabels a tensor without a copy, in either direction.
"""

from __future__ import annotations

import ctypes

import torch

_HOST, _EXTENSION = 1, 12

_fields = ctypes.pythonapi.PyCapsule_GetPointer
_fields.restype = ctypes.POINTER(ctypes.c_int64)
_fields.argtypes = [ctypes.py_object, ctypes.c_char_p]
_export, _import = torch._C._to_dlpack, torch._C._from_dlpack


def host_alias(tensor: torch.Tensor) -> torch.Tensor:
    """The CPU tensor over the bytes of a device tensor."""
    capsule = _export(tensor)
    # DLTensor starts with `void* data; int32 device_type; int32 device_id`: the second word is the device.
    _fields(capsule, b"dltensor")[1] = _HOST
    return _import(capsule)


def device_alias(tensor: torch.Tensor, index: int) -> torch.Tensor:
    """The tensor of device `index` over the bytes of a CPU tensor."""
    capsule = _export(tensor)
    _fields(capsule, b"dltensor")[1] = _EXTENSION | index << 32
    return _import(capsule)


def numeric_alias(tensor: torch.Tensor) -> torch.Tensor:
    """The CPU alias with the tensor's lazy conjugate and negative bits, which a capsule loses; a CPU tensor itself."""
    if tensor.get_device() < 0:
        return tensor
    alias = host_alias(tensor)
    if tensor.is_complex() and tensor.is_conj():
        alias = alias.conj()
    return torch._neg_view(alias) if tensor.is_neg() else alias

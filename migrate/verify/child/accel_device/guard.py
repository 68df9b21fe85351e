"""Four C++ virtual functions that torch's Python backend API does not expose.

`DeviceGuardImplInterface::deviceCount` is fixed to 1 there, so the autograd engine aborts on a second device, and
`AcceleratorHooksInterface::getPinnedMemoryAllocator` raises, which some modes of DistributedDataParallel need. Both
stand in vtables of objects that this process owns. A slot's number is counted in the headers of the installed torch,
the class is checked by its RTTI name, the vtable is copied and the copy changed; anything unusual and nothing is
patched. (Itanium C++ ABI: Linux and macOS.)
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable

import torch

ROOT = os.path.dirname(os.path.abspath(torch.__file__))
SLOTS = 48  # more than either class has


def find_slot(header: str, struct: str, function: str) -> int | None:
    """The vtable index of a virtual function, counted in a header of torch; None when it is not there."""
    try:
        with open(os.path.join(ROOT, "include", header), encoding="utf-8") as file:
            source = file.read()
    except OSError:
        return None
    source = re.sub(r"/\*.*?\*/", "", re.sub(r"//[^\n]*", "", source), flags=re.DOTALL)
    _, found, body = source.partition(f"struct {struct}")
    if not found:
        return None
    slot = 0
    for match in re.finditer(r"\bvirtual\s+([^;{]*?)[;{]", body):
        if re.search(rf"\b{function}\s*\(", match[1]):
            return slot
        slot += 2 if "~" in match[1] else 1  # a destructor has two entries
    return None


def class_name(vtable: int) -> str:
    """The mangled name in the RTTI that stands before a vtable."""
    information = ctypes.c_void_p.from_address(vtable - 8).value
    if not information:
        return ""
    name = ctypes.c_char_p.from_address(information + 8).value
    return name.decode() if name else ""


def replace_slots(address: int, expected: str, functions: dict[int, int], keep: list[object]) -> bool:
    """Give one C++ object a vtable of its own with some entries replaced."""
    vtable = ctypes.c_void_p.from_address(address).value
    if not vtable or expected not in class_name(vtable):
        return False
    copy = (ctypes.c_void_p * SLOTS)()
    ctypes.memmove(copy, vtable - 16, 8 * SLOTS)
    for slot, function in functions.items():
        copy[slot + 2] = function
    keep.append(copy)
    ctypes.c_void_p.from_address(address).value = ctypes.addressof(copy) + 16
    return True


def override(
    address: int | None, expected: str, where: tuple[str, str], functions: dict[str, object], keep: list[object]
) -> bool:
    """Replace virtual functions by ctypes callbacks; False when one of them cannot be found."""
    slots = {name: find_slot(*where, name) for name in functions}
    if not address or None in slots.values():
        return False
    keep.extend(functions.values())
    targets = {
        slot: ctypes.cast(functions[name], ctypes.c_void_p).value or 0  # type: ignore[arg-type]
        for name, slot in slots.items()
        if slot is not None
    }
    return replace_slots(address, expected, targets, keep)


def library() -> ctypes.CDLL | None:
    for name in ("libc10.so", "libc10.dylib"):
        path = os.path.join(ROOT, "lib", name)
        if os.path.exists(path):
            return ctypes.CDLL(path)
    return None


def set_device_count(count: int, current: Callable[[], int], keep: list[object]) -> bool:
    """Make torch's device guard see `count` devices, and `current()` as the one in use."""
    c10 = library()
    if c10 is None:
        return False
    try:
        registry = (ctypes.c_void_p * 64).in_dll(c10, "_ZN3c104impl26device_guard_impl_registryE")
    except ValueError:
        return False
    kind = int(torch._C._autograd.DeviceType.PrivateUse1)
    # c10::Device is two signed bytes: type, index
    functions: dict[str, object] = {
        "deviceCount": ctypes.CFUNCTYPE(ctypes.c_int8, ctypes.c_void_p)(lambda this: count),
        "getDevice": ctypes.CFUNCTYPE(ctypes.c_uint16, ctypes.c_void_p)(lambda this: kind | current() << 8),
    }
    where = ("c10/core/impl/DeviceGuardImplInterface.h", "C10_API DeviceGuardImplInterface")
    return override(registry[kind], "PythonDeviceGuard", where, functions, keep)


def set_pinned_allocator(hook: object, keep: list[object]) -> bool:
    """Serve pinned memory from the ordinary allocator; a pointer counts as pinned right after it was allocated so."""
    c10 = library()
    try:
        allocator = c10._ZN3c1022GetDefaultCPUAllocatorEv if c10 is not None else None
    except AttributeError:
        allocator = None
    if allocator is None:
        return False
    allocator.restype = ctypes.c_void_p
    pending: list[bool] = []

    def allocate(this: int) -> int:
        pending.append(True)
        return int(allocator())

    def is_pinned(this: int, pointer: int) -> bool:
        answer = bool(pending)
        pending.clear()
        return answer

    functions: dict[str, object] = {
        "getPinnedMemoryAllocator": ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(allocate),
        "isPinnedPtr": ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p)(is_pinned),
    }
    # pybind11 keeps the pointer to the C++ object right behind the Python object's head
    address = ctypes.c_void_p.from_address(id(hook) + object.__basicsize__).value
    where = ("ATen/detail/AcceleratorHooksInterface.h", "TORCH_API AcceleratorHooksInterface")
    return override(address, "PythonHooks", where, functions, keep)

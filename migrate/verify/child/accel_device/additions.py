"""Names that a vendor's plug-in adds to torch outside of its own module, as `torch.backends.cnnl.allow_tf32`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import reduce
from types import ModuleType

import torch

from accel_device.profile import Name


def counterpart(row: Name) -> object:
    """What the row's CUDA name is in this torch; None when there is none."""
    _, _, dotted = row.rule.partition("api:torch.")
    if not dotted:
        return None
    try:
        return reduce(getattr, dotted.split("."), torch)
    except AttributeError:
        return None


def add_names(names: Mapping[str, Name], stub: Callable[[str], object]) -> None:
    """Give torch the names of the profile that it has not; `stub` makes what the simulation does not model."""
    for dotted, row in names.items():
        home, _, name = dotted.rpartition(".")
        first = dotted.partition(".")[0]
        if not row.exists or "(" in dotted or first not in ("backends", "distributed", "profiler"):
            continue
        parent = find_home(home)
        if parent is not None and not hasattr(parent, name):
            setattr(parent, name, value_of(row, f"torch.{dotted}", stub))


def find_home(dotted: str) -> object:
    """The module or class of torch that a name goes into; a missing module below torch.backends is made."""
    found: object = torch
    for number, part in enumerate(parts := dotted.split(".")):
        if not hasattr(found, part):
            if parts[0] != "backends":
                return None
            made = ModuleType("torch." + ".".join(parts[: number + 1]))
            sys.modules[made.__name__] = made
            setattr(found, part, made)
        found = getattr(found, part)
    return found


def value_of(row: Name, title: str, stub: Callable[[str], object]) -> object:
    """An availability test is true, a setting starts as CUDA's does, a switch of torch's own is that switch."""
    original = counterpart(row)
    if title.endswith("_available"):
        return lambda: True
    if isinstance(original, ModuleType):
        return ModuleType(title)
    return stub(title) if original is None or row.rule.startswith("api:torch.cuda") else original

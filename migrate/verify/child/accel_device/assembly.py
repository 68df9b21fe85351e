"""Putting the simulation together: in torch as soon as it is imported, and when the vendor's package is."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING

from accel_device.schema import OLDEST_TORCH
from accel_device.session import Session, open_session

if TYPE_CHECKING:
    from accel_device.fallback import Fallback

# What the simulation takes from torch that torch does not promise to keep.
PRIVATE = (
    "_C._to_dlpack", "_C._from_dlpack", "_C._AutoDispatchBelowAutograd", "_C._ExcludeDispatchKeyGuard",
    "_C._acc.register_python_privateuseone_hook", "_C._acc.register_python_privateuseone_device_guard",
    "_C.DispatchKey.AutocastPrivateUse1", "_C._autograd.DeviceType.PrivateUse1", "ops.aten.add.Tensor._op_dk",
    "_register_device_module", "UntypedStorage._weak_ref", "UntypedStorage._expired", "UntypedStorage._free_weak_ref",
    "utils.backend_registration._DummyPrivateUse1Hook", "utils.backend_registration._DummyDeviceGuard",
    "cuda._lazy_init", "serialization._validate_device", "distributed.is_available",
)  # fmt: skip
# Composites that a training step calls often.
WHOLE = ("zeros", "zeros_like", "ones", "ones_like", "full", "full_like", "_to_copy", "clone", "_safe_softmax")
OWN_TYPES = ("xpu", "hpu")  # device types of torch's own, which no relabelled tensor can have


def watch_torch() -> None:
    """Patch torch right after its import: leftovers and comparisons are met with or without the vendor's package."""
    session = open_session()
    if session.watching:
        return
    session.watching = True
    check_torch(session)
    import torch

    from accel_device.comparisons import install_comparisons
    from accel_device.leftovers import install_leftovers

    session.events.find_torch(os.path.dirname(torch.__file__))
    session.begin(torch.__version__)
    try:
        install_leftovers(session.events)
        install_comparisons(session.events, session.profile.device)
    except (AttributeError, LookupError, TypeError) as error:
        stop_moved(session, error)


def check_torch(session: Session) -> None:
    """End the process when torch is too old or has no longer what the simulation is built on."""
    import torch

    version = tuple(int(number) for number in re.findall(r"\d+", torch.__version__)[:2])
    if version < OLDEST_TORCH:
        oldest = ".".join(map(str, OLDEST_TORCH))
        session.stop(f"torch {torch.__version__} is too old: the simulated device needs torch {oldest} or later")
    for name in PRIVATE:
        try:
            reduce(getattr, name.split("."), torch)
        except AttributeError:
            session.stop(f"torch {torch.__version__} has no torch.{name}, which the simulated device is built on")


def stop_moved(session: Session, error: Exception) -> None:
    import torch

    why = f"{type(error).__name__}: {error}"
    session.stop(f"torch {torch.__version__} differs from what the simulated device is built on: {why}")


def install(package: str) -> None:
    """Bring the device up; `package` is the stand-in package that is being imported."""
    session = open_session()
    if session.profile.device in OWN_TYPES:
        session.stop(f"{session.profile.device} is a device type of torch's own: it cannot be simulated")
    import torch  # may itself import the package, when torch loads plug-ins

    if session.machine is None:
        check_torch(session)
        session.events.find_torch(os.path.dirname(torch.__file__))
        try:
            build_machine(session)
        except (AttributeError, ImportError, LookupError, OSError, TypeError, ValueError) as error:
            stop_moved(session, error)
    from accel_device.vendor import dress_package

    assert session.machine is not None
    dress_package(session.machine, sys.modules[package])
    watch_torch()


def build_machine(session: Session) -> None:
    """Register the device with torch."""
    import torch
    from torch.utils import backend_registration as registration

    from accel_device.autocast import install_autocast
    from accel_device.collectives import install_collectives
    from accel_device.composites import vendor_kernels
    from accel_device.fallback import Fallback
    from accel_device.guard import set_device_count, set_pinned_allocator
    from accel_device.kernels import Kernels
    from accel_device.machine import Machine
    from accel_device.patches import patch_torch
    from accel_device.runtime import implementations
    from accel_device.vendor import build_vendor

    machine = Machine(session.profile, session.events)
    registration.rename_privateuse1_backend(machine.name)
    activities = torch.profiler.ProfilerActivity
    if not hasattr(activities, machine.name.upper()):  # torch 2.13 does it itself
        setattr(activities, machine.name.upper(), activities.PrivateUse1)
    machine.modelled.update(implementations(machine))
    torch._register_device_module(machine.name, build_vendor(machine))
    registration.generate_methods_for_privateuse1_backend(for_storage=True)
    hook, guard = registration._DummyPrivateUse1Hook(), registration._DummyDeviceGuard()
    machine.kept += [hook, guard]
    torch._C._acc.register_python_privateuseone_hook(hook)
    torch._C._acc.register_python_privateuseone_device_guard(guard)
    if machine.count > 1 and not set_device_count(machine.count, lambda: machine.current.index, machine.kept):
        machine.count = 1
        why = f"torch {torch.__version__} is laid out in another way than known: only one device can be simulated"
        session.events.record("unmodelled", "more than one device", None, why)
    set_pinned_allocator(hook, machine.kept)
    fallback = Fallback(machine, Kernels(machine).table())
    register_kernels(machine.kept, fallback, vendor_kernels(machine, fallback.operators))
    patch_torch(machine)
    install_autocast(machine.name, machine.kept)
    install_collectives(machine)
    session.machine, session.fallback = machine, fallback


def register_kernels(kept: list[object], fallback: Fallback, kernels: Mapping[str, object]) -> None:
    """The boxed fallback, and kernels for what stock torch leaves to vendors."""
    import torch

    from accel_device.attention import attend

    everything = torch.library.Library("_", "IMPL")
    everything.fallback(fallback, "PrivateUse1")
    aten = torch.library.Library("aten", "IMPL")
    kept += [everything, aten]
    for key in ("Conjugate", "Negative"):  # else a clone copies, which resolves, which clones
        aten.impl("_copy_from", torch.library.fallthrough_kernel, key)
    for above in ("AutogradPrivateUse1", "PrivateUse1"):
        aten.impl("scaled_dot_product_attention", attend, above)
    for name, kernel in kernels.items():
        aten.impl(name, kernel, "PrivateUse1")
    for name in whole_operators():
        if name not in kernels:
            aten.impl(name, fallback.whole(name), "PrivateUse1")


def whole_operators() -> list[str]:
    """Operators that torch would run on a new device as several: one that allocates and one that writes, or worse."""
    import torch

    from accel_device.operators import METADATA

    has = torch._C._dispatch_has_kernel_for_dispatch_key
    chosen = []
    for full in sorted(torch._C._dispatch_get_all_op_names()):
        name = full.removeprefix("aten::")
        if name == full or full in METADATA or name.partition(".")[2].endswith("out"):
            continue
        structured = has(full, "CompositeExplicitAutogradNonFunctional")
        optional = has(full, "CompositeExplicitAutograd") or has(full, "CompositeImplicitAutograd")
        if structured or name in WHOLE or (optional and (has(full, "CPU") or name.startswith("_foreach_"))):
            chosen.append(name)
    return chosen

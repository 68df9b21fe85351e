"""The vendor's process group backend, carried by gloo on the CPU aliases.

c10d's own kernels for the private-use key would hand device tensors to gloo, which refuses them. One wrapper replaces
them: it runs the same operator on a hidden gloo group and gives back device tensors, also in the future that
DistributedDataParallel's reducer reads.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from accel_device.alias import host_alias
from accel_device.machine import Machine

if TYPE_CHECKING:
    from datetime import timedelta

    from torch.distributed import ProcessGroup, Store, Work

    Hidden = dict[int, tuple[ProcessGroup, ProcessGroup, object]]  # gloo, the group around it and its boxed form

OPERATORS = (
    "allreduce_", "allreduce_coalesced_", "broadcast_", "allgather_", "_allgather_base_",
    "allgather_into_tensor_coalesced_", "reduce_scatter_", "_reduce_scatter_base_",
    "reduce_scatter_tensor_coalesced_", "reduce_", "gather_", "scatter_", "alltoall_", "alltoall_base_", "barrier",
    "send", "recv_", "recv_any_source_",
)  # fmt: skip


def install_collectives(machine: Machine) -> None:
    """Register the vendor's backend and the kernels of c10d for its tensors."""
    import torch.distributed as dist

    if not machine.profile.backend or not dist.is_available() or not dist.is_gloo_available():
        return
    hidden: Hidden = {}
    dist.Backend.register_backend(machine.profile.backend, group_maker(machine, hidden), devices=[machine.name])
    dist.Backend.default_device_backend_map[machine.name] = machine.profile.backend
    library = torch.library.Library("c10d", "IMPL")
    machine.kept.append(library)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of a kernel that replaces another
        for name in OPERATORS:
            packet = getattr(torch.ops.c10d, name, None)
            if packet is not None:
                library.impl(name, Collective(machine, packet.default, hidden), "PrivateUse1", allow_override=True)


def group_maker(machine: Machine, hidden: Hidden) -> Callable[..., object]:
    """Makes the gloo group of a process group, and keeps the hidden one that serves its device tensors."""
    import torch.distributed as dist
    from torch._C import _distributed_c10d as c10d

    def make(store: Store, rank: int, size: int, timeout: timedelta) -> object:
        gloo = c10d.ProcessGroupGloo(store, rank, size, timeout)
        group = dist.ProcessGroup(store, rank, size)
        group._register_backend(torch.device("cpu"), dist.ProcessGroup.BackendType.GLOO, gloo)
        group._set_default_backend(dist.ProcessGroup.BackendType.GLOO)
        if machine.rank is None:
            machine.rank = rank
        hidden[id(gloo)] = (gloo, group, group.boxed())
        return gloo

    return make


class Collective:
    """One operator of c10d for device tensors."""

    def __init__(self, machine: Machine, op: torch._ops.OpOverload, hidden: Hidden) -> None:
        self.machine, self.op, self.hidden = machine, op, hidden
        arguments = op._schema.arguments
        self.name = op._schema.name.removeprefix("c10d::")
        self.group = [argument.name for argument in arguments].index("process_group")
        self.result = next((i for i, argument in enumerate(arguments) if "Tensor" in str(argument.type)), None)

    def __call__(self, *args: object) -> object:
        import torch.distributed as dist
        from torch._C import _distributed_c10d as c10d

        self.machine.start()
        real = dist.ProcessGroup.unbox(args[self.group])
        gloo, _, boxed = self.hidden[id(real._get_backend(torch.device(self.machine.name)))]
        lowered = [self.lower(value) for value in args]
        lowered[self.group] = boxed
        if self.name in ("_allgather_base_", "_reduce_scatter_base_"):
            lowered[:2] = [flat(value)[0].view(-1) for value in lowered[:2]]  # gloo cuts dim 0
        elif self.name == "barrier":
            lowered[0] = torch.empty(0, device="cpu")
        result = args[self.result] if self.result is not None else []
        try:
            answer = self.op(*lowered)
            work = c10d.Work.unbox(answer[-1] if isinstance(answer, tuple) else answer)
        except (RuntimeError, ValueError) as error:
            if "AVG" not in str(error) or not self.name.startswith("allreduce"):
                raise
            answer, work = (None, None), average(gloo, flat(lowered[0]))
        try:
            future = work.get_future().then(lambda done: (done.wait(), flat(result))[1])
            work = c10d._create_work_from_future(future)
        except RuntimeError:  # sending and receiving have no future
            pass
        return (result, work.boxed()) if isinstance(answer, tuple) else work.boxed()

    def lower(self, value: object) -> object:
        if isinstance(value, (list, tuple)):
            return [self.lower(one) for one in value]
        if not isinstance(value, torch.Tensor):
            return value
        if value.get_device() >= 0:
            if not value.is_contiguous():
                raise ValueError("Tensors must be contiguous")
            return host_alias(value)
        if value.numel():
            backend = self.machine.profile.backend
            why = f"No backend type associated with device type {value.device.type} ({backend})"
            what = f"{self.name} of a {value.device.type} tensor on {backend}"
            self.machine.events.record("mixed", what, self.machine.events.user_frame(), why, raised=True)
            raise RuntimeError(why)
        return value


def average(gloo: ProcessGroup, tensors: list[torch.Tensor]) -> Work:
    """AVG, which gloo has not: the sum, divided."""
    work = gloo.allreduce(tensors)
    work.wait()
    for tensor in tensors:
        tensor.div_(gloo.size())
    return work


def flat(value: object) -> list[torch.Tensor]:
    """The tensors of nested lists."""
    if isinstance(value, (list, tuple)):
        return [tensor for one in value for tensor in flat(one)]
    assert isinstance(value, torch.Tensor)
    return [value]

"""The kernel behind every operator of the device."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import torch

from accel_device.call import HOST_KEY, Call
from accel_device.machine import Machine
from accel_device.operators import METADATA, Operator

Kernel = Callable[..., object]


class Fallback:
    """The boxed kernel of the private-use dispatch key."""

    def __init__(self, machine: Machine, special: dict[str, Kernel]) -> None:
        self.machine = machine
        self.special = special
        self.operators: dict[int, Operator] = {}
        self.kernels: dict[int, Kernel] = {}

    def __call__(self, op: torch._ops.OpOverload, *args: object, **kwargs: object) -> object:
        kernel = self.kernels.get(id(op)) or self.choose(op)
        return kernel(*args, **kwargs)

    def whole(self, name: str) -> Kernel:
        """The kernel of an operator by its name in the library `aten`."""
        packet, _, overload = name.partition(".")
        op = getattr(getattr(torch.ops.aten, packet), overload or "default")

        def first(*args: object, **kwargs: object) -> object:
            return (self.kernels.get(id(op)) or self.choose(op))(*args, **kwargs)

        return first

    def choose(self, op: torch._ops.OpOverload) -> Kernel:
        """How an operator is run, decided at its first call."""
        machine, plan = self.machine, Operator(op)
        self.operators[id(op)] = plan
        special = self.special.get(plan.name)
        if special is not None:

            def kernel(*args: object, **kwargs: object) -> object:
                began = perf_counter()
                plan.count += 1
                result = special(*args, **kwargs)
                machine.seconds += perf_counter() - began
                return result

        elif plan.name in METADATA:
            call = op._op_dk

            def kernel(*args: object, **kwargs: object) -> object:
                return call(HOST_KEY, *args, **kwargs)

        else:
            run = Call(machine, plan)
            kernel = run.simple if plan.simple else run.general
        self.kernels[id(op)] = kernel
        return kernel

    def counts(self) -> dict[str, int]:
        """How often each operator ran on the device."""
        counts = [(plan.name, plan.count) for plan in self.operators.values() if plan.count]
        return dict(sorted(counts))

    def forget(self) -> None:
        """Start counting again: a child of fork has done nothing yet."""
        for plan in self.operators.values():
            plan.count = 0

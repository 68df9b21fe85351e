"""Running one operator: lower its arguments to the CPU, call it there, label the results with the device."""

from __future__ import annotations

from time import perf_counter

import torch
from torch import Tensor
from torch._C import DispatchKey

from accel_device.alias import device_alias, host_alias, numeric_alias
from accel_device.machine import Machine
from accel_device.operators import SAME, Operator
from accel_device.strict import check_dtype

HOST_KEY = DispatchKey.CPU
_as_strided = torch.ops.aten.as_strided.default._op_dk
_set_storage = torch.ops.aten.set_.source_Storage_storage_offset._op_dk


class Call:
    """Runs one operator."""

    __slots__ = ("call", "machine", "memory", "plan", "strict")

    def __init__(self, machine: Machine, plan: Operator) -> None:
        self.machine, self.plan = machine, plan
        self.memory = machine.memory
        self.strict = machine.profile.strict_dtypes
        self.call = plan.call

    def simple(self, *args: object, **kwargs: object) -> object:
        """One new tensor from the arguments: nothing else is written, aliased or random."""
        began, machine, plan = perf_counter(), self.machine, self.plan
        if not machine.started or machine.forked:
            machine.start()
        plan.count += 1
        lowered, index, host = self.lower(args, -1)
        if kwargs:
            values, index, more = self.lower(tuple(kwargs.values()), index)
            kwargs, host = dict(zip(kwargs, values, strict=True)), host or more
        if host and index >= 0 and not plan.mixes:
            raise self.mixed(index, "cpu")
        try:
            result = self.call(*lowered, **kwargs)
        except (RuntimeError, TypeError) as error:
            return self.retry(error, args, kwargs)
        if index < 0:
            index = machine.current.index
        labelled = self.label(result, index)
        machine.seconds += perf_counter() - began
        return labelled

    def general(self, *args: object, **kwargs: object) -> object:
        """Any operator: factories, in-place and out= variants, views, random ones, several results."""
        began, machine, plan = perf_counter(), self.machine, self.plan
        if not machine.started or machine.forked:
            machine.start()
        plan.count += 1
        lowered, index, host = self.lower(args, -1)
        values, index, more = self.lower(tuple(kwargs.values()), index)
        named = dict(zip(kwargs, values, strict=True))
        if (host or more) and index >= 0 and not plan.mixes:
            raise self.mixed(index, "cpu")
        target = self.take_device(lowered, named) if plan.device is not None else None
        if target is not None and target.type != "cpu":
            index = machine.index_of(target)
        elif index < 0:
            index = machine.current.index
        fresh = self.replace_outputs(kwargs, named) if plan.outputs else {}
        try:
            result = self.draw(lowered, named, index) if plan.seeded else self.call(*lowered, **named)
        except (RuntimeError, TypeError) as error:
            return self.retry(error, args, kwargs)
        if target is not None and target.type == "cpu":
            return result
        for output, value in fresh.items():
            fill_output(kwargs[output], value)
        labelled = self.label_all(result, args, kwargs, index)
        machine.seconds += perf_counter() - began
        return labelled

    def lower(self, values: tuple[object, ...], index: int) -> tuple[list[object], int, bool]:
        """CPU aliases of arguments, the device they were on (-1: none), and whether a CPU tensor was among them."""
        plan, host, lowered = self.plan, False, []
        for value in values:
            if isinstance(value, Tensor):
                at = value.get_device()
                if at >= 0:
                    if at != index:
                        if index < 0:
                            index = at
                        elif not plan.mixes:
                            raise self.mixed(index, f"{self.machine.name}:{at}")
                    value = numeric_alias(value) if plan.lazy else host_alias(value)
                elif value.dim() or plan.no_scalars:
                    host = host or value.is_cpu
                elif value.requires_grad:
                    value = value.detach()
            elif isinstance(value, (list, tuple)):
                value, index, more = self.lower(tuple(value), index)
                host = host or more
            lowered.append(value)
        return lowered, index, host

    def mixed(self, index: int, other: str) -> RuntimeError:
        """The error for tensors on two devices."""
        machine, name = self.machine, self.plan.name
        why = (
            "Expected all tensors to be on the same device, but found at least two devices, "
            f"{machine.name}:{index} and {other}! (when running {name} on the simulated {machine.name})"
        )
        machine.events.record("mixed", name, machine.events.user_frame(), why, raised=True)
        return RuntimeError(why)

    def take_device(self, lowered: list[object], named: dict[str, object]) -> torch.device | None:
        """The device a factory was asked for; the CPU takes its place among the arguments."""
        position, host = self.plan.device, torch.device("cpu")
        target = None
        if "device" in named:
            target = named["device"]
            named["device"] = host if target is not None else None
        elif position is not None and position < len(lowered):
            target = lowered[position]
            lowered[position] = host if target is not None else None
        if named.get("pin_memory"):
            named["pin_memory"] = False
        return target

    def replace_outputs(self, kwargs: dict[str, object], named: dict[str, object]) -> dict[str, Tensor]:
        """Empty CPU tensors for the outputs that the kernel is to resize: an alias cannot be."""
        fresh = {}
        for output in self.plan.outputs:
            tensor = kwargs.get(output)
            if isinstance(tensor, Tensor) and tensor.get_device() >= 0 and (not tensor.numel() or self.plan.fresh):
                fresh[output] = named[output] = torch.empty(0, dtype=tensor.dtype, device="cpu")
        return fresh

    def draw(self, lowered: list[object], named: dict[str, object], index: int) -> object:
        """Call a random operator with the device's generator, or with the device generator it was given."""
        machine, position = self.machine, self.plan.generator
        if machine.profile.shared_random:
            return self.call(*lowered, **named)
        if position is None:
            with machine.lock:  # it reads torch's default generator: lend it the device's state
                kept = torch.default_generator.get_state()
                torch.default_generator.set_state(machine.generators[index].step().get_state())
                try:
                    return self.call(*lowered, **named)
                finally:
                    torch.default_generator.set_state(kept)
        name = self.plan.names[position]
        given = lowered[position] if position < len(lowered) else named.get(name)
        if given is not None:
            if not machine.owns(given):
                raise RuntimeError(f"Expected a '{machine.name}' device type for generator but found 'cpu'")
        elif position < len(lowered):
            lowered[position] = machine.generators[index].step()
        else:
            named[name] = machine.generators[index].step()
        return self.call(*lowered, **named)

    def retry(self, error: Exception, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        """Call once more what failed for a reason of the simulation's; else raise the error."""
        plan, text = self.plan, str(error)
        if "Expected a value of type 'Tensor'" in text or "to be Tensor, but got" in text:
            # a number that stands for a tensor arrives as the number
            numbers = [
                wanted and isinstance(value, complex | int | float)
                for value, wanted in zip(args, plan.tensors, strict=False)
            ]
            if any(numbers):
                given = zip(args, numbers, strict=True)
                return plan.call(*[torch.tensor(one, device="cpu") if bare else one for one, bare in given], **kwargs)
        if plan.outputs and not plan.fresh and "not resizable" in text:
            plan.fresh = True
            return self.general(*args, **kwargs)
        if isinstance(error, NotImplementedError) and "with arguments from the 'CPU' backend" in text:
            self.machine.refuse(plan.name)
        if isinstance(error, NotImplementedError) and " not implemented for " in text:
            self.machine.events.record(
                "unmodelled", plan.name, self.machine.events.user_frame(), f"the CPU cannot: {text}", raised=True
            )
        raise error

    def label_all(self, result: object, args: tuple[object, ...], kwargs: dict[str, object], index: int) -> object:
        """The results as tensors of the device: new ones, the arguments written to, or views of them."""
        returns = self.plan.returns
        if not returns:
            return None
        if len(returns) == 1:
            return self.relate(returns[0], result, args, kwargs, index)
        assert isinstance(result, tuple)
        return tuple(self.relate(kind, one, args, kwargs, index) for kind, one in zip(returns, result, strict=True))

    def relate(
        self,
        kind: tuple[str, int] | None,
        result: object,
        args: tuple[object, ...],
        kwargs: dict[str, object],
        index: int,
    ) -> object:
        if kind is not None:
            source = self.plan.argument(kind[1], args, kwargs)
            if kind[0] == SAME:
                return source
            if isinstance(result, Tensor) and isinstance(source, Tensor) and source.dtype == result.dtype:
                return view_of(source, result)
        if isinstance(result, (list, tuple)):
            return [self.relate(kind, one, args, kwargs, index) for one in result]
        return self.label(result, index) if isinstance(result, Tensor) else result

    def label(self, result: Tensor, index: int) -> Tensor:
        """A new tensor of the CPU as one of the device."""
        if result.layout is not torch.strided:
            self.machine.refuse(f"a {str(result.layout).removeprefix('torch.')} tensor ({self.plan.name})")
        if not result.is_cpu:
            return result
        if self.plan.lazy:
            result = result.resolve_conj().resolve_neg()
        if self.strict:
            check_dtype(self.machine, result.dtype)
        self.memory[index].add(result.untyped_storage())
        return device_alias(result, index)


def view_of(source: Tensor, result: Tensor) -> Tensor:
    """The view of a device tensor that a CPU kernel made of its alias."""
    offset = source.storage_offset()
    if result.numel():
        offset += (result.data_ptr() - source.data_ptr()) // result.element_size()
    return _as_strided(HOST_KEY, source, result.shape, result.stride(), offset)


def fill_output(output: object, value: Tensor) -> None:
    """Give an out= tensor the result that was computed apart from it."""
    assert isinstance(output, Tensor)
    if output.shape == value.shape:
        if value.numel():
            host_alias(output).copy_(value)
    else:
        storage = device_alias(value, output.get_device()).untyped_storage()
        _set_storage(HOST_KEY, output, storage, 0, list(value.shape), list(value.stride()))

"""Operators whose stock kernel says "the vendor must supply this one"."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from accel_device.call import Call
from accel_device.machine import Machine
from accel_device.operators import Operator

Kernel = Callable[..., object]
Maybe: TypeAlias = "Tensor | None"


def vendor_kernels(machine: Machine, operators: dict[int, Operator]) -> dict[str, Kernel]:
    """Kernels by operator name, for the private-use key of the `aten` library."""
    aten = torch.ops.aten

    def forward(op: torch._ops.OpOverload) -> Kernel:
        plan = operators[id(op)] = Operator(op)
        return Call(machine, plan).general

    convolve, differentiate = forward(aten.convolution.default), forward(aten.convolution_backward.default)

    def convolution_backward(
        gradient: Tensor, source: Tensor, weight: Tensor, stride: list[int], padding: list[int], dilation: list[int],
        transposed: bool, output_padding: list[int], groups: int, mask: list[bool],
    ) -> object:  # fmt: skip
        bias = [weight.shape[1] * groups if transposed else weight.shape[0]]
        settings = (stride, padding, dilation, transposed, output_padding, groups, mask)
        return differentiate(gradient, source, weight, bias, *settings)

    return {
        "convolution_overrideable": convolve,
        "convolution_backward_overrideable": convolution_backward,
        # lets Module.to() keep the identity of parameters, as vendors do
        "_has_compatible_shallow_copy_type": lambda one, other: one.layout == other.layout == torch.strided,
        "_thnn_fused_lstm_cell": lstm_cell,
        "_thnn_fused_lstm_cell_backward_impl": lstm_cell_backward,
        "_thnn_fused_gru_cell": gru_cell,
        "_thnn_fused_gru_cell_backward": gru_cell_backward,
        "batch_norm_stats": norm_statistics,
        "batch_norm_gather_stats_with_counts": gather_statistics,
        "batch_norm_elemt": normalize,
        "batch_norm_backward_reduce": reduce_gradient,
        "batch_norm_backward_elemt": normalize_backward,
    }


def lstm_cell(inputs: Tensor, hidden: Tensor, cell: Tensor, bias: Maybe = None, more: Maybe = None) -> object:
    gates = inputs + hidden
    if bias is not None:
        gates = gates + bias + more
    enter, forget, fresh, leave = gates.chunk(4, 1)
    enter, forget, fresh, leave = enter.sigmoid(), forget.sigmoid(), fresh.tanh(), leave.sigmoid()
    new = forget * cell + enter * fresh
    return leave * new.tanh(), new, torch.cat([enter, forget, fresh, leave], 1)


def lstm_cell_backward(
    hidden: Maybe, cell: Maybe, before: Tensor, after: Tensor, workspace: Tensor, biased: bool
) -> object:
    if hidden is None and cell is None:
        return None, None, None
    enter, forget, fresh, leave = workspace.chunk(4, 1)
    squashed = after.tanh()
    if hidden is None:
        hidden = torch.zeros_like(after)
    flow = hidden * leave * (1 - squashed * squashed)
    if cell is not None:
        flow = flow + cell
    parts = [
        flow * fresh * enter * (1 - enter),
        flow * before * forget * (1 - forget),
        flow * enter * (1 - fresh * fresh),
        hidden * squashed * leave * (1 - leave),
    ]
    gates = torch.cat(parts, 1)
    return gates, flow * forget, gates.sum(0) if biased else None


def gru_cell(inputs: Tensor, hidden: Tensor, before: Tensor, bias: Maybe = None, more: Maybe = None) -> object:
    if bias is not None:
        inputs, hidden = inputs + bias, hidden + more
    reset_in, update_in, new_in = inputs.chunk(3, 1)
    reset_hidden, update_hidden, new_hidden = hidden.chunk(3, 1)
    reset, update = (reset_in + reset_hidden).sigmoid(), (update_in + update_hidden).sigmoid()
    new = (new_in + reset * new_hidden).tanh()
    return (before - new) * update + new, torch.cat([reset, update, new, before, new_hidden], 1)


def gru_cell_backward(gradient: Tensor, workspace: Tensor, biased: bool) -> object:
    reset, update, new, before, hidden = workspace.chunk(5, 1)
    to_new = gradient * (1 - update) * (1 - new * new)
    to_update = gradient * (before - new) * update * (1 - update)
    to_reset = to_new * hidden * reset * (1 - reset)
    inputs = torch.cat([to_reset, to_update, to_new], 1)
    states = torch.cat([to_reset, to_update, to_new * reset], 1)
    biases = (inputs.sum(0), states.sum(0)) if biased else (None, None)
    return inputs, states, gradient * update, *biases


def by_channel(values: Tensor, like: Tensor) -> Tensor:
    return values.view([1, -1] + [1] * (like.dim() - 2))


def other_dims(tensor: Tensor) -> list[int]:
    return [dim for dim in range(tensor.dim()) if dim != 1]


def norm_statistics(source: Tensor, eps: float) -> object:
    wide = source.float()
    return wide.mean(other_dims(source)), (wide.var(other_dims(source), unbiased=False) + eps).rsqrt()


def gather_statistics(
    source: Tensor, mean: Tensor, inverse: Tensor, running_mean: Maybe, running_var: Maybe, momentum: float,
    eps: float, counts: Tensor,
) -> object:  # fmt: skip
    weights = counts.view(-1, 1).to(mean.dtype)
    total = weights.sum()
    middle = (mean * weights).sum(0) / total
    variance = ((inverse.pow(-2) - eps + (mean - middle).pow(2)) * weights).sum(0) / total
    if running_mean is not None:
        running_mean.mul_(1 - momentum).add_(middle.to(running_mean.dtype) * momentum)
    if running_var is not None:
        running_var.mul_(1 - momentum).add_((variance * total / (total - 1)).to(running_var.dtype) * momentum)
    return middle, (variance + eps).rsqrt()


def normalize(source: Tensor, weight: Maybe, bias: Maybe, mean: Tensor, inverse: Tensor, eps: float) -> Tensor:
    centred = (source - by_channel(mean, source)) * by_channel(inverse, source)
    if weight is not None:
        centred = centred * by_channel(weight, source) + by_channel(bias, source)
    return centred.to(source.dtype)


def reduce_gradient(
    gradient: Tensor, source: Tensor, mean: Tensor, inverse: Tensor, weight: Maybe, *wanted: bool
) -> object:
    total = gradient.sum(other_dims(source))
    product = (gradient * (source - by_channel(mean, source))).sum(other_dims(source))
    return total, product, product * inverse if wanted[1] else None, total.clone() if wanted[2] else None


def normalize_backward(
    gradient: Tensor, source: Tensor, mean: Tensor, inverse: Tensor, weight: Maybe, total: Tensor, product: Tensor,
    counts: Tensor,
) -> Tensor:  # fmt: skip
    count = counts.sum()
    scale = inverse if weight is None else inverse * weight
    centred = source - by_channel(mean, source)
    slope = by_channel(inverse.pow(2) * product / count, source)
    flow = gradient - by_channel(total / count, source) - centred * slope
    return (flow * by_channel(scale, source)).to(source.dtype)

"""The part of opinfo.py that runs on the simulated device: package, step and the file for the answer as arguments."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.utils._pytree import tree_flatten, tree_map

SAMPLES = 12  # per entry
# Memory that nobody wrote has no value to compare.
UNWRITTEN = {"empty", "empty_like", "empty_permuted", "empty_strided", "new_empty", "new_empty_strided"}
# Their samples are made for the CPU, or need a layout of the CPU's.
ELSEWHERE = {
    "to": "a sample asks for the CPU",
    "tensor_split": "a sample's indices have to be on the CPU, on a device as well",
    "as_strided.partial_views": "a sample lies in a storage that moving to a device makes smaller",
}


class DifferentError(Exception):
    """A result that is not the CPU's."""


def dtype_of(op: Any) -> torch.dtype | None:
    wanted = (torch.float32, torch.complex64, torch.int64, torch.bool)
    return next((dtype for dtype in wanted if dtype in op.dtypes), None)


def tensors(tree: object) -> list[torch.Tensor]:
    return [leaf for leaf in tree_flatten(tree)[0] if isinstance(leaf, torch.Tensor)]


def moved(tree: object, device: str) -> Any:
    """The same arguments on the device."""

    def move(leaf: object) -> object:
        if isinstance(leaf, torch.Tensor):
            return leaf.detach().to(device).requires_grad_(leaf.requires_grad)
        return torch.device(device) if isinstance(leaf, torch.device) else leaf

    return tree_map(move, tree)


def compare(expected: list[torch.Tensor], found: list[torch.Tensor], what: str) -> None:
    if len(expected) != len(found):
        raise DifferentError(f"{what}: {len(found)} tensors instead of {len(expected)}")
    for one, other in zip(expected, found, strict=True):
        try:
            close = {"rtol": 1e-4, "atol": 1e-4, "equal_nan": True, "check_device": False}
            torch.testing.assert_close(other.detach().cpu(), one.detach(), **close)
        except AssertionError as error:
            raise DifferentError(f"{what}: {str(error).splitlines()[0]}") from None


def gradients(outputs: object, inputs: object) -> list[torch.Tensor]:
    leaves = [one for one in tensors(inputs) if one.requires_grad]
    roots = [one.sum() for one in tensors(outputs) if one.requires_grad and one.is_floating_point()]
    if not leaves or not roots:
        return []
    found = torch.autograd.grad(roots, leaves, allow_unused=True)
    return [torch.zeros(()) if one is None else one for one in found]


def run_twice(op: Any, sample: Any, device: str) -> None:
    """Run a sample on the CPU and on the device. Raises `DifferentError`, or what the device raises."""
    given = (sample.input, sample.args, {**sample.kwargs})
    torch.manual_seed(1)
    try:
        expected = op(given[0], *given[1], **given[2])
    except Exception:  # a sample that the CPU refuses says nothing of the device
        return
    if isinstance(given[2].get("device"), str):
        given[2]["device"] = device
    there = moved(given, device)
    torch.manual_seed(1)
    found = op(there[0], *there[1], **there[2])
    compare(tensors(expected), tensors(found), "result")
    if op.supports_autograd:
        compare(gradients(expected, given), gradients(found, there), "gradient")


def states(device: str, every: int) -> Iterator[tuple[str, str]]:
    """What became of each entry, and its name."""
    for op in op_db[::every]:
        name, dtype = op.name + (f".{op.variant_test_name}" if op.variant_test_name else ""), dtype_of(op)
        if dtype is None or name in ELSEWHERE:
            yield "left out", f"{name}: {ELSEWHERE.get(name, 'no dtype on the CPU')}"
            continue
        if name in UNWRITTEN:
            yield "left out", f"{name}: leaves memory unwritten"
            continue
        differentiable = op.supports_autograd and dtype.is_floating_point
        try:
            for sample in islice(op.sample_inputs("cpu", dtype, requires_grad=differentiable), SAMPLES):
                run_twice(op, sample, device)
        except DifferentError as error:
            yield "different", f"{name}: {error}"
        except Exception as error:  # whatever an operator raises is what this is to find out
            yield "failed", f"{name}: {type(error).__name__}: {str(error).partition('. ')[0][:150]}"
        else:
            yield "equal", name


def main() -> None:
    package, every, answer = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    __import__(package)
    device = str(torch.accelerator.current_accelerator())
    found: dict[str, list[str]] = defaultdict(list)
    for state, name in states(device, every):
        found[state].append(name)
    with open(answer, "w", encoding="utf-8") as file:
        json.dump(found, file)


if __name__ == "__main__":
    main()

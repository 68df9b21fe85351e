"""What an operator's schema says about running it on CPU aliases of its tensors."""

from __future__ import annotations

import torch

# Operators that a device accepts with a CPU tensor next to its own.
MIXING = frozenset((
    "aten::copy_", "aten::_copy_from", "aten::_to_copy", "aten::_copy_from_and_resize", "aten::copy",
    "aten::_foreach_copy_", "aten::set_data", "aten::index", "aten::index_put", "aten::index_put_",
    "aten::_index_put_impl_", "aten::_unsafe_index", "aten::_unsafe_index_put", "aten::_pack_padded_sequence",
    "aten::_ctc_loss",
))  # fmt: skip
# Operators in which even a CPU tensor without dimensions is on the wrong device.
NO_SCALARS = frozenset(("aten::cat", "aten::stack"))
# Operators that touch metadata only: the CPU kernel takes the device tensor as it is.
METADATA = frozenset((
    "aten::as_strided", "aten::as_strided_", "aten::view", "aten::view.dtype", "aten::_reshape_alias", "aten::unfold",
    "aten::alias", "aten::detach", "aten::set_", "aten::set_.source_Storage", "aten::set_.source_Tensor",
    "aten::set_.source_Storage_storage_offset",
))  # fmt: skip
# Their CPU kernels resize the output more than once.
REALLOCATING = frozenset(("aten::mse_loss.out", "aten::smooth_l1_loss.out", "aten::huber_loss.out"))

SAME, VIEW = "same", "view"


class Operator:
    """The plan of one overload; `count` is how often it ran on the device."""

    __slots__ = (
        "call", "count", "device", "fresh", "generator", "lazy", "mixes", "name", "names", "no_scalars", "op",
        "outputs", "returns", "seeded", "simple", "tensors",
    )  # fmt: skip

    def __init__(self, op: torch._ops.OpOverload) -> None:
        schema = op._schema
        self.op, self.call = op, op._op
        self.count = 0
        self.name = f"{schema.name}.{schema.overload_name}" if schema.overload_name else schema.name
        self.names = [argument.name for argument in schema.arguments]
        self.mixes = self.name in MIXING or schema.name in MIXING
        self.no_scalars = schema.name in NO_SCALARS
        self.tensors = [str(argument.type) == "Tensor" for argument in schema.arguments]
        self.outputs = [argument.name for argument in schema.arguments if argument.is_out]
        self.fresh = self.name in REALLOCATING
        # torch resolves lazy bits before it calls a kernel, but for operators that have said that they see to them
        self.lazy = any(
            torch._C._dispatch_has_kernel_for_dispatch_key(self.name, key) for key in ("Conjugate", "Negative")
        )
        self.seeded = torch.Tag.nondeterministic_seeded in op.tags
        self.device = self.names.index("device") if "device" in self.names else None
        kinds = [str(argument.type) for argument in schema.arguments]
        self.generator = next((i for i, kind in enumerate(kinds) if "Generator" in kind), None)
        self.returns = [aliased(returned, schema.arguments) for returned in schema.returns]
        # One new tensor and no special argument: what nine of ten calls are.
        special = self.outputs or self.seeded or self.device is not None
        self.simple = not special and self.returns == [None] and str(schema.returns[0].type) == "Tensor"

    def argument(self, position: int, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        return args[position] if position < len(args) else kwargs.get(self.names[position])


def aliased(returned: torch._C.Argument, arguments: list[torch._C.Argument]) -> tuple[str, int] | None:
    """Which argument a return value is, or is a view of."""
    if returned.alias_info is None:
        return None
    wanted = set(returned.alias_info.before_set)
    for position, argument in enumerate(arguments):
        if argument.alias_info is not None and wanted & set(argument.alias_info.before_set):
            return (SAME if returned.alias_info.is_write else VIEW, position)
    return None

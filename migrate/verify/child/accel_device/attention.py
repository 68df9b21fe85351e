"""Scaled dot product attention: by the CPU's flash kernel where the CPU itself takes it, so that results are the same.

On a new device torch computes it by its parts, which rounds otherwise.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend

from accel_device.alias import host_alias

_attention = torch.ops.aten.scaled_dot_product_attention.default
_flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu.default


def attend(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, dropout: float = 0.0, causal: bool = False,
    *, scale: float | None = None, enable_gqa: bool = False,
) -> object:  # fmt: skip
    """The kernel of `scaled_dot_product_attention`, above autograd."""
    given = [one for one in (query, key, value, mask) if one is not None]
    learned = mask is not None and mask.requires_grad
    if query.dim() == 4 and not enable_gqa and not learned and all(one.get_device() >= 0 for one in given):
        hosts = [host_alias(one.detach()) for one in given]
        chosen = torch._fused_sdp_choice(*hosts, dropout_p=dropout, is_causal=causal, scale=scale)
        if chosen == SDPBackend.FLASH_ATTENTION.value:
            if mask is not None and mask.dtype is torch.bool:
                allowed = mask
                mask = torch.zeros_like(allowed, dtype=query.dtype).masked_fill_(~allowed, float("-inf"))
            return _flash(query, key, value, dropout, causal, attn_mask=mask, scale=scale)[0]
    return _attention.decompose(query, key, value, mask, dropout, causal, scale=scale, enable_gqa=enable_gqa)

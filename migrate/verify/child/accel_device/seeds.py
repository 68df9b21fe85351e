"""The random generators of the devices: separate from the CPU's, with a state of seed and offset."""

from __future__ import annotations

import os

import torch


class DeviceGenerator:
    """Counter-based as the Philox generators of devices are: 16 bytes of state, one step a random operator."""

    def __init__(self, seed: int) -> None:
        self.host = torch._C.Generator("cpu")
        self.manual_seed(seed)

    def manual_seed(self, seed: int) -> None:
        self.value, self.offset = int(seed) & (2**63 - 1), 0

    def seed(self) -> int:
        self.manual_seed(int.from_bytes(os.urandom(7), "little"))
        return self.value

    def get_state(self) -> torch.Tensor:
        return torch.tensor([self.value, self.offset], dtype=torch.int64, device="cpu").view(torch.uint8)

    def set_state(self, state: torch.Tensor) -> None:
        if state.dtype != torch.uint8 or state.numel() != 16:
            raise RuntimeError("RNG state is wrong size: a device's state is 16 bytes of torch.uint8")
        self.value, self.offset = state.cpu().clone().view(torch.int64).tolist()

    def step(self) -> torch.Generator:
        """A CPU generator at this state; the state moves on."""
        self.host.manual_seed((self.value * 6364136223846793005 + self.offset * 1442695040888963407) % 2**63)
        self.offset += 4
        return self.host

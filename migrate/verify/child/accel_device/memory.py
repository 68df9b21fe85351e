"""Live bytes on one device: storages that tensors hold, not the process's memory."""

from __future__ import annotations

import torch


class Memory:
    """Weak references to the storages of one device; the dead ones are swept now and then.

    `live()` is exact. The peak is the largest value seen by a sweep; between two sweeps near the peak at most 3 % of
    its bytes are new, so it can be too low by as much.
    """

    def __init__(self) -> None:
        self.entries: list[tuple[int, int]] = []
        self.swept = 0  # live bytes at the last sweep, and how many entries had them
        self.kept = 0
        self.fresh = 0  # bytes since
        self.peak = 0
        self.total = 0

    def add(self, storage: torch.UntypedStorage) -> None:
        size = storage.nbytes()
        self.entries.append((storage._weak_ref(), size))
        self.fresh += size
        self.total += size
        many = len(self.entries) - self.kept > 16 + self.kept // 16
        if self.swept + self.fresh > self.peak and (many or self.fresh > self.peak >> 5):
            self.live()

    def live(self) -> int:
        """Bytes of the storages that still exist."""
        entries, self.entries, self.fresh = self.entries, [], 0
        expired, free = torch.UntypedStorage._expired, torch.UntypedStorage._free_weak_ref
        kept = []
        for entry in entries:
            if expired(entry[0]):
                free(entry[0])
            else:
                kept.append(entry)
        self.entries += kept
        self.kept = len(kept)
        self.swept = sum(size for _, size in kept)
        self.peak = max(self.peak, self.swept)
        return self.swept

    def forget(self) -> None:
        """A child of fork has allocated nothing yet."""
        self.entries, self.kept = [], 0
        self.swept = self.fresh = self.peak = self.total = 0

    def reset_peak(self) -> None:
        self.peak = 0
        self.live()

"""Memory statistics of `torch.<device>`: the live bytes of tensor storages."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from accel_device.machine import Machine

CAPACITY = 32 << 30  # bytes a simulated device says it has


class MemoryStatistics:
    """The names that have to do with memory."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def memory_allocated(self, device: object = None) -> int:
        return self._machine.memory[self._machine.index_of(device)].live()

    def max_memory_allocated(self, device: object = None) -> int:
        self.memory_allocated(device)
        return self._machine.memory[self._machine.index_of(device)].peak

    memory_reserved = memory_cached = memory_allocated
    max_memory_reserved = max_memory_cached = max_memory_allocated

    def reset_peak_memory_stats(self, device: object = None) -> None:
        self._machine.memory[self._machine.index_of(device)].reset_peak()

    reset_max_memory_allocated = reset_max_memory_cached = reset_peak_memory_stats

    def memory_stats(self, device: object = None) -> OrderedDict[str, int]:
        live, peak = self.memory_allocated(device), self.max_memory_allocated(device)
        total = self._machine.memory[self._machine.index_of(device)].total
        figures = {"current": live, "peak": peak, "allocated": total, "freed": total - live}
        kinds = ("active_bytes", "allocated_bytes", "requested_bytes", "reserved_bytes")
        found = {f"{kind}.all.{name}": figure for kind in kinds for name, figure in figures.items()}
        return OrderedDict(sorted({**found, "num_alloc_retries": 0, "num_ooms": 0}.items()))

    def memory_summary(self, device: object = None, abbreviated: bool = False) -> str:
        return "\n".join(f"{name:<32}{figure:>20}" for name, figure in self.memory_stats(device).items())

    def memory_stats_as_nested_dict(self, device: object = None) -> dict[str, object]:
        nested: dict[str, object] = {}
        for name, figure in self.memory_stats(device).items():
            *homes, last = name.split(".")
            inner: dict[str, Any] = nested
            for home in homes:
                inner = inner.setdefault(home, {})
            inner[last] = figure
        return nested

    def memory_snapshot(self) -> list[object]:
        return []

    def get_allocator_backend(self) -> str:
        return "native"

    def mem_get_info(self, device: object = None) -> tuple[int, int]:
        return CAPACITY - self.memory_allocated(device), CAPACITY

    def set_per_process_memory_fraction(self, fraction: float, device: object = None) -> None:
        pass

    def empty_cache(self) -> None:
        pass

    ipc_collect = empty_virt_addr_cache = host_empty_cache = empty_cache

    def reset_accumulated_memory_stats(self, device: object = None) -> None:
        pass

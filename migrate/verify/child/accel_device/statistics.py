"""Memory statistics of `torch.<device>`: the live bytes of tensor storages."""

from __future__ import annotations

from collections import OrderedDict

from accel_device.machine import Machine

CAPACITY = 32 << 30  # bytes a simulated device says it has


def memory_names(machine: Machine) -> dict[str, object]:
    """The names that have to do with memory."""

    def allocated(device: object = None) -> int:
        return machine.memory[machine.index_of(device)].live()

    def peak(device: object = None) -> int:
        memory = machine.memory[machine.index_of(device)]
        memory.live()
        return memory.peak

    def reset_peak(device: object = None) -> None:
        machine.memory[machine.index_of(device)].reset_peak()

    def statistics(device: object = None) -> OrderedDict[str, int]:
        live, top, total = allocated(device), peak(device), machine.memory[machine.index_of(device)].total
        figures = {"current": live, "peak": top, "allocated": total, "freed": total - live}
        kinds = ("active_bytes", "allocated_bytes", "requested_bytes", "reserved_bytes")
        found = {f"{kind}.all.{name}": figure for kind in kinds for name, figure in figures.items()}
        return OrderedDict(sorted({**found, "num_alloc_retries": 0, "num_ooms": 0}.items()))

    def summary(device: object = None, abbreviated: bool = False) -> str:
        return "\n".join(f"{name:<32}{figure:>20}" for name, figure in statistics(device).items())

    def information(device: object = None) -> tuple[int, int]:
        return CAPACITY - allocated(device), CAPACITY

    def nothing(*args: object, **kwargs: object) -> None:
        return None

    current = dict.fromkeys(("memory_allocated", "memory_reserved", "memory_cached"), allocated)
    highest = dict.fromkeys(("max_memory_allocated", "max_memory_reserved", "max_memory_cached"), peak)
    resets = ("reset_peak_memory_stats", "reset_max_memory_allocated", "reset_max_memory_cached")
    quiet = (
        "empty_cache", "ipc_collect", "set_per_process_memory_fraction", "reset_accumulated_memory_stats",
        "empty_virt_addr_cache", "host_empty_cache",
    )  # fmt: skip
    return {
        **current,
        **highest,
        **dict.fromkeys(resets, reset_peak),
        **dict.fromkeys(quiet, nothing),
        "memory_stats": statistics,
        "memory_summary": summary,
        "mem_get_info": information,
    }

"""The modules of the vendor: `torch.<device>`, what is below it and the plug-in package, with the profile's names."""

from __future__ import annotations

import dis
import sys
from collections.abc import Mapping
from types import FrameType, ModuleType
from typing import NoReturn

from accel_device.additions import add_names, counterpart
from accel_device.machine import Machine
from accel_device.profile import Name

MARKERS = ("mstx", "cnpx", "topstx", "nvtx")  # what vendors call the module that marks ranges for a profiler
ALIKE = ("random", "memory", "streams", "graphs", "_utils")  # modules whose names vendors export one level up as well


class VendorModule(ModuleType):
    """A module that has exactly the names of the profile; asking for another raises and is recorded."""

    def __init__(self, machine: Machine, title: str, prefix: str, names: Mapping[str, Name]) -> None:
        super().__init__(title)
        self.__path__: list[str] = []  # a package: the modules below it can be imported
        self._accel = (machine, prefix, names)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        machine, prefix, names = self._accel
        dotted = prefix + name
        if prefix == "" and dotted in machine.modelled and machine.events.caller_is("torch"):
            return machine.modelled[dotted]
        if self.is_kernel(name):
            return stub(machine, f"{self.__name__}.{name}")
        row = names.get(dotted, Name("unknown"))
        frame = machine.events.calling_frame()
        if frame is not None and not is_probe(frame):
            why = row.advice or "the tables know no such name of this vendor"
            machine.events.record("missing", f"{self.__name__}.{name}", frame, why, raised=True, rule=row.rule)
        raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")

    def is_kernel(self, name: str) -> bool:
        """Whether this is the package, and a name one of the vendor's kernels (`npu_rms_norm`): no table lists them."""
        machine, _, names = self._accel
        return self.__name__ == machine.profile.package and name.startswith(f"{machine.name}_") and name not in names


def is_probe(frame: FrameType) -> bool:
    """Whether a frame asks for an attribute by hasattr() or getattr(): it expects that there may be none."""
    return "CALL" in dis.opname[frame.f_code.co_code[frame.f_lasti]]


def stub(machine: Machine, what: str) -> object:
    """Something the vendor has and the simulation has not: a class, so that isinstance() and annotations work."""

    class Kind(type):
        def __call__(cls, *args: object, **kwargs: object) -> NoReturn:
            machine.refuse(f"{what}()")

        def __getattr__(cls, name: str) -> object:
            if name.startswith("_"):
                raise AttributeError(name)
            machine.refuse(f"{what}.{name}")

    module, _, name = what.rpartition(".")
    return Kind(name, (), {"__module__": module, "__doc__": "Not modelled by the simulation."})


def fill_module(module: VendorModule) -> None:
    """Give a module and the modules below it the names that the profile says exist."""
    _, prefix, names = module._accel
    below = {name.removeprefix(prefix) for name, row in names.items() if row.exists and name.startswith(prefix)}
    for first in sorted({name.partition(".")[0] for name in below if "(" not in name}):
        setattr(module, first, value_of(module, first, any(name.startswith(f"{first}.") for name in below)))


def value_of(module: VendorModule, first: str, deeper: bool) -> object:
    """What a name of a module is; `deeper`: the profile knows names below it."""
    machine, prefix, names = module._accel
    dotted = prefix + first
    for modelled in (dotted, first) if prefix.rstrip(".") in (*ALIKE, *MARKERS) else (dotted,):
        if modelled in machine.modelled:
            return machine.modelled[modelled]
    row = names.get(dotted, Name("unknown"))
    original = counterpart(row)
    if original is not None and not row.rule.startswith("api:torch.cuda"):
        return original  # torch's own, which plug-ins pass on
    if isinstance(original, (bool, int, str)) and not first.startswith("_"):
        return original
    if isinstance(original, type) and issubclass(original, Exception):
        return original  # vendors' errors are torch's, or derive from them
    if isinstance(original, ModuleType) or (deeper and not callable(original)):
        made = VendorModule(machine, f"{module.__name__}.{first}", f"{dotted}.", names)
        fill_module(made)
        sys.modules[made.__name__] = made
        return made
    return stub(machine, f"{module.__name__}.{first}")


def build_vendor(machine: Machine) -> VendorModule:
    """The module `torch.<device>`."""
    module = VendorModule(machine, machine.profile.module, "", machine.profile.names)
    fill_module(module)
    add_names(machine.profile.torch_names, lambda title: stub(machine, title))
    for name, value in machine.modelled.items():
        if name.startswith("_"):  # what C++ asks of every device module
            setattr(module, name, value)
    return module


def dress_package(machine: Machine, package: ModuleType) -> None:
    """Give the stand-in package the vendor's names, and `torch.<device>` as a submodule."""
    short = machine.profile.module.rpartition(".")[2]
    names = VendorModule(machine, package.__name__, "", machine.profile.package_names)
    fill_module(names)
    for name, value in vars(names).items():
        if not name.startswith("_"):
            setattr(package, name, value)
    vendor = sys.modules[machine.profile.module]
    package.__dict__.setdefault("__version__", machine.profile.version)
    package.__dict__[short] = vendor
    package.__dict__["__getattr__"] = lambda name: VendorModule.__getattr__(names, name)
    alias_modules(vendor, f"{package.__name__}.{short}")


def alias_modules(module: ModuleType, title: str) -> None:
    """Make a module and those below it importable under a second name."""
    sys.modules[title] = module
    for name, value in vars(module).items():
        if isinstance(value, VendorModule):
            alias_modules(value, f"{title}.{name}")

"""What some targets, and some projects, ask for beyond names: expressions, lines of a script, modules that are gone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Oldest:
    """The oldest torch, and the version of the vendor's package, that a result has to run on, where that is said."""

    torch: str | None = None
    package: str | None = None

    @property
    def version(self) -> str | None:
        """What rows are compared with: vendors number their packages as torch is."""
        return self.package or self.torch


@dataclass(frozen=True, slots=True)
class Expression:
    """What is written in the place of a literal device, or of a module's long name, and the import that it takes."""

    text: str  # utils.device_type
    line: str  # from myproj import utils
    root: str  # utils
    dotted: str  # myproj.utils
    meaning: str  # what the root stands for
    module: str  # myproj; empty for a plain import
    blocked: str = ""  # why a file cannot import it
    is_device: bool = True  # else the short name of the vendor's module


@dataclass(frozen=True, slots=True)
class Retired:
    """Modules of the vendor's own that are gone, and the one (`alike`) that has, or had, the names of the first."""

    title: str
    package: str
    modules: tuple[str, ...]
    alike: str


@dataclass(frozen=True, slots=True)
class Insert:
    """A line that a script gains behind `after`, or what a person is told where there is none.

    `after` is "import", "model" (before that moves), or the module of a class whose instance is assigned; `when` is the
    mode, `quantize` the kind of quantization that has to be asked for, `needs` the import that the line takes.
    """

    when: str
    after: str
    message: str
    line: str | None = None
    quantize: str | None = None
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """What the target's API wants of a script in a mode, and its own call for the device."""

    inserts: tuple[Insert, ...]
    device_call: str
    mode: str = "training"
    quantize: str | None = None
    bitwidth: str = "8"

    def wanted(self, *places: str) -> list[Insert]:
        """What goes behind one of the places in a script of this mode."""
        chosen = (None, self.quantize)
        return [row for row in self.inserts if row.after in places and row.when == self.mode and row.quantize in chosen]

    def wanted_elsewhere(self, *places: str) -> list[Insert]:
        """What goes behind others."""
        return self.wanted(*({row.after for row in self.inserts} - set(places)))

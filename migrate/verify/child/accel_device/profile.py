"""The profile of the simulated machine: profile.json of the run folder, as `schema` describes it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Name:
    """What the table says about one dotted name of the vendor."""

    status: str
    advice: str = ""
    rule: str = ""

    @property
    def exists(self) -> bool:
        return self.status in ("same", "renamed", "differs")


@dataclass(frozen=True, slots=True)
class Profile:
    """One vendor, one machine, one repository."""

    device: str
    module: str
    package: str
    backend: str
    devices: int
    version: str
    root: str
    strict_dtypes: bool = False
    refused: tuple[str, ...] = ()
    narrowed: dict[str, str] = field(default_factory=dict)
    names: dict[str, Name] = field(default_factory=dict)
    package_names: dict[str, Name] = field(default_factory=dict)
    torch_names: dict[str, Name] = field(default_factory=dict)
    shared_random: bool = False
    watch: dict[str, frozenset[int]] = field(default_factory=dict)


def run_folder() -> str:
    """The folder that `ACCEL_VERIFY` names; "" outside a simulated run."""
    return os.environ.get("ACCEL_VERIFY", "")


def read_profile(folder: str) -> Profile:
    """The profile of a run folder; OSError, ValueError or KeyError when it cannot be read."""
    with open(os.path.join(folder, "profile.json"), encoding="utf-8") as file:
        raw = json.load(file)
    return Profile(
        device=raw["device"],
        module=raw["module"],
        package=raw["package"],
        backend=raw["backend"],
        devices=raw["devices"],
        version=raw["version"],
        root=raw["root"],
        strict_dtypes=raw.get("strict_dtypes", False),
        refused=tuple(raw.get("refused", ())),
        narrowed=raw.get("narrowed", {}),
        names=named(raw.get("names", {})),
        torch_names=named(raw.get("torch_names", {})),
        shared_random=raw.get("shared_random", False),
        package_names=named(raw.get("package_names", {})),
        watch={
            os.path.realpath(os.path.join(raw["root"], file)): frozenset(lines)
            for file, lines in raw.get("watch", {}).items()
            if lines
        },
    )


def named(raw: dict[str, dict[str, str]]) -> dict[str, Name]:
    """Rows of profile.json by their dotted name."""
    return {name: Name(row["status"], row.get("advice", ""), row.get("rule", "")) for name, row in sorted(raw.items())}

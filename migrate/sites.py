"""`rules/sites.toml` → `Sites`: where CUDA shows, for every vendor alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrate.model import Outside, Sites, Vocabulary


def read_sites(raw: Mapping[str, Any]) -> tuple[Sites, Vocabulary]:
    """The sites, and the words that we look for and write over."""
    device, backend, message = raw["device"], raw["backend"], raw["message"]
    return Sites(
        words=tuple(raw["words"]),
        triggers=tuple(raw["triggers"]),
        packages={name: key for key, names in raw["packages"].items() for name in names},
        modules=frozenset(raw["modules"]),
        assume=raw["assume"],
        device_calls=_parameters(device["calls"]),
        device_methods=_parameters(device["methods"]),
        device_names=frozenset(device["names"]),
        integers=frozenset(device["integers"]),
        backend_calls=_parameters(backend["calls"]),
        backend_names=frozenset(backend["names"]),
        field_calls=frozenset(raw["defaults"]["fields"]),
        option_calls=frozenset(raw["defaults"]["options"]),
        message_calls=frozenset(message["calls"]),
        message_keywords=frozenset(message["keywords"]),
        env_names=frozenset(raw["env"]["names"]),
        env_words=tuple(raw["env"]["words"]),
        env_prefixes=tuple(raw["env"]["prefixes"]),
        attributes=raw["attributes"],
        accelerators=frozenset(raw["accelerators"]),
        foreign=frozenset(raw["foreign"]["packages"]),
        foreign_methods=frozenset(raw["foreign"]["methods"]),
        outside=_outside(raw["outside"]),
    ), Vocabulary(**raw["source"])


def _outside(raw: Mapping[str, Any]) -> Outside:
    return Outside(
        tuple(raw["words"]),
        tuple(raw["triggers"]),
        _by_pattern(raw["distributions"]),
        _by_pattern(raw["resources"]),
        tuple(raw["platforms"]),
    )


def _by_pattern(patterns: Mapping[str, list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((pattern, key) for key, values in patterns.items() for pattern in values)


def _parameters(calls: Mapping[str, list[str]]) -> dict[str, frozenset[str]]:
    return {name: frozenset(parameters) for name, parameters in calls.items()}

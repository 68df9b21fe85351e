"""Take a PyTorch repository off CUDA: rule tables say what each name becomes, codemods say where.

The stable entry points are `load_table`, `migrate_bytes` and `run`; they are imported on first use so
that `accel-migrate --version` costs no more than click.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "load_table", "migrate_bytes", "run"]

if TYPE_CHECKING:
    from migrate.engine import migrate_bytes
    from migrate.runner import run
    from migrate.table import load_table

_HOMES = {"load_table": "migrate.table", "migrate_bytes": "migrate.engine", "run": "migrate.runner"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)

"""What results depend on besides a file and its table."""

from __future__ import annotations

import sys
from functools import cache
from hashlib import blake2b
from importlib import metadata
from pathlib import Path

from migrate import __version__

_LIBRARIES = ("libcst", "markdown-it-py", "pyyaml")
Identity = tuple[tuple[str, str], ...]


@cache
def identity() -> Identity:
    """Versions, and the source of the tool itself."""
    own = blake2b(digest_size=6)
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".py", ".toml", ".json"):
            own.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    tool = f"{__version__} (source {own.hexdigest()})"
    return ("accel-migrate", tool), ("Python", python), *((name, metadata.version(name)) for name in _LIBRARIES)

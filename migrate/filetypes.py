"""The name of a file, or its first line, → its kind."""

from __future__ import annotations

import re

from migrate.model import Kind

_SUFFIXES: dict[str, Kind] = {
    ".py": "python", ".pyi": "python", ".pyw": "python", ".cu": "cuda-source", ".cuh": "cuda-source",
    ".ipynb": "notebook",
    ".sh": "shell", ".bash": "shell", ".zsh": "shell", ".ksh": "shell", ".slurm": "shell", ".sbatch": "shell",
    ".pbs": "shell", ".lsf": "shell", ".mk": "make",
    ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".jsonc": "json", ".toml": "toml",
    ".ini": "ini", ".cfg": "ini", ".env": "env", ".deepspeed_env": "env", ".dockerfile": "docker",
    ".md": "prose", ".markdown": "prose", ".rst": "prose",
}  # fmt: skip
_NAMES: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"(?:.*[._-])?(?:dockerfile|containerfile)(?:[._-].*)?"), "docker"),
    (re.compile(r"(?:gnu)?makefile(?:\..*)?"), "make"),
    (re.compile(r"\.env(?:\..+)?|\.(?:flask|deepspeed)_?env"), "env"),
    (re.compile(r"(?:.*[._-])?(?:requirements?|constraints?)(?:[._-].*)?\.(?:txt|in|pip)"), "requirements"),
    (re.compile(r"\.bash(?:rc|_profile|_aliases)|\.profile|\.zshrc"), "shell"),
)
_REQUIREMENTS = re.compile(r"(?:.*/)?requirements?/[^/]+\.(?:txt|in)")  # one file for each purpose
_SHEBANG: tuple[tuple[re.Pattern[bytes], Kind], ...] = (
    (re.compile(rb"#!.*\bpython"), "python"),
    (re.compile(rb"#!.*[/ ](?:ba|z|k|da)?sh\b"), "shell"),
)
DATA: frozenset[Kind] = frozenset({"yaml", "json", "prose", "docs"})  # kinds that large files of data have as well
_GENEROUS: dict[Kind, int] = {"notebook": 20}  # mostly outputs, which nobody looks at


def kind_of(path: str) -> Kind | None:
    """The kind of a file by its name, relative to the root of the run with forward slashes; None if it says none."""
    name = path.rpartition("/")[2].lower()
    for pattern, kind in _NAMES:
        if pattern.fullmatch(name) and not name.endswith((".py", ".sh", ".md", ".rst")):
            return kind
    if _REQUIREMENTS.fullmatch(path.lower()):
        return "requirements"
    return _SUFFIXES.get("." + name.rpartition(".")[2]) if "." in name else None


def kind_by_shebang(first_line: bytes) -> Kind | None:
    """The kind of a file without a telling name, by its first line."""
    return next((kind for pattern, kind in _SHEBANG if pattern.match(first_line)), None)


def size_limit(kind: Kind, limit: int) -> int:
    """How many bytes a file of a kind may have where `limit` is that of Python files."""
    return limit * _GENEROUS.get(kind, 1)

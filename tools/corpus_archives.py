"""Source archives of real packages: pinned by hash, fetched by pip into a folder outside the repository, unpacked."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PINNED = Path(__file__).parent / "corpus_packages.txt"
# The wheel that is taken is the same on every machine.
_WHEEL = [
    "--only-binary=:all:", "--implementation=cp", "--python-version=3.11", "--platform=manylinux_2_28_x86_64",
    "--platform=manylinux2014_x86_64",
]  # fmt: skip
# pip asks even a source archive that it only downloads for its name, which means to run its setup.py.
_SOURCE = ["--no-binary=:all:", "--no-build-isolation"]
_BUILDERS = ("setuptools==75.8.0", "wheel==0.45.1")
_LINE = re.compile(
    r"(?P<name>[\w.-]+)==(?P<version>\S+) +--hash=sha256:(?P<digest>[0-9a-f]{64})(?P<source> +# source)?"
)


class CorpusError(Exception):
    """A mistake in a file of the corpus, or a package that cannot be had; the message says which."""


@dataclass(frozen=True, slots=True)
class Package:
    """One archive of the registry; `is_source` if there is no wheel of it."""

    name: str
    version: str
    digest: str
    is_source: bool


def pinned(path: Path = PINNED) -> list[Package]:
    """The packages that a file lists, in its order. Raises `CorpusError` naming every line that is none."""
    found: list[Package] = []
    wrong: list[str] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if match := _LINE.fullmatch(line.rstrip()):
            found.append(Package(match["name"], match["version"], match["digest"], bool(match["source"])))
        elif line.strip() and not line.startswith("#"):
            wrong.append(f"{path.name}:{number}: not `name==version --hash=sha256:…`: {line}")
    names = [package.name for package in found]
    wrong += [f"{path.name}: {name} is listed twice" for name in sorted({one for one in names if names.count(one) > 1})]
    if wrong:
        raise CorpusError("\n".join(wrong))
    return found


def default_cache() -> Path:
    """Where archives are kept: below the user's folder for caches."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "accel-migrate" / "corpus"


def archive_of(package: Package, cache: Path) -> Path:
    """The archive of a package, from the cache or else the registry. Raises `CorpusError` if it is not the pinned one.

    pip checks the hash of what it loads, we that of what we find.
    """
    folder = cache / f"{package.name}-{package.version}"
    if not list(_archives(folder)):
        _download(package, folder, cache)
    found = list(_archives(folder))
    if [hashlib.sha256(path.read_bytes()).hexdigest() for path in found] != [package.digest]:
        raise CorpusError(f"{folder} does not hold the pinned archive alone: remove it")
    return found[0]


def unpack(archive: Path, folder: Path) -> None:
    """Put the files of an archive below a new folder."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(folder)
        return
    with tarfile.open(archive) as source:
        source.extractall(folder, filter="data")


def _archives(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.name.endswith((".whl", ".tar.gz")))


def _download(package: Package, folder: Path, cache: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    wanted = folder / "requirement.txt"
    wanted.write_text(f"{package.name}=={package.version} --hash=sha256:{package.digest}\n", "utf-8")
    python, how = (_builder(cache), _SOURCE) if package.is_source else (sys.executable, _WHEEL)
    _run(package.name, [python, "-m", "pip", "download", "-q", "--no-deps", *how, "-d", str(folder), "-r", str(wanted)])


def _builder(cache: Path) -> str:
    """A Python that has what source archives are built with, and nothing else."""
    python = cache / "builder" / "bin" / "python"
    if not python.exists():
        _run("builder", [sys.executable, "-m", "venv", str(python.parent.parent)])
        _run("builder", [str(python), "-m", "pip", "install", "-q", *_BUILDERS])
    return str(python)


def _run(name: str, command: Iterable[str]) -> None:
    done = subprocess.run(list(command), capture_output=True, text=True, check=False)
    if done.returncode:
        raise CorpusError(f"{name}: pip ended with {done.returncode}\n{done.stderr[-2000:]}")

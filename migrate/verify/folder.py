"""The folder of a run: what the simulated device reads in it, and what it wrote there. Removed when the run is over.

Its layout is described in migrate/verify/child/accel_device/schema.py.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CHILD = Path(__file__).parent / "child"  # what the script's Python imports; it has nothing of ours in it
STAND_IN = """\
def _autoload():
    pass


import accel_device

accel_device.install(__name__)
"""


@dataclass(frozen=True, slots=True)
class Folder:
    """A run folder on disk."""

    path: Path

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """The variables under which a command runs on the simulated device."""
        paths = [str(CHILD), str(self.path / "site"), *filter(None, [given.get("PYTHONPATH")])]
        return {**given, "ACCEL_VERIFY": str(self.path), "PYTHONPATH": ":".join(paths)}

    def events(self) -> Iterator[tuple[str, bytes]]:
        """The names and contents of the files that the processes wrote."""
        for path in sorted((self.path / "events").glob("*.jsonl")):
            yield path.name, path.read_bytes()


@contextmanager
def run_folder(profile: Mapping[str, object], distribution: str) -> Iterator[Folder]:
    """A run folder with this profile, and a stand-in of the vendor's package, which a registry knows as `distribution`.

    Raises `OSError` where it cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="accel-migrate-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        (folder / "events").mkdir()
        (folder / "profile.json").write_text(json.dumps(profile), "utf-8")
        _write_package(folder / "site", str(profile["package"]), distribution, profile)
        yield Folder(folder)


def _write_package(site: Path, package: str, distribution: str, profile: Mapping[str, object]) -> None:
    """The vendor's package as an installed one: its metadata is what libraries ask for it by."""
    home = site.joinpath(*package.split("."))
    home.mkdir(parents=True)
    (home / "__init__.py").write_text(STAND_IN, "utf-8")
    info = site / f"{distribution.replace('-', '_')}-{profile['version']}.dist-info"
    info.mkdir()
    files = {
        "METADATA": f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {profile['version']}\n",
        "top_level.txt": f"{package.partition('.')[0]}\n",
        "INSTALLER": "accel-migrate\n",
    }
    if profile["autoload"]:
        files["entry_points.txt"] = f"[torch.backends]\n{package} = {package}:_autoload\n"
    record = [f"{package.replace('.', '/')}/__init__.py,,", *(f"{info.name}/{file},," for file in (*files, "RECORD"))]
    for file, text in {**files, "RECORD": "\n".join(record) + "\n"}.items():
        (info / file).write_text(text, "utf-8")

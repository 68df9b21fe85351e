"""The simulated device that runs inside the user's interpreter: torch and the standard library only.

`schema` describes the files it shares with the process that started it.
"""

from __future__ import annotations


def install(package: str) -> None:
    """Bring the device up, for the stand-in vendor package of that name."""
    from accel_device.assembly import install as bring_up

    bring_up(package)


def follow_torch() -> None:
    """Watch lines from now on, and torch from its import on: what `sitecustomize` does in every process of a run."""
    import sys

    from accel_device.hook import AfterTorch
    from accel_device.lines import Lines
    from accel_device.session import open_session

    def watch() -> None:
        from accel_device.assembly import watch_torch

        watch_torch()

    session = open_session()
    sys.meta_path.insert(0, AfterTorch(watch))
    Lines(session.events, session.profile.watch).start()

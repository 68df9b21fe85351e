"""A bar for runs that take longer than a moment."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any


class Progress:
    """Shows a bar once a run on a terminal has taken a second."""

    def __enter__(self) -> Callable[[int, int], None]:
        self._started = time.perf_counter()
        self._bar: Any = None
        return self._advance

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def _advance(self, done: int, total: int) -> None:
        if self._bar is None:
            if time.perf_counter() - self._started < 1 or not sys.stderr.isatty():
                return
            from migrate.report.console import progress_bar

            self._bar = progress_bar()
            self._bar.start()
            self._task = self._bar.add_task("files", total=total)
        self._bar.update(self._task, completed=done)

"""Signals that ask the tool to end, while it must not be ended anywhere."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def postponed() -> Iterator[Callable[[], int]]:
    """Let no signal end what is inside; the function given says which one came, 0 for none.

    Signals that are ignored stay so, as `nohup` wants it. In other threads than the first nothing is done.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: 0
        return
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    taken = [number for number, handler in handlers.items() if handler is not signal.SIG_IGN]
    try:
        for number in taken:
            signal.signal(number, lambda number, _: came.append(number))
        yield lambda: came[0] if came else 0
    finally:
        for number in taken:
            signal.signal(number, handlers[number])

"""Signals that ask the tool to end: where it must not be ended anywhere, and where others have to end with it."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ending_workers() -> Iterator[None]:
    """Where a signal ends what is inside, end the processes that it has started, which would wait for work for ever."""
    from multiprocessing import active_children

    with _handled((signal.SIGTERM, signal.SIGHUP), _exit):
        try:
            yield
        except (KeyboardInterrupt, SystemExit):
            for process in active_children():
                process.kill()  # one that is at work would take a milder signal for an error of its file
            raise


@contextmanager
def postponed() -> Iterator[Callable[[], int]]:
    """Let no signal end what is inside; the function given says which one came, 0 for none.

    Signals that are ignored stay so, as `nohup` wants it. In other threads than the first nothing is done.
    """
    came: list[int] = []
    with _handled(_SIGNALS, lambda number, _: came.append(number)):
        yield lambda: came[0] if came else 0


@contextmanager
def _handled(signals: Iterable[signal.Signals], handler: Callable[[int, object], object]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in signals}
    taken = [number for number, old in before.items() if old is not signal.SIG_IGN]
    try:
        for number in taken:
            signal.signal(number, handler)
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])


def _exit(number: int, _: object) -> None:
    sys.exit(128 + number)

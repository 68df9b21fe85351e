"""Processes for a long run: a pool that is replaced when one of its processes dies."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from threading import Lock
from typing import Any, TypeVar

_Result = TypeVar("_Result")
_SAFE_PATH = "PYTHONSAFEPATH"  # keeps the current folder off the path of a new interpreter, from Python 3.11


def are_here(executor: Executor | None) -> bool:
    """Whether an executor's workers are processes of this machine, and of nobody else's."""
    return isinstance(executor, ProcessPoolExecutor | LastingPool)


class LastingPool(Executor):
    """Takes tasks from several threads. The work that a pool loses is for the caller; the next goes to a new one."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._safe_path = os.environ.get(_SAFE_PATH)
        os.environ[_SAFE_PATH] = "1"  # as long as processes may be started
        self._lock = Lock()
        self._pool = self._new()

    def submit(self, task: Callable[..., _Result], /, *arguments: Any, **keywords: Any) -> Future[_Result]:
        with self._lock:
            try:
                return self._pool.submit(task, *arguments, **keywords)
            except BrokenExecutor:
                self._pool.shutdown(wait=False)
                self._pool = self._new()
                return self._pool.submit(task, *arguments, **keywords)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait, cancel_futures=cancel_futures)
        if self._safe_path is None:
            os.environ.pop(_SAFE_PATH, None)
        else:
            os.environ[_SAFE_PATH] = self._safe_path

    def _new(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._jobs, mp_context=get_context("spawn"))  # a fork would copy locks of threads

"""`Ticker`: calls a function now and then from a thread of its own, once somebody has asked for it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self

INTERVAL = 0.25
"""Seconds."""


class Ticker:
    """No thread is started before `call`; none is left after `stop`."""

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._stopped = Event()
        self._guard = Lock()
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def call(self, function: Callable[[], None]) -> None:
        """From now on call the function regularly; asking again changes nothing."""
        with self._guard:
            if self._thread is not None or self._stopped.is_set():
                return
            self._thread = Thread(target=self._run, args=(function,), name="progress", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Afterwards the function is not called and not running. Not to be called from the function itself."""
        self._stopped.set()
        with self._guard:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self, function: Callable[[], None]) -> None:
        while not self._stopped.wait(self._interval):
            function()

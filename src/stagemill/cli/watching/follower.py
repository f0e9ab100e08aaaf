"""`Follower`: the command of `--on-success`, one at a time, in a process group of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE = 3.0
"""Seconds between SIGTERM and SIGKILL, as for the process of a RUN."""

_GLANCE = 0.02  # seconds between two looks at whether all of them are gone


class Follower:
    """Runs a command line by `sh`. It writes where we do, and reads nothing."""

    def __init__(self, command: str, *, ended: Callable[[int], None]) -> None:
        """`ended` is told the status, from a thread, unless it was we who ended it."""
        self.command = command
        self._ended = ended
        self._running: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Starts it. There must be none that still runs."""
        assert self._running is None, "one is running"
        with _undisturbed():
            self._running = subprocess.Popen(
                ["/bin/sh", "-c", self.command], stdin=subprocess.DEVNULL, process_group=0, close_fds=True
            )
        Thread(target=self._wait, args=(self._running,), name="on success", daemon=True).start()

    def end(self) -> None:
        """Afterwards nothing of it is left: SIGTERM for its whole group, and SIGKILL for what does not go."""
        running, self._running = self._running, None
        if running is None:
            return
        try:
            until = time.monotonic() + GRACE
            _signal(running.pid, signal.SIGTERM)
            while _is_there(running.pid) and time.monotonic() < until:
                time.sleep(_GLANCE)
        finally:  # also where somebody is in a hurry and presses Ctrl-C again
            _signal(running.pid, signal.SIGKILL)
            running.wait()

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        status = process.wait()
        if self._running is process:
            self._ended(status if status >= 0 else 128 - status)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Signals come when the block is over: a process that nobody knows of yet would outlive us."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for missed in came:
            signal.raise_signal(missed)


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)

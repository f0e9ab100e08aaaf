"""`Workers`: threads that do jobs in the order in which they were given; a few, and none before there is a job.

`concurrent.futures` does more, and loads `logging` and nine modules beside it, which a small build notices.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Condition, Thread


class Workers:
    """`begin` is called in each thread before its first job. Thread-safe."""

    def __init__(self, count: int, *, name: str, begin: Callable[[], None] | None = None) -> None:
        self._count = count
        self._name = name
        self._begin = begin
        self._jobs: deque[Callable[[], None]] = deque()
        self._changed = Condition()
        self._threads: list[Thread] = []
        self._idle = 0
        self._closed = False
        self._error: BaseException | None = None

    @property
    def idle(self) -> int:
        """How many of the threads wait for a job."""
        return self._idle

    def submit(self, job: Callable[[], None]) -> None:
        """What is given after the end is not done."""
        with self._changed:
            if self._closed:
                return
            self._jobs.append(job)
            if self.idle < len(self._jobs) and len(self._threads) < self._count:
                thread = Thread(target=self._work, name=f"{self._name}-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify()

    def close(self, *, wait: bool = True) -> BaseException | None:
        """Jobs that were not begun are dropped; with `wait` those that were are over afterwards. The first error of all that are."""
        with self._changed:
            self._closed = True
            self._jobs.clear()
            self._changed.notify_all()
        if wait:
            for thread in self._threads:
                thread.join()
        return self._error

    def _work(self) -> None:
        if self._begin:
            self._begin()
        while job := self._next():
            try:
                job()
            except BaseException as error:  # noqa: BLE001 - who waits is told
                self._error = self._error or error

    def _next(self) -> Callable[[], None] | None:
        """None when nothing more is to be done."""
        with self._changed:
            self._idle += 1
            while not self._jobs and not self._closed:
                self._changed.wait()
            self._idle -= 1
            return self._jobs.popleft() if self._jobs else None

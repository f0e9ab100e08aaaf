"""`Hold`: a listener that can be kept from the terminal for a while, so that somebody else has it alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from stagemill.cli.progress import Pausable
from stagemill.events import Event, Listener


class Hold:
    """Passes everything on. While one thread holds the terminal, others that have something to report wait."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._lock = RLock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            self._listener(event)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within the block nothing is written to the terminal but by this thread, and what was drawn is gone from it."""
        listener: object = self._listener
        shown = listener if isinstance(listener, Pausable) else None
        with self._lock:
            if shown:
                shown.pause()
            try:
                yield
            finally:
                if shown:
                    shown.resume()

"""`Living`: which processes work on a store now, and since when; so that nothing is pruned that one of them may hold.

Each keeps `living/<random>` flock'ed as long as it lives; the file's time is when it began. The file of a dead process is
removed by whoever looks.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from stagemill.store.faults import explained
from stagemill.store.locks import try_flock


class Living:
    """This process among those that work on a store."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        with explained("write", directory):
            self._path, self._lock = self._make()

    def _make(self) -> tuple[Path, int]:
        while True:
            path = self._directory / os.urandom(8).hex()
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            if try_flock(file) and path.exists():
                return path, file
            os.close(file)  # who looked before it was locked has taken it for a dead one's

    def oldest_other(self) -> float | None:
        """When the first of the others began, in seconds since the epoch; None where there are no others."""
        times = [began for name in os.listdir(self._directory) if (began := self._began(self._directory / name))]
        return min(times, default=None)

    def _began(self, path: Path) -> float | None:
        """None for this process, and for what is dead."""
        if path == self._path:
            return None
        with suppress(FileNotFoundError):
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                if not try_flock(file):
                    return os.fstat(file).st_mtime
                os.unlink(path)
            finally:
                os.close(file)
        return None

    def close(self) -> None:
        """This process is none of them any more; closing twice is fine."""
        if self._lock < 0:
            return
        with suppress(OSError):
            os.unlink(self._path)
        with suppress(OSError):
            fcntl.flock(self._lock, fcntl.LOCK_UN)
        os.close(self._lock)
        self._lock = -1

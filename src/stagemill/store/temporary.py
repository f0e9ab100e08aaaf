"""`Temporary`: where what is not finished lies, one directory per process, swept when the process is gone.

A process keeps `tmp/<random>/lock` flock'ed as long as it lives. Whoever sweeps takes the lock of a dead directory first
and removes the lock file last, so that a sweep that is killed is taken up by the next one.

Removing directories takes longer than making them, and nobody needs to wait for it: a thread does it.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from stagemill.store.faults import explained
from stagemill.store.locks import try_flock
from stagemill.store.removal import remove_tree

_LOCK = "lock"


class Temporary:
    """This process's unfinished things; thread-safe, and a forked child gets a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._guard = threading.Lock()
        self._own: Path | None = None
        self._lock = -1
        self._process = 0
        self._discards: SimpleQueue[Path | None] = SimpleQueue()
        self._discarding: tuple[Thread, int] | None = None

    def new(self) -> Path:
        """A path where nothing is, in this process's directory. Raises StoreError."""
        with self._guard:
            if self._own is None or self._process != os.getpid():
                with explained("make a directory in", self._directory):
                    self._own = self._make()
            return self._own / os.urandom(8).hex()

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """An empty directory that is gone soon afterwards. Raises StoreError."""
        path = self.new()
        with explained("make", path):
            path.mkdir(0o700)
        try:
            yield path
        finally:
            self.discard_soon(path)

    def discard(self, path: Path) -> None:
        """The path is gone; what resists stays for the sweep after this process."""
        with suppress(OSError):
            remove_tree(path)

    def discard_soon(self, path: Path) -> None:
        """The same in a moment, when the store is closed at the latest."""
        with self._guard:
            if self._discarding is None or self._discarding[1] != os.getpid():
                self._discards = SimpleQueue()
                self._discarding = Thread(target=self._discard_all, name="discard", daemon=True), os.getpid()
                self._discarding[0].start()
            self._discards.put(path)

    def finish_discarding(self) -> None:
        """Waits until all is gone that was to be."""
        with self._guard:
            discarding, self._discarding = self._discarding, None
            if discarding and discarding[1] == os.getpid():
                self._discards.put(None)
                discarding[0].join()

    def _discard_all(self) -> None:
        discards = self._discards
        while (path := discards.get()) is not None:
            self.discard(path)

    def throw_away(self, path: Path) -> None:
        """The path is gone at once for others, and its bytes soon after; one where nothing is, is fine. Raises StoreError."""
        aside = self.new()
        with explained("remove", path):
            try:
                os.rename(path, aside)
            except FileNotFoundError:
                return
        self.discard(aside)

    def sweep(self) -> tuple[int, list[Path]]:
        """Removes what dead processes left: how many directories that were, and those that could not be removed."""
        with explained("list", self._directory):
            names = sorted(os.listdir(self._directory))
        swept = 0
        resisting: list[Path] = []
        for name in names:
            try:
                swept += _sweep(self._directory / name)
            except OSError:
                resisting.append(self._directory / name)
        return swept, resisting

    def close(self) -> None:
        """Removes this process's directory with all that is in it."""
        self.finish_discarding()
        with self._guard:
            if self._own is not None and self._process == os.getpid():
                with suppress(OSError):
                    _remove(self._own)
                os.close(self._lock)
            self._own = None

    def _make(self) -> Path:
        while True:
            own = self._directory / os.urandom(8).hex()
            own.mkdir(0o700)
            with suppress(
                FileNotFoundError, FileExistsError
            ):  # a sweep saw the directory before its lock: make another
                lock = os.open(own / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                if try_flock(lock) and os.path.samestat(os.fstat(lock), os.stat(own / _LOCK)):
                    self._lock, self._process = lock, os.getpid()
                    return own
                os.close(lock)


def _sweep(path: Path) -> bool:
    """Removes a directory unless its process is alive; says whether it did."""
    lock = _lock_of(path)
    if lock is None:
        return not path.exists()
    try:
        if not try_flock(lock):
            return False
        _remove(path)
    finally:
        os.close(lock)
    return True


def _lock_of(path: Path) -> int | None:
    """The open lock file of a directory; None where there was none and the directory was empty, so that it is gone."""
    try:
        return os.open(path / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except NotADirectoryError:
        path.unlink()
        return None
    except FileNotFoundError:
        pass
    try:
        path.rmdir()
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise
        return os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return None


def _remove(path: Path) -> None:
    for name in os.listdir(path):
        if name != _LOCK:
            remove_tree(path / name)
    (path / _LOCK).unlink()
    path.rmdir()

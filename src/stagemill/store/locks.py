"""`Locks`: one holder per name, among all threads of all processes on the store; a dead holder's lock is free."""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stagemill.errors import CancelledError
from stagemill.regex import regex
from stagemill.store.faults import explained

FIRST_WAIT = 0.001  # seconds; many locks are held for a few of these
LONGEST_WAIT = 0.1
_PLAIN = regex(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


def never() -> bool:
    """Nobody cancels."""
    return False


class Locks:
    """Locks by name; each held one is a flock'ed file in a directory, which is removed with the lock."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @contextmanager
    def hold(self, name: str, cancelled: Callable[[], bool] = never) -> Iterator[None]:
        """Waits for the lock and holds it. Not re-entrant. Raises CancelledError, and StoreError."""
        path = self._directory / _file_name(name)
        descriptor = _wait(path, name, cancelled)
        try:
            yield
        finally:
            _release(path, descriptor)

    def sweep(self) -> int:
        """Removes the files of dead holders; says how many there were."""
        swept = 0
        for name in sorted(os.listdir(self._directory)):
            path = self._directory / name
            with suppress(OSError):
                descriptor = _attempt(path)
                if descriptor is not None:
                    _release(path, descriptor)
                    swept += 1
        return swept


def try_flock(descriptor: int) -> bool:
    """Takes the exclusive lock of an open file if it is free."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _file_name(name: str) -> str:
    if _PLAIN.fullmatch(name):
        return name
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _wait(path: Path, name: str, cancelled: Callable[[], bool]) -> int:
    pause = FIRST_WAIT
    while True:
        if cancelled():
            raise CancelledError(f"stopped while waiting for the lock {name}")
        with explained("lock", path):
            descriptor = _attempt(path)
        if descriptor is not None:
            return descriptor
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_WAIT)


def _attempt(path: Path) -> int | None:
    """The locked file's descriptor, or None where somebody else has it.

    Holders unlink the file, so that a lock may be won on a file that has lost its name meanwhile: that is no lock.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not try_flock(descriptor):
                os.close(descriptor)
                return None
            if _is_at(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _release(path: Path, descriptor: int) -> None:
    # Unlocked in so many words: a forked child may still have the descriptor, and closing ours would not end the lock.
    with suppress(OSError):
        os.unlink(path)
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)

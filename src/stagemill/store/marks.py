"""`Marks`: when each blob of a store was used last, and which of them were found whole and have not been touched since.

A small file for each blob: its time is when the blob was used, and what is in it says of which file the bytes had been
checked, and since when the machine runs. A file is not touched without another time of its own: as long as all of that is
the same, the bytes need not be read again only to see that they are right. After a crash of the machine nothing holds any
more. Losing a mark costs one reading.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from stagemill.digest import Digest
from stagemill.store import boot

WORTH = 1 << 18
"""Bytes. What is smaller is read sooner than a mark."""
_TICK = 100_000_000  # nanoseconds: what happens within them may have the same time


class Marks:
    """Any number of threads and processes may work on the same ones; what cannot be read or written is not marked."""

    def __init__(self, directory: Path) -> None:
        self._directory = os.fspath(directory)
        self._boot: bytes | None = None

    def touch(self, blob: Digest) -> None:
        """A blob that is here counts as used now."""
        path = self._path(blob)
        try:
            os.utime(path)
        except FileNotFoundError:
            _write(path, b"")
        except OSError:
            pass

    def used(self, blob: Digest) -> float | None:
        """When it was touched last; None where it never was."""
        try:
            return os.stat(self._path(blob)).st_mtime
        except OSError:
            return None

    def vouch(self, blob: Digest, status: os.stat_result) -> None:
        """The bytes of the file that had this status are the blob's: they were written here, or read since."""
        if line := self._line(status):
            _write(self._path(blob), line)

    def vouches(self, blob: Digest, status: os.stat_result) -> bool:
        """Whether somebody has vouched for a file of this status since the machine was started."""
        line = self._line(status)
        try:
            file = os.open(self._path(blob), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return False
        try:
            return bool(line) and os.read(file, len(line) + 1) == line
        except OSError:
            return False
        finally:
            os.close(file)

    def remove(self, blob: Digest) -> None:
        with suppress(OSError):
            os.unlink(self._path(blob))

    def names(self) -> list[str]:
        """Of all that are here."""
        with suppress(OSError):
            return sorted(os.listdir(self._directory))
        return []

    def _path(self, blob: Digest) -> str:
        return f"{self._directory}/{blob.hex}"

    def _line(self, status: os.stat_result) -> bytes:
        """What a mark says of a file; empty where nothing can be said."""
        if self._boot is None:
            self._boot = boot.name()
        if not self._boot or status.st_size < WORTH:
            return b""
        numbers = status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
        return b"%s %d %d %d %d %d\n" % (self._boot, *numbers)


def same(one: os.stat_result, other: os.stat_result) -> bool:
    """Whether nobody has touched a file between two looks at it."""
    return (one.st_size, one.st_mtime_ns, one.st_ctime_ns) == (other.st_size, other.st_mtime_ns, other.st_ctime_ns)


def is_settled(status: os.stat_result) -> bool:
    """Whether who touched the file from now on would leave another time."""
    return time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > _TICK


def settle(file: int) -> None:
    """Gives an open file that was just written a time that no later writer leaves."""
    status = os.fstat(file)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns - 10**9))


def _write(path: str, line: bytes) -> None:
    """Whole or not does not matter: half a line vouches for nothing."""
    with suppress(OSError):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.write(file, line)
        finally:
            os.close(file)

"""`Hashed`: large files whose digests this process has made itself, so that it need not make them a second time to pack them."""

from __future__ import annotations

import os
import time

from stagemill.digest import Digest

_TICK = 100_000_000  # nanoseconds: what happens within them may have the same time


class Hashed:
    """Of each file what was said of it when its bytes were hashed. Thread-safe.

    Links that are made to it afterwards, or taken away, change nothing: only who writes to it does.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[int, int, Digest]] = {}

    def look(self, location: str) -> os.stat_result | None:
        """To be asked before a file is read. None where it was written a moment ago: it might be again at the same time."""
        status = os.lstat(location)
        return status if time.time_ns() - status.st_mtime_ns > _TICK else None

    def note(self, location: str, before: os.stat_result | None, digest: Digest) -> None:
        """The file was read, and has this digest, if nobody wrote to it meanwhile."""
        after = os.lstat(location)
        if before and _node(before) == _node(after) and _facts(before) == _facts(after):
            self._known[_node(after)] = (*_facts(after), digest)

    def made(self, location: str, digest: Digest) -> None:
        """This process has written the file just now, and hashed what it wrote; its time is set, and is none of now."""
        status = os.lstat(location)
        if time.time_ns() - status.st_mtime_ns > _TICK:
            self._known[_node(status)] = (*_facts(status), digest)

    def has(self, location: str, digest: Digest) -> bool:
        """Whether a file has these bytes, and nobody has written to it since."""
        try:
            status = os.lstat(location)
        except OSError:
            return False
        return self._known.get(_node(status)) == (*_facts(status), digest)


def _node(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _facts(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns

"""`Soon`: files of a directory of this machine that are on their way into a layer, many at a time."""

from __future__ import annotations

import os
from collections.abc import Callable

from stagemill.digest import Digest
from stagemill.files.crew import Hands
from stagemill.files.view import Entry
from stagemill.values import dataclass

_FILES = 200
_BYTES = 8 << 20
"""So many files, or bytes, are an errand at most, but for one large file."""
_LATEST = (1 << 31) * 1_000_000_000
"""Nanoseconds since the epoch; not every file system has a later time."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that is to be at `path` of the layer, as `entry` says: that at `name` below `root`, if it has this digest."""

    root: str
    name: str
    path: str
    entry: Entry
    digest: Digest

    @property
    def is_plain(self) -> bool:
        """Whether it has nothing that takes more than its bytes, owner, mode and time."""
        return not self.entry.xattrs and self.entry.node is None and 0 <= self.entry.mtime_ns < _LATEST


class Soon:
    """Puts files that are plain into the directory `into`, by these hands. Those that cannot be had so are `left` to its caller:
    in a call of `put` or `wait`.
    """

    def __init__(self, into: str, hands: Hands, left: Callable[[Sent], None]) -> None:
        self._into = os.fsencode(into)
        self._hands = hands
        self._left = left
        self._own = os.geteuid(), os.getegid()
        self._batch: list[Sent] = []
        self._about: tuple[str, tuple[int, int]] = ("", self._own)
        self._size = 0

    def put(self, sent: Sent) -> None:
        """The file is there after `wait`."""
        entry = sent.entry
        about = sent.root, (entry.uid, entry.gid)
        if about != self._about or len(self._batch) >= _FILES or self._size + entry.size > _BYTES:
            self._put()
            self._about = about
        self._batch.append(sent)
        self._size += entry.size

    def wait(self) -> None:
        """All files are there, or were left."""
        self._put()
        self._hands.wait()

    def _put(self) -> None:
        if not self._batch:
            return
        batch, size = self._batch, self._size
        self._batch, self._size = [], 0
        root, owner = self._about
        files = [
            (
                os.fsencode(one.name),
                os.fsencode(one.path),
                one.entry.size,
                bytes.fromhex(one.digest.hex),
                one.entry.mode,
                one.entry.mtime_ns,
            )
            for one in batch
        ]

        def done(result: bytes) -> None:
            for one in batch[len(result) :]:
                self._left(one)

        given = None if owner == self._own else owner
        self._hands.put(("copy", os.fsencode(root), self._into, given, files), done, size=size)

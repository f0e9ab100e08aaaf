"""`Soon`: files of a directory of this machine that are on their way into a layer, many at a time."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

from stagemill.digest import Digest
from stagemill.files.crew import Hands
from stagemill.files.view import Entry
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.files.errands import Errand, Wanted

_FILES = 200
_BYTES = 8 << 20
"""So many files, or bytes, are an errand at most, but for one large file."""
_LATEST = (1 << 31) * 1_000_000_000
"""Nanoseconds since the epoch; not every file system has a later time."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that is to be at `path` of the layer, as `entry` says: that at `name` below `root`, if it has this digest.

    `title` is what errors call it. With `twin` a directory has the very same at this path, and it can be linked from there.
    """

    root: str
    name: str
    path: str
    entry: Entry
    digest: Digest
    title: str
    twin: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it has nothing that takes more than its bytes, owner, mode and time."""
        return not self.entry.xattrs and self.entry.node is None and 0 <= self.entry.mtime_ns < _LATEST


class _About(NamedTuple):
    """What the files of an errand have in common; `owner` where it is not that of this process."""

    kind: Literal["copy", "link"]
    root: str
    owner: tuple[int, int] | None = None


class Soon:
    """Puts files that are plain, or have a twin, into the directory `into`, by these hands. Those that cannot be had so are `left` to its caller:
    in a call of `put` or `wait`.
    """

    def __init__(self, into: str, hands: Hands, left: Callable[[Sent], None]) -> None:
        self._into = os.fsencode(into)
        self._hands = hands
        self._left = left
        self._own = os.geteuid(), os.getegid()
        self._batch: list[Sent] = []
        self._about = _About("copy", "")
        self._size = 0

    def put(self, sent: Sent) -> None:
        """The file is there after `wait`."""
        entry = sent.entry
        if sent.twin:
            about, size = _About("link", sent.twin), 0
        else:
            owner = entry.uid, entry.gid
            about, size = _About("copy", sent.root, None if owner == self._own else owner), entry.size
        if about != self._about or len(self._batch) >= _FILES or self._size + size > _BYTES:
            self._put()
            self._about = about
        self._batch.append(sent)
        self._size += size

    def wait(self) -> None:
        """All files are there, or were left."""
        self._put()
        self._hands.wait()

    def _put(self) -> None:
        if not self._batch:
            return
        batch, size = self._batch, self._size
        self._batch, self._size = [], 0
        kind, root, owner = self._about

        def done(result: bytes) -> None:
            for one in batch[len(result) :]:
                self._left(one)

        errand: Errand
        if kind == "link":
            errand = "link", os.fsencode(root), self._into, [os.fsencode(one.path) for one in batch]
        else:
            errand = "copy", os.fsencode(root), self._into, owner, [_wanted(one) for one in batch]
        self._hands.put(errand, done, size=size)


def _wanted(sent: Sent) -> Wanted:
    entry = sent.entry
    digest = bytes.fromhex(sent.digest.hex)
    return os.fsencode(sent.name), os.fsencode(sent.path), entry.size, digest, entry.mode, entry.mtime_ns

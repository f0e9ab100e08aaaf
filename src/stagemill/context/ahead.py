"""`Ahead`: digests of files that will be asked for soon, read many at a time, and in several processes where there are many."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

from stagemill.context.look import Row, key_of
from stagemill.digest import Digest
from stagemill.files.crew import Hands
from stagemill.timings import measured

_FILES = 200
_BYTES = 8 << 20
"""So many files, or bytes, are an errand at most, but for one large file."""
_SIZE = 32  # bytes of a digest


class Reading(Protocol):
    """A directory whose files can be read one by one."""

    @property
    def root(self) -> str: ...

    def look(self, path: str, /) -> Digest | Row:
        """The digest of a file; what was seen of one that would have to be read for that."""
        ...

    def learn(self, path: str, seen: Row, digest: Digest, /) -> None:
        """A file that was unread, and is as it was seen, has this digest."""
        ...

    def digest(self, path: str, /) -> Digest: ...


class Ahead:
    """Of one thread. What cannot be read so is read when it is asked for, and the error is raised then."""

    def __init__(self, files: Reading, hands: Hands) -> None:
        self._files = files
        self._hands = hands
        self._root = os.fsencode(files.root)
        self._batch: list[tuple[str, Row]] = []
        self._size = 0
        self._missing: set[str] = set()

    def expect(self, path: str) -> Digest | None:
        """The digest of a file, if it is known; else it will be asked for."""
        found = self._files.look(path)
        if isinstance(found, Digest):
            return found
        size = found[6]
        if self._batch and (len(self._batch) >= _FILES or self._size + size > _BYTES):
            self._put()
        if path not in self._missing:
            self._missing.add(path)
            self._batch.append((path, found))
            self._size += size
        return None

    def digest(self, path: str) -> Digest:
        """Raises as that of the files does."""
        if path in self._missing:
            self._put()
            self._wait()
        return self._files.digest(path)

    @measured("hash")
    def _wait(self) -> None:
        self._hands.wait()

    @measured("hash")
    def _put(self) -> None:
        if not self._batch:
            return
        batch, size = self._batch, self._size
        self._batch, self._size = [], 0
        self._hands.put(
            ("hash", self._root, [(os.fsencode(path), *key_of(row)) for path, row in batch]),
            self._done(batch),
            size=size,
        )

    def _done(self, batch: list[tuple[str, Row]]) -> Callable[[bytes], None]:
        def done(digests: bytes) -> None:
            learn = self._files.learn
            for number, (path, seen) in enumerate(batch):
                self._missing.discard(path)
                if data := digests[number * _SIZE : (number + 1) * _SIZE]:
                    learn(path, seen, Digest.from_bytes(data))

        return done

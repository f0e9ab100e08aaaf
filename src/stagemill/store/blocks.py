"""`Blocks`: where in the blobs of a store compressed blocks lie that layers have in common. Forgetting one costs nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Lock
from typing import Protocol

from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.store.blobs import Blobs
from stagemill.store.database import Database, Row, digest
from stagemill.store.marks import same
from stagemill.values import dataclass

_FIND = """SELECT key, blob, begin, size FROM blocks WHERE key IN (SELECT value FROM json_each(?))"""
_KEEP = """INSERT OR REPLACE INTO blocks (key, blob, begin, size)
SELECT json_extract(value, '$[0]'), ?, json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(?)"""


class Extent(Protocol):
    """Where a block lies in a blob: `size` bytes from `begin` on."""

    @property
    def begin(self) -> int: ...
    @property
    def size(self) -> int: ...


@dataclass(frozen=True, slots=True)
class _Block:
    key: Digest
    blob: Digest
    begin: int
    size: int


class Blocks:
    """Thread-safe, and shared with other processes."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def find(self, keys: Sequence[Digest], /) -> Mapping[Digest, Callable[[], bytes | None]]:
        """For those that are known what reads their bytes; None where they are gone, or their blob is not whole any more."""
        found = self._database.rows(_block, _FIND, json.dumps(keys))
        blobs = {each.blob: _Whole(self._blobs, each.blob) for each in found}
        return {each.key: partial(blobs[each.blob].read, each) for each in found}

    def keep(self, blob: Digest, places: Mapping[Digest, Extent], /) -> None:
        """Afterwards `find` knows them. The blob is one of the store."""
        rows = [(key, place.begin, place.size) for key, place in places.items()]
        self._database.change(_KEEP, blob, json.dumps(rows))

    def blobs(self) -> list[Digest]:
        """The blobs that have some."""
        return self._database.rows(digest, "SELECT DISTINCT blob FROM blocks ORDER BY blob")

    def remove(self, blob: Digest) -> None:
        self._database.change("DELETE FROM blocks WHERE blob = ?", blob)


class _Whole:
    """A blob that is checked before anything of it is read, once, and left alone when it is touched afterwards."""

    def __init__(self, blobs: Blobs, digest: Digest) -> None:
        self._blobs = blobs
        self._digest = digest
        self._guard = Lock()
        self._status: os.stat_result | None = None
        self._asked = False

    def read(self, block: _Block) -> bytes | None:
        with self._guard:
            if not self._asked:
                self._asked = True
                self._status = self._checked()
        if self._status is None:
            return None
        try:
            file = os.open(self._blobs.path(self._digest), os.O_RDONLY | os.O_CLOEXEC)
            try:
                data = os.pread(file, block.size, block.begin)
                untouched = same(os.fstat(file), self._status)
            finally:
                os.close(file)
        except OSError:
            return None
        return data if untouched and len(data) == block.size else None

    def _checked(self) -> os.stat_result | None:
        """What `stat` says of the blob, if it is whole."""
        try:
            status = os.stat(self._blobs.path(self._digest))
            self._blobs.verify(self._digest)
        except (OSError, StagemillError):
            return None
        return status


def _block(row: Row) -> _Block:
    match row:
        case (str(key), str(blob), int(begin), int(size)):
            return _Block(Digest(key), Digest(blob), begin, size)
        case _:
            raise ValueError("no block")

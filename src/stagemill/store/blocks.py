"""`Blocks`: where in the blobs of a store compressed blocks lie that layers have in common. Forgetting one costs nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from stagemill.digest import Digest
from stagemill.store.blobs import Blobs
from stagemill.store.database import Database, Row, digest
from stagemill.values import dataclass

_FIND = """SELECT key, blob, begin, size, content FROM blocks WHERE key IN (SELECT value FROM json_each(?))"""
_KEEP = """INSERT OR REPLACE INTO blocks (key, blob, begin, size, content)
SELECT json_extract(value, '$[0]'), ?, json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]')
FROM json_each(?)"""


class Extent(Protocol):
    """Where a block lies in a blob: `size` bytes from `begin` on, whose digest is `content`."""

    @property
    def begin(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def content(self) -> Digest: ...


@dataclass(frozen=True, slots=True)
class _Block:
    key: Digest
    blob: Digest
    begin: int
    size: int
    content: Digest


class Blocks:
    """Thread-safe, and shared with other processes."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def find(self, keys: Sequence[Digest], /) -> Mapping[Digest, Callable[[], bytes | None]]:
        """For those that are known what reads their bytes, checked; None where they are gone or torn by then."""
        found = self._database.rows(_block, _FIND, json.dumps(keys))
        return {each.key: partial(self._read, each) for each in found}

    def keep(self, blob: Digest, places: Mapping[Digest, Extent], /) -> None:
        """Afterwards `find` knows them. The blob is one of the store."""
        rows = [(key, place.begin, place.size, place.content) for key, place in places.items()]
        self._database.change(_KEEP, blob, json.dumps(rows))

    def blobs(self) -> list[Digest]:
        """The blobs that have some."""
        return self._database.rows(digest, "SELECT DISTINCT blob FROM blocks ORDER BY blob")

    def remove(self, blob: Digest) -> None:
        self._database.change("DELETE FROM blocks WHERE blob = ?", blob)

    def _read(self, block: _Block) -> bytes | None:
        try:
            file = os.open(self._blobs.path(block.blob), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            data = os.pread(file, block.size, block.begin)
        except OSError:
            return None
        finally:
            os.close(file)
        return data if Digest.of(data) == block.content else None


def _block(row: Row) -> _Block:
    match row:
        case (str(key), str(blob), int(begin), int(size), str(content)):
            return _Block(Digest(key), Digest(blob), begin, size, Digest(content))
        case _:
            raise ValueError("no block")

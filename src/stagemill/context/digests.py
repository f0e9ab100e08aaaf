"""`Digests` of a directory's files, as far as they are known: made by this build, or remembered from earlier ones."""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from typing import Protocol

from stagemill.context.look import FORM, Row, key_of
from stagemill.digest import Digest
from stagemill.files.folded import Folded

_COARSEST_CLOCK_NS = 2_000_000_000


class StatCache(Protocol):
    """Digests of files by (device, inode, size, mtime, ctime), times in nanoseconds."""

    def get(self, key: tuple[int, ...]) -> Digest | None: ...

    def put(self, key: tuple[int, ...], digest: Digest) -> None: ...


class Digests:
    """Only files that are settled are remembered: whose times are so long before `started_ns`, nanoseconds since the epoch, that
    no change can have left them as they are.
    """

    def __init__(self, stats: StatCache, *, started_ns: int) -> None:
        self._stats = stats
        self._found = Folded(_packed, _unpacked)
        self.settled_before = started_ns - _COARSEST_CLOCK_NS

    def get(self, folder: str, name: str) -> Digest | None:
        """What this build has found out."""
        found = self._found.get(folder)
        return found.get(name) if found else None

    def look(self, folder: str, name: str, seen: Row) -> Digest | None:
        """The same, or what is remembered of a file that is as it was `seen`."""
        found = self._found.get(folder)
        known = found.get(name) if found else None
        if known is None:
            key = key_of(seen)
            known = self._stats.get(key) if self._is_settled(key) else None
            if known is not None:
                self._keep(folder, name, known)
        return known

    def learn(self, folder: str, name: str, seen: Row, digest: Digest) -> None:
        """A file that was `seen` so has this digest."""
        key = key_of(seen)
        if self._is_settled(key):
            self._stats.put(key, digest)
        self._keep(folder, name, digest)

    def _keep(self, folder: str, name: str, digest: Digest) -> None:
        found = self._found.get(folder)
        if found is None:
            self._found.put(folder, {name: digest})
        else:
            found[name] = digest
            self._found.changed(folder)

    def _is_settled(self, key: tuple[int, ...]) -> bool:
        return key[3] < self.settled_before and key[4] < self.settled_before


def _packed(digests: Mapping[str, Digest]) -> bytes:
    return marshal.dumps({name: bytes.fromhex(digest.hex) for name, digest in digests.items()}, FORM)


def _unpacked(packed: bytes) -> dict[str, Digest]:
    return {name: Digest.from_bytes(data) for name, data in marshal.loads(packed).items()}  # noqa: S302  as packed above

"""`StatCache`: digests of files by what `stat` says of them, so that an unchanged context is not read again.

The file holds fixed-size pairs, which load in a few milliseconds for tens of thousands of files.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from functools import cached_property

from stagemill.digest import Digest
from stagemill.store.memo import Memo

MAX_AGE = 16
"""An entry that was not asked for in so many saves is forgotten."""
_KEY = struct.Struct("<QQQqq")
_PAIR = struct.Struct(f"{_KEY.size}s33s")  # the key; the digest and its age
_ASKED = b"\xff"  # in place of the age, while this process lasts
MAGIC = b"stagemill stats 1\n"


class StatCache:
    """Keys are (device, inode, size, mtime_ns, ctime_ns); thread-safe.

    Whoever puts must not put a file that may still change within the resolution of its times.
    """

    def __init__(self, memo: Memo) -> None:
        self._memo = memo
        self._guard = threading.Lock()
        self._changed = False

    @cached_property
    def _known(self) -> dict[bytes, bytes]:
        """Digests with their ages. A build need not load them that finds its context as it was."""
        body = self._memo.read()
        return dict(_PAIR.iter_unpack(body)) if len(body) % _PAIR.size == 0 else {}

    def get(self, key: tuple[int, ...]) -> Digest | None:
        """The digest that was put for exactly this key."""
        packed = _pack(key)
        value = self._known.get(packed) if packed is not None else None
        if packed is None or value is None:
            return None
        if value[32:] != _ASKED:
            self._known[packed] = value[:32] + _ASKED
        return Digest.from_bytes(value[:32])

    def put(self, key: tuple[int, ...], digest: Digest) -> None:
        packed = _pack(key)
        if packed is not None:
            self._known[packed] = bytes.fromhex(digest.hex) + _ASKED
            self._changed = True

    def save(self) -> None:
        """What was put is there for the next process; costs nothing where nothing was put. Raises StoreError."""
        with self._guard:
            if not self._changed:
                return
            self._changed = False
            body = b"".join(self._aged())
        self._memo.write(body)

    def _aged(self) -> Iterator[bytes]:
        """The pairs to be saved, each only made when it is written: there may be a million."""
        for key, value in self._known.copy().items():
            if value[32:] == _ASKED:
                yield _PAIR.pack(key, value[:32] + b"\0")
            elif value[32] < MAX_AGE:
                yield _PAIR.pack(key, value[:32] + bytes([value[32] + 1]))


def _pack(key: tuple[int, ...]) -> bytes | None:
    """None for what does not fit, such as times after the year 2262: such a file is read every time."""
    try:
        return _KEY.pack(*key)
    except struct.error:
        return None

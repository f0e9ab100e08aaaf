"""`StatCache`: digests of files by what `stat` says of them, so that an unchanged context is not read again.

The file holds fixed-size pairs, which load in a few milliseconds for tens of thousands of files.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Mapping
from functools import cached_property

from stagemill.digest import Digest
from stagemill.store.memo import Memo

MAX_AGE = 16
"""An entry that was not asked for in so many saves is forgotten."""
_KEY = struct.Struct("<QQQqq")
_PAIR = struct.Struct(f"{_KEY.size}s33s")  # the key; the digest and its age
MAGIC = b"stagemill stats 1\n"


class StatCache:
    """Keys are (device, inode, size, mtime_ns, ctime_ns); thread-safe.

    Whoever puts must not put a file that may still change within the resolution of its times.
    """

    def __init__(self, memo: Memo) -> None:
        self._memo = memo
        self._guard = threading.Lock()
        self._seen: dict[bytes, bytes] = {}
        self._changed = False

    @cached_property
    def _old(self) -> Mapping[bytes, bytes]:
        """What was saved, which a build need not load that finds its context as it was."""
        body = self._memo.read()
        return dict(_PAIR.iter_unpack(body)) if len(body) % _PAIR.size == 0 else {}

    def get(self, key: tuple[int, ...]) -> Digest | None:
        """The digest that was put for exactly this key."""
        packed = _pack(key)
        if packed is None:
            return None
        value = self._seen.get(packed)
        if value is None:
            value = self._old.get(packed)
            if value is None:
                return None
            self._seen[packed] = value
        return Digest.from_bytes(value[:32])

    def put(self, key: tuple[int, ...], digest: Digest) -> None:
        packed = _pack(key)
        if packed is not None:
            self._seen[packed] = bytes.fromhex(digest.hex) + b"\0"
            self._changed = True

    def save(self) -> None:
        """What was put is there for the next process; costs nothing where nothing was put. Raises StoreError."""
        with self._guard:
            if not self._changed:
                return
            self._changed = False
            body = b"".join(_PAIR.pack(key, value) for key, value in self._aged().items())
        self._memo.write(body)

    def _aged(self) -> dict[bytes, bytes]:
        kept = {key: value[:32] + bytes([value[32] + 1]) for key, value in self._old.items() if value[32] < MAX_AGE}
        kept.update((key, value[:32] + b"\0") for key, value in self._seen.copy().items())
        return kept


def _pack(key: tuple[int, ...]) -> bytes | None:
    """None for what does not fit, such as times after the year 2262: such a file is read every time."""
    try:
        return _KEY.pack(*key)
    except struct.error:
        return None

"""`StatCache`: digests of files by what `stat` says of them, so that an unchanged context is not read again.

The file is a checksum followed by fixed-size pairs, which load in a few milliseconds for tens of thousands of files.
"""

from __future__ import annotations

import hashlib
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from stagemill.digest import Digest
from stagemill.store.faults import explained
from stagemill.store.temporary import Temporary

MAX_AGE = 16
"""An entry that was not asked for in so many saves is forgotten."""
_KEY = struct.Struct("<QQQqq")
_PAIR = struct.Struct(f"{_KEY.size}s33s")  # the key; the digest and its age
_MAGIC = b"stagemill stats 1\n"


class StatCache:
    """Keys are (device, inode, size, mtime_ns, ctime_ns); thread-safe.

    Whoever puts must not put a file that may still change within the resolution of its times.
    """

    def __init__(self, path: Path, temporary: Temporary) -> None:
        self._path = path
        self._temporary = temporary
        self._guard = threading.Lock()
        self._old = _load(path)
        self._seen: dict[bytes, bytes] = {}
        self._changed = False

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
        return Digest.from_hex(value[:32].hex())

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
            body = b"".join(self._aged())
        path = self._temporary.new()
        with explained("write", path):
            try:
                path.write_bytes(_MAGIC + hashlib.sha256(body).digest() + body)
                os.rename(path, self._path)
            except OSError:
                with suppress(OSError):
                    path.unlink()
                raise

    def _aged(self) -> Iterator[bytes]:
        """The pairs to be saved, each only made when it is written: there may be a million."""
        seen = self._seen.copy()
        for key, value in self._old.items():
            if key not in seen and value[32] < MAX_AGE:
                yield _PAIR.pack(key, value[:32] + bytes([value[32] + 1]))
        for key, value in seen.items():
            yield _PAIR.pack(key, value[:32] + b"\0")


def _pack(key: tuple[int, ...]) -> bytes | None:
    """None for what does not fit, such as times after the year 2262: such a file is read every time."""
    try:
        return _KEY.pack(*key)
    except struct.error:
        return None


def _load(path: Path) -> dict[bytes, bytes]:
    """Empty where there is no file, or a torn one."""
    try:
        data = path.read_bytes()
    except OSError:
        return {}
    head = len(_MAGIC) + 32
    body = memoryview(data)[head:]
    if data[:head] != _MAGIC + hashlib.sha256(body).digest() or len(body) % _PAIR.size:
        return {}
    return dict(_PAIR.iter_unpack(body))

"""`StatCache`: digests of files by what `stat` says of them, so that an unchanged context is not read again.

The file holds fixed-size pairs, which load in a few milliseconds for tens of thousands of files.
"""

from __future__ import annotations

import struct
import threading
from functools import cached_property

from stagemill.digest import Digest
from stagemill.store.memo import Memo

MAX_AGE = 16
"""An entry that was not asked for in so many saves is forgotten."""
_KEY = struct.Struct("<QQQqq")
_PAIR = _KEY.size + 33  # the key; the digest and its age
_NODE = struct.Struct(f"<8xQ{_PAIR - 16}x")
_NEAR = 4  # bits of an inode's number in which those differ that are held together
_ASKED = 0xFF  # in place of the age, while this process lasts
_NEW = bytes([_ASKED])
MAGIC = b"stagemill stats 1\n"


class StatCache:
    """Keys are (device, inode, size, mtime_ns, ctime_ns); thread-safe.

    Whoever puts must not put a file that may still change within the resolution of its times. Pairs of files whose inodes are near
    each other are held in one piece: those of a million files take little more than they do on disk.
    """

    def __init__(self, memo: Memo) -> None:
        self._memo = memo
        self._guard = threading.Lock()
        self._changed = False

    @cached_property
    def _known(self) -> dict[int, bytearray]:
        """Digests with their ages. A build need not load them that finds its context as it was."""
        body = self._memo.read()
        found: dict[int, bytearray] = {}
        if len(body) % _PAIR:
            return found
        begin, latest = 0, -1
        for number, (node,) in enumerate(_NODE.iter_unpack(body)):
            if node >> _NEAR != latest:
                _add(found, latest, body[begin : number * _PAIR])
                begin, latest = number * _PAIR, node >> _NEAR
        _add(found, latest, body[begin:])
        return found

    def get(self, key: tuple[int, ...]) -> Digest | None:
        """The digest that was put for exactly this key."""
        packed = _pack(key)
        near = self._known.get(key[1] >> _NEAR) if packed is not None else None
        if packed is None or near is None:
            return None
        at = near.find(packed)
        while at > 0 and at % _PAIR:
            at = near.find(packed, at + 1)
        if at < 0:
            return None
        end = at + _PAIR - 1
        near[end] = _ASKED
        return Digest.from_bytes(near[at + _KEY.size : end])

    def put(self, key: tuple[int, ...], digest: Digest) -> None:
        packed = _pack(key)
        if packed is None:
            return
        pair = packed + bytes.fromhex(digest[7:]) + _NEW
        near = self._known.get(key[1] >> _NEAR)
        if near is None:
            near = self._known.setdefault(key[1] >> _NEAR, bytearray())
        at = near.find(packed)
        while at > 0 and at % _PAIR:
            at = near.find(packed, at + 1)
        if at < 0:
            near += pair
        else:
            near[at : at + _PAIR] = pair
        self._changed = True

    def save(self) -> None:
        """What was put is there for the next process; costs nothing where nothing was put. Raises StoreError."""
        with self._guard:
            if not self._changed:
                return
            self._changed = False
            body = bytearray()
            for number in sorted(self._known):
                body += _aged(self._known[number])
        self._memo.write(body)


def _add(found: dict[int, bytearray], number: int, pairs: bytes) -> None:
    if pairs:
        found.setdefault(number, bytearray()).extend(pairs)


def _aged(near: bytearray) -> bytearray:
    """The pairs that are to be saved, of all that are held in one piece."""
    kept = bytearray()
    for end in range(_PAIR, len(near) + 1, _PAIR):
        age = near[end - 1]
        if age == _ASKED or age < MAX_AGE:
            kept += near[end - _PAIR : end - 1]
            kept.append(0 if age == _ASKED else age + 1)
    return kept


def _pack(key: tuple[int, ...]) -> bytes | None:
    """None for what does not fit, such as times after the year 2262: such a file is read every time."""
    try:
        return _KEY.pack(*key)
    except struct.error:
        return None

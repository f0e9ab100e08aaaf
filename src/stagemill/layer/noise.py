"""`is_noise`: whether bytes are worth compressing; and a member of gzip that holds them as they are.

What was compressed or encrypted already does not get smaller, and to find that out takes as long as to compress it.
Source: RFC 1951, section 3.2.4, and RFC 1952, section 2.3.
"""

from __future__ import annotations

import struct

from isal import isal_zlib

_LEAST = 1 << 16
"""Bytes; of fewer it does not matter how long they take."""
_SAMPLES = 8
_SAMPLE = 1 << 11
_STORED = 0xFFFF  # bytes in a block of deflate
_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


def is_noise(data: bytes) -> bool:
    """Whether they would not get a hundredth smaller: samples say so, and then a quick compressor of all of them."""
    if len(data) < _LEAST:
        return False
    step = len(data) // _SAMPLES
    sample = b"".join(data[begin : begin + _SAMPLE] for begin in range(0, step * _SAMPLES, step))
    return _resists(sample) and _resists(data)


def stored(data: bytes) -> bytes:
    """A member of gzip, a little larger than what it holds."""
    pieces: list[bytes | memoryview] = [_HEAD]
    for begin in range(0, len(data) or 1, _STORED):
        piece = memoryview(data)[begin : begin + _STORED]
        last = begin + _STORED >= len(data)
        pieces += (struct.pack("<BHH", last, len(piece), len(piece) ^ 0xFFFF), piece)
    pieces.append(struct.pack("<II", isal_zlib.crc32(data), len(data) & 0xFFFFFFFF))
    return b"".join(pieces)


def _resists(data: bytes) -> bool:
    import zstandard  # noqa: PLC0415  small layers are not looked at

    return len(zstandard.ZstdCompressor(level=1).compress(data)) * 100 > len(data) * 99

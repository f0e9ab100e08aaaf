"""Writes the header of a tar entry: ustar, with a pax header before it for what ustar cannot say.

Source: POSIX.1-2017, pax, sections "ustar Interchange Format" and "pax Header Block"; `SCHILY.xattr.` is star's word for
extended attributes, which every reader of image layers knows. Owner names are left out; equal facts make equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from zlib import adler32

BLOCK = 512
END = bytes(2 * BLOCK)
XATTR = b"SCHILY.xattr."

FILE = b"0"
LINK = b"1"
SYMLINK = b"2"
CHAR = b"3"
BLOCK_DEVICE = b"4"
DIRECTORY = b"5"
FIFO = b"6"
_PAX = b"x"

_PAX_NAME = b"PaxHeaders/entry"
_MAX_ID = 0o7777777
_MAX_NUMBER = 0o77777777777
_SECOND = 1_000_000_000
_NO_NAMES = bytes(64)
_USUAL_END = b"ustar\00000%b%07o\0%07o\0" % (_NO_NAMES, 0, 0)


def header(
    name: bytes,
    kind: bytes,
    *,
    mode: int,
    uid: int = 0,
    gid: int = 0,
    size: int = 0,
    mtime_ns: int = 0,
    link: bytes = b"",
    device: tuple[int, int] = (0, 0),
    xattrs: Iterable[tuple[str, bytes]] = (),
) -> bytes:
    """All blocks that stand before an entry's content. `size` is that of the content which follows."""
    seconds, fraction = divmod(mtime_ns, _SECOND)
    numbers = b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (
        mode,
        min(uid, _MAX_ID),
        min(gid, _MAX_ID),
        min(size, _MAX_NUMBER),
        min(max(seconds, 0), _MAX_NUMBER),
    )
    records: list[tuple[bytes, bytes]] = []
    prefix = b""
    if len(name) > 100:
        prefix, short = _split(name)
        if not short:
            records.append((b"path", name))
            short = name[:100]
        name = short
    if len(link) > 100:
        records.append((b"linkpath", link))
    if fraction or not 0 <= seconds <= _MAX_NUMBER:
        records.append((b"mtime", _decimal(mtime_ns)))
    if uid > _MAX_ID or gid > _MAX_ID:
        records += [(word, b"%d" % value) for word, value in ((b"uid", uid), (b"gid", gid)) if value > _MAX_ID]
    if size > _MAX_NUMBER:
        records.append((b"size", b"%d" % size))
    if xattrs:
        records += [(XATTR + _bytes(key), value) for key, value in xattrs]
    block = _block(name, kind, numbers=numbers, link=link[:100], device=device, prefix=prefix)
    return _pax(records) + block if records else block


def padding(size: int) -> bytes:
    """The zeros between a content of this size and the next block."""
    return bytes(-size % BLOCK)


def _block(
    name: bytes,
    kind: bytes,
    *,
    numbers: bytes,
    link: bytes = b"",
    device: tuple[int, int] = (0, 0),
    prefix: bytes = b"",
) -> bytes:
    start = name.ljust(100, b"\0") + numbers
    middle = kind + link.ljust(100, b"\0")
    end = b"ustar\00000%b%07o\0%07o\0%b" % (_NO_NAMES, *device, prefix) if prefix or any(device) else _USUAL_END
    # Adler-32 adds up bytes modulo 65521, which 256 of them do not reach, and one.
    checksum = (adler32(start) & 0xFFFF) + (adler32(middle) & 0xFFFF) + (adler32(end) & 0xFFFF) - 3 + 8 * 0x20
    return b"%b%06o\0 %b%b%b" % (start, checksum, middle, end, bytes(BLOCK - 156 - len(middle) - len(end)))


def _split(name: bytes) -> tuple[bytes, bytes]:
    """A long name as ustar's prefix and name, the longest prefix that fits; two empty ones where none does."""
    cut = name.rfind(b"/", 0, min(156, len(name) - 1))
    if cut <= 0 or len(name) - cut - 1 > 100:
        return b"", b""
    return name[:cut], name[cut + 1 :]


def _pax(records: list[tuple[bytes, bytes]]) -> bytes:
    if len(records) > 1:
        records.sort()
    content = b"".join([_record(key, value) for key, value in records])
    return b"%b%b%b" % (_pax_block(len(content)), content, padding(len(content)))


@lru_cache(maxsize=64)  # nearly every file has one, for its mtime, and all of them are of few lengths
def _pax_block(size: int) -> bytes:
    numbers = b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (0, 0, 0, size, 0)
    return _block(_PAX_NAME, _PAX, numbers=numbers)


def _record(key: bytes, value: bytes) -> bytes:
    """`<length> <key>=<value>`, where the length counts itself."""
    length = len(key) + len(value) + 3
    digits = len(str(length))
    if len(str(length + digits)) > digits:
        digits += 1
    return b"%d %b=%b\n" % (length + digits, key, value)


def _decimal(nanoseconds: int) -> bytes:
    seconds, fraction = divmod(abs(nanoseconds), _SECOND)
    sign = b"-" if nanoseconds < 0 else b""
    return (b"%b%d.%09d" % (sign, seconds, fraction)).rstrip(b"0") if fraction else b"%b%d" % (sign, seconds)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")

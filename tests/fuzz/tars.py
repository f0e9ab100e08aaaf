"""Tar archives made block by block, so that each field can say what no honest archiver would write."""

from __future__ import annotations

import bz2
import gzip
import lzma
from random import Random

import zstandard

BLOCK = 512
ESCAPE = "stagemill-fuzz-escape"
"""The name of all that should be nowhere but below the directory that an archive is unpacked into."""

_NAMES = (
    "a", "b", "d", "d/f", "d/e/g", "l", "l/x", "l/../y", "loop/x", "up/x", "out/x", "out", "./a", "./", "", "/", ".", "..", "/a", "d/",
    "../outside/secret", "../../outside/new", "d/../../x", "//a//b", "a/b/c", "é", b"\xff\xfe".decode("utf-8", "surrogateescape"),
    f"/{ESCAPE}", f"../{ESCAPE}", f"out/{ESCAPE}", f"up/{ESCAPE}", f"cwd/{ESCAPE}", "n" * 100, "n" * 101, "d/" * 60 + "x", "n" * 256,
    ".wh.a", ".wh.d", ".wh..wh..opq", "d/.wh..wh..opq", "d/.wh.f", ".wh.", ".wh..", ".wh...", ".wh..wh.x", "l/.wh.f", "out/.wh.secret",
    "a\nb", "a\\b", "bin/x", "Dockerfile", ".dockerignore",
)  # fmt: skip
_TARGETS = (
    "a", "d", "d/f", "b", "..", "../outside", "../outside/secret", "/", "/proc/self/cwd", "/proc/self/cwd/outside/secret", "l", "loop",
    f"../{ESCAPE}", f"/{ESCAPE}", "", ".", "d/../..", "x" * 99, "y/" * 80, "bin/x", "/d/f", "\n",
)  # fmt: skip
_FIXED = (("up", ".."), ("out", "../outside"), ("cwd", "/proc/self/cwd"), ("loop", "loop"), ("l", "d"), ("root", "/"))
_KINDS = (
    b"0",
    b"0",
    b"0",
    b"5",
    b"5",
    b"2",
    b"2",
    b"1",
    b"1",
    b"3",
    b"4",
    b"6",
    b"7",
    b"\0",
    b"S",
    b"M",
    b"V",
    b"D",
    b"N",
    b"A",
    b"\xff",
)
_NUMBERS = (0, 1, 7, 0o644, 0o4755, 0o7777, 511, 512, 513, 1 << 21, (1 << 31) - 1, 1 << 31, (1 << 33) - 1, 0o77777777)
_FIELDS = (
    b"", b"0", b"17", b"-1", b" 7 ", b"8", b"9" * 11, b"7" * 12, b"\x80" + bytes(10) + b"\x01", b"\xff" * 12, b"\x80" + b"\xff" * 11,
    b"\x80" + bytes(3) + b"\x10" + bytes(7), b"\xc0" + bytes(11), b"0x10", b"1e3", b"\0" * 12,
)  # fmt: skip
_PAX = (
    (b"path", b"p/q"), (b"path", b""), (b"path", b"../outside/secret"), (b"path", b"a\0b"), (b"path", b"d/" * 200), (b"linkpath", b"../x"),
    (b"linkpath", b"/proc/self/cwd/outside/secret"), (b"size", b"3"), (b"size", b"-1"), (b"size", b"99999999999999"), (b"size", b""),
    (b"mtime", b"1.5"), (b"mtime", b"-9" + b"9" * 30), (b"mtime", b"nan"), (b"mtime", b"1e999"), (b"mtime", b"inf"), (b"uid", b"4294967295"),
    (b"uid", b"-1"), (b"gid", b"9" * 25), (b"gid", b"x"), (b"SCHILY.xattr.user.a", b"\0v"), (b"SCHILY.xattr.user.overlay.opaque", b"y"),
    (b"SCHILY.xattr.trusted.overlay.opaque", b"y"), (b"SCHILY.xattr.security.capability", b"x"), (b"SCHILY.xattr.", b"x"),
    (b"SCHILY.xattr.user." + b"n" * 300, b"x"), (b"SCHILY.xattr.user.big", b"x" * 70000), (b"GNU.sparse.major", b"1"),
    (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"s"), (b"GNU.sparse.realsize", b"4611686018427387904"), (b"GNU.sparse.size", b"1048576"),
    (b"GNU.sparse.map", b"0,1,1000,1"), (b"GNU.sparse.numblocks", b"2"), (b"hdrcharset", b"BINARY"), (b"comment", b"c"), (b"uname", b"r"),
)  # fmt: skip


def archive(rng: Random) -> bytes:
    """A few members, most of them whole; some have a field, or all that stands before them, made wrong."""
    parts = [member(*fixed, rng=rng) for fixed in rng.sample(_FIXED, rng.randrange(3))]
    parts += [_some(rng) for _ in range(rng.randrange(1, 8))]
    end = rng.choice((bytes(2 * BLOCK), bytes(2 * BLOCK), bytes(BLOCK), b"", bytes(20 * BLOCK), b"rest"))
    return b"".join(parts) + end


def member(name: str, target: str, *, rng: Random) -> bytes:
    """A symlink."""
    return _header(name.encode(), b"2", link=target.encode(), rng=rng)


def _some(rng: Random) -> bytes:
    name = rng.choice(_NAMES).encode("utf-8", "surrogateescape")
    kind = rng.choice(_KINDS[:10] if rng.random() < 0.8 else _KINDS)
    content = rng.randbytes(rng.choice((0, 1, 5, 511, 512, 513, 3000))) if kind in b"07\0" and kind else b""
    before = _before(name, rng) if rng.random() < 0.35 else b""
    link = rng.choice(_TARGETS).encode() if kind in b"12" else b""
    header = _header(name, kind, size=len(content), link=link, rng=rng)
    if kind == b"S" and rng.random() < 0.8:
        header = _sparse(header, rng)
    return before + header + content + bytes(-len(content) % BLOCK)


def _before(name: bytes, rng: Random) -> bytes:
    """A long name, or a pax header of the entry or of all that follow."""
    kind = rng.choice((b"x", b"x", b"x", b"g", b"L", b"K", b"X"))
    if kind in b"LK":
        text = rng.choice(
            (name + b"/" + b"n" * 200 + b"\0", b"../outside/secret\0", b"d/" * 150, b"", b"\0", b"x" * 5000)
        )
    else:
        text = b"".join(_record(*rng.choice(_PAX), rng=rng) for _ in range(rng.randrange(1, 5)))
    return _header(b"././@LongLink", kind, size=len(text), rng=rng) + text + bytes(-len(text) % BLOCK)


def _record(key: bytes, value: bytes, *, rng: Random) -> bytes:
    length = len(key) + len(value) + 3
    length += len(str(length + len(str(length))))
    if rng.random() < 0.05:
        length += rng.choice((-1, 1, 100, -length, 10**19))
    return b"%d %s=%s\n" % (length, key, value)


def _header(name: bytes, kind: bytes, *, size: int = 0, link: bytes = b"", rng: Random) -> bytes:
    fields = [
        name[:100].ljust(100, b"\0"), b"%07o\0" % rng.choice((0o644, 0o755, 0o4755, 0, 0o1777)), _octal(rng, 8), _octal(rng, 8),
        b"%011o\0" % size, b"%011o\0" % rng.choice((0, 1, 1_600_000_000, (1 << 33) - 1)), b" " * 8, kind, link[:100].ljust(100, b"\0"),
        rng.choice((b"ustar\x0000", b"ustar\x0000", b"ustar  \0", bytes(8))), bytes(64), _octal(rng, 8), _octal(rng, 8),
        rng.choice((b"", b"", b"", b"pre/fix", b"../..", b"/")).ljust(155, b"\0"), bytes(12),
    ]  # fmt: skip
    if rng.random() < 0.08:
        at = rng.choice((1, 2, 3, 4, 5, 11, 12))
        fields[at] = rng.choice(_FIELDS)[: len(fields[at])].ljust(len(fields[at]), b"\0")
    return summed(b"".join(fields))


def _octal(rng: Random, width: int) -> bytes:
    if rng.random() < 0.9:
        return b"%0*o\0" % (width - 1, rng.choice((0, 0, 1000)))
    return (b"%0*o" % (width - 1, rng.choice(_NUMBERS)))[-width + 1 :] + b"\0"


def _sparse(header: bytes, rng: Random) -> bytes:
    """GNU's old form: where the pieces are, and how large the file is."""
    pieces = b"".join(b"%011o\0%011o\0" % (rng.choice((0, 512, 1 << 20)), rng.choice((0, 1, 512))) for _ in range(4))
    real = rng.choice((b"%011o\0" % 4096, b"%011o\0" % (1 << 30), b"\x80" + bytes(2) + b"\x10" + bytes(8)))
    return summed(header[:386] + pieces[:96] + rng.choice((b"\0", b"\0", b"\1")) + real + header[495:])


def summed(header: bytes) -> bytes:
    """The header with the checksum that it should have."""
    bare = header[:148] + b" " * 8 + header[156:]
    return bare[:148] + b"%06o\0 " % sum(bare) + bare[156:]


def repaired(data: bytes) -> bytes:
    """The data with right checksums wherever a block looks like a header, so that readers get past it."""
    blocks = [data[at : at + BLOCK] for at in range(0, len(data), BLOCK)]
    return b"".join(
        summed(block) if len(block) == BLOCK and (block[257:262] == b"ustar" or block[148:155].isdigit()) else block
        for block in blocks
    )


def compressed(data: bytes, rng: Random) -> bytes:
    """The data in one of the forms that are known, in one piece or several; at times cut short or damaged."""
    pack = rng.choice((gzip.compress, bz2.compress, lzma.compress, zstandard.ZstdCompressor(level=1).compress))
    half = rng.randrange(len(data) + 1)
    packed = pack(data) if rng.random() < 0.7 else pack(data[:half]) + pack(data[half:])
    match rng.randrange(8):
        case 0:
            return packed[: rng.randrange(len(packed))]
        case 1:
            at = rng.randrange(len(packed))
            return packed[:at] + bytes([packed[at] ^ 1 << rng.randrange(8)]) + packed[at + 1 :]
        case 2:
            return packed + rng.choice((bytes(100), b"rest", packed))
        case _:
            return packed

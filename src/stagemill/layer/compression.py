"""Compressed streams, recognised by their first bytes; and `Compression`, how a layer is compressed when it is packed."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, Protocol

from isal import igzip_lib, isal_zlib

from stagemill.digest import Digest
from stagemill.errors import ArchiveError, CorruptError
from stagemill.layer.noise import is_noise, stored
from stagemill.layer.stream import CHUNK, even
from stagemill.oci import media_types
from stagemill.oci.blobs import Reader, chunks
from stagemill.timings import measured
from stagemill.values import dataclass

GZIP_LEVEL = 2
_ZSTD_LEVEL = 3

_BITE = 1 << 14
_TASTE = 512  # The first piece is short, so that a head can be looked at even where damage follows soon.
_GZIP_WINDOW = 31
_XZ_MEMORY = 256 << 20
_HINT = "the file is damaged, or was cut short; fetch or make it again"


class _Decompressor(Protocol):
    """What bz2, lzma and igzip_lib have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /, max_length: int = -1) -> bytes: ...


def _xz() -> _Decompressor:
    """What xz itself makes needs 65 MB at most; a header may ask for 4 GB."""
    import lzma  # noqa: PLC0415  few archives are of this kind

    return lzma.LZMADecompressor(memlimit=_XZ_MEMORY)


def _gzip() -> _Decompressor:
    decompressor: _Decompressor = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    return decompressor


def _bzip2() -> _Decompressor:
    import bz2  # noqa: PLC0415  few archives are of this kind

    return bz2.BZ2Decompressor()


class _Zstd:
    """A frame of zstd, fed in small bites: its decompressor has no limit of its own to what one bite becomes."""

    def __init__(self) -> None:
        import zstandard  # noqa: PLC0415  most layers are gzip

        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._waiting = memoryview(b"")

    @property
    def eof(self) -> bool:
        return self._frame.eof

    @property
    def needs_input(self) -> bool:
        return not self._waiting

    @property
    def unused_data(self) -> bytes:
        return self._frame.unused_data + bytes(self._waiting)

    def decompress(self, data: bytes, /, max_length: int = -1) -> bytes:  # noqa: ARG002  see above
        waiting = memoryview(data) if data else self._waiting
        self._waiting = waiting[_BITE:]
        return self._frame.decompress(waiting[:_BITE])


_FORMATS: tuple[tuple[str, bytes, Callable[[], _Decompressor]], ...] = (
    ("gzip", b"\x1f\x8b", _gzip),
    ("bzip2", b"BZh", _bzip2),
    ("xz", b"\xfd7zXZ\x00", _xz),
    ("zstd", b"\x28\xb5\x2f\xfd", _Zstd),
    *(
        ("zstd", bytes([first]) + b"\x2a\x4d\x18", _Zstd) for first in range(0x50, 0x60)
    ),  # it may begin by a frame to skip
)
_ISAL_ERROR: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment]  # its stub takes the class for an instance


def _damaged() -> tuple[type[Exception], ...]:
    """What decompressors raise."""
    import lzma  # noqa: PLC0415  hardly any data are damaged

    import zstandard  # noqa: PLC0415  the same

    return (OSError, EOFError, ValueError, lzma.LZMAError, _ISAL_ERROR, zstandard.ZstdError)


def _unmarked(_consumed: int) -> None:
    """Nobody asks what was made of what."""


def decompressed(reader: Reader, *, mark: Callable[[int], None] = _unmarked) -> Iterator[bytes]:
    """The stream's bytes without gzip, bzip2, xz or zstd around them; a stream that is none of these as it is.

    `mark` is told how many bytes of the stream all that was given out by then was made of: at the end of each member, and
    whenever all that was read is used up. Of a stream that is not compressed it is told nothing.

    Raises ArchiveError where the compressed data are damaged or end early.
    """
    head = b""
    while len(head) < 6 and (data := reader.read(CHUNK)):
        head += data
    whole = _joined(head, chunks(reader))
    for name, magic, start in _FORMATS:
        if head.startswith(magic):
            return _members(whole, name, start, mark)
    return whole


@dataclass(frozen=True, slots=True)
class Compression:
    """The form of a layer's blob, and how much work goes into it: gzip has the levels 0 to 9, zstd 0 to 22."""

    kind: Literal["gzip", "zstd", "uncompressed"] = "gzip"
    level: int | None = None

    @property
    def media_type(self) -> str:
        return {
            "gzip": media_types.LAYER_GZIP,
            "zstd": media_types.LAYER_ZSTD,
            "uncompressed": media_types.LAYER,
        }[self.kind]

    @classmethod
    def parse(cls, text: str) -> Compression:
        """From its text. Raises ValueError."""
        match text.partition("-"):
            case ("gzip" | "zstd" | "uncompressed" as kind, _, level):
                return cls(kind, int(level) if level else None)
            case _:
                raise ValueError(f"no compression: {text!r}")

    def fits(self, media_type: str) -> bool:
        """Whether a blob of this media type can be taken as it is: nobody knows what level it has."""
        return media_types.of_oci(media_type) == self.media_type and self.level is None

    def __str__(self) -> str:
        return self.kind if self.level is None else f"{self.kind}-{self.level}"


USUAL = Compression()
PORTABLE = Compression("gzip", 6)
"""By zlib. What ISA-L makes depends on the instructions that a processor has: it is not the same on every machine."""


def compressed(pieces: Iterable[bytes], how: Compression = USUAL) -> Iterator[bytes]:
    """With neither name nor time in a header; equal pieces make equal bytes, on any number of processors."""
    if how.kind == "uncompressed":
        yield from pieces
        return
    compressor = _compressor(how)
    for piece in pieces:
        if data := compressor.compress(piece):
            yield data
    yield compressor.flush()


@measured("compress")
def squeezed(data: bytes, how: Compression) -> bytes:
    """A member of gzip, or a frame of zstd, that holds the bytes: what `compressed` makes of blocks may be put together."""
    if how.kind == "uncompressed":
        return data
    if how.kind == "zstd":
        import zstandard  # noqa: PLC0415  most layers are gzip

        return zstandard.ZstdCompressor(level=_ZSTD_LEVEL if how.level is None else how.level).compress(data)
    if _is_ours(how) and is_noise(data):
        return stored(data)
    compressor = _gzip_compressor(how)
    return compressor.compress(data) + compressor.flush()


@measured("expand")
def expanded(data: bytes, how: Compression) -> bytes:
    """What was `squeezed`. The bytes are those that were kept: nothing is said of damage."""
    if how.kind == "zstd":
        import zstandard  # noqa: PLC0415  most layers are gzip

        return zstandard.ZstdDecompressor().decompress(data)
    found: bytes = isal_zlib.decompress(data, wbits=_GZIP_WINDOW)
    return found


class _Compressor(Protocol):
    """What those of ISA-L, zlib and zstd have in common."""

    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


def _compressor(how: Compression) -> _Compressor:
    if how.kind == "zstd":
        import zstandard  # noqa: PLC0415  most layers are gzip

        # At least one worker: what several make is the same then, and not what none makes.
        workers = len(os.sched_getaffinity(0))
        level = _ZSTD_LEVEL if how.level is None else how.level
        return zstandard.ZstdCompressor(level=level, threads=workers).compressobj()
    return _gzip_compressor(how)


def _gzip_compressor(how: Compression) -> _Compressor:
    level = GZIP_LEVEL if how.level is None else how.level
    if _is_ours(how):
        fast: _Compressor = isal_zlib.compressobj(level, wbits=_GZIP_WINDOW)
        return fast
    return zlib.compressobj(level, wbits=_GZIP_WINDOW)


def _is_ours(how: Compression) -> bool:
    """Whether ISA-L makes it, and not zlib, of which people expect the same bytes everywhere."""
    return how.level is None or how.level <= isal_zlib.ISAL_BEST_COMPRESSION


def recompress(reader: Reader, write: Callable[[bytes], object], how: Compression, *, diff_id: Digest) -> None:
    """Writes the tar in a blob in another form. Raises ArchiveError for damage, CorruptError where it is another tar."""
    sha256 = hashlib.sha256()

    def hashed(pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            sha256.update(piece)
            yield piece

    for piece in compressed(hashed(even(decompressed(reader))), how):
        write(piece)
    if sha256.hexdigest() != diff_id.hex:
        raise CorruptError(f"a layer of the base is not the tar {diff_id.short}, as its image says")


def _joined(head: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _members(
    pieces: Iterator[bytes], name: str, start: Callable[[], _Decompressor], mark: Callable[[int], None]
) -> Iterator[bytes]:
    """One compressed member after the other, as `cat a.gz b.gz` makes them; zeros after the last are padding."""
    data, limit = next(pieces), _TASTE
    taken = len(data)
    while True:
        decompressor = start()
        while not decompressor.eof:
            if decompressor.needs_input and not data:
                mark(taken)
                if not (data := next(pieces, b"")):
                    raise ArchiveError(f"the {name} data end too early", hint=_HINT)
                taken += len(data)
            try:
                piece = decompressor.decompress(data, max_length=limit)
            except _damaged() as error:
                raise ArchiveError(f"the {name} data are damaged: {error}", hint=_HINT) from error
            data, limit = b"", CHUNK
            if piece:
                yield piece
        unused = decompressor.unused_data
        mark(taken - len(unused))
        data = unused.lstrip(b"\0")
        while not data:
            if not (data := next(pieces, b"")):
                return
            taken += len(data)
            data = data.lstrip(b"\0")

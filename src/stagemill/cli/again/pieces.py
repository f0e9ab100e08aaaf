"""What an archive of an image layout is made of, as the archive itself says: blobs of the store, and other bytes."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator

_BLOCK = 512
_BLOBS = b"blobs/sha256/"
_LARGEST = 1 << 20  # of what is not the store's; bytes


class UnusualError(Exception):
    """It is none that can be written again of pieces."""


def pieces(path: str, blobs: Container[str], *, naming: str) -> Iterator[tuple[str, str]]:
    """Of the tar archive at a path: `blob` with a digest in hex for those in `blobs`, else `bytes` as latin-1.

    One of its small files has to have `naming` in it: else it is somebody else's by now. Raises UnusualError, OSError.
    """
    if not os.path.isfile(path):
        raise UnusualError(path)
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield from _pieces(file, blobs, naming.encode())
    finally:
        os.close(file)


def _pieces(file: int, blobs: Container[str], naming: bytes) -> Iterator[tuple[str, str]]:
    total, place, named = os.fstat(file).st_size, 0, False
    while place < total:
        header = os.pread(file, _BLOCK, place)
        name, size = header[:100].rstrip(b"\0"), _size(header)
        digest = name.removeprefix(_BLOBS).decode("latin-1")
        padding = -size % _BLOCK
        yield "bytes", header.decode("latin-1")
        if digest in blobs and name.startswith(_BLOBS):
            yield "blob", digest
            yield "bytes", "\0" * padding
        elif size > _LARGEST:
            raise UnusualError(path_of(name))
        else:
            data = os.pread(file, size + padding, place + _BLOCK)
            named = named or naming in data
            yield "bytes", data.decode("latin-1")
        place += _BLOCK + size + padding
    if place != total or not named:
        raise UnusualError("the archive")


def path_of(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def _size(header: bytes) -> int:
    """The size of what follows a header. Raises UnusualError."""
    try:
        return int(header[124:136].rstrip(b" \0") or b"0", 8)
    except ValueError as error:
        raise UnusualError("a header") from error

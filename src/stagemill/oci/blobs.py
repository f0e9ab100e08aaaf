"""Where blobs come from and where they go: two protocols, and the one verb that moves bytes between them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from stagemill.oci.descriptor import Descriptor

CHUNK = 1 << 20


class Reader(Protocol):
    """A stream of bytes; `read(n)` returns at most n bytes, and b"" at the end."""

    def read(self, size: int, /) -> bytes: ...


@runtime_checkable
class Pourable(Reader, Protocol):
    """A stream that writes itself to an open file sooner than somebody could who reads it."""

    def pour(self, target: int, /) -> int:
        """Writes what is left, and says how many bytes that were. Raises as `read` does, and OSError where it cannot write."""
        ...


class BlobSource(Protocol):
    """Something that has blobs: the store, a registry's repository, a layout, an archive."""

    def open(self, descriptor: Descriptor, /) -> AbstractContextManager[Reader]:
        """The blob's bytes. Raises NotFoundError where there is none, and CorruptError at the end of wrong bytes."""
        ...


@runtime_checkable
class Resumable(BlobSource, Protocol):
    """A source that can begin in the middle of a blob."""

    def resume(self, descriptor: Descriptor, kept: Reader, size: int, /) -> AbstractContextManager[Reader]:
        """As `open`, where `kept` has the first `size` bytes already. They are checked with the others."""
        ...


class BlobSink(Protocol):
    """Something that takes blobs."""

    def has(self, descriptor: Descriptor, /) -> bool: ...

    def write(self, descriptor: Descriptor, chunks: Iterable[bytes], /) -> None:
        """Keeps the blob, whole or not at all. Raises CorruptError where the bytes are not the descriptor's."""
        ...


def chunks(reader: Reader) -> Iterable[bytes]:
    """The rest of a stream, in pieces of at most a mebibyte."""
    while data := reader.read(CHUNK):
        yield data


def copy(descriptor: Descriptor, source: BlobSource, sink: BlobSink) -> None:
    """The sink has the blob afterwards; nothing is read where it has it already."""
    if not sink.has(descriptor):
        with source.open(descriptor) as reader:
            sink.write(descriptor, chunks(reader))

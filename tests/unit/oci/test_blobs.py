"""`copy`, the one verb that moves bytes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from stagemill.digest import Digest
from stagemill.errors import CorruptError
from stagemill.oci.blobs import CHUNK, Reader, chunks, copy
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.verify import VerifyingReader


class Memory:
    """Blobs in memory; says what was opened."""

    def __init__(self, *blobs: bytes) -> None:
        self.blobs = {Digest.of(blob): blob for blob in blobs}
        self.opened: list[Digest] = []

    def has(self, descriptor: Descriptor, /) -> bool:
        return descriptor.digest in self.blobs

    def write(self, descriptor: Descriptor, parts: Iterable[bytes], /) -> None:
        self.blobs[descriptor.digest] = b"".join(parts)

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        self.opened.append(descriptor.digest)
        stream = io.BytesIO(self.blobs[descriptor.digest])
        yield VerifyingReader(stream, descriptor, where="memory")
        stream.close()


def named(blob: bytes) -> Descriptor:
    return Descriptor("a/b", Digest.of(blob), len(blob))


def test_the_sink_has_the_blob_afterwards() -> None:
    blob = b"x" * (2 * CHUNK + 1)
    source, sink = Memory(blob), Memory()

    copy(named(blob), source, sink)

    assert sink.blobs == source.blobs


def test_nothing_is_read_where_the_sink_has_it() -> None:
    source, sink = Memory(b"x"), Memory(b"x")

    copy(named(b"x"), source, sink)

    assert source.opened == []


def test_wrong_bytes_do_not_arrive() -> None:
    source, sink = Memory(b"x"), Memory()
    source.blobs[Digest.of(b"x")] = b"y"

    with pytest.raises(CorruptError) as caught:
        copy(named(b"x"), source, sink)

    assert "is not what its name says" in caught.value.message
    assert caught.value.hint is not None
    assert sink.blobs == {}


def test_chunks_are_at_most_a_mebibyte() -> None:
    assert [len(part) for part in chunks(io.BytesIO(b"x" * (CHUNK + 1)))] == [CHUNK, 1]
    assert list(chunks(io.BytesIO())) == []

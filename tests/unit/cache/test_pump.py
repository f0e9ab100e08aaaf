"""Reading blobs of sources that may be slow, or hang; how long that may take is said, and nobody looks at a clock."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fakes.blobs import MemoryBlobs
from stagemill.cache.pump import Pace, TooSlowError, pumped
from stagemill.errors import CorruptError, NotFoundError
from stagemill.oci.blobs import Reader, chunks
from stagemill.oci.descriptor import Descriptor


def blob(blobs: MemoryBlobs, data: bytes) -> Descriptor:
    return Descriptor("t", blobs.put(data), len(data))


class Watched:
    """Gives so many bytes of a blob, a piece at a time, then nothing until it is released. `ended` when it was closed."""

    def __init__(self, blobs: MemoryBlobs, *, piece: int, stop: int) -> None:
        self._blobs = blobs
        self._piece = piece
        self._left = stop
        self.release = threading.Event()
        self.ended = threading.Event()
        self.given = 0

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        try:
            with self._blobs.open(descriptor) as self._reader:
                yield self
        finally:
            self.ended.set()

    def read(self, size: int, /) -> bytes:
        if self._left <= 0:
            assert self.release.wait(60)
        data = self._reader.read(min(size, self._piece))
        self._left -= len(data)
        self.given += len(data)
        return data


def test_all_comes_and_is_counted() -> None:
    blobs, counted = MemoryBlobs(), list[int]()
    data = os.urandom(3_000_000)

    with pumped(blobs, blob(blobs, data), pace=Pace(), count=counted.append) as reader:
        first = reader.read(10)
        assert (first, reader.read(0)) == (data[:10], b"")
        assert first + b"".join(chunks(reader)) == data
        assert reader.read(1) == b""

    assert sum(counted) == len(data)


def test_an_error_of_the_source_is_told_where_it_happens() -> None:
    blobs = MemoryBlobs()
    found = blob(blobs, bytes(1_000_000))
    blobs.data[found.digest] = bytes(999_999) + b"x"

    with pytest.raises(CorruptError), pumped(blobs, found, pace=Pace(), count=lambda _size: None) as reader:
        list(chunks(reader))
    with pytest.raises(NotFoundError), pumped(MemoryBlobs(), found, pace=Pace(), count=lambda _size: None):
        pytest.fail("there is none")


@pytest.mark.parametrize(
    ("came", "message"), [(0, "less than 262 kB came in 0 seconds"), (10, "it gives 0 kB a second")]
)
def test_one_that_stops_is_given_up(came: int, message: str) -> None:
    blobs = MemoryBlobs()
    found = blob(blobs, bytes(100))
    source = Watched(blobs, piece=1, stop=came)
    parts: list[bytes] = []

    class Patient(Pace):
        """Waits as long as it takes for what will come."""

        def left(self, waited: float, size: int) -> float:
            return 60.0 if size < came else super().left(waited, size)

    with pytest.raises(TooSlowError) as caught, pumped(source, found, pace=Patient(grace=0.2), count=len_of) as reader:
        parts.extend(chunks(reader))

    assert caught.value.message == message
    assert caught.value.hint == "that would take longer than to build again"
    assert len(b"".join(parts)) == came
    source.release.set()
    assert source.ended.wait(60)


def len_of(_size: int) -> None:
    """Nobody counts."""


def test_who_wants_no_more_leaves_nobody_behind() -> None:
    blobs = MemoryBlobs()
    source = Watched(blobs, piece=10, stop=1 << 30)

    with pumped(source, blob(blobs, bytes(10_000)), pace=Pace(), count=len_of) as reader:
        reader.read(1)

    assert source.ended.wait(60)
    assert source.given < 10_000


@pytest.mark.parametrize(
    ("waited", "size", "expected"),
    [(0.0, 0, 30.0), (29.0, 0, 1.0), (29.0, 1_000_000, 1.0), (40.0, 20_000_000, 60.0), (31.0, 100, -1.0)],
)
def test_so_long_one_may_still_wait(waited: float, size: int, expected: float) -> None:
    assert Pace(grace=30.0, least=200_000).left(waited, size) == expected

"""What every `BlobSource` and every `BlobSink` keeps.

A test module derives `BlobSourceContract` and gives the fixture `hold`: it makes a source that has, under each digest,
the bytes of a table, be they the right ones or not. For `BlobSinkContract` it gives `sink`, an empty one that is a
source as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar, Protocol, TypeAlias

import pytest

from fakes.blobs import MemoryBlobs
from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError, StagemillError
from stagemill.oci.blobs import CHUNK, BlobSink, BlobSource, chunks, copy
from stagemill.oci.descriptor import Descriptor

Hold: TypeAlias = Callable[[Mapping[Digest, bytes]], BlobSource]

DATA = bytes(range(256)) * 40
LARGE = b"stagemill" * (CHUNK // 4)


class SourceAndSink(BlobSource, BlobSink, Protocol):
    """Whatever is both."""


def named(data: bytes) -> Descriptor:
    return Descriptor("application/octet-stream", Digest.of(data), len(data))


def read(source: BlobSource, data: bytes) -> bytes:
    """What a source has under the name of some bytes."""
    with source.open(named(data)) as reader:
        return b"".join(chunks(reader))


class BlobSourceContract:
    torn: ClassVar[tuple[type[StagemillError], ...]] = (CorruptError,)
    """What reading wrong bytes raises."""

    @pytest.mark.parametrize("data", [b"", b"x", DATA, LARGE], ids=["nothing", "a byte", "some", "several chunks"])
    def test_bytes_come_out_as_they_are(self, hold: Hold, data: bytes) -> None:
        assert read(hold({Digest.of(data): data}), data) == data

    @pytest.mark.parametrize("size", [1, 7, 1000, len(DATA), len(DATA) + 1])
    def test_a_read_returns_at_most_what_was_asked_for(self, hold: Hold, size: int) -> None:
        source = hold({Digest.of(DATA): DATA})
        pieces = []

        with source.open(named(DATA)) as reader:
            while piece := reader.read(size):
                pieces.append(piece)

        assert max(map(len, pieces)) <= size
        assert b"".join(pieces) == DATA

    def test_after_the_end_is_nothing(self, hold: Hold) -> None:
        with hold({Digest.of(DATA): DATA}).open(named(DATA)) as reader:
            read_whole = b"".join(chunks(reader))

            assert (read_whole, reader.read(10), reader.read(10)) == (DATA, b"", b"")

    def test_a_reader_may_stop_early(self, hold: Hold) -> None:
        source = hold({Digest.of(LARGE): LARGE})

        with source.open(named(LARGE)) as reader:
            begin = reader.read(4)

        assert LARGE.startswith(begin)
        assert read(source, LARGE) == LARGE

    def test_two_readers_of_a_blob_do_not_disturb_each_other(self, hold: Hold) -> None:
        source = hold({Digest.of(DATA): DATA})

        with source.open(named(DATA)) as first, source.open(named(DATA)) as second:
            begin = first.read(100)
            other = b"".join(chunks(second))
            rest = b"".join(chunks(first))

        assert (begin + rest, other) == (DATA, DATA)

    def test_many_threads_may_read_at_once(self, hold: Hold) -> None:
        blobs = [f"blob {number}".encode() * 1000 for number in range(12)]
        source = hold({Digest.of(data): data for data in blobs})

        with ThreadPoolExecutor(6) as pool:
            found = list(pool.map(lambda data: read(source, data), blobs))

        assert found == blobs

    def test_a_blob_that_is_not_there_is_not_found(self, hold: Hold) -> None:
        source = hold({Digest.of(DATA): DATA})

        with pytest.raises(NotFoundError) as caught:
            read(source, b"another")

        assert Digest.of(b"another").short in caught.value.message
        assert caught.value.hint

    @pytest.mark.parametrize(
        "found",
        [DATA[:-1] + b"?", DATA[:-1], DATA + b"?", b"", DATA[::-1]],
        ids=["last byte", "shorter", "longer", "empty", "other"],
    )
    def test_bytes_that_are_not_the_blob_never_end_well(self, hold: Hold, found: bytes) -> None:
        source = hold({Digest.of(DATA): found})
        seen = []

        with pytest.raises(self.torn) as caught, source.open(named(DATA)) as reader:
            while piece := reader.read(1000):
                seen.append(piece)

        assert len(b"".join(seen)) < len(DATA)
        assert Digest.of(DATA).short in caught.value.message

    def test_whoever_reads_exactly_the_size_has_the_right_bytes(self, hold: Hold) -> None:
        """A reader that counts need not ask for the end."""
        source = hold({Digest.of(DATA): DATA[::-1]})

        with pytest.raises(self.torn), source.open(named(DATA)) as reader:
            left = len(DATA)
            while left:
                left -= len(reader.read(left))

    def test_a_copy_brings_the_blob_to_a_sink(self, hold: Hold) -> None:
        sink = MemoryBlobs()

        copy(named(DATA), hold({Digest.of(DATA): DATA}), sink)

        assert sink.data == {Digest.of(DATA): DATA}

    def test_a_copy_of_wrong_bytes_brings_nothing(self, hold: Hold) -> None:
        sink = MemoryBlobs()

        with pytest.raises(self.torn):
            copy(named(DATA), hold({Digest.of(DATA): DATA[::-1]}), sink)

        assert sink.data == {}


def in_pieces(data: bytes, size: int = 1000) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def broken(data: bytes) -> Iterator[bytes]:
    yield data[: len(data) // 2]
    raise NotFoundError("the other end hung up")


class BlobSinkContract:
    @pytest.mark.parametrize("data", [b"", b"x", DATA], ids=["nothing", "a byte", "some"])
    def test_what_was_written_is_there(self, sink: SourceAndSink, data: bytes) -> None:
        before = sink.has(named(data))

        sink.write(named(data), in_pieces(data))

        assert (before, sink.has(named(data))) == (False, True)
        assert read(sink, data) == data

    def test_writing_again_changes_nothing(self, sink: SourceAndSink) -> None:
        sink.write(named(DATA), in_pieces(DATA))

        sink.write(named(DATA), in_pieces(DATA))

        assert read(sink, DATA) == DATA

    def test_a_blob_of_another_size_is_not_the_one_that_is_there(self, sink: SourceAndSink) -> None:
        sink.write(named(DATA), in_pieces(DATA))

        assert not sink.has(Descriptor("application/octet-stream", Digest.of(DATA), len(DATA) + 1))

    @pytest.mark.parametrize(
        "found", [DATA[::-1], DATA[:-1], DATA + b"?", b""], ids=["other", "shorter", "longer", "empty"]
    )
    def test_wrong_bytes_are_refused_and_leave_nothing(self, sink: SourceAndSink, found: bytes) -> None:
        with pytest.raises(CorruptError) as caught:
            sink.write(named(DATA), in_pieces(found))

        assert Digest.of(DATA) in caught.value.message
        assert not sink.has(named(DATA))

    def test_a_stream_that_breaks_leaves_nothing(self, sink: SourceAndSink) -> None:
        with pytest.raises(NotFoundError, match="hung up"):
            sink.write(named(DATA), broken(DATA))

        assert not sink.has(named(DATA))

    def test_wrong_bytes_do_not_harm_a_blob_that_is_there(self, sink: SourceAndSink) -> None:
        sink.write(named(DATA), in_pieces(DATA))

        with pytest.raises(CorruptError):
            sink.write(named(DATA), in_pieces(DATA[::-1]))

        assert read(sink, DATA) == DATA

    def test_a_copy_reads_nothing_where_the_sink_has_the_blob(self, sink: SourceAndSink) -> None:
        sink.write(named(DATA), in_pieces(DATA))

        copy(named(DATA), MemoryBlobs(), sink)

        assert read(sink, DATA) == DATA

    def test_many_threads_may_write_the_same_blob(self, sink: SourceAndSink) -> None:
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda size: sink.write(named(DATA), in_pieces(DATA, size)), range(100, 1300, 100)))

        assert read(sink, DATA) == DATA

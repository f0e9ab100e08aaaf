"""Caches of elsewhere: how long they are waited for, and what happens when they fail."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from fakes.blobs import MemoryBlobs
from fakes.caching import BASE, contents, definition, failing, hanging, key, layer, source, step
from stagemill.cache.contents import CacheContents
from stagemill.cache.imports import Imports, Opened, Source
from stagemill.cache.pump import Pace
from stagemill.errors import CacheError, CancelledError, CorruptError, NotFoundError
from stagemill.events import Event, Finished, Notice, Started
from stagemill.oci.blobs import BlobSource, Reader, chunks
from stagemill.oci.descriptor import Descriptor


@pytest.fixture
def heard() -> list[Event]:
    return []


@pytest.fixture
def begin(heard: list[Event]) -> Callable[..., Imports]:
    def beginning(*sources: Source, patience: float = 60.0, **more: Pace) -> Imports:
        return Imports(sources, listener=heard.append, clock=lambda: 0.0, patience=patience, **more)

    return beginning


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets go what hangs when the test is over."""
    event = threading.Event()
    yield event
    event.set()


def read(source: BlobSource, blob: Descriptor | None) -> bytes:
    assert blob is not None
    with source.open(blob) as reader:
        return b"".join(chunks(reader))


def notices(heard: list[Event]) -> list[str]:
    return [event.text for event in heard if isinstance(event, Notice)]


Begin = Callable[..., Imports]


class TestFinding:
    def test_a_step_is_found_by_its_key_and_by_its_definitions(self, begin: Begin) -> None:
        blobs = MemoryBlobs()
        found = contents(blobs, "a", "b")

        imports = begin(source("one", found, blobs))

        by_name = {each.name: each for each in found.steps}
        assert imports.step(key("a")) == imports.step(definition("a")) == by_name["RUN a"]
        assert imports.step(key("c")) is None
        assert imports.layer(layer(blobs, "b").digest) == layer(blobs, "b")
        assert (imports.count, imports.usable, imports.steps) == (1, 1, 2)

    def test_the_source_that_is_named_first_counts(self, begin: Begin) -> None:
        ours, theirs = MemoryBlobs(), MemoryBlobs()
        first = CacheContents.of([step("a", BASE, layer(ours, "first"))])
        second = CacheContents.of([step("a", BASE, layer(theirs, "second")), step("b", BASE)])

        imports = begin(source("one", first, ours), source("two", second, theirs))

        found = imports.step(key("a"))
        assert found is not None
        assert found.layers[1] == layer(ours, "first")
        assert imports.step(key("b")) is not None
        assert imports.steps == 2

    def test_sources_are_read_side_by_side(self, begin: Begin) -> None:
        meeting = threading.Barrier(3)

        def open_() -> Opened:
            meeting.wait(60)
            return Opened(CacheContents(), MemoryBlobs(), 0)

        imports = begin(*(Source(str(number), open_) for number in range(3)))

        imports.step(key("a"))
        assert imports.usable == 3

    def test_a_step_whose_blobs_are_not_named_cannot_be_had(self, begin: Begin) -> None:
        blobs = MemoryBlobs()
        bare = replace(layer(blobs, "a"), blob=None)
        found = CacheContents.of([step("a", BASE, bare), step("b", BASE)])

        imports = begin(source("one", found, blobs))

        assert imports.step(key("a")) is None
        assert imports.step(key("b")) is not None

    def test_what_is_read_is_told_of_and_counted(self, begin: Begin, heard: list[Event]) -> None:
        blobs = MemoryBlobs()
        found = contents(blobs, "a")
        imports = begin(source("one", found, blobs, size=1000))

        data = read(imports, found.blobs[0])

        assert data == b"blob of a"
        assert imports.received == 1000 + len(data)
        assert [type(event) for event in heard] == [Started, Finished]
        assert isinstance(heard[0], Started)
        assert heard[0].name == "importing the cache one"


class TestPatience:
    def test_a_source_that_does_not_answer_is_left_out_in_time(
        self, begin: Begin, heard: list[Event], release: threading.Event
    ) -> None:
        blobs = MemoryBlobs()
        imports = begin(hanging("slow", release), source("one", contents(blobs, "a"), blobs))
        answered = imports._imports[1].ended.wait(60)
        imports._deadline = time.monotonic() + 0.3

        found = imports.step(key("a"))

        assert answered
        assert found is not None
        assert time.monotonic() >= imports._deadline
        assert notices(heard) == ["the cache slow is left out: it did not answer in time"]
        assert imports.usable == 1

    def test_all_of_them_are_waited_for_together(
        self, begin: Begin, heard: list[Event], release: threading.Event
    ) -> None:
        began = time.monotonic()
        imports = begin(*(hanging(str(number), release) for number in range(100)), patience=0.3)

        assert imports.step(key("a")) is None
        assert imports.step(key("b")) is None

        assert 0.3 <= time.monotonic() - began < 100 * 0.3
        assert len(notices(heard)) == 100

    def test_nobody_waits_who_asks_for_nothing(self, begin: Begin, release: threading.Event) -> None:
        imports = begin(hanging("slow", release), patience=100.0)

        assert (imports.count, imports.usable, imports.steps, imports.received) == (1, 0, 0, 0)
        assert not imports._imports[0].ended.is_set()

    def test_what_answers_late_does_not_count_any_more(self, begin: Begin, release: threading.Event) -> None:
        imports = begin(hanging("slow", release), patience=0.1)
        imports.step(key("a"))

        release.set()

        assert imports.usable == 0


class Stuck:
    """Blobs of which nothing comes, not even whether they are there, until the test says so; `asked` counts."""

    def __init__(self, release: threading.Event) -> None:
        self._release = release
        self.begun = threading.Event()
        self.asked = 0

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        self.asked += 1
        self.begun.set()
        assert self._release.wait(60)
        yield io.BytesIO()


class TestPace:
    def test_a_source_that_is_stuck_is_asked_once_and_lost_for_good(
        self, begin: Begin, heard: list[Event], release: threading.Event
    ) -> None:
        found, stuck, blobs = contents(MemoryBlobs(), "a", "b"), Stuck(release), MemoryBlobs()
        other, waits = contents(blobs, "a", "b"), iter([0.1])

        class Impatient(Pace):
            """Waits for a moment for the first that is asked, which is stuck then, and for all others as long as it takes."""

            def left(self, waited: float, size: int) -> float:
                assert stuck.begun.wait(60)
                return next(waits, 60.0)

        imports = begin(source("slow", found, stuck), source("one", other, blobs), pace=Impatient(grace=1.0))

        data = [read(imports, blob) for blob in found.blobs]

        assert data == [blobs.read(blob.digest) for blob in other.blobs]
        assert stuck.asked == 1
        assert notices(heard) == [
            "the cache slow is left out: less than 262 kB came in 1 seconds\nhint: that would take longer than to build again"
        ]
        assert imports.usable == 1

    def test_one_that_stops_half_way_is_lost_whoever_reads(
        self, begin: Begin, heard: list[Event], release: threading.Event
    ) -> None:
        class Stopping:
            @contextmanager
            def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
                yield self

            def read(self, _size: int, /) -> bytes:
                assert release.wait(60)
                return b""

        found = contents(MemoryBlobs(), "a", "b")
        imports = begin(source("slow", found, Stopping()), pace=Pace(grace=0.1))

        with pytest.raises(CacheError, match="less than 262 kB came"):
            read(imports, found.blobs[0])

        assert not imports.has(found.blobs[1].digest)
        assert len(notices(heard)) == 1

    def test_where_there_is_no_other_it_is_an_error(self, begin: Begin, release: threading.Event) -> None:
        found = contents(MemoryBlobs(), "a")
        imports = begin(source("slow", found, Stuck(release)), pace=Pace(grace=0.1))

        with pytest.raises(CacheError, match="less than 262 kB came"):
            read(imports, found.blobs[0])


class TestFailures:
    def test_a_source_that_cannot_be_read_is_a_notice(self, begin: Begin, heard: list[Event]) -> None:
        blobs = MemoryBlobs()
        imports = begin(failing("bad"), source("one", contents(blobs, "a"), blobs))

        assert imports.step(key("a")) is not None
        assert notices(heard) == ["the cache bad is left out: it is broken\nhint: mend it"]

    def test_a_build_that_was_stopped_goes_on_with_nothing(self, begin: Begin) -> None:
        imports = begin(failing("one", CancelledError("stopped")))

        with pytest.raises(CancelledError):
            imports.step(key("a"))

    def test_a_blob_comes_from_the_next_source_that_has_it(self, begin: Begin) -> None:
        blobs = MemoryBlobs()
        found = contents(blobs, "a")
        imports = begin(source("empty", found, MemoryBlobs()), source("one", found, blobs))

        assert read(imports, found.blobs[0]) == b"blob of a"

    def test_where_none_has_it_the_last_says_why(self, begin: Begin) -> None:
        found = contents(MemoryBlobs(), "a")
        imports = begin(source("one", found, MemoryBlobs()), source("two", found, MemoryBlobs()))

        with pytest.raises(NotFoundError, match="there is no blob"):
            read(imports, found.blobs[0])

    def test_a_blob_that_nobody_lists_is_not_found(self, begin: Begin) -> None:
        found = contents(MemoryBlobs(), "a")

        with pytest.raises(NotFoundError) as caught:
            read(begin(), found.blobs[0])

        assert caught.value.hint == "build again"

    def test_of_a_source_that_was_lost_nothing_is_given(self, begin: Begin, heard: list[Event]) -> None:
        blobs, others = MemoryBlobs(), MemoryBlobs()
        lost, other = contents(blobs, "a", "b"), contents(others, "b", "c")
        imports = begin(source("one", lost, blobs), source("two", other, others))
        assert imports.step(key("a")) is not None
        blob = layer(blobs, "a").blob
        assert blob is not None

        imports.lose(blob.digest, CorruptError("its bytes are wrong", hint="export it again"))
        imports.lose(blob.digest, CorruptError("its bytes are wrong", hint="export it again"))

        assert imports.step(key("a")) is None
        assert not imports.has(blob.digest)
        assert imports.layer(layer(blobs, "a").digest) is None
        found = imports.step(key("b"))
        assert found is not None
        assert found.layers[1].blob in other.blobs
        assert imports.usable == 1
        assert notices(heard) == ["the cache one is left out: its bytes are wrong\nhint: export it again"]

    def test_an_error_of_the_reader_is_the_readers(self, begin: Begin) -> None:
        """It is not taken for one of the source, which has done its part."""
        blobs = MemoryBlobs()
        found = contents(blobs, "a")
        imports = begin(source("one", found, blobs), source("two", found, blobs))

        with pytest.raises(CacheError, match="of the reader"), imports.open(found.blobs[0]):
            raise CacheError("of the reader")

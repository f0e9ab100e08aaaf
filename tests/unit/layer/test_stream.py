from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from stagemill.errors import ArchiveError
from stagemill.layer.stream import ByteStream, ahead, behind, in_order


def test_reads_return_what_is_asked_for_however_the_pieces_lie() -> None:
    stream = ByteStream([b"ab", b"", b"cdef", b"g"])

    assert [stream.read(size) for size in (1, 3, 0, 2, 5, 1)] == [b"a", b"bcd", b"", b"ef", b"g", b""]


def test_what_is_peeked_at_is_read_again() -> None:
    stream = ByteStream([b"ab", b"cdef"])

    assert (stream.peek(3), stream.read(4), stream.peek(9), stream.read(9)) == (b"abc", b"abcd", b"ef", b"ef")


def test_skipping_says_whether_there_was_enough() -> None:
    stream = ByteStream([b"abc", b"def"])

    assert stream.skip(4)
    assert stream.read(1) == b"e"
    assert not stream.skip(2)


def test_draining_takes_all_that_is_left() -> None:
    taken: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(5):
            taken.append(number)
            yield b"x"

    stream = ByteStream(pieces())
    stream.read(1)
    stream.drain()

    assert taken == [0, 1, 2, 3, 4]
    assert stream.read(1) == b""


def test_pieces_made_ahead_come_in_order() -> None:
    with ahead(b"%d" % number for number in range(100)) as pieces:
        assert list(pieces) == [b"%d" % number for number in range(100)]


def test_an_error_comes_where_its_piece_would_have_come() -> None:
    def broken() -> Iterator[bytes]:
        yield b"a"
        raise ArchiveError("broken")

    found: list[bytes] = []
    with pytest.raises(ArchiveError, match="broken"), ahead(broken()) as pieces:
        found += pieces

    assert found == [b"a"] or found == []


def test_who_leaves_early_leaves_no_thread_behind() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x"

    before = set(threading.enumerate())
    with ahead(endless()) as pieces:
        next(pieces)

    assert set(threading.enumerate()) <= before


class TestInOrder:
    def test_results_come_in_the_order_of_the_items_though_later_ones_are_ready_first(self) -> None:
        second_is_made = threading.Event()

        def make(item: int) -> int:
            if item == 0:
                assert second_is_made.wait(60)
            if item == 1:
                second_is_made.set()
            return item * 10

        with in_order(make, range(50), workers=2) as made:
            assert list(made) == [item * 10 for item in range(50)]

    def test_an_error_comes_in_its_place_and_no_thread_is_left(self) -> None:
        before = set(threading.enumerate())

        def make(item: int) -> int:
            if item == 3:
                raise ArchiveError("three")
            return item

        seen: list[int] = []
        with pytest.raises(ArchiveError, match="three"), in_order(make, range(100), workers=2) as made:
            seen.extend(made)

        assert seen == [0, 1, 2]
        assert set(threading.enumerate()) <= before

    def test_who_leaves_early_does_not_wait_for_the_rest(self) -> None:
        begun: list[int] = []

        def make(item: int) -> int:
            begun.append(item)
            return item

        with in_order(make, range(10_000), workers=2) as made:
            assert next(made) == 0

        assert len(begun) < 20

    def test_one_processor_needs_no_thread(self) -> None:
        with in_order(lambda _item: threading.current_thread().name, range(3), workers=1) as made:
            assert set(made) == {threading.current_thread().name}


class TestBehind:
    @pytest.mark.parametrize("count", [0, 1, 100])
    def test_all_of_it_is_done_in_order(self, count: int) -> None:
        done: list[int] = []

        with behind(done.append, count) as put:
            for number in range(count):
                put(number)

        assert done == list(range(count))

    def test_few_items_need_no_thread(self) -> None:
        threads: set[str] = set()

        with behind(lambda _item: threads.add(threading.current_thread().name), 3) as put:
            put(1)

        assert threads == {threading.current_thread().name}

    def test_only_a_few_items_wait(self) -> None:
        going, done = threading.Event(), threading.Event()
        taken: list[int] = []

        def fill() -> None:
            with behind(lambda _item: going.wait(), 100) as put:
                for number in range(100):
                    put(number)
                    taken.append(number)
            done.set()

        thread = threading.Thread(target=fill)
        thread.start()
        waited = done.wait(0.3)
        before = len(taken)
        going.set()
        thread.join()

        assert (waited, before < 10, len(taken)) == (False, True, 100)

    def test_an_error_is_raised_and_nothing_done_after_it(self) -> None:
        done: list[int] = []

        def work(number: int) -> None:
            if number == 3:
                raise ArchiveError("the third")
            done.append(number)

        with pytest.raises(ArchiveError, match="the third"), behind(work, 100) as put:
            for number in range(100):
                put(number)

        assert done == [0, 1, 2]

    def test_an_error_of_the_last_item_is_raised_too(self) -> None:
        def work(number: int) -> None:
            if number == 9:
                raise ArchiveError("the last")

        with pytest.raises(ArchiveError, match="the last"), behind(work, 10) as put:
            for number in range(10):
                put(number)

    def test_who_fails_leaves_no_thread(self) -> None:
        before = set(threading.enumerate())

        with pytest.raises(KeyError), behind(lambda _item: None, 100) as put:
            put(1)
            raise KeyError

        assert set(threading.enumerate()) <= before

"""Several things at once: where one fails, the others stop."""

from __future__ import annotations

from threading import Barrier, Event

import pytest

from stagemill.execute.parallel import threads


def test_all_have_ended_after_the_block() -> None:
    stopped = Event()

    with threads(2, name="test", stopped=stopped) as pool:
        futures = [pool.submit(lambda number: number * 2, number) for number in range(5)]

    assert [future.result(0) for future in futures] == [0, 2, 4, 6, 8]
    assert not stopped.is_set()


def test_they_run_at_the_same_time() -> None:
    barrier = Barrier(3, timeout=60)

    with threads(3, name="test", stopped=Event()) as pool:
        futures = [pool.submit(barrier.wait) for _ in range(3)]

    assert sorted(future.result(0) for future in futures) == [0, 1, 2]


def test_where_the_block_fails_the_others_are_stopped_and_what_waits_never_begins() -> None:
    begun, stopped = Event(), Event()

    def run() -> bool:
        begun.set()
        return stopped.wait(60)

    with pytest.raises(ValueError, match="no"), threads(1, name="test", stopped=stopped) as pool:
        running, waiting = pool.submit(run), pool.submit(run)
        assert begun.wait(60)
        raise ValueError("no")

    assert stopped.is_set()
    assert running.result(0) is True
    assert waiting.cancelled()

from __future__ import annotations

import threading

from stagemill.cli.progress.ticker import Ticker


def test_without_a_call_there_is_no_thread() -> None:
    before = threading.active_count()

    with Ticker():
        assert threading.active_count() == before


def test_it_calls_until_it_is_stopped() -> None:
    called = threading.Semaphore(0)
    before = threading.active_count()

    with Ticker(0.001) as ticker:
        ticker.call(called.release)
        assert all(called.acquire(timeout=10) for _ in range(3))

    assert threading.active_count() == before


def test_asking_twice_starts_one_thread() -> None:
    before = threading.active_count()

    with Ticker(10) as ticker:
        ticker.call(lambda: None)
        ticker.call(lambda: None)
        assert threading.active_count() == before + 1


def test_after_the_stop_nothing_is_called() -> None:
    before = threading.active_count()
    ticker = Ticker(0.001)
    ticker.stop()

    ticker.call(lambda: None)

    assert threading.active_count() == before

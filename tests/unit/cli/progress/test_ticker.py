from __future__ import annotations

import threading

from stagemill.cli.progress.ticker import Ticker


def test_without_a_call_there_is_no_thread() -> None:
    before = set(threading.enumerate())

    with Ticker():
        assert set(threading.enumerate()) <= before


def test_it_calls_until_it_is_stopped() -> None:
    called = threading.Semaphore(0)
    before = set(threading.enumerate())

    with Ticker(0.001) as ticker:
        ticker.call(called.release)
        assert all(called.acquire(timeout=60) for _ in range(3))

    assert set(threading.enumerate()) <= before


def test_asking_twice_starts_one_thread() -> None:
    before = set(threading.enumerate())

    with Ticker(10) as ticker:
        ticker.call(lambda: None)
        ticker.call(lambda: None)
        assert len(set(threading.enumerate()) - before) == 1


def test_after_the_stop_nothing_is_called() -> None:
    before = set(threading.enumerate())
    ticker = Ticker(0.001)
    ticker.stop()

    ticker.call(lambda: None)

    assert set(threading.enumerate()) <= before

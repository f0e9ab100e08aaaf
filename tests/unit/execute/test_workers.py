"""Threads that do one job after the other."""

from __future__ import annotations

import threading
import time
from functools import partial

from stagemill.execute.workers import Workers

_ended: list[bool] = []


def test_jobs_are_done_in_their_order_by_as_many_threads_as_there_may_be() -> None:
    done: list[int] = []
    names: set[str] = set()
    begun: list[str] = []
    workers = Workers(1, name="pack", begin=lambda: begun.append(threading.current_thread().name))

    def job(number: int) -> None:
        names.add(threading.current_thread().name)
        done.append(number)

    for number in range(20):
        workers.submit(partial(job, number))
    finish(workers)

    assert (done, names, begun) == (list(range(20)), {"pack-0"}, ["pack-0"])


def test_several_are_under_way_at_once_and_no_more() -> None:
    meeting, crowd = threading.Barrier(2, timeout=60), threading.Semaphore(2)
    crowded: list[bool] = []

    def job() -> None:
        crowded.append(not crowd.acquire(blocking=False))
        meeting.wait()
        crowd.release()

    workers = Workers(2, name="push")
    for _ in range(6):
        workers.submit(job)
    finish(workers)

    assert crowded == [False] * 6


def test_one_that_is_idle_gets_the_next_job() -> None:
    names: list[str] = []
    workers = Workers(4, name="push")
    for number in range(3):
        workers.submit(lambda: names.append(threading.current_thread().name))
        while len(names) <= number or not workers.idle:
            time.sleep(0.001)
    workers.close()

    assert names == ["push-0"] * 3


def test_what_was_not_begun_is_dropped_and_what_was_is_waited_for() -> None:
    begun, go, done = threading.Event(), threading.Event(), list[int]()

    def first() -> None:
        begun.set()
        assert go.wait(60)
        done.append(1)

    workers = Workers(1, name="push")
    workers.submit(first)
    workers.submit(lambda: done.append(2))
    assert begun.wait(60)
    workers.close(wait=False)
    workers.submit(lambda: done.append(3))
    threading.Timer(0.1, go.set).start()
    workers.close()

    assert done == [1]


def test_the_end_need_not_be_waited_for() -> None:
    go = threading.Event()
    workers = Workers(1, name="push")
    workers.submit(lambda: _ended.append(go.wait(60)))

    workers.close(wait=False)

    assert _ended == []
    go.set()


def test_the_first_error_is_told_at_the_end_and_stops_no_other_job() -> None:
    done: list[int] = []

    def job(number: int) -> None:
        done.append(number)
        if number:
            raise KeyError(number)

    workers = Workers(1, name="pack")
    for number in range(3):
        workers.submit(partial(job, number))
    error = finish(workers)

    assert done == [0, 1, 2]
    assert (type(error), str(error)) == (KeyError, "1")


def finish(workers: Workers) -> BaseException | None:
    """Ends when all jobs are done."""
    last = threading.Event()
    workers.submit(last.set)
    assert last.wait(60)
    return workers.close()

"""How far a part of a step is."""

from __future__ import annotations

from stagemill import events
from stagemill.digest import Digest
from stagemill.execute.progress import quiet, reporter

STEP = Digest.of(b"step")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_part_is_reported_some_ten_times_a_second() -> None:
    heard: list[events.Event] = []
    clock = Clock()
    report = reporter(STEP, heard.append, clock)

    for size in range(100):
        clock.now = 100 + size / 100
        report("blob", size, 100, done=False)

    assert 9 <= len(heard) <= 11


def test_the_end_is_always_reported() -> None:
    heard: list[events.Event] = []
    report = reporter(STEP, heard.append, Clock())

    report("blob", 1, 3, done=False)
    report("blob", 2, 3, done=False)
    report("blob", 3, 3, done=True)

    assert heard == [
        events.Transfer(STEP, "blob", 1, 3, 100.0, done=False),
        events.Transfer(STEP, "blob", 3, 3, 100.0, done=True),
    ]


def test_parts_do_not_wait_for_each_other() -> None:
    heard: list[events.Event] = []
    report = reporter(STEP, heard.append, Clock())

    report("one", 1, None, done=False)
    report("two", 1, None, done=False)

    assert [event.part for event in heard if isinstance(event, events.Transfer)] == ["one", "two"]


def test_quiet_says_nothing() -> None:
    quiet("blob", 1, None, done=True)

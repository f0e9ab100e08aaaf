"""Keeping how long steps took."""

from __future__ import annotations

from pathlib import Path

from stagemill import events
from stagemill.digest import Digest
from stagemill.execute.timing import Tally, timed
from stagemill.store.store import Store

STEP, OTHER = Digest.of(b"step"), Digest.of(b"other")


def test_a_step_that_finished_has_its_time_and_all_is_passed_on(tmp_path: Path) -> None:
    told: list[events.Event] = [
        events.Started(STEP, "RUN make", 10.0),
        events.Started(OTHER, "RUN fail", 10.0),
        events.Cached(Digest.of(b"cached"), "RUN old", 10.0),
        events.Failed(OTHER, "exit code 1", 11.0),
        events.Finished(STEP, 12.5),
    ]
    heard: list[events.Event] = []
    with Store.open(tmp_path) as store:
        listener = timed(heard.append, store.durations)

        for event in told:
            listener(event)

        assert heard == told
        assert store.durations.get(STEP, "") == 2.5
        assert [store.durations.get(OTHER, name) for name in ("RUN fail", "RUN old")] == [None, None]


def test_what_has_no_name_is_not_worth_it(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        listener = timed(events.ignore, store.durations)

        listener(events.Started(STEP, "", 10.0))
        listener(events.Finished(STEP, 11.0))

        assert store.durations.get(STEP, "") is None


def test_steps_of_stages_that_were_finished_are_counted() -> None:
    heard: list[events.Event] = []
    tally = Tally(heard.append)
    told: list[events.Event] = [
        events.Started(STEP, "RUN make", 10.0, "builder"),
        events.Started(OTHER, "resolve", 10.0),
        events.Cached(Digest.of(b"cached"), "RUN old", 10.0, "builder"),
        events.Finished(STEP, 12.0),
        events.Finished(OTHER, 12.0),
    ]

    for event in told:
        tally(event)

    assert tally.ran == {STEP}
    assert heard == told

from __future__ import annotations

import pytest

from stagemill import events
from stagemill.cli.progress.board import TAIL, Board, Part, Step
from stagemill.digest import Digest

A, B = Digest("sha256:" + "a" * 64), Digest("sha256:" + "b" * 64)


def board(*reported: events.Event) -> Board:
    result = Board()
    for event in reported:
        result.take(event)
    return result


def one(*reported: events.Event) -> Step:
    [step] = board(events.Started(A, "[x 1/1] RUN make", 10.0, "x"), *reported).steps
    return step


def test_stages_and_steps_are_in_order_of_appearance_and_those_of_no_stage_first() -> None:
    result = board(
        events.Cached(A, "[b 1/1] FROM x", 1.0, "b"),
        events.Started(B, "[a 1/2] FROM y", 2.0, "a"),
        events.Started(Digest.of(b"c"), "[b 2/2] RUN z", 3.0, "b"),
        events.Started(Digest.of(b"d"), "pull x", 4.0),
    )

    assert {stage: [step.title for step in steps] for stage, steps in result.stages.items()} == {
        "": ["pull x"],
        "b": ["1/1 FROM x", "2/2 RUN z"],
        "a": ["1/2 FROM y"],
    }
    assert result.started == 1.0


@pytest.mark.parametrize(
    ("name", "stage", "expected"),
    [
        ("[builder 2/4] RUN npm ci", "builder", "2/4 RUN npm ci"),
        ("[2/4] RUN npm ci", "stage-0", "2/4 RUN npm ci"),
        ("[linux/arm64 builder 2/4] RUN npm ci", "builder", "2/4 RUN npm ci"),
        ("[internal] load build context", "", "[internal] load build context"),
        ("[builder 2/4] RUN npm ci", "", "[builder 2/4] RUN npm ci"),
        ("exporting", "x", "exporting"),
        ("[x 1/1] RUN <<EOF\necho\nEOF", "x", "1/1 RUN <<EOF echo EOF"),
        ("[x 1/1] RUN \x1b[2Jclear", "x", "1/1 RUN clear"),
    ],
)
def test_a_title_leaves_out_what_the_heading_says(name: str, stage: str, expected: str) -> None:
    [step] = board(events.Started(A, name, 0.0, stage)).steps

    assert step.title == expected


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (events.Finished(A, 12.0), "done"),
        (events.Failed(A, "no", 12.0), "failed"),
        (events.Failed(A, "canceled", 12.0, cancelled=True), "cancelled"),
    ],
)
def test_a_step_ends_in_a_state_and_its_time_stands_still(event: events.Event, state: str) -> None:
    step = one(event)

    assert step.state == state
    assert step.seconds(99.0) == 2.0


def test_the_time_of_a_running_step_runs() -> None:
    assert one().seconds(11.5) == 1.5


def test_the_tail_has_the_last_lines_and_the_one_that_has_not_ended() -> None:
    step = one(
        events.Output(A, "stdout", b"".join(b"line %d\n" % number for number in range(20)), 11.0),
        events.Output(A, "stderr", b"\x1b[31m 5%\r 10%", 11.0),
    )

    assert step.tail(TAIL) == ["line 15", "line 16", "line 17", "line 18", "line 19", " 10%"]
    assert step.tail(2) == ["line 19", " 10%"]
    assert step.tail(0) == []


def test_a_transfer_is_known_until_it_is_done() -> None:
    begun = events.Transfer(A, "layer", 5, 10, 11.0)

    assert one(begun).parts == {"layer": Part("layer", 5, 10)}
    assert one(begun, events.Transfer(A, "layer", 10, 10, 12.0, done=True)).parts == {}


def test_events_of_unknown_steps_and_notices_are_left_out() -> None:
    result = board(events.Output(A, "stdout", b"x", 0.0), events.Finished(A, 1.0), events.Notice("x", 1.0))

    assert result.steps == []
    assert result.started is None

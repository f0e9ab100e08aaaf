from __future__ import annotations

from collections.abc import Sequence

import pytest

from fakes.executor import step
from stagemill.graph.vertex import Vertex, walk
from stagemill.solve.schedule import Cancel, Decision, Done, Failed, Schedule, Start


def schedule(*targets: Vertex, workers: int = 8) -> Schedule:
    return Schedule(list(walk(targets)), workers=workers)


def said(decisions: Sequence[Decision]) -> list[str]:
    return [each.vertex.label.name if isinstance(each, Start) else "cancel" for each in decisions]


def test_what_has_no_inputs_starts_at_once() -> None:
    a, b = step("a"), step("b")

    assert said(schedule(step("c", a, b)).begin()) == ["a", "b"]


def test_a_step_starts_when_the_last_of_its_inputs_is_done() -> None:
    a, b = step("a"), step("b")
    state = schedule(step("c", a, b))
    state.begin()

    assert said(state.on(Done(b.digest))) == []
    assert said(state.on(Done(a.digest))) == ["c"]


def test_an_input_that_is_read_twice_counts_once() -> None:
    a = step("a")
    state = schedule(step("c", a, a))
    state.begin()

    assert said(state.on(Done(a.digest))) == ["c"]


def test_an_input_that_needs_not_be_made_is_not_waited_for() -> None:
    found = step("found")
    c = step("c", found)

    assert said(Schedule([c], workers=1).begin()) == ["c"]


def test_no_more_steps_than_workers_are_under_way() -> None:
    a, b, c = step("a"), step("b"), step("c")
    state = schedule(a, b, c, workers=2)

    assert said(state.begin()) == ["a", "b"]
    assert said(state.on(Done(b.digest))) == ["c"]
    assert said(state.on(Done(a.digest))) == []


def test_the_longest_way_to_a_target_goes_first() -> None:
    short, long = step("short"), step("long")
    target = step("target", short, step("middle", long))

    assert said(schedule(target, workers=1).begin()) == ["long"]


def test_the_longest_way_goes_first_among_those_that_become_ready_later() -> None:
    base = step("base")
    target = step("target", step("short", base), step("middle", step("long", base)))
    state = schedule(target, workers=1)
    by_name = {vertex.label.name: vertex for vertex in walk([target])}

    order = said(state.begin())
    while not state.finished:
        order += said(state.on(Done(by_name[order[-1]].digest)))

    assert order == ["base", "long", "short", "middle", "target"]


def test_among_equals_the_order_of_the_graph_decides() -> None:
    vertices = [step(name) for name in "cab"]

    assert said(schedule(step("target", *vertices)).begin()) == ["c", "a", "b"]


def test_it_is_finished_when_everything_is_done() -> None:
    a = step("a")
    b = step("b", a)
    state = schedule(b)
    state.begin()
    assert not state.finished

    state.on(Done(a.digest))
    assert not state.finished
    state.on(Done(b.digest))

    assert state.finished


def test_nothing_to_make_is_finished_from_the_first() -> None:
    state = schedule()

    assert state.begin() == []
    assert state.finished


def test_a_failure_cancels_the_rest_once_and_starts_nothing_more() -> None:
    a, b, c = step("a"), step("b"), step("c")
    state = schedule(a, b, c, step("d"), workers=3)
    state.begin()

    assert state.on(Failed(b.digest)) == [Cancel()]
    assert state.on(Failed(a.digest)) == []
    assert state.on(Done(c.digest)) == []


def test_after_a_failure_it_is_finished_when_what_runs_has_ended() -> None:
    a, b = step("a"), step("b")
    state = schedule(step("c", a, b))
    state.begin()

    state.on(Failed(a.digest))
    assert not state.finished
    state.on(Done(b.digest))

    assert state.finished


def test_no_workers_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        Schedule([], workers=0)


def test_what_waits_starts_when_the_awaited_is_done_and_counts_for_its_height() -> None:
    test, web, other = step("test"), step("web"), step("other")
    order = {web.digest: [test]}
    state = Schedule(list(walk([other, web], order)), workers=1, order=order)

    assert said(state.begin()) == ["test"]
    assert said(state.on(Done(test.digest))) == ["other"]
    assert said(state.on(Done(other.digest))) == ["web"]


def test_an_awaited_step_that_is_found_is_not_waited_for() -> None:
    web = step("web")

    assert said(Schedule([web], workers=1, order={web.digest: [step("test")]}).begin()) == ["web"]

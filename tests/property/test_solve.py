"""Random graphs with failures, stops and records that got lost, against what a sequential solve of them says."""

from __future__ import annotations

import contextlib
import itertools
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Event, Lock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.cache import MemoryCache
from fakes.executor import FakeExecutor, of, step
from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import CancelledError, StagemillError
from stagemill.graph.operations import Run
from stagemill.graph.vertex import Edge, Vertex, walk
from stagemill.solve.forecast import State, forecast
from stagemill.solve.solve import solve


@dataclass(frozen=True)
class Case:
    """A graph, what each name gives and which names fail, how many work, and what is asked for."""

    vertices: tuple[Vertex, ...]
    targets: tuple[Vertex, ...]
    results: dict[str, str]
    failing: frozenset[str]
    stopping: frozenset[str]
    lost: frozenset[Digest]
    fresh: frozenset[Digest]
    again: frozenset[Digest]
    order: dict[Digest, list[Vertex]]
    workers: int


@st.composite
def orders(draw: st.DrawFn, vertices: list[Vertex]) -> dict[Digest, list[Vertex]]:
    """Some vertices wait for some that do not need them, in any order of the graph."""
    order: dict[Digest, list[Vertex]] = {}
    for _ in range(draw(st.integers(0, 3))):
        waiting, awaited = draw(st.sampled_from(vertices)), draw(st.sampled_from(vertices))
        if waiting not in walk([awaited], order):
            order.setdefault(waiting.digest, []).append(awaited)
    return order


@st.composite
def cases(draw: st.DrawFn) -> Case:
    vertices: list[Vertex] = []
    for _ in range(draw(st.integers(1, 14))):
        edges: list[Edge] = []
        for _ in range(draw(st.integers(0, min(3, len(vertices))))):
            source = draw(st.sampled_from(vertices))
            edges.append(draw(st.sampled_from([Edge(source), of(source, "a"), of(source, "b"), of(source)])))
        vertices.append(step(draw(st.sampled_from("KLMNOPQR")), *edges))
    names = sorted({vertex.label.name for vertex in vertices})
    words = st.sampled_from(["a=1 b=1", "a=1 b=2", "a=2 b=1"])
    some = st.frozensets(st.sampled_from(names), max_size=2)
    keys = st.frozensets(st.sampled_from([vertex.digest for vertex in vertices]), max_size=6)
    return Case(
        vertices=tuple(vertices),
        targets=tuple(draw(st.lists(st.sampled_from(vertices), min_size=1, max_size=3))),
        results={name: draw(words) for name in names},
        failing=draw(st.one_of(st.just(frozenset()), some)),
        stopping=draw(st.one_of(st.just(frozenset()), some)),
        lost=draw(keys),
        fresh=draw(st.one_of(st.just(frozenset()), keys)),
        again=draw(st.one_of(st.just(frozenset()), keys)),
        order=draw(orders(vertices)),
        workers=draw(st.integers(1, 5)),
    )


class StepFailedError(StagemillError):
    pass


class Checked(FakeExecutor):
    """Fails as the case says, and notes what it was given."""

    def __init__(self, case: Case, *, broken: bool) -> None:
        super().__init__(results=case.results)
        self.given: list[tuple[Vertex, tuple[str, ...], bool]] = []
        self._case = case
        self._broken = broken

    def execute(self, vertex: Vertex, inputs: Sequence[str], cancelled: Event) -> str:
        self.given.append((vertex, tuple(inputs), cancelled.is_set()))
        result = super().execute(vertex, inputs, cancelled)
        name = name_of(vertex)
        if self._broken and name in self._case.failing:
            raise StepFailedError(name)
        # One that is slow: it ends with the cancel, where there will be one.
        if self._broken and name in self._case.stopping and cancelled.wait(0.002):
            raise CancelledError("stopped")
        return result


class Log:
    """A listener that keeps what it is told, from whatever thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.by_step: dict[Digest, list[events.Event]] = {}

    def __call__(self, event: events.Event) -> None:
        assert not isinstance(event, events.Notice)
        with self._lock:
            self.by_step.setdefault(event.step, []).append(event)

    def kinds(self) -> set[tuple[str, ...]]:
        return {tuple(type(event).__name__ for event in told) for told in self.by_step.values()}


def name_of(vertex: Vertex) -> str:
    assert isinstance(vertex.op, Run)
    return vertex.op.args[0]


def run(case: Case, executor: FakeExecutor, cache: MemoryCache[str], log: Log) -> dict[Digest, str]:
    ticks = itertools.count()
    return solve(
        [*case.targets, *(other for vertex in goals(case) for other in case.order.get(vertex.digest, ()))],
        executor=executor,
        cache=cache,
        listener=log,
        clock=lambda: float(next(ticks)),
        workers=case.workers,
        no_cache=lambda vertex: vertex.digest in case.fresh,
        again=lambda vertex: vertex.digest in case.again,
        order=case.order,
    )


def goals(case: Case) -> list[Vertex]:
    """The targets, and what their steps wait for."""
    return [*walk(case.targets, case.order)]


def sequentially(case: Case) -> dict[Digest, str]:
    """What every vertex that the targets need gives: its name alone decides in these graphs."""
    return {vertex.digest: case.results[name_of(vertex)] for vertex in goals(case)}


def reachable_failures(case: Case) -> set[str]:
    """The names that fail in some order of work: none of their inputs fails in every order."""
    blocked: set[Digest] = set()
    names: set[str] = set()
    for vertex in goals(case):
        awaited = case.order.get(vertex.digest, ())
        if any(below.digest in blocked for below in (*(edge.vertex for edge in vertex.inputs), *awaited)):
            blocked.add(vertex.digest)
        elif name_of(vertex) in case.failing:
            blocked.add(vertex.digest)
            names.add(name_of(vertex))
    return names


MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@MANY
@given(cases())
def test_without_failures_the_results_are_those_of_a_sequential_solve(case: Case) -> None:
    executor, log = Checked(case, broken=False), Log()

    results = run(case, executor, MemoryCache(), log)

    assert results == sequentially(case)
    assert executor.most_at_once <= case.workers
    assert log.kinds() <= {("Started", "Finished"), ("Cached",)}
    for vertex, inputs, _ in executor.given:
        assert inputs == tuple(case.results[name_of(edge.vertex)] for edge in vertex.inputs)


@MANY
@given(cases())
def test_no_canonical_key_is_executed_twice(case: Case) -> None:
    executor, cache = Checked(case, broken=False), MemoryCache[str]()

    run(case, executor, cache, Log())

    assert len(executor.executed) == len(cache.ingredients)


@MANY
@given(cases())
def test_the_first_failure_is_raised_and_nothing_starts_after_the_cancel(case: Case) -> None:
    executor, log, cache = Checked(case, broken=True), Log(), MemoryCache[str]()
    expected = reachable_failures(case)

    if expected:
        with pytest.raises(StepFailedError) as raised:
            run(case, executor, cache, log)
        assert raised.value.message in expected
    else:
        assert run(case, executor, cache, log) == sequentially(case)

    # A worker that has just looked may still start what it has; and one was at what failed.
    assert sum(stopped for _, _, stopped in executor.given) < case.workers
    assert log.kinds() <= {("Started", "Finished"), ("Started", "Failed"), ("Cached",)}
    failed = [told[-1] for told in log.by_step.values() if isinstance(told[-1], events.Failed)]
    real = [event.message for event in failed if not event.cancelled]
    assert set(real) <= expected
    assert bool(real) == bool(expected)


@MANY
@given(cases())
def test_after_a_failure_a_mended_solve_goes_on_from_what_was_made(case: Case) -> None:
    cache = MemoryCache[str]()
    before = Checked(case, broken=True)
    with contextlib.suppress(StepFailedError):
        run(case, before, cache, Log())
    kept = len(cache.ingredients)
    after = Checked(case, broken=False)

    results = run(case, after, cache, Log())

    assert {vertex.digest: results[vertex.digest] for vertex in case.targets}.items() <= sequentially(case).items()
    if not case.fresh and not case.again:
        assert len(after.executed) == len(cache.ingredients) - kept


class Interrupted(Checked):
    """Somebody presses Ctrl-C while the step of a number is under way, which ends with the cancel."""

    def __init__(self, case: Case, number: int) -> None:
        super().__init__(case, broken=False)
        self.number = number
        self.pressed = False

    def execute(self, vertex: Vertex, inputs: Sequence[str], cancelled: Event) -> str:
        result = super().execute(vertex, inputs, cancelled)
        with self._guard:  # a second Ctrl-C would not wait for what runs
            presses = len(self.executed) > self.number and not self.pressed
            self.pressed = self.pressed or presses
        if presses:
            main = threading.main_thread().ident
            assert main is not None
            signal.pthread_kill(main, signal.SIGINT)
            assert cancelled.wait(60)
            raise CancelledError("stopped")
        return result


@MANY
@given(cases(), st.integers(0, 6))
def test_whenever_somebody_stops_it_what_was_made_is_kept_and_another_solve_ends_as_if_nothing_had_been(
    case: Case, number: int
) -> None:
    executor, log, cache = Interrupted(case, number), Log(), MemoryCache[str]()
    # A shell without job control has what it starts in the background ignore interrupts.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)

    try:
        assert run(case, executor, cache, log) == sequentially(case)
        assert not executor.pressed, "a solve that was stopped has no result"
    except CancelledError:
        assert executor.pressed
    finally:
        signal.signal(signal.SIGINT, handler)

    assert log.kinds() <= {("Started", "Finished"), ("Started", "Failed"), ("Cached",)}
    assert all(told[-1].cancelled for told in log.by_step.values() if isinstance(told[-1], events.Failed))
    kept = len(cache.ingredients)
    after = Checked(case, broken=False)
    results = run(case, after, cache, Log())
    assert {vertex.digest: results[vertex.digest] for vertex in case.targets}.items() <= sequentially(case).items()
    if not case.fresh and not case.again:
        assert len(after.executed) == len(cache.ingredients) - kept


@MANY
@given(cases())
def test_lost_records_cost_work_but_change_no_result(case: Case) -> None:
    cache = MemoryCache[str]()
    expected = run(case, Checked(case, broken=False), cache, Log())
    for key in case.lost:
        cache.forget(key)
    executor, log = Checked(case, broken=False), Log()

    results = run(case, executor, cache, log)

    assert results.items() <= expected.items()
    assert {vertex.digest for vertex in case.targets} <= results.keys()
    assert log.kinds() <= {("Started", "Finished"), ("Cached",)}
    if not any(vertex.digest in case.fresh | case.again for vertex in goals(case)):
        # A lost definition is found again by content; only steps without inputs have no other key.
        assert {name_of(vertex) for vertex, _, _ in executor.given} <= {
            name_of(vertex) for vertex in case.vertices if not vertex.inputs
        }


@MANY
@given(cases())
def test_what_must_be_made_anew_is_made_anew(case: Case) -> None:
    cache = MemoryCache[str]()
    run(case, Checked(case, broken=False), cache, Log())
    executor = Checked(case, broken=False)

    run(case, executor, cache, Log())

    wanted = {name_of(vertex) for vertex in goals(case) if vertex.digest in case.fresh | case.again}
    assert wanted <= set(executor.executed)


class Lately(FakeExecutor):
    """Gives other results than before for some names, and notes when each step began and ended."""

    def __init__(self, case: Case, changed: frozenset[str]) -> None:
        super().__init__(
            results={name: f"{text} new" if name in changed else text for name, text in case.results.items()}
        )
        self.at: list[tuple[str, Digest]] = []

    def execute(self, vertex: Vertex, inputs: Sequence[str], cancelled: Event) -> str:
        self.at.append(("begin", vertex.digest))
        result = super().execute(vertex, inputs, cancelled)
        self.at.append(("end", vertex.digest))
        return result


@MANY
@given(cases(), st.frozensets(st.sampled_from("KLMNOPQR")))
def test_what_is_made_again_takes_with_it_exactly_what_stands_on_a_changed_result(
    case: Case, changed: frozenset[str]
) -> None:
    """A reference that goes through the graph in order. Names decide results here, so a change is one of the name."""
    case = replace(case, fresh=frozenset())
    cache = MemoryCache[str]()
    run(case, Checked(case, broken=False), cache, Log())
    executor = Lately(case, changed)

    run(case, executor, cache, Log())

    made: set[Digest] = set()
    other: set[Digest] = set()
    for vertex in goals(case):
        stands_on = [edge.vertex.digest for edge in vertex.inputs if not edge.select]
        if vertex.digest in case.again or other.intersection(stands_on):
            made.add(vertex.digest)
            if name_of(vertex) in changed:
                other.add(vertex.digest)
    ran = {digest for what, digest in executor.at if what == "begin"}
    names = {vertex.digest: name_of(vertex) for vertex in goals(case)}
    # Two vertices may have one canonical key: one of them is executed for both. New content may be a miss.
    assert {names[digest] for digest in made} <= {names[digest] for digest in ran}
    if not changed.intersection(names[digest] for digest in made):
        assert {names[digest] for digest in ran} == {names[digest] for digest in made}


@MANY
@given(cases())
def test_nothing_begins_before_what_it_waits_for_has_ended(case: Case) -> None:
    executor = Lately(case, frozenset())

    run(case, executor, MemoryCache(), Log())

    for place, (what, digest) in enumerate(executor.at):
        if what == "begin":
            ended = {other for event, other in executor.at[:place] if event == "end"}
            begun = {other for event, other in executor.at if event == "begin"}
            assert {other.digest for other in case.order.get(digest, ())} & begun <= ended


class Knowing(FakeExecutor):
    """A looker for whom nothing is free."""

    def free(self, vertex: Vertex) -> str | None:
        del vertex
        return None


@MANY
@given(cases(), st.frozensets(st.sampled_from("KLMNOPQR")))
def test_a_forecast_tells_what_a_solve_then_does(case: Case, changed: frozenset[str]) -> None:
    cache = MemoryCache[str]()
    run(case, Checked(case, broken=False), cache, Log())
    for key in case.lost:
        cache.forget(key)
    saved = list(cache.saved)

    told = forecast(
        goals(case),
        cache=cache,
        looker=Knowing(),
        no_cache=lambda vertex: vertex.digest in case.fresh,
        again=lambda vertex: vertex.digest in case.again,
        order=case.order,
    )

    assert cache.saved == saved
    executor, log = Lately(case, changed), Log()
    solve(
        goals(case),
        executor=executor,
        cache=cache,
        listener=log,
        clock=lambda: 0.0,
        workers=case.workers,
        no_cache=lambda vertex: vertex.digest in case.fresh,
        again=lambda vertex: vertex.digest in case.again,
        order=case.order,
    )
    assert log.by_step.keys() == told.keys()
    ran = set(executor.executed)
    for key, look in told.items():
        cached = isinstance(log.by_step[key][-1], events.Cached)
        if look.state is State.FOUND or (look.state is State.ALIKE and not case.again):
            assert cached
        elif look.state is State.RUN:  # or an equal step ran for it
            assert not cached or name_of(look.vertex) in ran

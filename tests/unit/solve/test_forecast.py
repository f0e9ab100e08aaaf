"""What a solve would do, told without doing it."""

from __future__ import annotations

from collections.abc import Container

from fakes.cache import MemoryCache
from fakes.executor import FakeExecutor, of, step
from stagemill import events
from stagemill.digest import Digest
from stagemill.graph.operations import Run
from stagemill.graph.vertex import Order, Selection, Vertex
from stagemill.solve.forecast import State, forecast
from stagemill.solve.solve import solve

Told = dict[str, tuple[str, str]]


class Looker:
    """Knows the results of some names for free; the content of some it cannot tell."""

    def __init__(self, *, free: Container[str] = (), away: Container[str] = ()) -> None:
        self.free_names = free
        self.away = away
        self.executor = FakeExecutor()

    def free(self, vertex: Vertex) -> str | None:
        assert isinstance(vertex.op, Run)
        name = vertex.op.args[0]
        return f"{name}=1" if name in self.free_names else None

    def content(self, reader: Vertex, result: str, select: Selection) -> Digest | None:
        return None if result in self.away else self.executor.content(reader, result, select)


class Lab:
    def __init__(self) -> None:
        self.cache = MemoryCache[str]()

    def build(self, *targets: Vertex, **results: str) -> None:
        solve(
            targets,
            executor=FakeExecutor(results=results),
            cache=self.cache,
            listener=events.ignore,
            clock=lambda: 0.0,
            workers=1,
            no_cache=lambda _: False,
        )

    def told(
        self,
        *targets: Vertex,
        fresh: Container[Vertex] = (),
        again: Container[Vertex] = (),
        looker: Looker | None = None,
        order: Order | None = None,
    ) -> Told:
        found = forecast(
            targets,
            cache=self.cache,
            looker=looker or Looker(),
            no_cache=lambda vertex: vertex in fresh,
            again=lambda vertex: vertex in again,
            order=order or {},
        )
        return {look.vertex.label.name: (look.state.name, look.why) for look in found.values()}


BASE = step("base")
MIDDLE = step("middle", BASE)
TARGET = step("target", MIDDLE)


def test_in_an_empty_cache_all_would_run() -> None:
    assert Lab().told(TARGET) == dict.fromkeys(("base", "middle", "target"), ("RUN", "missed"))


def test_what_was_built_is_found_by_definition() -> None:
    lab = Lab()
    lab.build(TARGET)

    assert lab.told(TARGET) == dict.fromkeys(("base", "middle", "target"), ("FOUND", ""))


def test_nothing_is_saved_and_nothing_executed() -> None:
    lab = Lab()
    lab.build(BASE)
    before = list(lab.cache.saved)

    lab.told(TARGET)

    assert lab.cache.saved == before


def test_what_reads_equal_files_is_found_by_content() -> None:
    lab = Lab()
    lab.build(step("copy", of(step("one"), "a")), one="a=1 b=1")
    lab.build(step("two"), two="a=1 b=2")

    assert lab.told(step("copy", of(step("two"), "a"))) == {"two": ("FOUND", ""), "copy": ("ALIKE", "")}


def test_what_reads_files_of_a_step_that_would_run_is_open() -> None:
    copy = step("copy", of(BASE, "a"))

    assert Lab().told(step("after", copy)) == {
        "base": ("RUN", "missed"),
        "copy": ("OPEN", "stands"),
        "after": ("OPEN", "stands"),
    }


def test_what_stands_on_a_step_whose_record_was_lost_is_found_by_its_key() -> None:
    lab = Lab()
    copy = step("copy", of(step("one"), "a"))
    lab.build(step("after", copy), one="a=1 b=1")
    lab.build(step("two"), two="a=1 b=2")
    made = lab.cache.load(copy.digest)
    assert made is not None
    lab.cache.forget(made.canonical)

    told = lab.told(step("after", step("copy", of(step("two"), "a"))))

    assert told == {"two": ("FOUND", ""), "copy": ("RUN", "missed"), "after": ("ALIKE", "")}


def test_what_costs_nothing_is_known() -> None:
    base = step("image")
    copy = step("copy", of(base, "image"))

    assert Lab().told(copy, looker=Looker(free={"image"})) == {"image": ("FREE", ""), "copy": ("RUN", "missed")}


def test_files_that_are_not_here_leave_it_open() -> None:
    copy = step("copy", of(step("image"), "image"))

    told = Lab().told(copy, looker=Looker(free={"image"}, away={"image=1"}))

    assert told["copy"] == ("OPEN", "stands")


def test_what_is_asked_for_and_what_stands_on_it_would_run() -> None:
    lab = Lab()
    lab.build(TARGET)

    assert lab.told(TARGET, fresh=[MIDDLE]) == {
        "base": ("FOUND", ""),
        "middle": ("RUN", "asked"),
        "target": ("RUN", "stands"),
    }


def test_what_stands_on_a_step_that_is_made_again_is_open() -> None:
    lab = Lab()
    lab.build(step("last", TARGET))

    assert lab.told(step("last", TARGET), again=[MIDDLE]) == {
        "base": ("FOUND", ""),
        "middle": ("RUN", "asked"),
        "target": ("OPEN", "stands"),
        "last": ("OPEN", "stands"),
    }


def test_the_key_of_what_would_run_is_told_where_it_is_known() -> None:
    found = forecast(
        [step("copy", of(BASE, "a"))],
        cache=MemoryCache[str](),
        looker=Looker(),
        no_cache=lambda _: False,
        again=lambda _: False,
        order={},
    )

    assert [(look.state, look.key is not None) for look in found.values()] == [(State.RUN, True), (State.OPEN, False)]


def test_what_waits_comes_after_what_it_waits_for() -> None:
    test, web = step("test"), step("web")

    assert list(Lab().told(web, test, order={web.digest: [test]})) == ["test", "web"]

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections.abc import Callable, Container, Iterator
from threading import Barrier, Event
from typing import Any

import pytest

from fakes.cache import MemoryCache
from fakes.executor import Act, FakeExecutor, fails, of, step, until_cancelled
from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import CancelledError, StepError, StoreError
from stagemill.graph.vertex import Order, Selection, Vertex
from stagemill.solve.keys import CacheKey
from stagemill.solve.solve import solve


class Solver:
    """A solve with fakes; keeps the cache and what was reported from one `run` to the next."""

    def __init__(self) -> None:
        self.cache = MemoryCache[str]()
        self.events: list[events.Event] = []

    def run(
        self,
        *targets: Vertex,
        executor: FakeExecutor | None = None,
        workers: int = 8,
        fresh: Container[Vertex] = (),
        again: Container[Vertex] = (),
        order: Order | None = None,
        listener: events.Listener | None = None,
        have: Callable[[Vertex, str], None] = lambda _vertex, _result: None,
    ) -> dict[Digest, str]:
        ticks = itertools.count()
        return solve(
            targets,
            executor=executor or FakeExecutor(),
            cache=self.cache,
            listener=listener or self.events.append,
            clock=lambda: float(next(ticks)),
            workers=workers,
            no_cache=lambda vertex: vertex in fresh,
            again=lambda vertex: vertex in again,
            order=order,
            have=have,
        )

    def reported(self) -> list[str]:
        """The events since the last call, as words."""
        names: dict[Digest, str] = {}
        words = []
        for event in self.events:
            match event:
                case events.Started(key, name):
                    names[key] = name
                    words.append(f"started {name}")
                case events.Cached(_, name, _, _, why):
                    words.append(f"cached {name} by {why}")
                case events.Finished(key):
                    words.append(f"finished {names[key]}")
                case events.Failed(key, message, _, cancelled):
                    words.append(f"{'cancelled' if cancelled else 'failed'} {names[key]}: {message}")
                case _:
                    raise AssertionError(event)
        self.events.clear()
        return words


@pytest.fixture
def solver() -> Solver:
    return Solver()


def test_a_chain_is_made_from_its_end(solver: Solver) -> None:
    base = step("base")
    target = step("target", base, stage="builder")

    results = solver.run(target)

    assert results == {base.digest: "base()", target.digest: "target(base())"}
    assert solver.events == [
        events.Started(base.digest, "base", 0.0),
        events.Finished(base.digest, 1.0),
        events.Started(target.digest, "target", 2.0, "builder"),
        events.Finished(target.digest, 3.0),
    ]


def test_inputs_come_in_the_order_of_the_edges(solver: Solver) -> None:
    target = step("target", step("b"), step("a"), step("b"))

    assert solver.run(target)[target.digest] == "target(b(),a(),b())"


def test_nothing_to_solve_has_no_results(solver: Solver) -> None:
    assert solver.run() == {}


def test_equal_vertices_run_once(solver: Solver) -> None:
    executor = FakeExecutor()

    solver.run(step("end", step("left", step("base")), step("right", step("base"))), executor=executor)

    assert sorted(executor.executed) == ["base", "end", "left", "right"]


def test_a_second_solve_finds_everything_by_definition(solver: Solver) -> None:
    target = step("target", step("base"))
    first = solver.run(target)
    solver.events.clear()
    executor = FakeExecutor()

    second = solver.run(target, executor=executor)

    assert second == first
    assert executor.executed == []
    assert solver.reported() == ["cached base by definition", "cached target by definition"]


def test_the_executor_is_told_what_is_not_found_before_it_makes_any_of_it(solver: Solver) -> None:
    found = step("found")
    solver.run(found)
    executor = FakeExecutor(acts={"first": lambda _cancelled: expected.extend(executor.expected)})
    expected: list[str] = []

    solver.run(step("second", step("first", found)), executor=executor)

    assert expected == ["first", "second"]


def test_what_is_below_a_hit_and_has_no_record_is_neither_reported_nor_run(solver: Solver) -> None:
    base = step("base")
    target = step("target", base)
    solver.run(target)
    solver.events.clear()
    solver.cache.forget(base.digest)

    results = solver.run(target)

    assert results == {target.digest: "target(base())"}
    assert solver.reported() == ["cached target by definition"]


def test_a_rebuilt_input_with_the_same_content_disturbs_nothing_after_it(solver: Solver) -> None:
    before = step("copy", step("runtime"), of(step("build 1"), "app"))
    after = step("copy", step("runtime"), of(step("build 2"), "app"))
    solver.run(before, executor=FakeExecutor(results={"build 1": "app=x log=1"}))
    solver.events.clear()
    executor = FakeExecutor(results={"build 2": "app=x log=2"})

    results = solver.run(after, executor=executor)

    assert executor.executed == ["build 2"]
    assert results[after.digest] == "copy(runtime(),app=x log=1)"
    assert solver.reported() == [
        "cached runtime by definition",
        "started build 2",
        "finished build 2",
        "cached copy by content",
    ]


def test_what_was_found_by_content_is_found_by_definition_the_next_time(solver: Solver) -> None:
    results = {"build 1": "app=x", "build 2": "app=x"}
    solver.run(step("copy", of(step("build 1"), "app")), executor=FakeExecutor(results=results))
    target = step("copy", of(step("build 2"), "app"))
    solver.run(target, executor=FakeExecutor(results=results))
    solver.events.clear()
    executor = FakeExecutor()

    solver.run(target, executor=executor)

    assert executor.executed == []
    assert executor.hashed == []
    assert solver.reported() == ["cached build 2 by definition", "cached copy by definition"]


def test_a_rebuilt_input_with_other_content_is_a_miss(solver: Solver) -> None:
    solver.run(step("copy", of(step("build 1"), "app")), executor=FakeExecutor(results={"build 1": "app=x"}))
    executor = FakeExecutor(results={"build 2": "app=y"})

    solver.run(step("copy", of(step("build 2"), "app")), executor=executor)

    assert executor.executed == ["build 2", "copy"]


def test_what_stands_on_a_content_hit_is_found_too(solver: Solver) -> None:
    results = {"build 1": "app=x", "build 2": "app=x"}

    def target(build: str) -> Vertex:
        return step("run", step("copy", step("runtime"), of(step(build), "app")))

    solver.run(target("build 1"), executor=FakeExecutor(results=results))
    executor = FakeExecutor(results=results)

    solver.run(target("build 2"), executor=executor)

    assert executor.executed == ["build 2"]


def test_two_vertices_with_one_canonical_key_run_once_in_one_solve(solver: Solver) -> None:
    one = step("copy", of(step("build 1"), "app"))
    other = step("copy", of(step("build 2"), "app"))
    executor = FakeExecutor(results={"build 1": "app=x", "build 2": "app=x"})

    results = solver.run(one, other, executor=executor)

    assert sorted(executor.executed) == ["build 1", "build 2", "copy"]
    assert results[one.digest] == results[other.digest]
    assert "cached copy by content" in solver.reported()


def test_a_content_is_computed_once_for_all_who_select_it(solver: Solver) -> None:
    source = step("source")
    executor = FakeExecutor(results={"source": "app=x"})

    solver.run(step("a", of(source, "app")), step("b", of(source, "app"), of(source, "app")), executor=executor)

    assert executor.hashed == [("app=x", ("app",))]


def test_a_result_that_another_process_made_meanwhile_is_taken(solver: Solver) -> None:
    base = step("base")
    target = step("target", base)
    elsewhere = MemoryCache[str]()
    executor = FakeExecutor()
    other = Solver()
    other.cache = elsewhere
    other.run(target)

    class Late(MemoryCache[str]):
        """Has what the other process made from the second time on that it is asked."""

        def load(self, key: Digest) -> Any:
            again = key in self.asked
            self.asked.append(key)
            return elsewhere.load(key) if again else None

    solver.cache = Late()

    results = solver.run(target, executor=executor)

    assert executor.executed == []
    assert results[target.digest] == "target(base())"
    assert solver.reported() == ["cached base by definition", "cached target by content"]


def test_no_cache_asks_for_nothing_but_saves(solver: Solver) -> None:
    base = step("base")
    target = step("target", base)
    solver.run(target, executor=FakeExecutor(results={"base": "old"}))
    asked, saved = len(solver.cache.asked), len(solver.cache.saved)
    executor = FakeExecutor(results={"base": "new"})

    results = solver.run(target, executor=executor, fresh=[base, target])

    assert executor.executed == ["base", "target"]
    assert results[target.digest] == "target(new)"
    assert solver.cache.asked[asked:] == []
    assert solver.cache.saved[saved:] == ["base", "target"]
    assert solver.run(target) == results


def test_no_cache_for_one_step_leaves_what_is_below_it_alone(solver: Solver) -> None:
    target = step("target", step("base"))
    solver.run(target)
    executor = FakeExecutor()

    solver.run(target, executor=executor, fresh=[target])

    assert executor.executed == ["target"]


def test_no_cache_for_one_step_makes_what_stands_on_it_anew(solver: Solver) -> None:
    middle = step("middle", step("base"))
    target = step("target", middle)
    solver.run(target)
    executor = FakeExecutor(results={"middle": "new"})

    results = solver.run(target, executor=executor, fresh=[middle])

    assert executor.executed == ["middle", "target"]
    assert results[target.digest] == "target(new)"


def test_a_copy_from_a_step_that_was_made_anew_is_found_if_its_content_is_the_same(solver: Solver) -> None:
    build = step("build")
    target = step("copy", of(build, "app"))
    solver.run(target, executor=FakeExecutor(results={"build": "app=x log=1"}))
    executor = FakeExecutor(results={"build": "app=x log=2"})

    solver.run(target, executor=executor, fresh=[build])

    assert executor.executed == ["build"]


def test_equal_steps_run_once_without_a_cache_too(solver: Solver) -> None:
    one = step("copy", of(step("build 1"), "app"))
    other = step("copy", of(step("build 2"), "app"))
    executor = FakeExecutor(results={"build 1": "app=x", "build 2": "app=x"})

    solver.run(one, other, executor=executor, fresh=[one, other])

    assert executor.executed.count("copy") == 1


def test_what_stands_on_a_step_that_was_made_again_with_the_same_result_is_found(solver: Solver) -> None:
    base = step("base")
    target = step("target", base)
    solver.run(target)
    executor = FakeExecutor()

    solver.run(target, executor=executor, again=[base])

    assert executor.executed == ["base"]


def test_what_stands_on_a_step_that_gives_something_else_now_is_made_too_until_something_is_the_same(
    solver: Solver,
) -> None:
    base = step("base")
    middle = step("middle", base)
    target = step("target", middle)
    solver.run(target, executor=FakeExecutor(results={"middle": "m"}))
    executor = FakeExecutor(results={"base": "other", "middle": "m"})

    results = solver.run(target, executor=executor, again=[base])

    assert executor.executed == ["base", "middle"]
    assert results[target.digest] == "target(m)"


def test_what_was_made_again_is_what_the_next_solve_finds(solver: Solver) -> None:
    base = step("base")
    target = step("target", base)
    solver.run(target)
    solver.run(target, executor=FakeExecutor(results={"base": "other"}), again=[base])
    executor = FakeExecutor()

    results = solver.run(target, executor=executor)

    assert (executor.executed, results[target.digest]) == ([], "target(other)")


def test_a_copy_from_a_step_that_was_made_again_is_found_if_its_content_is_the_same(solver: Solver) -> None:
    build = step("build")
    target = step("target", of(build, "a"))
    solver.run(target, executor=FakeExecutor(results={"build": "a=1 b=1"}))
    executor = FakeExecutor(results={"build": "a=1 b=2"})

    solver.run(target, executor=executor, again=[build])

    assert executor.executed == ["build"]


def test_equal_steps_are_made_again_once(solver: Solver) -> None:
    one, two = step("build", step("one")), step("build", of(step("one"), "nothing"))
    targets = [step("a", one), step("b", one), step("c", two)]
    solver.run(*targets)
    executor = FakeExecutor(results={"build": "other"})

    solver.run(*targets, executor=executor, again=[one])

    assert sorted(executor.executed) == ["a", "b", "build"]


def test_without_a_result_from_before_a_step_that_is_made_again_is_simply_made(solver: Solver) -> None:
    base = step("base")

    assert solver.run(step("target", base), again=[base])[base.digest] == "base()"


def test_a_vertex_starts_after_those_that_it_waits_for(solver: Solver) -> None:
    ended: list[str] = []
    test, web = step("test"), step("web")

    def end(name: str, seconds: float = 0) -> Act:
        def act(_: Event) -> None:
            time.sleep(seconds)
            ended.append(name)

        return act

    executor = FakeExecutor(acts={"test": end("test", 0.05), "web": end("web")})

    solver.run(web, test, executor=executor, order={web.digest: [test]})

    assert ended == ["test", "web"]


def test_what_waits_for_a_failure_never_starts(solver: Solver) -> None:
    test, web = step("test"), step("web")
    executor = FakeExecutor(acts={"test": fails(failure())})

    with pytest.raises(StepError):
        solver.run(web, test, executor=executor, order={web.digest: [test]})

    assert executor.executed == ["test"]


def test_waiting_is_no_part_of_a_key(solver: Solver) -> None:
    test, web = step("test"), step("web")
    solver.run(web)
    executor = FakeExecutor()

    solver.run(web, test, executor=executor, order={web.digest: [test]}, fresh=[test])

    assert executor.executed == ["test"]


def test_steps_of_all_stages_run_at_the_same_time(solver: Solver) -> None:
    together = Barrier(8)
    vertices = [step(f"run {number}", step(f"base {number}")) for number in range(8)]

    def meet(_: Event) -> None:
        together.wait(60)

    solver.run(*vertices, executor=FakeExecutor(acts={f"run {number}": meet for number in range(8)}))

    assert not together.broken


def test_no_more_steps_than_workers_run_at_once(solver: Solver) -> None:
    vertices = [step(str(number)) for number in range(12)]
    acts = {str(number): lambda _: time.sleep(0.005) for number in range(12)}
    executor = FakeExecutor(acts=acts)

    solver.run(*vertices, executor=executor, workers=3)

    assert len(executor.executed) == 12
    assert executor.most_at_once <= 3


def test_one_worker_takes_the_longest_way_first(solver: Solver) -> None:
    base = step("base")
    target = step("target", step("short", base), step("middle", step("long", base)))
    executor = FakeExecutor()

    solver.run(target, executor=executor, workers=1)

    assert executor.executed == ["base", "long", "short", "middle", "target"]


def test_many_that_wait_for_one_lock_do_not_lock_each_other_out(solver: Solver) -> None:
    results = {f"build {number}": "app=x" for number in range(8)}
    targets = [step("run", step("copy", of(step(name), "app"))) for name in results]
    executor = FakeExecutor(results=results)

    solver.run(*targets, executor=executor, workers=2)

    assert executor.executed.count("copy") == executor.executed.count("run") == 1


def failure(text: str = "exit code 1") -> StepError:
    return StepError(text, exit_code=1)


def test_a_failure_is_raised_as_it_is_and_reported(solver: Solver) -> None:
    error = failure()
    target = step("target", step("base"))

    with pytest.raises(StepError) as raised:
        solver.run(target, executor=FakeExecutor(acts={"target": fails(error)}))

    assert raised.value is error
    assert solver.reported() == ["started base", "finished base", "started target", "failed target: exit code 1"]


def test_what_ran_before_a_failure_is_kept(solver: Solver) -> None:
    target = step("target", step("base"))
    with pytest.raises(StepError):
        solver.run(target, executor=FakeExecutor(acts={"target": fails(failure())}))
    executor = FakeExecutor()

    solver.run(target, executor=executor)

    assert executor.executed == ["target"]


def test_a_failure_cancels_what_runs_and_what_never_started_is_silent(solver: Solver) -> None:
    running = Event()

    def fail_when_the_other_runs(_: Event) -> None:
        assert running.wait(60)
        raise failure()

    def run(cancelled: Event) -> None:
        running.set()
        until_cancelled(cancelled)

    bad, long = step("bad"), step("long")
    executor = FakeExecutor(acts={"bad": fail_when_the_other_runs, "long": run})

    with pytest.raises(StepError, match="exit code 1"):
        solver.run(step("after", bad), step("never", long), executor=executor)

    reported = solver.reported()
    assert sorted(reported[:2]) == ["started bad", "started long"]
    assert sorted(reported[2:]) == ["cancelled long: canceled", "failed bad: exit code 1"]


def test_the_error_is_raised_after_everything_has_ended(solver: Solver) -> None:
    running, ended = Event(), Event()

    def end_slowly(cancelled: Event) -> None:
        running.set()
        assert cancelled.wait(60)
        time.sleep(0.05)
        ended.set()
        raise CancelledError("stopped")

    def fail(_: Event) -> None:
        assert running.wait(60)
        raise failure()

    before = set(threading.enumerate())
    with pytest.raises(StepError):
        solver.run(step("slow"), step("bad"), executor=FakeExecutor(acts={"slow": end_slowly, "bad": fail}))

    assert ended.is_set()
    assert set(threading.enumerate()) <= before


def test_a_step_that_finishes_in_spite_of_the_cancel_is_saved(solver: Solver) -> None:
    running = Event()
    slow = step("slow")

    def finish(cancelled: Event) -> None:
        running.set()
        assert cancelled.wait(60)

    def fail(_: Event) -> None:
        assert running.wait(60)
        raise failure()

    with pytest.raises(StepError):
        solver.run(slow, step("bad"), executor=FakeExecutor(acts={"slow": finish, "bad": fail}))

    assert "finished slow" in solver.reported()
    assert solver.cache.load(slow.digest) is not None


def test_the_first_of_two_failures_is_raised(solver: Solver) -> None:
    running = Event()

    def fail_later(cancelled: Event) -> None:
        running.set()
        assert cancelled.wait(60)
        time.sleep(0.02)
        raise failure("second")

    def fail(_: Event) -> None:
        assert running.wait(60)
        raise failure("first")

    with pytest.raises(StepError, match="first"):
        solver.run(step("a"), step("b"), executor=FakeExecutor(acts={"a": fail_later, "b": fail}))


def test_a_step_that_says_by_itself_that_it_was_stopped_stops_the_solve(solver: Solver) -> None:
    executor = FakeExecutor(acts={"a": fails(CancelledError("somebody stopped it"))})

    with pytest.raises(CancelledError, match="somebody stopped it"):
        solver.run(step("b", step("a")), executor=executor)


def test_an_equal_step_does_not_fail_once_more(solver: Solver) -> None:
    targets = [step("copy", of(step(f"build {number}"), "app")) for number in range(6)]
    results = {f"build {number}": "app=x" for number in range(6)}
    executor = FakeExecutor(results=results, acts={"copy": fails(failure())})

    with pytest.raises(StepError):
        solver.run(*targets, executor=executor)

    assert executor.executed.count("copy") == 1


@pytest.mark.parametrize("error", [ValueError("a bug"), KeyError("key"), SystemExit(3)], ids=str)
def test_an_error_that_nobody_expected_comes_out_as_it_is(solver: Solver, error: BaseException) -> None:
    with pytest.raises(type(error)) as raised:
        solver.run(step("a"), executor=FakeExecutor(acts={"a": fails(error)}))

    assert raised.value is error
    assert solver.reported() == ["started a", f"failed a: {error}"]


def test_an_error_without_a_message_is_reported_by_its_kind(solver: Solver) -> None:
    with pytest.raises(MemoryError):
        solver.run(step("a"), executor=FakeExecutor(acts={"a": fails(MemoryError())}))

    assert solver.reported() == ["started a", "failed a: MemoryError"]


def test_a_content_that_cannot_be_read_fails_the_step_that_asked(solver: Solver) -> None:
    class Unreadable(FakeExecutor):
        def content(self, reader: Vertex, result: str, select: Selection) -> Digest:
            raise StoreError("cannot read the layer")

    with pytest.raises(StoreError, match="cannot read the layer"):
        solver.run(step("copy", of(step("source"), "app")), executor=Unreadable())

    assert solver.reported()[-2:] == ["started copy", "failed copy: cannot read the layer"]


def test_a_result_that_cannot_be_saved_fails_the_step(solver: Solver) -> None:
    class Full(MemoryCache[str]):
        def save(self, vertex: Vertex, *, definition: Digest, canonical: CacheKey, result: str) -> None:
            raise StoreError("the disk is full")

    solver.cache = Full()

    with pytest.raises(StoreError, match="the disk is full"):
        solver.run(step("a"))

    assert solver.reported() == ["started a", "failed a: the disk is full"]


def test_a_cache_that_cannot_be_read_starts_nothing(solver: Solver) -> None:
    class Broken(MemoryCache[str]):
        def load(self, key: Digest) -> Any:
            raise StoreError("the state cannot be read")

    solver.cache = Broken()
    executor = FakeExecutor()

    with pytest.raises(StoreError, match="the state cannot be read"):
        solver.run(step("a"), executor=executor)

    assert executor.executed == []


def test_a_listener_that_fails_stops_the_solve(solver: Solver) -> None:
    def listener(_event: events.Event) -> None:
        raise OSError("the terminal is gone")

    with pytest.raises(OSError, match="the terminal is gone"):
        solver.run(step("b", step("a")), listener=listener)


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """A shell without job control has what it starts in the background ignore interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt_main(_cancelled: Event) -> None:
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGINT)


@pytest.mark.usefixtures("_interruptible")
def test_an_interrupt_stops_everything_and_comes_out_as_cancelled(solver: Solver) -> None:
    def act(cancelled: Event) -> None:
        interrupt_main(cancelled)
        until_cancelled(cancelled)

    with pytest.raises(CancelledError, match="the build was stopped"):
        solver.run(step("b", step("a")), executor=FakeExecutor(acts={"a": act}))

    assert solver.reported() == ["started a", "cancelled a: canceled"]


@pytest.mark.usefixtures("_interruptible")
def test_after_an_interrupt_the_errors_of_what_was_killed_are_not_shown(solver: Solver) -> None:
    def act(cancelled: Event) -> None:
        interrupt_main(cancelled)
        assert cancelled.wait(60)
        raise failure("exit code 137")

    with pytest.raises(CancelledError, match="the build was stopped"):
        solver.run(step("a"), executor=FakeExecutor(acts={"a": act}))


@pytest.mark.usefixtures("_interruptible")
def test_a_second_interrupt_does_not_wait(solver: Solver) -> None:
    release, left = Event(), Event()

    def act(cancelled: Event) -> None:
        interrupt_main(cancelled)
        assert cancelled.wait(60)
        interrupt_main(cancelled)
        assert release.wait(60)
        left.set()

    with pytest.raises(CancelledError, match="the build was stopped"):
        solver.run(step("a"), executor=FakeExecutor(acts={"a": act}))

    assert not left.is_set()
    release.set()
    assert left.wait(60)


def test_a_solve_that_finds_everything_starts_no_thread(solver: Solver, monkeypatch: pytest.MonkeyPatch) -> None:
    target = step("0")
    for number in range(1, 60):
        target = step(str(number), target)
    solver.run(target)
    monkeypatch.setattr(threading.Thread, "start", _no_thread)

    solver.run(target)

    assert solver.reported()[-1] == "cached 59 by definition"


def _no_thread(_thread: threading.Thread) -> None:
    raise AssertionError("a thread was started")


def test_every_result_is_told_when_it_is_there_if_anything_has_to_be_made(solver: Solver) -> None:
    base = step("base")
    top = step("top", base)
    heard: list[str] = []
    solver.run(base)

    def have(vertex: Vertex, result: str) -> None:
        heard.append(f"{vertex.label.name}: {result}")

    solver.run(top, have=have, executor=FakeExecutor(acts={"top": lambda _cancelled: heard.append("top runs")}))
    told = list(heard)
    solver.run(top, have=have)

    assert told == ["base: base()", "top runs", "top: top(base())"]
    assert heard == told

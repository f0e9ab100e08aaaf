"""`solve`: the results of some vertices; what is not found is made, in threads that the schedule starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Generic, TypeVar

from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import CancelledError
from stagemill.graph.vertex import Order, Vertex
from stagemill.solve.protocols import Cache, Executor, Hit
from stagemill.solve.schedule import Cancel, Decision, Done, Failed, Schedule, Start
from stagemill.solve.step import Maker
from stagemill.solve.survey import survey
from stagemill.timings import measured

T = TypeVar("T")

_PATIENCE = 0.5
"""Seconds. A signal that comes just before the interpreter begins to wait is seen only after the wait, so no wait is long."""


def solve(
    targets: Sequence[Vertex],
    *,
    executor: Executor[T],
    cache: Cache[T],
    listener: events.Listener,
    clock: Callable[[], float],
    workers: int,
    no_cache: Callable[[Vertex], bool],
    again: Callable[[Vertex], bool] = lambda _vertex: False,
    order: Order | None = None,
    have: Callable[[Vertex, T], None] = lambda _vertex, _result: None,
) -> dict[Digest, T]:
    """The results of the targets, and of everything that was loaded or executed for them, by vertex digest.

    At most `workers` steps run at once. After the first error nothing is started, what runs is cancelled, and when all
    of it has ended that error is raised, whatever its type. Ctrl-C likewise, as CancelledError; a second one does not
    wait. `no_cache` says of which vertices no result made before may serve; their results are saved all the same. Those
    of `again` are executed too, and what stands on them only where the result is another one than before. A vertex
    starts after those that `order` has for it. Where something has to be made, `have` is told of every result, from this
    thread, as soon as there is one.
    """
    try:
        known = survey(targets, load=cache.load, no_cache=no_cache, again=again, order=order)
        for vertex in known.found:
            listener(events.Cached(vertex.digest, vertex.label.name, clock(), vertex.label.stage))
        hits = {vertex.digest: hit for vertex, hit in known.found.items()}
        if known.needed:
            executor.expect(known.needed)
            cancelled = Event()
            maker = Maker(
                executor=executor,
                cache=cache,
                listener=listener,
                clock=clock,
                fresh=known.fresh,
                again=known.again,
                cancelled=cancelled,
            )
            schedule = Schedule(known.needed, workers=workers, order=order)
            for vertex, hit in known.found.items():
                have(vertex, hit.result)
            _Crew(maker.make, hits=hits, cancelled=cancelled, have=have).work(schedule)
    except KeyboardInterrupt:
        raise CancelledError("the build was stopped") from None
    return {key: hit.result for key, hit in hits.items()}


class _Crew(Generic[T]):
    """Does what a schedule decides: one thread for each step under way. `hits` grows by what is made."""

    def __init__(
        self,
        make: Callable[[Vertex, Sequence[Hit[T]]], Hit[T]],
        *,
        hits: dict[Digest, Hit[T]],
        cancelled: Event,
        have: Callable[[Vertex, T], None],
    ) -> None:
        self._make = make
        self._have = have
        self._hits = hits
        self._cancelled = cancelled
        self._ended: SimpleQueue[tuple[Vertex, Hit[T] | BaseException]] = SimpleQueue()
        self._threads: dict[Digest, Thread] = {}
        self._errors: list[BaseException] = []

    def work(self, schedule: Schedule) -> None:
        """Raises the first error, or a CancelledError if there were no others, after all threads have ended."""
        try:
            self._obey(schedule.begin())
            while not schedule.finished:
                self._obey(schedule.on(self._next()))
        except BaseException:
            self._cancelled.set()
            self._join()
            raise
        if self._errors:
            raise min(self._errors, key=lambda error: isinstance(error, CancelledError))

    def _obey(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            match decision:
                case Start(vertex):
                    inputs = [self._hits[edge.vertex.digest] for edge in vertex.inputs]
                    # A daemon, so that a second Ctrl-C can leave it behind.
                    thread = Thread(target=self._run, args=(vertex, inputs), name=vertex.label.name, daemon=True)
                    self._threads[vertex.digest] = thread
                    thread.start()
                case Cancel():
                    self._cancelled.set()

    def _join(self) -> None:
        for thread in self._threads.values():
            # A thread that Ctrl-C kept from starting cannot be joined; if it starts late it finds itself cancelled.
            with suppress(RuntimeError):
                while thread.is_alive():
                    thread.join(_PATIENCE)

    @measured("wait")
    def _wait(self) -> tuple[Vertex, Hit[T] | BaseException]:
        while True:
            with suppress(Empty):
                return self._ended.get(timeout=_PATIENCE)

    def _next(self) -> Done | Failed:
        vertex, outcome = self._wait()
        self._threads.pop(vertex.digest).join()
        if isinstance(outcome, Hit):
            self._hits[vertex.digest] = outcome
            self._have(vertex, outcome.result)
            return Done(vertex.digest)
        self._errors.append(outcome)
        return Failed(vertex.digest)

    def _run(self, vertex: Vertex, inputs: Sequence[Hit[T]]) -> None:
        if self._cancelled.is_set():
            self._ended.put((vertex, CancelledError("the build was stopped")))
            return
        try:
            self._ended.put((vertex, self._make(vertex, inputs)))
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that called solve
            self._ended.put((vertex, error))

"""`Maker`: how one vertex whose inputs have results gets its own: found by content, or executed and saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event
from typing import Generic, Literal, TypeVar

from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import CancelledError
from stagemill.graph.vertex import Vertex
from stagemill.solve.contents import Contents
from stagemill.solve.keys import CacheKey, cache_key
from stagemill.solve.protocols import Cache, Executor, Hit

T = TypeVar("T")


class Maker(Generic[T]):
    """Makes vertices, several at once, and reports each to the listener from the thread that makes it."""

    def __init__(
        self,
        *,
        executor: Executor[T],
        cache: Cache[T],
        listener: events.Listener,
        clock: Callable[[], float],
        fresh: frozenset[Digest],
        cancelled: Event,
    ) -> None:
        self._executor = executor
        self._cache = cache
        self._listener = listener
        self._clock = clock
        self._fresh = fresh
        self._cancelled = cancelled
        self._contents = Contents[T](executor.content)
        self._started: set[Digest] = set()
        # By canonical key: what this solve executed, so that equal steps run once though no look-up may answer them.
        self._executed: dict[Digest, T] = {}

    def make(self, vertex: Vertex, inputs: Sequence[Hit[T]]) -> Hit[T]:
        """The vertex's result and canonical key; both are in the cache afterwards. Whatever is raised was reported."""
        try:
            return self._make(vertex, inputs)
        except BaseException as error:
            self._report(vertex, error)
            raise

    def _make(self, vertex: Vertex, inputs: Sequence[Hit[T]]) -> Hit[T]:
        key = cache_key(vertex, [self._key(vertex, place, hit) for place, hit in enumerate(inputs)])
        if key.digest != vertex.digest and (result := self._look_up(vertex, key)) is not None:
            return result
        with self._executor.exclusive(key.digest, self._cancelled):
            # Whoever was in here before may have made it.
            if (result := self._look_up(vertex, key)) is not None:
                return result
            return self._execute(vertex, key, [hit.result for hit in inputs])

    def _key(self, vertex: Vertex, place: int, hit: Hit[T]) -> Digest:
        edge = vertex.inputs[place]
        if edge.select is None:
            return hit.canonical
        self._stop_if_cancelled()
        return self._contents.of(edge.vertex, hit.result, edge.select, reader=vertex)

    def _look_up(self, vertex: Vertex, key: CacheKey) -> Hit[T] | None:
        hit = self._find(vertex, key.digest)
        if hit is None:
            return None
        why: Literal["definition", "content"] = "definition"
        if key.digest != vertex.digest:
            why = "content"
            self._cache.save(vertex, definition=vertex.digest, canonical=key, result=hit.result)
        label = vertex.label
        self._listener(events.Cached(vertex.digest, label.name, self._clock(), label.stage, why))
        return hit

    def _find(self, vertex: Vertex, key: Digest) -> Hit[T] | None:
        if key in self._executed:
            return Hit(self._executed[key], key)
        return None if vertex.digest in self._fresh else self._cache.load(key)

    def _execute(self, vertex: Vertex, key: CacheKey, inputs: Sequence[T]) -> Hit[T]:
        self._stop_if_cancelled()
        self._start(vertex)
        try:
            result = self._executor.execute(vertex, inputs, self._cancelled)
            self._cache.save(vertex, definition=vertex.digest, canonical=key, result=result)
        except BaseException:
            # Before the lock opens: an equal step that waits for it shall not fail once more.
            self._cancelled.set()
            raise
        self._executed[key.digest] = result
        self._listener(events.Finished(vertex.digest, self._clock()))
        return Hit(result, key.digest)

    def _start(self, vertex: Vertex) -> None:
        self._started.add(vertex.digest)
        label = vertex.label
        self._listener(events.Started(vertex.digest, label.name, self._clock(), label.stage))

    def _report(self, vertex: Vertex, error: BaseException) -> None:
        """A step that was cancelled before it started never was one for people."""
        cancelled = isinstance(error, CancelledError)
        if vertex.digest not in self._started:
            if cancelled:
                return
            self._start(vertex)
        message = "canceled" if cancelled else str(error) or type(error).__name__
        self._listener(events.Failed(vertex.digest, message, self._clock(), cancelled=cancelled))

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise CancelledError("the build was stopped")

"""`Maker`: how one vertex whose inputs have results gets its own: found by content, or executed and saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event
from typing import Generic, Literal, TypeVar

from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import CancelledError
from stagemill.graph.vertex import Vertex
from stagemill.solve.finder import Finder
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
        again: frozenset[Digest],
        cancelled: Event,
    ) -> None:
        self._executor = executor
        self._cache = cache
        self._listener = listener
        self._clock = clock
        self._again = again
        self._cancelled = cancelled
        self._finder = Finder(cache, executor.content, fresh)
        # By canonical key: what was made again and has another result than the cache had.
        self._changed: set[Digest] = set()
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
        again = self._is_made_again(vertex, inputs)
        if key.digest != vertex.digest and (result := self._look_up(vertex, key, again=again)) is not None:
            return result
        with self._executor.exclusive(key.digest, self._cancelled):
            # Whoever was in here before may have made it.
            if (result := self._look_up(vertex, key, again=again)) is not None:
                return result
            before = self._finder.find(vertex, key.digest) if again else None
            made = self._execute(vertex, key, [hit.result for hit in inputs], before=before)
            if again and made is not before:
                self._changed.add(key.digest)
            return made

    def _is_made_again(self, vertex: Vertex, inputs: Sequence[Hit[T]]) -> bool:
        """Whether that was asked for, or it stands on what has another result now."""
        below = (hit.canonical for edge, hit in zip(vertex.inputs, inputs, strict=True) if not edge.select)
        return vertex.digest in self._again or any(key in self._changed for key in below)

    def _key(self, vertex: Vertex, place: int, hit: Hit[T]) -> Digest:
        edge = vertex.inputs[place]
        if edge.select is not None:
            self._stop_if_cancelled()
        return self._finder.key_of_input(vertex, place, hit)

    def _look_up(self, vertex: Vertex, key: CacheKey, *, again: bool) -> Hit[T] | None:
        hit = self._find(vertex, key.digest, again=again)
        if hit is None:
            return None
        why: Literal["definition", "content"] = "definition"
        if key.digest != vertex.digest:
            why = "content"
            self._cache.save(vertex, definition=vertex.digest, canonical=key, result=hit.result)
        label = vertex.label
        self._listener(events.Cached(vertex.digest, label.name, self._clock(), label.stage, why))
        return hit

    def _find(self, vertex: Vertex, key: Digest, *, again: bool) -> Hit[T] | None:
        if key in self._executed:
            return Hit(self._executed[key], key)
        return None if again else self._finder.find(vertex, key)

    def _execute(self, vertex: Vertex, key: CacheKey, inputs: Sequence[T], *, before: Hit[T] | None) -> Hit[T]:
        """The new result; the very hit from before where that is the same."""
        self._stop_if_cancelled()
        self._start(vertex)
        try:
            result = self._executor.execute(vertex, inputs, self._cancelled)
            made = before if before and before.result == result else Hit(result, key.digest)
            self._cache.save(vertex, definition=vertex.digest, canonical=key, result=made.result)
        except BaseException:
            # Before the lock opens: an equal step that waits for it shall not fail once more.
            self._cancelled.set()
            raise
        self._executed[key.digest] = made.result
        self._listener(events.Finished(vertex.digest, self._clock()))
        return made

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

"""`Chain`: a cache of one's own, and behind it others that are only read."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Generic, Protocol, TypeVar

from stagemill.digest import Digest
from stagemill.graph.vertex import Vertex
from stagemill.solve.keys import CacheKey
from stagemill.solve.protocols import Cache, Hit
from stagemill.values import dataclass

T = TypeVar("T")


class Readable(Protocol[T]):
    """The half of a cache that finds."""

    def load(self, key: Digest) -> Hit[T] | None: ...


@dataclass(frozen=True, slots=True)
class _Saved(Generic[T]):
    """What the first did not keep."""

    vertex: Vertex
    definition: Digest
    canonical: CacheKey
    hit: Hit[T]


class Chain(Generic[T]):
    """A `Cache`. What is saved goes to the first; what that one does not keep is kept here, as long as this is.

    `borrowed` are the keys that were answered by one of the others, with the canonical key that they led to.
    """

    def __init__(self, first: Cache[T], others: Sequence[Readable[T]]) -> None:
        self._first = first
        self._others = tuple(others)
        self._kept: dict[Digest, _Saved[T]] = {}
        self._lock = Lock()
        self.borrowed: dict[Digest, Digest] = {}

    def load(self, key: Digest) -> Hit[T] | None:
        with self._lock:
            kept = self._kept.get(key)
        if hit := kept.hit if kept else self._first.load(key):
            return hit
        for other in self._others:
            if hit := other.load(key):
                with self._lock:
                    self.borrowed[key] = hit.canonical
                return hit
        return None

    def save(self, vertex: Vertex, *, definition: Digest, canonical: CacheKey, result: T) -> None:
        self._first.save(vertex, definition=definition, canonical=canonical, result=result)
        saved = _Saved(vertex, definition, canonical, Hit(result, canonical.digest))
        for key in (definition, canonical.digest):
            is_kept = self._first.load(key) == saved.hit
            with self._lock:
                if is_kept:
                    self._kept.pop(key, None)
                else:
                    self._kept[key] = saved

    def settle(self) -> None:
        """Gives the first what it did not keep, once more: it may be able to by now."""
        with self._lock:
            waiting = {saved.canonical.digest: saved for saved in self._kept.values()}
        for saved in waiting.values():
            self.save(saved.vertex, definition=saved.definition, canonical=saved.canonical, result=saved.hit.result)

"""`MemoryCache`: a `Cache` that forgets everything with the process, and remembers what it was asked."""

from __future__ import annotations

from threading import Lock
from typing import Generic, TypeVar

from stagemill.digest import Canonical, Digest
from stagemill.graph.vertex import Vertex
from stagemill.solve.keys import CacheKey
from stagemill.solve.protocols import Hit

T = TypeVar("T")


class MemoryCache(Generic[T]):
    """`asked` has every key that was looked up, `saved` the name of every vertex that was saved, in order."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._hits: dict[Digest, Hit[T]] = {}
        self.ingredients: dict[Digest, Canonical] = {}
        self.asked: list[Digest] = []
        self.saved: list[str] = []

    def load(self, key: Digest) -> Hit[T] | None:
        with self._lock:
            self.asked.append(key)
            return self._hits.get(key)

    def save(self, vertex: Vertex, *, definition: Digest, canonical: CacheKey, result: T) -> None:
        with self._lock:
            self.saved.append(vertex.label.name)
            self.ingredients[canonical.digest] = canonical.ingredients
            for key in (definition, canonical.digest):
                self._hits[key] = Hit(result, canonical.digest)

    def forget(self, key: Digest) -> None:
        with self._lock:
            self._hits.pop(key, None)

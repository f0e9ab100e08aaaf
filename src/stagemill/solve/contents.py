"""`Contents`: the content digests of results, each computed once however many steps ask for it at the same time."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from stagemill.digest import Digest
from stagemill.graph.vertex import Selection, Vertex

T = TypeVar("T")


class Contents(Generic[T]):
    """Remembers what `compute` says of a vertex's result and a selection; an error is not remembered."""

    def __init__(self, compute: Callable[[Vertex, T, Selection], Digest]) -> None:
        self._compute = compute
        self._known: dict[tuple[Digest, Selection], Digest] = {}
        self._guard = Lock()
        self._locks: dict[tuple[Digest, Selection], Lock] = {}

    def of(self, vertex: Vertex, result: T, select: Selection, *, reader: Vertex) -> Digest:
        """The digest of the paths that `reader` selects from a vertex; the second to ask waits for the first, who is computing it."""
        key = (vertex.digest, select)
        with self._guard:
            lock = self._locks.setdefault(key, Lock())
        with lock:
            if key not in self._known:
                self._known[key] = self._compute(reader, result, select)
            return self._known[key]

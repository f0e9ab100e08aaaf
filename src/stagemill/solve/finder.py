"""`Finder`: the canonical key of a vertex and whether there is a result for it. Solving asks it, and so does a forecast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from stagemill.digest import Digest
from stagemill.graph.vertex import Selection, Vertex
from stagemill.solve.contents import Contents
from stagemill.solve.protocols import Cache, Hit

T = TypeVar("T")


class Finder(Generic[T]):
    """Several threads may ask at once. `fresh` are the vertices that no look-up may answer."""

    def __init__(
        self, cache: Cache[T], content: Callable[[Vertex, T, Selection], Digest], fresh: frozenset[Digest]
    ) -> None:
        self._cache = cache
        self._fresh = fresh
        self._contents = Contents[T](content)

    def key_of_input(self, vertex: Vertex, place: int, hit: Hit[T]) -> Digest:
        """What an input counts with in the canonical key: its own, or the content of what the edge selects."""
        edge = vertex.inputs[place]
        if edge.select is None:
            return hit.canonical
        return self._contents.of(edge.vertex, hit.result, edge.select, reader=vertex)

    def find(self, vertex: Vertex, key: Digest) -> Hit[T] | None:
        """What was made before under the canonical key, where that may serve."""
        return None if vertex.digest in self._fresh else self._cache.load(key)

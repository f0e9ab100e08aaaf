"""`forecast`: what a solve would do, as far as that can be known without executing anything.

It goes the way of a solve: the same survey, the same keys, the same look-ups. What a step would give is not known before
it runs, so what reads files of it has no key by content yet; it is *open*: it would run, or be found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Generic, Literal, TypeVar

from stagemill.digest import Digest
from stagemill.graph.vertex import Order, Selection, Vertex
from stagemill.solve.finder import Finder
from stagemill.solve.keys import CacheKey, cache_key
from stagemill.solve.protocols import Cache, Hit, Looker
from stagemill.solve.survey import Survey, survey
from stagemill.values import dataclass

T = TypeVar("T")


class State(Enum):
    """What would become of a vertex."""

    FREE = "there is nothing to do for it"
    FOUND = "found by its definition"
    ALIKE = "found by the content of what it reads"
    RUN = "would run"
    OPEN = "would run, or be found by content"


@dataclass(frozen=True, slots=True)
class Outlook:
    """`why` a vertex would run: somebody asked for it, what it stands on would run, or there is no record of its `key`."""

    vertex: Vertex
    state: State
    why: Literal["", "asked", "stands", "missed"] = ""
    key: CacheKey | None = None

    @property
    def may_run(self) -> bool:
        return self.state in {State.RUN, State.OPEN}


def forecast(
    targets: Sequence[Vertex],
    *,
    cache: Cache[T],
    looker: Looker[T],
    no_cache: Callable[[Vertex], bool],
    again: Callable[[Vertex], bool],
    order: Order,
) -> dict[Digest, Outlook]:
    """What `solve` would do with each vertex that it would find or make, by digest, inputs first."""
    known = survey(targets, load=cache.load, no_cache=no_cache, again=again, order=order)
    teller = _Teller(known, cache, looker, asked=lambda vertex: no_cache(vertex) or again(vertex))
    for vertex in known.needed:
        teller.tell(vertex)
    return teller.told


class _UnknownError(Exception):
    """The content of an input cannot be known yet."""


class _Teller(Generic[T]):
    """Tells what would become of vertices, inputs first."""

    def __init__(
        self, known: Survey[T], cache: Cache[T], looker: Looker[T], *, asked: Callable[[Vertex], bool]
    ) -> None:
        self.told = {vertex.digest: Outlook(vertex, State.FOUND) for vertex in known.found}
        self._known = known
        self._looker = looker
        self._asked = asked
        self._finder = Finder(cache, self._content, known.fresh)
        self._hits = {vertex.digest: hit for vertex, hit in known.found.items()}
        self._keys = {digest: hit.canonical for digest, hit in self._hits.items()}
        # What may have another result than the one before, and all that stands on it.
        self._doubtful: set[Digest] = set()

    def tell(self, vertex: Vertex) -> None:
        self.told[vertex.digest] = self._tell(vertex)

    def _tell(self, vertex: Vertex) -> Outlook:
        key = self._key(vertex)
        if key:
            self._keys[vertex.digest] = key.digest
        free = self._looker.free(vertex)
        if free is not None and key:
            self._hits[vertex.digest] = Hit(free, key.digest)
            return Outlook(vertex, State.FREE, key=key)
        stands_on = {edge.vertex.digest for edge in vertex.inputs if not edge.select}
        again = vertex.digest in self._known.again
        doubtful = again or not self._doubtful.isdisjoint(stands_on)
        if doubtful:
            self._doubtful.add(vertex.digest)
        if again or vertex.digest in self._known.fresh:
            return Outlook(vertex, State.RUN, "asked" if self._asked(vertex) else "stands", key)
        if key is None:
            return Outlook(vertex, State.OPEN, "stands")
        hit = self._finder.find(vertex, key.digest)
        if hit is None:
            return Outlook(vertex, State.RUN, "missed", key)
        if doubtful:
            return Outlook(vertex, State.OPEN, "stands", key)
        self._hits[vertex.digest] = hit
        return Outlook(vertex, State.ALIKE, key=key)

    def _key(self, vertex: Vertex) -> CacheKey | None:
        """The canonical key, if all that it is made of is known already."""
        try:
            return cache_key(vertex, [self._key_of_input(vertex, place) for place in range(len(vertex.inputs))])
        except _UnknownError:
            return None

    def _key_of_input(self, vertex: Vertex, place: int) -> Digest:
        edge = vertex.inputs[place]
        hit = self._hits.get(edge.vertex.digest)
        if hit is not None:
            return self._finder.key_of_input(vertex, place, hit)
        if edge.select is None and edge.vertex.digest in self._keys:
            return self._keys[edge.vertex.digest]
        raise _UnknownError

    def _content(self, reader: Vertex, result: T, select: Selection) -> Digest:
        found = self._looker.content(reader, result, select)
        if found is None:
            raise _UnknownError
        return found

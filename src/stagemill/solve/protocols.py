"""`Cache` and `Executor`: what the solver asks for. It knows neither Dockerfiles nor files, and is generic in the result."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from threading import Event
from typing import Generic, Protocol, TypeVar

from stagemill.digest import Digest
from stagemill.graph.vertex import Selection, Vertex
from stagemill.solve.keys import CacheKey
from stagemill.values import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hit(Generic[T]):
    """A result that was found, and the canonical key of the vertex that made it."""

    result: T
    canonical: Digest


class Cache(Protocol[T]):
    """Results that were made before. Called from several threads at once; errors are `StoreError`."""

    def load(self, key: Digest) -> Hit[T] | None:
        """The result that was saved under a definition key or a canonical key, if it is still whole."""
        ...

    def save(self, vertex: Vertex, *, definition: Digest, canonical: CacheKey, result: T) -> None:
        """Afterwards `load` of either key gives `result`, with `canonical.digest`; saving again replaces."""
        ...


class Executor(Protocol[T]):
    """Who does what an operation says. Called from several threads at once."""

    def expect(self, vertices: Sequence[Vertex]) -> None:
        """Most of these will be executed, inputs first. Comes once, before anything is; what it begins must not be waited for."""
        ...

    def execute(self, vertex: Vertex, inputs: Sequence[T], cancelled: Event) -> T:
        """Make the result. `inputs` go with `vertex.inputs`. Raises CancelledError soon after `cancelled` is set."""
        ...

    def content(self, reader: Vertex, result: T, select: Selection) -> Digest:
        """The digest of what the selected paths of a result hold; errors are those of `reader`, which selects them."""
        ...

    def exclusive(self, key: Digest, cancelled: Event) -> AbstractContextManager[None]:
        """While it is open, nobody else is in it for the same key: neither another thread nor another process.

        Waits for its turn, and raises CancelledError when `cancelled` is set while it waits.
        """
        ...


class Looker(Protocol[T]):
    """Who knows results without doing anything for them."""

    def free(self, vertex: Vertex) -> T | None:
        """The result of an operation that costs nothing, or None."""
        ...

    def content(self, reader: Vertex, result: T, select: Selection) -> Digest | None:
        """As an executor's, or None where the files of the result would have to be fetched first."""
        ...

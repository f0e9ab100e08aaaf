"""`Survey`: what of a graph is found by definition, and what has to be made; the free half of solving.

Demand starts at the targets. A vertex that is found needs nothing below it: its inputs are only looked up, so that
people see them. On a miss all inputs are demanded.

A vertex is *fresh* where nothing made before may serve: the caller said so, or it stands on (an edge without
selection) something fresh, whose result it would otherwise replace by an older one. Above something fresh a
definition proves nothing, so it is not asked; content still does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from stagemill.digest import Digest
from stagemill.graph.vertex import Vertex, walk
from stagemill.solve.protocols import Hit

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Survey(Generic[T]):
    """`found` and `needed` are disjoint, inputs before what reads them; `fresh` are those that no look-up may answer."""

    found: Mapping[Vertex, Hit[T]]
    needed: tuple[Vertex, ...]
    fresh: frozenset[Digest]


def survey(
    targets: Sequence[Vertex],
    *,
    load: Callable[[Digest], Hit[T] | None],
    no_cache: Callable[[Vertex], bool],
) -> Survey[T]:
    """Look up by definition what the targets demand, each vertex at most once."""
    order = tuple(walk(targets))
    fresh, unproven = _fresh(order, no_cache)
    looked: dict[Digest, Hit[T] | None] = {}
    needed: set[Digest] = set()
    stack = [(vertex, True) for vertex in targets]
    while stack:
        vertex, demanded = stack.pop()
        key = vertex.digest
        first = key not in looked
        if first:
            looked[key] = None if key in unproven else load(key)
        missed = looked[key] is None
        if missed and (not demanded or key in needed):
            continue
        if missed:
            needed.add(key)
        if missed or first:
            stack.extend((edge.vertex, missed) for edge in vertex.inputs)
    return Survey(
        found={vertex: hit for vertex in order if (hit := looked.get(vertex.digest)) is not None},
        needed=tuple(vertex for vertex in order if vertex.digest in needed),
        fresh=fresh,
    )


def _fresh(order: Sequence[Vertex], no_cache: Callable[[Vertex], bool]) -> tuple[frozenset[Digest], set[Digest]]:
    """Which vertices are fresh, and which are fresh or have something fresh below them."""
    fresh: set[Digest] = set()
    unproven: set[Digest] = set()
    for vertex in order:
        if no_cache(vertex) or any(edge.vertex.digest in fresh for edge in vertex.inputs if not edge.select):
            fresh.add(vertex.digest)
        if vertex.digest in fresh or any(edge.vertex.digest in unproven for edge in vertex.inputs):
            unproven.add(vertex.digest)
    return frozenset(fresh), unproven

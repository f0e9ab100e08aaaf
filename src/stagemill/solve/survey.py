"""`Survey`: what of a graph is found by definition, and what has to be made; the free half of solving.

Demand starts at the targets. A vertex that is found needs nothing below it: its inputs are only looked up, so that
people see them. On a miss all inputs are demanded.

A vertex is *fresh* where nothing made before may serve: the caller said so, or it stands on (an edge without
selection) something fresh, whose result it would otherwise replace by an older one. Above something fresh a
definition proves nothing, so it is not asked; content still does.

A vertex is made *again* where the caller wants to see whether it still gives the same: no look-up answers it, but what
stands on it is made anew only if its result turns out to be another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from stagemill.digest import Digest
from stagemill.graph.vertex import Order, Vertex, walk
from stagemill.solve.protocols import Hit
from stagemill.timings import measured
from stagemill.values import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Survey(Generic[T]):
    """`found` and `needed` are disjoint, inputs before what reads them, what is waited for before what waits.

    `fresh` are those that no look-up may answer, `again` those that are compared with what was made before.
    """

    found: Mapping[Vertex, Hit[T]]
    needed: tuple[Vertex, ...]
    fresh: frozenset[Digest]
    again: frozenset[Digest] = frozenset()


@measured("look up")
def survey(
    targets: Sequence[Vertex],
    *,
    load: Callable[[Digest], Hit[T] | None],
    no_cache: Callable[[Vertex], bool],
    again: Callable[[Vertex], bool] = lambda _vertex: False,
    order: Order | None = None,
) -> Survey[T]:
    """Look up by definition what the targets demand, each vertex at most once; all that is waited for must be a target's."""
    line = tuple(walk(targets, order))
    fresh = _fresh(line, no_cache)
    repeated = frozenset(vertex.digest for vertex in line if again(vertex)) - fresh
    unproven = _above(line, fresh | repeated)
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
        found={vertex: hit for vertex in line if (hit := looked.get(vertex.digest)) is not None},
        needed=tuple(vertex for vertex in line if vertex.digest in needed),
        fresh=fresh,
        again=repeated,
    )


def _fresh(line: Sequence[Vertex], no_cache: Callable[[Vertex], bool]) -> frozenset[Digest]:
    fresh: set[Digest] = set()
    for vertex in line:
        if no_cache(vertex) or any(edge.vertex.digest in fresh for edge in vertex.inputs if not edge.select):
            fresh.add(vertex.digest)
    return frozenset(fresh)


def _above(line: Sequence[Vertex], some: frozenset[Digest]) -> set[Digest]:
    """Some vertices, and all that has one of them below it."""
    found: set[Digest] = set()
    for vertex in line:
        if vertex.digest in some or any(edge.vertex.digest in found for edge in vertex.inputs):
            found.add(vertex.digest)
    return found

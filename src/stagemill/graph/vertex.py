"""`Vertex`: one operation and what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import TypeAlias

from stagemill.digest import Canonical, Digest
from stagemill.errors import Excerpt
from stagemill.graph.operations import Operation
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Selection:
    """Paths of an input, as patterns relative to its root: what an edge that is keyed by content looks at.

    `excludes` and `parents` are those of COPY.
    """

    patterns: tuple[str, ...]
    excludes: tuple[str, ...] = ()
    parents: bool = False

    def canonical(self) -> Canonical:
        return {"patterns": self.patterns, "excludes": self.excludes, "parents": self.parents}


@dataclass(frozen=True, slots=True)
class Label:
    """What people see of a vertex: `[builder 2/4] RUN npm ci`, its stage, and where it stands in the Dockerfile."""

    name: str
    stage: str = ""
    at: Excerpt | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Vertex:
    """An operation with its inputs in order. Equality is by digest; the label is not in it."""

    op: Operation
    inputs: tuple[Edge, ...]
    label: Label
    digest: Digest = field(init=False)

    def __post_init__(self) -> None:
        inputs: list[Canonical] = [edge.canonical() for edge in self.inputs]
        object.__setattr__(self, "digest", Digest.of_value({"op": self.op.canonical(), "inputs": inputs}))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vertex) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@dataclass(frozen=True, slots=True)
class Edge:
    """An input. Without `select` it is keyed by the input's definition, with it by the content of what it selects."""

    vertex: Vertex
    select: Selection | None = None

    def canonical(self) -> Canonical:
        select = self.select.canonical() if self.select else None
        return {"vertex": self.vertex.digest, "select": select}


Order: TypeAlias = Mapping[Digest, Sequence[Vertex]]
"""Vertices that others wait for though they are no inputs of theirs, by who waits. Without a circle, inputs included."""


def walk(targets: Iterable[Vertex], order: Order | None = None) -> Iterator[Vertex]:
    """Every vertex that the targets need, once each, inputs before what reads them; no recursion, so depth is free.

    What is waited for by `order` counts as needed, and comes before what waits.
    """
    waits: Order = order or {}
    seen: set[Digest] = set()
    stack: list[tuple[Vertex, bool]] = [(vertex, False) for vertex in reversed(list(targets))]
    while stack:
        vertex, ready = stack.pop()
        if ready:
            yield vertex
        elif vertex.digest not in seen:
            seen.add(vertex.digest)
            stack.append((vertex, True))
            stack.extend((other, False) for other in waits.get(vertex.digest, ()))
            stack.extend((edge.vertex, False) for edge in reversed(vertex.inputs))

"""`Schedule`: which step starts when. A pure state machine: events in, decisions out; no threads, no clock, no results.

The step that starts first is the one with the longest way to a target, for it decides how long all of it takes; among
equals the order of the graph decides. At most `workers` steps are under way. Inputs are waited for here and never by
a worker, so nobody who holds one of the places waits for somebody who needs one.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import TypeAlias

from stagemill.digest import Digest
from stagemill.graph.vertex import Order, Vertex
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was started has its result."""

    step: Digest


@dataclass(frozen=True, slots=True)
class Failed:
    """A step that was started ended without a result."""

    step: Digest


@dataclass(frozen=True, slots=True)
class Start:
    """Begin this step now: all its inputs have results."""

    vertex: Vertex


@dataclass(frozen=True, slots=True)
class Cancel:
    """Tell the steps under way to stop; nothing more is started."""


Event: TypeAlias = Done | Failed
Decision: TypeAlias = Start | Cancel


class Schedule:
    """The order of work on `needed`: the vertices to make, each once, inputs before what reads them.

    An input that is not in `needed` has its result already. What `order` names is waited for as inputs are.
    """

    def __init__(self, needed: Sequence[Vertex], *, workers: int, order: Order | None = None) -> None:
        assert workers >= 1, "nobody would work"
        self._workers = workers
        self._vertices = {vertex.digest: vertex for vertex in needed}
        self._place = {vertex.digest: place for place, vertex in enumerate(needed)}
        self._lacking: dict[Digest, int] = {}
        self._readers: dict[Digest, list[Digest]] = {key: [] for key in self._vertices}
        self._ready: list[tuple[int, int, Vertex]] = []
        self._running: set[Digest] = set()
        self._cancelled = False
        for vertex in needed:
            waits = (order or {}).get(vertex.digest, ())
            below = {edge.vertex.digest for edge in vertex.inputs} | {other.digest for other in waits}
            inputs = below & self._vertices.keys()
            self._lacking[vertex.digest] = len(inputs)
            for key in inputs:
                self._readers[key].append(vertex.digest)
        self._heights = self._measure(needed)

    @property
    def finished(self) -> bool:
        """Whether nothing is under way and nothing will be."""
        return not self._running and (self._cancelled or not self._ready)

    def begin(self) -> list[Decision]:
        """What to start before anything has happened."""
        for key, lacking in self._lacking.items():
            if not lacking:
                self._push(key)
        return self._fill()

    def on(self, event: Event) -> list[Decision]:
        """What to do now that this has happened."""
        self._running.remove(event.step)
        match event:
            case Done(step):
                for reader in self._readers[step]:
                    self._lacking[reader] -= 1
                    if not self._lacking[reader]:
                        self._push(reader)
                return self._fill()
            case Failed():
                first, self._cancelled = not self._cancelled, True
                return [Cancel()] if first else []

    def _measure(self, needed: Sequence[Vertex]) -> dict[Digest, int]:
        """How many steps the longest way from each vertex to a target has."""
        heights: dict[Digest, int] = {}
        for vertex in reversed(needed):
            readers = self._readers[vertex.digest]
            heights[vertex.digest] = 1 + max((heights[reader] for reader in readers), default=0)
        return heights

    def _push(self, key: Digest) -> None:
        heappush(self._ready, (-self._heights[key], self._place[key], self._vertices[key]))

    def _fill(self) -> list[Decision]:
        decisions: list[Decision] = []
        while self._ready and len(self._running) < self._workers and not self._cancelled:
            vertex = heappop(self._ready)[2]
            self._running.add(vertex.digest)
            decisions.append(Start(vertex))
        return decisions

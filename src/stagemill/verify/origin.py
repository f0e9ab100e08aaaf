"""`Origins`: which instruction made a layer, and which one first had a file that COPY --from only brings along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from stagemill.digest import Digest
from stagemill.errors import Excerpt
from stagemill.graph.vertex import Vertex, walk
from stagemill.layer.index import LayerIndex
from stagemill.plan.planner import Plan, Stage

_EMPTY = Digest.of(b"")


class Origins:
    """Of the image of a plan's target, with that many layers. `written` knows what a step wrote."""

    def __init__(self, plan: Plan, layers: int, written: Callable[[Vertex], LayerIndex | None]) -> None:
        self._plan = plan
        self._layers = layers
        self._written = written

    def layer(self, number: int) -> Excerpt | None:
        """None for a base's layer, for one that is too many, and where the image has not one layer for each step."""
        return self._places[number] if number < len(self._places) else None

    def file(self, number: int, path: str, digest: Digest | None) -> Excerpt | None:
        """The same for a file of the layer. By its bytes and name, else, since COPY may rename it, by its bytes alone."""
        name = path.rpartition("/")[2]
        found = self._makers.get((digest, name)) or (self._makers.get((digest, "")) if digest != _EMPTY else None)
        return found or self.layer(number)

    @cached_property
    def _places(self) -> list[Excerpt | None]:
        by_index = {stage.index: stage for stage in self._plan.stages}
        chain: list[Stage] = [self._plan.target]
        while (parent := chain[0].parent) is not None:
            chain.insert(0, by_index[parent])
        steps = [step.at for stage in chain for step in stage.steps]
        base = chain[0].base
        below = len(base.config.diff_ids) if base else 0
        return [*([None] * below), *steps] if below + len(steps) == self._layers else []

    @cached_property
    def _makers(self) -> Mapping[tuple[Digest | None, str], Excerpt]:
        makers: dict[tuple[Digest | None, str], Excerpt] = {}
        for vertex in walk(self._plan.goals, self._plan.order):
            at = vertex.label.at
            index = self._written(vertex) if at else None
            for item in index.entries if index else ():
                if at and item.digest:
                    makers.setdefault((item.digest, item.path.rpartition("/")[2]), at)
                    makers.setdefault((item.digest, ""), at)
        return makers

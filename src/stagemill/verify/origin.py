"""Which instruction made something: of a layer by its place in the image, of a file by the first stage that had it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from stagemill.digest import Digest
from stagemill.errors import Excerpt
from stagemill.graph.vertex import Vertex, walk
from stagemill.layer.index import LayerIndex
from stagemill.plan.planner import Plan, Stage
from stagemill.verify.difference import FileDifference


def places(plan: Plan, layers: int) -> list[Excerpt | None]:
    """For each layer of the target's image where its instruction stands; None for a base's, and for all where the image has
    not one layer for each.
    """
    by_index = {stage.index: stage for stage in plan.stages}
    chain: list[Stage] = [plan.target]
    while (parent := chain[0].parent) is not None:
        chain.insert(0, by_index[parent])
    steps = [step.at for stage in chain for step in stage.steps]
    below = layers - len(steps)
    base = chain[0].base
    if below != (len(base.config.diff_ids) if base else 0):
        return [None] * layers
    return [*([None] * below), *steps]


def traced(
    files: Iterable[FileDifference], plan: Plan, layer_of: Callable[[Vertex], LayerIndex | None]
) -> tuple[FileDifference, ...]:
    """The differences with the instruction that first had a file of those bytes: COPY --from only brings it along.

    `layer_of` knows what a step wrote.
    """
    found = list(files)
    wanted = {each.digest for each in found if each.digest}
    made = _makers(plan, wanted, layer_of) if wanted else {}
    return tuple(replace(each, step=made[each.digest]) if each.digest in made else each for each in found)


def _makers(
    plan: Plan, wanted: set[Digest], layer_of: Callable[[Vertex], LayerIndex | None]
) -> Mapping[Digest | None, Excerpt]:
    makers: dict[Digest | None, Excerpt] = {}
    for vertex in walk(plan.goals, plan.order):
        at = vertex.label.at
        index = layer_of(vertex) if at and wanted - makers.keys() else None
        for item in index.entries if index else ():
            if at and item.digest in wanted:
                makers.setdefault(item.digest, at)
    return makers

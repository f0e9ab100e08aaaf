"""`brought`: what each layer of a build has in its image that nothing needs to run there, by kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from stagemill.insight.contents import contents
from stagemill.insight.development import development
from stagemill.insight.leftovers import Leftover
from stagemill.insight.ownership import owners, told
from stagemill.insight.survey import Survey
from stagemill.insight.waste import Kind, waste
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Brought:
    """`files` of a kind with their bytes; `largest` is the path of the largest."""

    kind: Leftover | Kind
    files: int
    size: int
    largest: str


def brought(layers: Sequence[Survey]) -> list[tuple[Brought, ...]]:
    """For each of the layers, the lowest first, what of it is left over in the tree that they make together.

    Layers below them, those of a base image, may be missing: what these hold is nobody's doing.
    """
    found = contents([layer.measure for layer in layers])
    whose = owners(found, layers)
    kinds: defaultdict[tuple[int, Leftover | Kind], list[tuple[int, str]]] = defaultdict(list)
    for each in waste(found, whose, development(told(found, layers), whose.values())):
        if isinstance(each.kind, Leftover) or each.kind is Kind.DEVELOPMENT:
            part = each.placed.part
            kinds[each.placed.layer, each.kind].append((part.entry.size, part.path))
    return [
        tuple(
            Brought(kind, len(files), sum(size for size, _ in files), max(files)[1])
            for (place, kind), files in kinds.items()
            if place == number
        )
        for number in range(len(layers))
    ]

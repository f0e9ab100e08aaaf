"""`SizeReport`: what each stage and step weighs, and how much of it the final image carries.

Sizes are bytes of files in the layers, uncompressed: what an image takes on disk. A file that was copied from another
stage is traced back, by its content, to the step that made it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from stagemill.digest import Digest
from stagemill.layer.index import IndexEntry, LayerIndex
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class WeighedLayer:
    """One layer of a stage: the instruction that made it, and what it holds.

    `copied_from` is the number of the stage that the files of a COPY came from.
    """

    text: str
    index: LayerIndex
    copied_from: int | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class WeighedStage:
    """A stage with all of its layers, the lowest first.

    `parent` is the number of the stage that FROM names and `inherited` how many of its layers are the stage's own as
    well; without a parent, `inherited` layers belong to the base image.
    """

    number: int
    title: str
    base: str
    layers: tuple[WeighedLayer, ...]
    parent: int | None = None
    inherited: int = 0


@dataclass(frozen=True, slots=True)
class StepSize:
    """`own` bytes of the step's layer, `cumulative` of the stage up to it, `carried` bytes that the final image has of it."""

    text: str
    line: int
    own: int
    cumulative: int
    carried: int


@dataclass(frozen=True, slots=True)
class StageSize:
    """The same for a stage; `base` bytes come from the image or the stage that it begins from."""

    title: str
    base_name: str
    base: int
    own: int
    total: int
    carried: int
    steps: tuple[StepSize, ...]


@dataclass(frozen=True, slots=True)
class Saving:
    """What shipping the target saves against shipping the heaviest stage that it takes files from."""

    build_stage: str
    build_bytes: int
    target_stage: str
    target_bytes: int

    @property
    def percent(self) -> int:
        """Negative for a saving."""
        return round(100 * (self.target_bytes - self.build_bytes) / self.build_bytes) if self.build_bytes else 0


@dataclass(frozen=True, slots=True)
class SizeReport:
    """`stages` in the order of the file; the last is the target. `saving` is None for a target that copies from none."""

    stages: tuple[StageSize, ...]
    total: int
    saving: Saving | None


def weigh(stages: Sequence[WeighedStage]) -> SizeReport:
    """The report for stages in the order of the file, the target last."""
    target = stages[-1]
    by_number = {stage.number: stage for stage in stages}
    carried: Counter[tuple[int, int]] = Counter()
    for position, layer in enumerate(target.layers):
        _attribute(target, position, layer.index.size, by_number=by_number, carried=carried)
        if layer.copied_from is not None:
            _trace(layer.index, by_number[layer.copied_from], by_number=by_number, carried=carried)
    sizes = tuple(_stage(stage, carried) for stage in stages)
    return SizeReport(sizes, sizes[-1].total, _saving(stages, sizes))


def _attribute(
    stage: WeighedStage,
    position: int,
    count: int,
    *,
    by_number: Mapping[int, WeighedStage],
    carried: Counter[tuple[int, int]],
) -> None:
    """Adds bytes to the layer of the stage that made it, and of each stage between."""
    owner: WeighedStage | None = stage
    while owner is not None:
        carried[owner.number, position] += count
        inherits = position < owner.inherited and owner.parent is not None
        owner = by_number[owner.parent] if inherits and owner.parent is not None else None


def _trace(
    wanted: LayerIndex,
    source: WeighedStage,
    *,
    by_number: Mapping[int, WeighedStage],
    carried: Counter[tuple[int, int]],
) -> None:
    """Finds the layers of a stage in which the files of a copy lie, the uppermost first, and follows copies of copies."""
    missing: Counter[Digest] = Counter(entry.digest for entry in wanted.entries if entry.digest and entry.link is None)
    for position in range(len(source.layers) - 1, -1, -1):
        layer = source.layers[position]
        part = _taken(missing, layer.index)
        _attribute(source, position, part.size, by_number=by_number, carried=carried)
        if layer.copied_from is not None and part.entries:
            _trace(part, by_number[layer.copied_from], by_number=by_number, carried=carried)


def _taken(missing: Counter[Digest], layer: LayerIndex) -> LayerIndex:
    """The files of a layer that are missing still, and are not afterwards."""
    found: list[IndexEntry] = []
    for entry in layer.entries:
        if entry.digest and entry.link is None and missing[entry.digest] > 0:
            missing[entry.digest] -= 1
            found.append(entry)
    return LayerIndex(found)


def _stage(stage: WeighedStage, carried: Mapping[tuple[int, int], int]) -> StageSize:
    steps: list[StepSize] = []
    cumulative = base = sum(layer.index.size for layer in stage.layers[: stage.inherited])
    for position in range(stage.inherited, len(stage.layers)):
        layer = stage.layers[position]
        cumulative += layer.index.size
        have = carried.get((stage.number, position), 0)
        steps.append(StepSize(layer.text, layer.line, layer.index.size, cumulative, have))
    whole = sum(carried.get((stage.number, position), 0) for position in range(len(stage.layers)))
    return StageSize(stage.title, stage.base, base, cumulative - base, cumulative, whole, tuple(steps))


def _saving(stages: Sequence[WeighedStage], sizes: Sequence[StageSize]) -> Saving | None:
    copied = {layer.copied_from for layer in stages[-1].layers if layer.copied_from is not None}
    sources = [size for stage, size in zip(stages, sizes, strict=True) if stage.number in copied]
    if not sources:
        return None
    heaviest = max(sources, key=lambda size: size.total)
    return Saving(heaviest.title, heaviest.total, sizes[-1].title, sizes[-1].total)

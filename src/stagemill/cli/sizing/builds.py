"""What a build says of sizes: its stages with the indexes of their layers, and what made the layers of its image."""

from __future__ import annotations

from stagemill.build import Built
from stagemill.cli.sizing.images import FoundImage, plain
from stagemill.execute.shipping import StoredBlobs
from stagemill.graph.operations import Stack
from stagemill.graph.vertex import Vertex
from stagemill.insight.image import ImageSize, Origin
from stagemill.insight.size import WeighedLayer, WeighedStage
from stagemill.oci.image import Image
from stagemill.plan.planner import Plan, Stage
from stagemill.plan.state import Step


def image_of(built: Built) -> FoundImage:
    """The image of the target, with its layers packed."""
    return FoundImage(built.plan.target.title, built.image(), StoredBlobs(built.forms))


def size_of(found: FoundImage, plan: Plan) -> ImageSize:
    """What the image of a plan's target takes, with lines and stages."""
    return found.weigh(_origins(found.image, plan))


def _origins(image: Image, plan: Plan) -> tuple[Origin, ...]:
    by_index = {stage.index: stage for stage in plan.stages}
    chain = [plan.target]
    while (parent := chain[0].parent) is not None:
        chain.insert(0, by_index[parent])
    steps = [(stage, step) for stage in chain for step in stage.steps]
    layers = image.manifest.layers
    below = layers[: len(layers) - len(steps)]
    base = chain[0].base.reference if chain[0].base else ""
    texts = [entry.created_by for entry in image.config.history if not entry.empty_layer]
    return (
        *(Origin(layer.digest, plain(text), base=base) for layer, text in zip(below, texts, strict=False)),
        *(
            Origin(layer.digest, " ".join(step.text.split()), step.at.line, stage.title)
            for layer, (stage, step) in zip(layers[len(below) :], steps, strict=True)
        ),
    )


def weighed(built: Built) -> list[WeighedStage]:
    """The stages of a build with the indexes of their layers, the target last."""
    target = built.plan.target.index
    stages = sorted(built.plan.stages, key=lambda stage: (stage.index == target, stage.index))
    return [_stage(stage, built) for stage in stages]


def _stage(stage: Stage, built: Built) -> WeighedStage:
    tree = built.tree(stage)
    inherited = len(tree.layers) - len(stage.steps)
    steps: list[Step | None] = [*([None] * inherited), *stage.steps]
    above = _steps_above(stage, built.plan)
    steps[inherited - len(above) : inherited] = above
    names = built.forms.layers(tree)
    layers = tuple(
        WeighedLayer(
            text=step.text if step else "",
            index=built.forms.index(name),
            copied_from=_copied_from(step.vertex, built.plan) if step else None,
            line=step.at.line if step else 0,
        )
        for step, name in zip(steps, names, strict=True)
    )
    parent = next((other for other in built.plan.stages if other.index == stage.parent), None)
    base = parent.title if parent else stage.base.reference if stage.base else "scratch"
    return WeighedStage(stage.index, stage.title, base, layers, stage.parent, inherited)


def _steps_above(stage: Stage, plan: Plan) -> list[Step]:
    """The steps of the stages that a stage begins from, the lowest first."""
    by_index = {other.index: other for other in plan.stages}
    found: list[Step] = []
    parent = stage.parent
    while parent is not None:
        found[:0] = by_index[parent].steps
        parent = by_index[parent].parent
    return found


def _copied_from(vertex: Vertex, plan: Plan) -> int | None:
    """The stage whose tree a COPY reads, where it is one of the file's."""
    if isinstance(vertex.op, Stack):
        vertex = vertex.inputs[1].vertex
    sources = {edge.vertex.digest for edge in vertex.inputs[1:]}
    return next((stage.index for stage in plan.stages if stage.vertex.digest in sources), None)


def stages_of(built: Built) -> dict[str, int]:
    """What the files of each stage that was made take on disk, by its title."""
    made = [stage for stage in built.plan.stages if stage.vertex.digest in built.results]
    return {stage.title: sum(layer.index.size for layer in _stage(stage, built).layers) for stage in made}

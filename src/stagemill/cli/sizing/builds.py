"""`BuiltSizes`, what a build says of sizes: its stages with the indexes of their layers, and its image with what made it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from stagemill.build import Built
from stagemill.cli.sizing.images import FoundImage, Surveys
from stagemill.execute.assemble import Finish
from stagemill.execute.shipping import StoredBlobs
from stagemill.execute.tree import TreeLayer
from stagemill.graph.operations import Stack
from stagemill.graph.vertex import Vertex
from stagemill.insight.image import ImageSize, Origin
from stagemill.insight.size import WeighedLayer, WeighedStage
from stagemill.insight.survey import is_lock
from stagemill.layer.index import IndexEntry, LayerIndex
from stagemill.plan.planner import Plan, Stage
from stagemill.plan.state import Step

_MOST_OF_A_LOCK = 64 << 20


class BuiltSizes:
    """What is made is weighed when somebody asks for it, and each blob is read once. `finish` says how the image is made."""

    def __init__(self, built: Built, finish: Finish | None = None) -> None:
        self._built = built
        self._finish = finish
        self._surveys = Surveys(StoredBlobs(built.forms))

    @cached_property
    def image(self) -> FoundImage:
        """The image of the target, with its layers packed."""
        return FoundImage(self._built.plan.target.title, self._built.image(self._finish), self._surveys)

    @cached_property
    def size(self) -> ImageSize:
        """What that image takes, with lines and stages."""
        plan, told = self._built.plan, self.image.origins()
        if self._finish and self._finish.squash:
            return self.image.weigh(locks=self._locks())
        steps = [(stage, step) for stage in _chain(plan) for step in stage.steps]
        below = len(told) - len(steps)
        base = plan.target.base.reference if plan.target.base else ""
        own = (
            Origin(origin.digest, " ".join(step.text.split()), step.at.line, stage.title)
            for origin, (stage, step) in zip(told[below:], steps, strict=True)
        )
        return self.image.weigh([*(replace(origin, base=base) for origin in told[:below]), *own], self._locks())

    def stages(self) -> list[WeighedStage]:
        """The stages that were made with the indexes of their layers, in the order of the file, the target last."""
        return [self._stage(stage) for stage in self._made()]

    def _locks(self) -> dict[str, bytes]:
        """The lock files of the stages that were made: an image often has what was installed, and not the lock beside it."""
        forms = self._built.forms
        layers = [layer for each in self._made() for layer in self._built.tree(each).layers]
        found: dict[str, bytes] = {}
        for home in dict.fromkeys(home for layer in layers if (home := forms.home(layer))):
            for item in forms.index(home):
                if item.digest and item.entry.size <= _MOST_OF_A_LOCK and is_lock(item.path):
                    found[item.path] = (forms.store.layers.directory(home) / item.path).read_bytes()
        return found

    def _made(self) -> list[Stage]:
        """The stages that were made, in the order of the file, the target last."""
        target, made = self._built.plan.target.index, self._built.results
        stages = [stage for stage in self._built.plan.stages if stage.vertex.digest in made]
        return sorted(stages, key=lambda each: (each.index == target, each.index))

    def _stage(self, stage: Stage) -> WeighedStage:
        plan, tree = self._built.plan, self._built.tree(stage)
        inherited = len(tree.layers) - len(stage.steps)
        steps: list[Step | None] = [*([None] * inherited), *stage.steps]
        above = [step for each in _chain(plan, stage)[:-1] for step in each.steps]
        steps[inherited - len(above) : inherited] = above
        layers = tuple(
            WeighedLayer(
                text=step.text if step else "",
                index=self._index(layer),
                copied_from=_copied_from(step.vertex, plan) if step else None,
                line=step.at.line if step else 0,
            )
            for step, layer in zip(steps, tree.layers, strict=True)
        )
        parent = next((other for other in plan.stages if other.index == stage.parent), None)
        base = parent.title if parent else stage.base.reference if stage.base else "scratch"
        return WeighedStage(stage.index, stage.title, base, layers, stage.parent, inherited)

    def _index(self, layer: TreeLayer) -> LayerIndex:
        """What a layer holds. One that nobody unpacked stays as it is: its blob says it too."""
        forms = self._built.forms
        home = forms.home(layer)
        if home is not None:
            return forms.index(home)
        (survey,) = self._surveys.of([forms.packed(layer).descriptor])
        found = {
            part.path: IndexEntry(part.path, part.entry, part.digest, link=part.link)
            for part in survey.measure.parts
            if not part.whiteout and not part.opaque
        }
        return LayerIndex(found.values())


def _chain(plan: Plan, stage: Stage | None = None) -> list[Stage]:
    """A stage (the target) and those that it begins from, the lowest first."""
    by_index = {each.index: each for each in plan.stages}
    found = [stage or plan.target]
    while (parent := found[0].parent) is not None:
        found.insert(0, by_index[parent])
    return found


def _copied_from(vertex: Vertex, plan: Plan) -> int | None:
    """The stage whose tree a COPY reads, where it is one of the file's."""
    if isinstance(vertex.op, Stack):
        vertex = vertex.inputs[1].vertex
    sources = {edge.vertex.digest for edge in vertex.inputs[1:]}
    return next((stage.index for stage in plan.stages if stage.vertex.digest in sources), None)

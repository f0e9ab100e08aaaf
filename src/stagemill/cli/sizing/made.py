"""`MadeSizes`, what stages that were made say of sizes: each by its layers, and the image of the last with what made it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

from stagemill.cli.sizing.images import FoundImage, Surveys
from stagemill.execute.forms import Forms
from stagemill.execute.shipping import StoredBlobs
from stagemill.execute.tree import Tree, TreeLayer
from stagemill.insight.image import ImageSize, Origin
from stagemill.insight.size import WeighedLayer, WeighedStage
from stagemill.insight.survey import is_lock
from stagemill.layer.index import IndexEntry, LayerIndex
from stagemill.oci.image import Image
from stagemill.values import dataclass

_MOST_OF_A_LOCK = 64 << 20


@dataclass(frozen=True, slots=True)
class MadeStep:
    """An instruction that made a layer; `copied_from` is the number of the stage whose files it took."""

    text: str
    line: int
    copied_from: int | None = None


@dataclass(frozen=True, slots=True)
class MadeStage:
    """A stage and its tree. `base` names the image that it begins from, directly or through others, empty for scratch;
    `parent` is the number of the stage that FROM names; `steps` made its own layers, the lowest first.
    """

    number: int
    title: str
    base: str
    parent: int | None
    tree: Tree
    steps: tuple[MadeStep, ...]


class MadeSizes:
    """What is made is weighed when somebody asks for it, and each blob is read once.

    `stages` are in the order of the file, the target last; each stage that another begins from is among them. `image` makes
    the target's image; with `squashed` its layers are not those of the stages.
    """

    def __init__(
        self, stages: Sequence[MadeStage], forms: Forms, image: Callable[[], Image], *, squashed: bool = False
    ) -> None:
        self.made = stages
        self._by_number = {stage.number: stage for stage in stages}
        self._forms = forms
        self._image = image
        self._squashed = squashed
        self._surveys = Surveys(StoredBlobs(forms))

    @property
    def target(self) -> MadeStage:
        return self.made[-1]

    @cached_property
    def image(self) -> FoundImage:
        """The image of the target, with its layers packed."""
        return FoundImage(self.target.title, self._image(), self._surveys)

    @cached_property
    def size(self) -> ImageSize:
        """What that image takes, with lines and stages."""
        told = self.image.origins()
        if self._squashed:
            return self.image.weigh(locks=self._locks())
        steps = [(stage, step) for stage in self._chain(self.target) for step in stage.steps]
        below = len(told) - len(steps)
        own = (
            Origin(origin.digest, " ".join(step.text.split()), step.line, stage.title)
            for origin, (stage, step) in zip(told[below:], steps, strict=True)
        )
        based = (replace(origin, base=self.target.base) for origin in told[:below])
        return self.image.weigh([*based, *own], self._locks())

    def stages(self) -> list[WeighedStage]:
        """The same stages with the indexes of their layers."""
        return [self._weighed(stage) for stage in self.made]

    def _locks(self) -> dict[str, bytes]:
        """The lock files of the stages: an image often has what was installed, and not the lock beside it."""
        forms = self._forms
        layers = [layer for each in self.made for layer in each.tree.layers]
        found: dict[str, bytes] = {}
        for home in dict.fromkeys(home for layer in layers if (home := forms.home(layer))):
            for item in forms.index(home):
                if item.digest and item.entry.size <= _MOST_OF_A_LOCK and is_lock(item.path):
                    found[item.path] = (forms.store.layers.directory(home) / item.path).read_bytes()
        return found

    def _chain(self, stage: MadeStage) -> list[MadeStage]:
        """A stage and those that it begins from, the lowest first."""
        found = [stage]
        while (parent := found[0].parent) is not None:
            found.insert(0, self._by_number[parent])
        return found

    def _weighed(self, stage: MadeStage) -> WeighedStage:
        layers = stage.tree.layers
        own = [step for each in self._chain(stage) for step in each.steps]
        steps = [*([None] * (len(layers) - len(own))), *own]
        weighed = tuple(
            WeighedLayer(
                text=step.text if step else "",
                index=self._index(layer),
                copied_from=step.copied_from if step and step.copied_from in self._by_number else None,
                line=step.line if step else 0,
            )
            for step, layer in zip(steps, layers, strict=True)
        )
        base = self._by_number[stage.parent].title if stage.parent is not None else stage.base or "scratch"
        inherited = len(layers) - len(stage.steps)
        return WeighedStage(stage.number, stage.title, base, weighed, stage.parent, inherited)

    def _index(self, layer: TreeLayer) -> LayerIndex:
        """What a layer holds. One that nobody unpacked stays as it is: its blob says it too."""
        home = self._forms.home(layer)
        if home is not None:
            return self._forms.index(home)
        (survey,) = self._surveys.of([self._forms.packed(layer).descriptor])
        found = {
            part.path: IndexEntry(part.path, part.entry, part.digest, link=part.link)
            for part in survey.measure.parts
            if not part.whiteout and not part.opaque
        }
        return LayerIndex(found.values())

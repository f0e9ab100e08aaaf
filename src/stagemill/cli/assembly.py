"""`Assembly`: the images that a build's result becomes, each packed once, and the index of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from stagemill.build import Built
from stagemill.cli.annotations import Annotations
from stagemill.cli.flags import Output
from stagemill.execute import base
from stagemill.execute.assemble import Finish
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, ImageIndex
from stagemill.plan.epoch import seconds

Step: TypeAlias = Callable[[str], AbstractContextManager[None]]


@dataclass(slots=True)
class Assembly:
    """`builds` are one result for each platform; outputs may ask for times and annotations of their own.

    With `index` what has a name is an index, even of one image. `step` reports what is done.
    """

    builds: Sequence[Built]
    annotations: Annotations
    step: Step
    index: bool = False
    squash: bool = False
    found: dict[tuple[int, Finish], Image] = field(default_factory=dict)

    def of(self, output: Output) -> AnyImage:
        """What an output carries; it is in the store afterwards, with all of its layers."""
        annotations = self.annotations | Annotations.of_output(output.annotations, index=self.index)
        images = [self._image(number, output, annotations) for number in range(len(self.builds))]
        if not self.index:
            return images[0]
        whole = ImageIndex.build(images, annotations=dict(annotations.index))
        base.remember_all(self.builds[0].services.store, whole, reference="")
        return replace(whole, annotations=annotations.index_descriptor)

    def _image(self, number: int, output: Output, annotations: Annotations) -> Image:
        built = self.builds[number]
        platform = built.plan.platform
        finish = Finish(
            epoch=built.epoch if output.epoch is None else seconds(output.epoch),
            rewrite=output.rewrite,
            squash=self.squash,
            annotations=annotations.manifest(platform),
            descriptor=annotations.descriptor(platform),
        )
        if (number, finish) not in self.found:
            what = f"image for {platform}" if len(self.builds) > 1 else "image"
            with self.step(f"exporting to {what}"):
                self.found[number, finish] = replace(built.image(finish), platform=platform)
        return self.found[number, finish]

"""`Assembly`: the images that a build's result becomes, each packed once, with what is said of them, and their index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import field, replace
from typing import TYPE_CHECKING, TypeAlias

from stagemill.build import Built
from stagemill.cli.given.annotations import Annotations
from stagemill.cli.given.output_flags import Output
from stagemill.errors import UsageError
from stagemill.execute import base
from stagemill.execute.assemble import Finish
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, ImageIndex
from stagemill.plan.epoch import seconds
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.cli.results.witness import Witness

Step: TypeAlias = Callable[[str], AbstractContextManager[None]]


def finish_of(built: Built, output: Output, *, squash: bool) -> Finish:
    """How the image of an output is made of a build, but for what it is annotated with."""
    return Finish(
        epoch=built.epoch if output.epoch is None else seconds(output.epoch),
        times="clamped" if output.rewrite and built.plan.times == "kept" else built.plan.times,
        squash=squash,
        packaging=output.packaging,
    )


@dataclass(slots=True)
class Assembly:
    """`builds` are one result for each platform; outputs may ask for times and annotations of their own.

    With `index` what has a name is an index, even of one image; so it is where a `witness` has anything to say. `step`
    reports what is done.
    """

    builds: Sequence[Built]
    annotations: Annotations
    step: Step
    index: bool = False
    squash: bool = False
    witness: Witness | None = None
    found: dict[tuple[int, Finish], Image] = field(default_factory=dict)

    def of(self, output: Output, names: Sequence[str] = (), *, stored: bool = False) -> AnyImage:
        """What an output carries under these full names; it is in the store afterwards, with all of its layers.

        With `stored` it is what the store names, which has what belongs to images in a store alone.
        """
        inline = self.index or output.statements.inline or stored
        said = self.witness is not None and self.witness.wanted.in_index and self.witness.speaks(inline=inline)
        witness = self.witness if said else None
        index = self.index or witness is not None
        annotations = self.annotations | Annotations.of_output(output.annotations, index=index)
        images = [self._image(number, output, annotations) for number in range(len(self.builds))]
        if not index:
            if annotations.index or annotations.index_descriptor:
                raise UsageError("index annotations not supported for single platform export", hint="leave them out")
            return images[0]
        beside = self._said(images, output, names, witness=witness, inline=inline) if witness else ()
        whole = ImageIndex.build(
            [*images, *beside], annotations=dict(annotations.index), docker=output.packaging.docker
        )
        base.remember_all(self.builds[0].services.store, whole, reference="")
        return replace(whole, annotations=annotations.index_descriptor)

    def _image(self, number: int, output: Output, annotations: Annotations) -> Image:
        built = self.builds[number]
        platform = built.plan.platform
        finish = replace(
            finish_of(built, output, squash=self.squash),
            annotations=annotations.manifest(platform),
            descriptor=annotations.descriptor(platform),
        )
        if (number, finish) not in self.found:
            what = f"image for {platform}" if len(self.builds) > 1 else "image"
            with self.step(f"exporting to {what}"):
                self.found[number, finish] = replace(built.image(finish), platform=platform)
        return self.found[number, finish]

    def _said(
        self, images: Sequence[Image], output: Output, names: Sequence[str], *, witness: Witness, inline: bool
    ) -> Iterator[Image]:
        """The manifests with what is said of each image; the statements are in the store afterwards."""
        from stagemill.attest.manifest import carrier
        from stagemill.attest.statement import subjects_of

        store = self.builds[0].services.store
        for number, (built, image) in enumerate(zip(self.builds, images, strict=True)):
            found = witness.attestations(number, built, image, inline=inline)
            about = subjects_of(names, image.digest, built.plan.platform)
            made = carrier(image, found, subjects=about, artifact=output.statements.artifact)
            for statement in made.statements:
                store.blobs.put(statement)
            yield made.image

"""`ImageIndex`: several images under one name, such as one for each platform. Source: OCI image-spec image-index.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from stagemill.digest import Digest
from stagemill.oci import media_types
from stagemill.oci.choice import candidates, choose
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.manifest import Index
from stagemill.oci.platform import Platform
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class ImageIndex:
    """An index with those of its manifests that are at hand, in its order; an attestation is one of them.

    `annotations` are what an index above says of this one beside its name, as an `Image` has them.
    """

    index: Index
    index_bytes: bytes
    images: tuple[Image, ...]
    annotations: tuple[tuple[str, str], ...] = ()

    @classmethod
    def build(
        cls, images: Sequence[Image], *, annotations: Mapping[str, str] | None = None, docker: bool = False
    ) -> ImageIndex:
        """A new index of these, in their order, each once; each entry has its image's platform and annotations.

        With `docker` it is a list of manifests in Docker's words.
        """
        each: dict[Digest, Image] = {}
        for image in images:
            each.setdefault(image.digest, image)
        kind = media_types.DOCKER_INDEX if docker else media_types.INDEX
        index = Index(tuple(image.descriptor for image in each.values()), kind, annotations or {})
        return cls(index, index.serialize(), tuple(each.values()))

    @classmethod
    def parse(cls, index_bytes: bytes, images: Iterable[Image]) -> ImageIndex:
        """An index with what is at hand of it. Raises MalformedError (a ValueError)."""
        index = Index.parse(index_bytes)
        found = {image.digest: image for image in images}
        here = tuple(found[entry.digest] for entry in index.manifests if entry.digest in found)
        return cls(index, index_bytes, here)

    @property
    def digest(self) -> Digest:
        return Digest.of(self.index_bytes)

    @property
    def descriptor(self) -> Descriptor:
        """Names the index."""
        return Descriptor(self.index.media_type, self.digest, len(self.index_bytes), annotations=dict(self.annotations))


AnyImage: TypeAlias = Image | ImageIndex
"""What a name can stand for."""


def identity(item: AnyImage) -> Digest:
    """The digest that is an image's id: its config's, or the index's own."""
    return item.manifest.config.digest if isinstance(item, Image) else item.digest


def members(item: AnyImage) -> tuple[Image, ...]:
    """The image, or those of an index, attestations among them."""
    return item.images if isinstance(item, ImageIndex) else (item,)


def runnable(item: AnyImage) -> tuple[Image, ...]:
    """Those that can be run: no attestations."""
    if isinstance(item, Image):
        return (item,)
    known = {entry.digest for entry in candidates(item.index.manifests)}
    return tuple(image for image in item.images if image.digest in known)


def platforms(item: AnyImage) -> tuple[Platform, ...]:
    """For which there is an image, each once, in the order of the index; of an index also those that are not at hand."""
    entries = item.index.manifests if isinstance(item, ImageIndex) else (item.descriptor,)
    return tuple(dict.fromkeys(entry.platform for entry in candidates(entries) if entry.platform))


def pick(item: AnyImage, platform: Platform | None) -> Image | None:
    """The image for a platform; None where there is none, or it is not at hand.

    An index of one image is that image where no platform is asked for. What is no index is taken as it is.
    """
    if isinstance(item, Image):
        return item
    chosen = choose(item.index.manifests, platform)
    return next((image for image in item.images if chosen and image.digest == chosen.digest), None)

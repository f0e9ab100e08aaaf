"""`LoadedImage` and `LoadedImages`: what an archive or a layout holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

from stagemill.oci.blobs import BlobSource
from stagemill.oci.image_index import AnyImage
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class LoadedImage:
    """An image, or an index of several, with its complete names, and the tags by which a layout knows it; both may be empty."""

    names: tuple[str, ...]
    tags: tuple[str, ...]
    image: AnyImage

    def also(self, name: str, tag: str) -> Self:
        """With one more name and tag, where they are not empty."""
        names = tuple(dict.fromkeys(item for item in (*self.names, name) if item))
        tags = tuple(dict.fromkeys(item for item in (*self.tags, tag) if item))
        return replace(self, names=names, tags=tags)


@dataclass(frozen=True, slots=True)
class LoadedImages:
    """The images, and where the bytes of their layers are: only as long as the archive is open."""

    images: tuple[LoadedImage, ...]
    blobs: BlobSource

"""Images that come into the store from elsewhere: archives, layouts, registries."""

from __future__ import annotations

from pathlib import Path

from stagemill.errors import NotFoundError
from stagemill.execute import base
from stagemill.oci.blobs import BlobSource, copy
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.store.store import Store


def import_image(store: Store, image: Image, source: BlobSource, *, reference: str = "") -> None:
    """The image and all of its blobs are in the store afterwards; `reference` is where lost blobs can be had again."""
    for layer in image.manifest.layers:
        copy(layer, source, store.blobs)
    base.remember(store, image, reference=reference)


def import_layout(store: Store, path: Path, platform: Platform) -> Image:
    """The image of an `oci-layout://` path, whose tag may follow after a colon. Raises NotFoundError."""
    from stagemill.export.load import images  # noqa: PLC0415  (few builds begin from a layout)

    location, _, tag = str(path).partition(":")
    with store.scratch() as scratch, images(Path(location), platform=platform, scratch=scratch) as loaded:
        found = [item.image for item in loaded.images if not tag or tag in item.tags]
        if not found:
            known = ", ".join(sorted(tag for item in loaded.images for tag in item.tags)) or "none"
            raise NotFoundError(f"{location} has no image with the tag {tag}", hint=f"the tags in it: {known}")
        image = found[0]
        import_image(store, image, loaded.blobs)
        return image

"""Images that come into the store from elsewhere: archives, layouts, registries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stagemill.digest import Digest
from stagemill.errors import NotFoundError
from stagemill.execute import base
from stagemill.oci.blobs import BlobSource, copy
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, members, platforms
from stagemill.oci.platform import Platform
from stagemill.store.store import Store

if TYPE_CHECKING:
    from stagemill.export.loaded import LoadedImage

_LATEST = "latest"


def import_image(store: Store, item: AnyImage, source: BlobSource, *, reference: str = "") -> None:
    """The image and all of its blobs are in the store afterwards; `reference` is where lost blobs can be had again.

    So are the images of an index, as far as they are at hand.
    """
    for image in members(item):
        for layer in image.manifest.layers:
            copy(layer, source, store.blobs)
    base.remember_all(store, item, reference=reference)


def import_layout(store: Store, path: Path, platform: Platform) -> Image:
    """The image of an `oci-layout://` path, which `:tag` or `@digest` may follow; with neither it is `latest`, or the only one.

    A digest may be that of an index, of which the platform's image is taken. Raises NotFoundError.
    """
    from stagemill.export.load import images  # noqa: PLC0415  (few builds begin from a layout)

    location, digest, tag = _parts(path)
    with (
        store.scratch() as scratch,
        images(Path(location), platform=platform, scratch=scratch, digest=digest) as loaded,
    ):
        image = loaded.images[0].image if digest else _by_tag(loaded.images, tag, location)
        assert isinstance(image, Image), "a platform was asked for"
        import_image(store, image, loaded.blobs)
        return image


def layout_platforms(store: Store, path: Path) -> tuple[Platform, ...]:
    """For which an `oci-layout://` path has an image. Raises NotFoundError."""
    from stagemill.export.load import images  # noqa: PLC0415  (as above)

    location, digest, tag = _parts(path)
    with store.scratch() as scratch, images(Path(location), scratch=scratch, digest=digest) as loaded:
        return platforms(loaded.images[0].image if digest else _by_tag(loaded.images, tag, location))


def _parts(path: Path) -> tuple[str, Digest | None, str]:
    """Directory, digest and tag of an `oci-layout://` path; at most one of the two."""
    location, at, name = str(path).partition("@")
    location, _, tag = location.partition(":")
    return location, _digest(name, location) if at else None, tag


def _digest(text: str, location: str) -> Digest:
    try:
        return Digest(text)
    except ValueError as error:
        message = f"{text!r} is no digest of an image in {location}"
        raise NotFoundError(message, hint="write oci-layout://DIRECTORY@sha256: and 64 hex digits") from error


def _by_tag(images: Sequence[LoadedImage], tag: str, location: str) -> AnyImage:
    found = [item.image for item in images if (tag or _LATEST) in item.tags]
    if found:
        return found[0]
    if not tag and len(images) == 1:
        return images[0].image
    known = ", ".join(sorted(tag for item in images for tag in item.tags)) or "none"
    raise NotFoundError(f"{location} has no image with the tag {tag or _LATEST}", hint=f"the tags in it: {known}")

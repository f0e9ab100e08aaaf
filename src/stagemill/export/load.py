"""Reads images from files: archives of `docker save` and of OCI layouts, compressed or not, and layout directories."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stagemill.digest import Digest
from stagemill.errors import ArchiveError
from stagemill.export import dockers
from stagemill.export.bundle import Bundle, open_bundle
from stagemill.export.docker import MANIFEST
from stagemill.export.layout import INDEX
from stagemill.export.layouts import LayoutBlobs, read_by_digest, read_layout
from stagemill.export.loaded import LoadedImage, LoadedImages
from stagemill.oci.image_index import members
from stagemill.oci.platform import Platform


@contextmanager
def images(
    path: Path,
    *,
    origin: str = "",
    platform: Platform | None = None,
    scratch: Path | None = None,
    digest: Digest | None = None,
) -> Iterator[LoadedImages]:
    """The images in a file or directory, as long as the block lasts. Their layers are there, not yet read.

    `origin` is what people call it, where it is not the path.
    Where a name stands for several platforms, it is the one that fits `platform`; None takes the index, with what there
    is of it. An archive that is compressed, or comes through a pipe, is unpacked into `scratch`, None being the system's
    place for temporary files. With a `digest` it is that image of a layout, even where no name leads to it, or
    NotFoundError. Raises ArchiveError for everything that is wrong with the file.
    """
    where = origin or str(path)
    with open_bundle(path, scratch=scratch, origin=origin) as bundle:
        if digest:
            blobs = LayoutBlobs(bundle, where)
            yield LoadedImages((read_by_digest(blobs, digest, platform),), blobs)
        else:
            yield _read(bundle, platform, where)


def _read(bundle: Bundle, platform: Platform | None, where: str) -> LoadedImages:
    has_manifest = bundle.size(MANIFEST) is not None
    if bundle.size(INDEX) is not None:
        blobs = LayoutBlobs(bundle, where)
        found = LoadedImages(read_layout(blobs, platform), blobs)
        loaded = _named(found, bundle, where) if has_manifest else found
    elif has_manifest:
        loaded = dockers.read_docker(bundle, where=where)
    else:
        raise ArchiveError(
            f"{where} is no image: it has neither {INDEX} nor {MANIFEST}",
            hint="make it with `docker save`, `skopeo copy` or `stagemill save`; a plain tree becomes an image by FROM"
            " scratch and ADD",
        )
    if not loaded.images:
        raise ArchiveError(f"{where} holds no image", hint="name at least one image where it is made")
    return loaded


def _named(found: LoadedImages, bundle: Bundle, where: str) -> LoadedImages:
    """Docker's names for the images that the layout's index leaves without any."""
    names = {Path(saved.config).name: saved.tags for saved in dockers.read_manifest(bundle, where=where)}
    images: list[LoadedImage] = []
    for item in found.images:
        configs = [image.manifest.config.digest.hex for image in members(item.image)]
        tags = next((names[config] for config in configs if config in names), ())
        try:
            images.append(item if item.names else LoadedImage(dockers.names(tags), item.tags, item.image))
        except ValueError as error:
            raise ArchiveError(f"{where} names an image wrongly: {error}", hint="make the archive again") from error
    return LoadedImages(tuple(images), found.blobs)

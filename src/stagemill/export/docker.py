"""Writes an image as an archive that `docker load` reads, and that is an OCI image layout as well.

Source: moby's image spec v1.2, "Combined Image JSON + Filesystem Changeset Format".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from stagemill.errors import StagemillError
from stagemill.export import layout
from stagemill.oci.blobs import BlobSource
from stagemill.oci.image_index import AnyImage, pick, runnable

MANIFEST = "manifest.json"


def docker_archive(image: AnyImage, blobs: BlobSource, *, names: Sequence[str], out: BinaryIO) -> None:
    """Writes the archive; equal images with equal names make equal bytes. Raises as `oci.oci_archive` does.

    Names with a digest are in the layout's index only: Docker has no place for them. Nor has it for several platforms:
    of an index it gets this machine's image, or the first, and the layout's index gets all of them.
    """
    docker_archives([(image, names)], blobs, out=out)


def docker_archives(images: Iterable[tuple[AnyImage, Sequence[str]]], blobs: BlobSource, *, out: BinaryIO) -> None:
    """Writes several images with their names into one archive, as `docker_archive` does one."""
    named = layout.by_image(images)
    manifest = [_entry(image, names) for image, names in named.items()]
    documents = {MANIFEST: json.dumps(manifest, separators=(",", ":")).encode()}
    layout.write_archive(named, blobs, out=out, documents=documents)


def _entry(item: AnyImage, names: Sequence[str]) -> dict[str, str | list[str] | None]:
    image = pick(item, None) or next(iter(runnable(item)), None)
    if image is None:
        hint = "an OCI layout keeps everything: stagemill save --format oci"
        raise StagemillError("docker's archives keep images, and the index has none", hint=hint)
    tags = [reference.familiar for reference in layout.references(names) if reference.tag and not reference.digest]
    return {
        "Config": layout.blob_path(image.manifest.config.digest),
        "RepoTags": tags or None,
        "Layers": [layout.blob_path(layer.digest) for layer in image.manifest.layers],
    }

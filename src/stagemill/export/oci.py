"""Writes an image, or an index of several, as an OCI image layout, in a tar archive or a directory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from stagemill.export import layout
from stagemill.export.layout_directory import LayoutDirectory
from stagemill.oci.blobs import BlobSource, Pourable, chunks
from stagemill.oci.image_index import AnyImage


def oci_archive(image: AnyImage, blobs: BlobSource, *, names: Sequence[str], out: BinaryIO) -> None:
    """Writes a layout as a tar; equal images with equal names make equal bytes.

    Raises StagemillError where it cannot be written, CorruptError and NotFoundError where `blobs` lacks something.
    """
    oci_archives([(image, names)], blobs, out=out)


def oci_archives(images: Iterable[tuple[AnyImage, Sequence[str]]], blobs: BlobSource, *, out: BinaryIO) -> None:
    """Writes several images with their names into one layout, as `oci_archive` does one."""
    layout.write_archive(layout.by_image(images), blobs, out=out, documents={})


def oci_directory(image: AnyImage, blobs: BlobSource, *, names: Sequence[str], destination: Path) -> None:
    """Adds the image to the layout in a directory, which is made where it is missing.

    Its names are taken from the images that had them before; other images stay. Each file appears whole. Raises
    StagemillError, and what `oci_archive` raises.
    """
    directory = LayoutDirectory(destination)
    new = layout.entries(image, names)
    directory.begin()
    for blob in layout.blobs(image):
        if not directory.has(blob.descriptor):
            _write(blob, blobs, directory)
    directory.add([entry.to_json() for entry in new])


def _write(blob: layout.Blob, source: BlobSource, directory: LayoutDirectory) -> None:
    if blob.data is not None:
        directory.write(blob.descriptor, (blob.data,))
        return
    with source.open(blob.descriptor) as reader:
        if isinstance(reader, Pourable):
            directory.pour(blob.descriptor, reader)
        else:
            directory.write(blob.descriptor, chunks(reader))

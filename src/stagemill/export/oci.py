"""Writes an image, or an index of several, as an OCI image layout, in a tar archive or a directory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from stagemill.errors import StagemillError
from stagemill.export import layout
from stagemill.oci.blobs import BlobSource
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image_index import AnyImage
from stagemill.oci.manifest import Index


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
    new = layout.entries(image, names)
    index_path = destination / layout.INDEX
    before = _read_index(index_path)
    try:
        (destination / layout.BLOBS).mkdir(parents=True, exist_ok=True)
        for blob in layout.blobs(image):
            path = destination / blob.path
            if not _has(path, blob.descriptor.size):
                _write(path, blob.chunks(blobs))
        _write(destination / layout.LAYOUT, (layout.LAYOUT_BYTES,))
        kept = tuple(old for old in before.manifests if not any(_replaces(entry, old) for entry in new))
        merged = Index((*kept, *new), annotations=before.annotations)
        _write(index_path, (merged.serialize(),))
    except OSError as error:
        message = f"cannot write the image layout {destination}: {error.strerror or error}"
        raise StagemillError(message, hint="make room, or choose another place with dest=") from error


def _replaces(new: Descriptor, old: Descriptor) -> bool:
    """A name or a tag means one image of a layout; an image without either is there once."""
    for key in (layout.NAME, layout.TAG):
        name = old.annotations.get(key)
        if name is not None and name == new.annotations.get(key):
            return True
    unnamed = not ({layout.NAME, layout.TAG} & old.annotations.keys())
    return unnamed and old.digest == new.digest


def _read_index(path: Path) -> Index:
    hint = "remove the directory, or choose another with dest="
    try:
        return Index.parse(path.read_bytes())
    except FileNotFoundError:
        return Index(())
    except OSError as error:
        raise StagemillError(f"cannot read {path}: {error.strerror}", hint=hint) from error
    except ValueError as error:
        raise StagemillError(f"{path} is no index of an image layout: {error}", hint=hint) from error


def _has(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        with temporary.open("xb") as file:
            for chunk in chunks:
                file.write(chunk)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)

"""What stands in an OCI image layout: its blobs, its index, its names. Source: OCI image-spec image-layout.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import BinaryIO

from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.export.archive import ArchiveWriter
from stagemill.layer.stream import ahead
from stagemill.oci.blobs import BlobSource, Pourable, chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image_index import AnyImage, ImageIndex, members
from stagemill.oci.manifest import Index
from stagemill.oci.reference import Reference
from stagemill.values import dataclass

BLOBS = "blobs/sha256"
INDEX = "index.json"
LAYOUT = "oci-layout"
LAYOUT_BYTES = b'{"imageLayoutVersion":"1.0.0"}'

NAME = "io.containerd.image.name"
TAG = "org.opencontainers.image.ref.name"
_LARGE = 8 << 20  # bytes of a blob that are worth a thread


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob of a layout; the bytes of small documents are at hand, the others are in the source."""

    descriptor: Descriptor
    data: bytes | None = None

    @property
    def path(self) -> str:
        return blob_path(self.descriptor.digest)


def blob_path(digest: Digest) -> str:
    return f"{BLOBS}/{digest.hex}"


def blobs(*items: AnyImage) -> tuple[Blob, ...]:
    """Everything that the images' manifests reach, and these, and indexes; each once, sorted by digest."""
    found: dict[Digest, Blob] = {}
    images = [image for item in items for image in members(item)]
    for image in images:
        found |= {layer.digest: Blob(layer) for layer in image.manifest.layers}
    for image in images:
        found[image.manifest.config.digest] = Blob(image.manifest.config, image.config_bytes)
        found[image.digest] = Blob(image.descriptor, image.manifest_bytes)
    for item in items:
        if isinstance(item, ImageIndex):
            found[item.digest] = Blob(item.descriptor, item.index_bytes)
    return tuple(found[digest] for digest in sorted(found))


def references(names: Iterable[str]) -> tuple[Reference, ...]:
    """The names of an image, complete, each once. Raises StagemillError for what is none."""
    try:
        return tuple(dict.fromkeys(Reference.parse(name) for name in names))
    except ValueError as error:
        raise StagemillError(str(error), hint="name images like registry/repository:tag") from error


def entries(image: AnyImage, names: Sequence[str]) -> tuple[Descriptor, ...]:
    """The image's entries in an index, one per name, or one without."""
    plain = image.descriptor
    named = tuple(
        replace(plain, annotations={**plain.annotations, **_annotations(reference)}) for reference in references(names)
    )
    return named or (plain,)


def by_image(images: Iterable[tuple[AnyImage, Sequence[str]]]) -> dict[AnyImage, list[str]]:
    """All names of each image, in the order in which the images come."""
    found: dict[AnyImage, list[str]] = {}
    for image, names in images:
        found.setdefault(image, []).extend(names)
    return found


def _annotations(reference: Reference) -> Mapping[str, str]:
    annotations = {NAME: str(reference)}
    if reference.tag:
        annotations[TAG] = reference.tag
    return annotations


def write_archive(
    images: Mapping[AnyImage, Sequence[str]], source: BlobSource, *, out: BinaryIO, documents: Mapping[str, bytes]
) -> None:
    """A whole layout as a tar, with more documents beside the index."""
    index = Index(tuple(entry for image, names in images.items() for entry in entries(image, names)))
    texts = {**documents, INDEX: index.serialize(), LAYOUT: LAYOUT_BYTES}
    writer = ArchiveWriter(out)
    writer.directory("blobs")
    writer.directory(BLOBS)
    for blob in blobs(*images):
        _write(blob, source, writer)
    for name, data in sorted(texts.items()):
        writer.file(name, data)
    writer.close()


def _write(blob: Blob, source: BlobSource, writer: ArchiveWriter) -> None:
    name, size = blob.path, blob.descriptor.size
    if blob.data is not None:
        writer.file(name, blob.data)
        return
    with source.open(blob.descriptor) as reader:
        if isinstance(reader, Pourable) and writer.pour(name, size, reader):
            return
        # Reading may check the digest, for which a processor has as much to do as another for writing.
        pieces = chunks(reader)
        with ahead(pieces) if size >= _LARGE else nullcontext(pieces) as some:
            writer.stream(name, size, some)

"""Reads the archives of `docker save`: a manifest.json that names a config and layers by their file names.

Source: moby's image spec v1.2. Layers are tars, plain or compressed; what they are is seen from their bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from stagemill.digest import Digest
from stagemill.errors import ArchiveError, NotFoundError
from stagemill.export.bundle import DAMAGED, Bundle, document
from stagemill.export.docker import MANIFEST
from stagemill.export.loaded import LoadedImage, LoadedImages
from stagemill.oci import document as json
from stagemill.oci import media_types
from stagemill.oci.blobs import Reader, chunks
from stagemill.oci.config import ImageConfig
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.manifest import Manifest
from stagemill.oci.reference import Reference
from stagemill.oci.verify import VerifyingReader
from stagemill.values import dataclass

_COMPRESSED = ((b"\x1f\x8b", media_types.LAYER_GZIP), (b"\x28\xb5\x2f\xfd", media_types.LAYER_ZSTD))


@dataclass(frozen=True, slots=True)
class DockerBlobs:
    """The layers and configs of an archive, whose files are named anyhow; a BlobSource."""

    bundle: Bundle
    files: Mapping[Digest, str]
    where: str

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        name = self.files.get(descriptor.digest)
        if name is None:
            raise NotFoundError(f"{self.where} has no blob {descriptor.digest}")
        with self.bundle.open(name) as reader:
            yield VerifyingReader(reader, descriptor, where=self.where)


@dataclass(frozen=True, slots=True)
class Saved:
    """One entry of a manifest.json."""

    config: str
    tags: tuple[str, ...]
    layers: tuple[str, ...]


def read_manifest(bundle: Bundle, *, where: str) -> tuple[Saved, ...]:
    """Raises ArchiveError for a manifest.json that is none."""
    try:
        wrapped = json.parse_object(b'{"images":%b}' % document(bundle, MANIFEST), MANIFEST)
        return tuple(
            Saved(json.text(entry, "Config"), json.texts(entry, "RepoTags"), json.texts(entry, "Layers"))
            for entry in json.objects(wrapped, "images")
        )
    except json.MalformedError as error:
        raise ArchiveError(f"{where} has a {MANIFEST} that cannot be read: {error}", hint=DAMAGED) from error


def read_docker(bundle: Bundle, *, where: str) -> LoadedImages:
    """The images of an archive; every layer is read once, for its digest. Raises ArchiveError."""
    layers: dict[str, Descriptor] = {}
    files: dict[Digest, str] = {}
    images: list[LoadedImage] = []
    try:
        for saved in read_manifest(bundle, where=where):
            for name in saved.layers:
                if name not in layers:
                    layers[name] = _layer(bundle, name)
                files.setdefault(layers[name].digest, name)
            config = document(bundle, saved.config)
            files[Digest.of(config)] = saved.config
            image = _image(config, tuple(layers[name] for name in saved.layers), where=where)
            loaded = LoadedImage(names(saved.tags), (), image)
            images.append(loaded)
    except NotFoundError as error:
        raise ArchiveError(f"the archive is not complete: {error}", hint=DAMAGED) from error
    except ValueError as error:
        raise ArchiveError(f"{where} holds no image that can be read: {error}", hint=DAMAGED) from error
    return LoadedImages(tuple(images), DockerBlobs(bundle, files, where))


def names(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Complete names. Raises ValueError for what is none."""
    return tuple(str(Reference.parse(tag)) for tag in tags)


def _layer(bundle: Bundle, name: str) -> Descriptor:
    sha256, size, head = hashlib.sha256(), 0, b""
    with bundle.open(name) as reader:
        for chunk in chunks(reader):
            head = head or chunk[:4]
            sha256.update(chunk)
            size += len(chunk)
    kind = next((kind for magic, kind in _COMPRESSED if head.startswith(magic)), media_types.LAYER)
    return Descriptor(kind, Digest.from_hex(sha256.hexdigest()), size)


def _image(config: bytes, layers: tuple[Descriptor, ...], *, where: str) -> Image:
    for layer, diff_id in zip(layers, ImageConfig.parse(config).diff_ids, strict=False):
        if layer.media_type == media_types.LAYER and layer.digest != diff_id:
            message = f"{where} has a layer {layer.digest} where its image wants {diff_id}"
            raise ArchiveError(message, hint=DAMAGED)
    descriptor = Descriptor(media_types.CONFIG, Digest.of(config), len(config))
    return Image.parse(Manifest(descriptor, layers).serialize(), config)

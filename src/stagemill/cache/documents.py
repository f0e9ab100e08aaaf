"""From a cache to the documents that registries and layouts keep it as, and back; also from an image with a cache in it.

A cache is an image manifest whose config is the contents and whose layers are the blobs, or an index of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from stagemill.cache.contents import CacheContents, CachedLayer
from stagemill.cache.marks import BUILDKIT_INLINE, INLINE, MEDIA_TYPE
from stagemill.digest import Digest
from stagemill.errors import CacheError
from stagemill.oci import document as json
from stagemill.oci import media_types
from stagemill.oci.blobs import BlobSource, chunks
from stagemill.oci.choice import candidates, choose
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.manifest import Index, Manifest
from stagemill.oci.platform import Platform
from stagemill.registry.documents import Document
from stagemill.values import dataclass

_BUILDKIT = "application/vnd.buildkit.cacheconfig.v0"
_MOST_CONTENTS = 64 << 20


class Place(BlobSource, Protocol):
    """Where a cache is kept under a name."""

    def document(self, digest: Digest | None, /) -> Document:
        """What the name stands for, or the manifest with this digest. Raises StagemillError."""
        ...


@dataclass(frozen=True, slots=True)
class Form:
    """How a cache is written: as an image manifest or as an index, with OCI's media types or Docker's."""

    image_manifest: bool = True
    oci_types: bool = True


USUAL = Form()


def document(contents: CacheContents, form: Form) -> tuple[Descriptor, bytes, Document]:
    """The contents as a blob, and the document that names it and all other blobs."""
    data = contents.serialize()
    config = Descriptor(MEDIA_TYPE, Digest.of(data), len(data))
    blobs = contents.blobs
    if form.image_manifest:
        kind = media_types.MANIFEST if form.oci_types else media_types.DOCKER_MANIFEST
        layers = tuple(blob if form.oci_types else _for_docker(blob) for blob in blobs)
        return config, data, Document(kind, Manifest(config, layers, media_type=kind).serialize())
    kind = media_types.INDEX if form.oci_types else media_types.DOCKER_INDEX
    return config, data, Document(kind, Index((*blobs, config), media_type=kind).serialize())


def _for_docker(blob: Descriptor) -> Descriptor:
    return replace(blob, media_type=media_types.of_docker(blob.media_type))


def read(place: Place, *, platforms: Sequence[Platform]) -> tuple[CacheContents, int]:
    """What a cache holds, or an image with a cache in it; of an index of images, those for these platforms.

    Also how many bytes were read for it. Raises CacheError for what is none, and what the place raises.
    """
    work = _Reading(place, platforms)
    try:
        parts = list(work.parts(place.document(None)))
    except ValueError as error:
        raise CacheError(f"it cannot be read: {error}", hint="export it again") from error
    steps = (step for part in parts for step in part.steps)
    return CacheContents.of(steps, (mount for part in parts for mount in part.mounts)), work.bytes


class _Reading:
    def __init__(self, place: Place, platforms: Sequence[Platform]) -> None:
        self._place = place
        self._platforms = platforms
        self.bytes = 0

    def parts(self, top: Document) -> Iterator[CacheContents]:
        self.bytes += len(top.data)
        if not top.is_index:
            yield self._of_manifest(top)
            return
        entries = Index.parse(top.data).manifests
        configs = [entry for entry in entries if entry.media_type in {MEDIA_TYPE, _BUILDKIT}]
        for config in configs:
            yield CacheContents.parse(self._config(config))
        if not configs:
            for entry in self._images(entries):
                inner = self._place.document(entry.digest)
                self.bytes += len(inner.data)
                yield self._of_manifest(inner)

    def _images(self, entries: Sequence[Descriptor]) -> list[Descriptor]:
        found = [choose(candidates(entries), platform) for platform in self._platforms]
        images = list(dict.fromkeys(entry for entry in found if entry))
        if not images:
            wanted = ", ".join(map(str, self._platforms))
            raise CacheError(f"it has no image for {wanted}", hint="export a cache for this platform first")
        return images

    def _of_manifest(self, document: Document) -> CacheContents:
        manifest = Manifest.parse(document.data)
        if manifest.config.media_type in {MEDIA_TYPE, _BUILDKIT}:
            return CacheContents.parse(self._config(manifest.config))
        return inline(Image.parse(document.data, self._read(manifest.config)))

    def _config(self, config: Descriptor) -> bytes:
        if config.media_type == _BUILDKIT:
            raise _buildkit()
        return self._read(config)

    def _read(self, config: Descriptor) -> bytes:
        if config.size > _MOST_CONTENTS:
            raise CacheError(f"its list of steps has {config.size} bytes", hint=f"at most {_MOST_CONTENTS} are read")
        with self._place.open(config) as reader:
            data = b"".join(chunks(reader))
        self.bytes += len(data)
        return data


def inline(image: Image) -> CacheContents:
    """The cache in an image's config, with the blobs of its layers. Raises CacheError, MalformedError."""
    found = json.obj(image.config.other, INLINE)
    if not found:
        if BUILDKIT_INLINE in image.config.other:
            raise _buildkit()
        hint = "make it with --cache-to type=inline, or name a cache that was exported"
        raise CacheError("it is an image without a cache in it", hint=hint)
    pairs = zip(image.config.diff_ids, image.manifest.layers, strict=True)
    blobs = {str(diff_id): blob for diff_id, blob in pairs}
    contents = CacheContents.from_json(found)
    return CacheContents.of(
        replace(step, layers=tuple(_with_blob(layer, blobs) for layer in step.layers)) for step in contents.steps
    )


def _with_blob(layer: CachedLayer, blobs: dict[str, Descriptor]) -> CachedLayer:
    return replace(layer, blob=blobs.get(layer.diff_id)) if layer.diff_id else layer


def _buildkit() -> CacheError:
    return CacheError(
        "it is a cache of BuildKit, whose keys are not those of stagemill",
        hint="export one to another name with --cache-to; docs/cache.md says more",
    )

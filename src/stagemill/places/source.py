"""`Source`: a place that an image is read from, one class for each kind of place.

Each has a `top`, what the address names, and gives documents and blobs by descriptor, checked. Nothing is unpacked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import field, replace
from typing import Protocol

from stagemill.digest import Digest
from stagemill.errors import ArchiveError, NotFoundError, StagemillError
from stagemill.execute.forms import Forms
from stagemill.execute.shipping import StoredBlobs
from stagemill.export.bundle import Bundle, document
from stagemill.export.layout import INDEX, NAME, TAG, blob_path
from stagemill.export.layouts import LayoutBlobs
from stagemill.export.loaded import LoadedImage, LoadedImages
from stagemill.oci import document as json
from stagemill.oci.blobs import Reader, Resumable, chunks
from stagemill.oci.choice import choose
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image_index import ImageIndex, members
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.registry.client import RegistryClient
from stagemill.values import dataclass

_MOST_SMALL = 8 << 20


class Source(Protocol):
    """A BlobSource too."""

    def top(self, platform: Platform | None, /) -> json.JsonObject:
        """The descriptor of what is meant; a platform matters only where one name means several images.

        Raises NotFoundError.
        """
        ...

    def read(self, descriptor: Descriptor, /) -> bytes:
        """A manifest or an index. Raises NotFoundError, CorruptError."""
        ...

    def open(self, descriptor: Descriptor, /) -> AbstractContextManager[Reader]: ...

    def repositories(self, blob: Digest, registry: str, /) -> Iterable[str]:
        """Those of a registry that have a blob of this source."""
        ...


def small(source: Source, blob: Descriptor, *, limit: int = _MOST_SMALL) -> bytes:
    """A config, or what is as small, whole. Raises StagemillError where it is not small."""
    if blob.size > limit:
        raise StagemillError(f"the blob {blob.digest} has {blob.size} bytes", hint=f"at most {limit} are read")
    with source.open(blob) as reader:
        return b"".join(chunks(reader))


@dataclass(frozen=True, slots=True)
class RegistrySource:
    """`known` are the documents that have been asked for; nothing is asked for twice."""

    client: RegistryClient
    reference: Reference
    known: dict[Digest, bytes] = field(default_factory=dict, hash=False)

    def top(self, _platform: Platform | None, /) -> json.JsonObject:
        found = self.client.document(self.reference)
        self.known[found.descriptor.digest] = found.data
        return found.descriptor.to_json()

    def read(self, descriptor: Descriptor, /) -> bytes:
        if descriptor.digest not in self.known:
            self.known[descriptor.digest] = self.client.document(self.reference, descriptor.digest).data
        return self.known[descriptor.digest]

    def open(self, descriptor: Descriptor, /) -> AbstractContextManager[Reader]:
        return self.client.blobs(self.reference).open(descriptor)

    def resume(self, descriptor: Descriptor, kept: Reader, size: int, /) -> AbstractContextManager[Reader]:
        blobs = self.client.blobs(self.reference)
        assert isinstance(blobs, Resumable), "a repository is"
        return blobs.resume(descriptor, kept, size)

    def repositories(self, _blob: Digest, registry: str, /) -> Iterable[str]:
        return [self.reference.repository] if registry == self.reference.registry else []


@dataclass(frozen=True, slots=True)
class StoreSource:
    """What is lost or was never fetched is made or fetched again."""

    forms: Forms
    named: Descriptor

    def top(self, _platform: Platform | None, /) -> json.JsonObject:
        return self.named.to_json()

    def read(self, descriptor: Descriptor, /) -> bytes:
        try:
            return self.forms.store.blobs.read(descriptor.digest)
        except NotFoundError as error:
            what = str(descriptor.platform or descriptor.digest)
            hint = "choose one image with --platform, or pull or copy all of them into the store"
            raise NotFoundError(f"the store lacks a part of the index: {what}", hint=hint) from error

    def open(self, descriptor: Descriptor, /) -> AbstractContextManager[Reader]:
        return StoredBlobs(self.forms).open(descriptor)

    def repositories(self, blob: Digest, registry: str, /) -> Iterable[str]:
        text = self.forms.store.links.origin(blob)
        origin = Reference.parse(text) if text else None
        return [origin.repository] if origin and origin.registry == registry else []


@dataclass(frozen=True, slots=True)
class LayoutSource:
    """A layout, in a directory or an archive; `where` is what people call it."""

    bundle: Bundle
    where: str
    tag: str = ""
    digest: Digest | None = None

    def top(self, platform: Platform | None, /) -> json.JsonObject:
        if self.digest:
            size = self.bundle.size(blob_path(self.digest))
            if size is None:
                raise NotFoundError(f"{self.where} has no image {self.digest}", hint="its index.json lists what it has")
            return {"digest": self.digest, "size": size}
        try:
            entries = json.objects(json.parse_object(document(self.bundle, INDEX), INDEX), "manifests")
            return self._meant(entries, platform)
        except ValueError as error:
            raise ArchiveError(f"{self.where} is no image layout that can be read: {error}") from error
        except NotFoundError as error:
            if self.bundle.size(INDEX) is not None:
                raise
            raise ArchiveError(f"{self.where} is no image layout: it has no {INDEX}", hint="check the path") from error

    def _meant(self, entries: Sequence[json.JsonObject], platform: Platform | None) -> json.JsonObject:
        """The entry of the tag. Without one it is `latest`, or the only one."""
        named = [(_names(each), each) for each in entries]
        found = [each for names, each in named if (self.tag or "latest") in names]
        if not found and not self.tag:
            found = list(entries)
        if len(found) == 1:
            return _bare(found[0])
        chosen = choose([Descriptor.from_json(each) for each in found], platform) if platform else None
        for each in found:
            if chosen and Descriptor.from_json(each) == chosen:
                return _bare(each)
        tags = ", ".join(sorted({name for names, _ in named for name in names})) or "none"
        if found:
            wanted = f"with the tag {self.tag} " if self.tag else ""
            hint = f"choose one with --platform, or by its tag or digest; the tags in it: {tags}"
            raise NotFoundError(f"{self.where} has {len(found)} images {wanted}and not one", hint=hint)
        hint = f"the tags in it: {tags}"
        raise NotFoundError(f"{self.where} has no image with the tag {self.tag or 'latest'}", hint=hint)

    def read(self, descriptor: Descriptor, /) -> bytes:
        return LayoutBlobs(self.bundle, self.where).read(descriptor)

    def open(self, descriptor: Descriptor, /) -> AbstractContextManager[Reader]:
        return LayoutBlobs(self.bundle, self.where).open(descriptor)

    def repositories(self, _blob: Digest, _registry: str, /) -> Iterable[str]:
        return ()


def _names(entry: json.JsonObject) -> frozenset[str]:
    annotations = json.string_map(entry, "annotations")
    return frozenset(filter(None, (annotations.get(NAME), annotations.get(TAG))))


def _bare(entry: json.JsonObject) -> json.JsonObject:
    """The entry without the names that it has in its layout. Raises ValueError for one that names nothing."""
    Descriptor.from_json(entry)
    annotations = {k: v for k, v in json.string_map(entry, "annotations").items() if k not in {NAME, TAG}}
    rest = {key: value for key, value in entry.items() if key != "annotations"}
    return {**rest, "annotations": annotations} if annotations else rest


class DockerSource:
    """An archive of `docker save`. Its images have no manifests: one is made for each, always the same."""

    def __init__(self, loaded: LoadedImages, *, where: str, name: Reference | None = None) -> None:
        self._loaded = loaded
        self._where = where
        self._name = name
        self._documents = dict(_documents(loaded.images))

    def top(self, _platform: Platform | None, /) -> json.JsonObject:
        name = str(self._name) if self._name else None
        found = [item for item in self._loaded.images if name is None or name in item.names]
        if len(found) == 1:
            return replace(found[0].image.descriptor, annotations={}).to_json()
        names = ", ".join(sorted(Reference.parse(name).familiar for item in self._loaded.images for name in item.names))
        hint = f"the names in it: {names or 'none'}"
        if self._name:
            raise NotFoundError(f"{self._where} has no image {self._name.familiar}", hint=hint)
        hint = f"write docker-archive:{self._where}:NAME; {hint}"
        raise NotFoundError(f"{self._where} has {len(found)} images, and not one", hint=hint)

    def read(self, descriptor: Descriptor, /) -> bytes:
        try:
            return self._documents[descriptor.digest]
        except KeyError:
            what = str(descriptor.platform or descriptor.digest)
            hint = "choose one image with --platform"
            raise NotFoundError(f"{self._where} lacks a part of the index: {what}", hint=hint) from None

    def open(self, descriptor: Descriptor, /) -> AbstractContextManager[Reader]:
        return self._loaded.blobs.open(descriptor)

    def repositories(self, _blob: Digest, _registry: str, /) -> Iterable[str]:
        return ()


def _documents(images: Iterable[LoadedImage]) -> Iterator[tuple[Digest, bytes]]:
    for item in images:
        for image in members(item.image):
            yield image.digest, image.manifest_bytes
        if isinstance(item.image, ImageIndex):
            yield item.image.digest, item.image.index_bytes


@dataclass(frozen=True, slots=True)
class Several:
    """Several sources as one: each blob comes from the one that has it; `entry` is what is made of them."""

    entry: json.JsonObject
    documents: Mapping[Digest, bytes]
    of_blob: Mapping[Digest, Source]

    def top(self, _platform: Platform | None, /) -> json.JsonObject:
        return self.entry

    def read(self, descriptor: Descriptor, /) -> bytes:
        return self.documents[descriptor.digest]

    def open(self, descriptor: Descriptor, /) -> AbstractContextManager[Reader]:
        return self.of_blob[descriptor.digest].open(descriptor)

    def repositories(self, blob: Digest, registry: str, /) -> Iterable[str]:
        return self.of_blob[blob].repositories(blob, registry) if blob in self.of_blob else ()

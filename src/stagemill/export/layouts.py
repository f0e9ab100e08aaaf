"""Reads an OCI image layout: the images that its index names, each whole or of the platform that is meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from stagemill.digest import Digest
from stagemill.errors import ArchiveError, CorruptError, NotFoundError
from stagemill.export.bundle import DAMAGED, Bundle, document
from stagemill.export.layout import INDEX, NAME, TAG, blob_path
from stagemill.export.loaded import LoadedImage
from stagemill.oci import document as json
from stagemill.oci import media_types
from stagemill.oci.blobs import CHUNK, Reader
from stagemill.oci.choice import candidates, choose
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.image_index import ImageIndex, runnable
from stagemill.oci.manifest import Index, Manifest
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.oci.verify import VerifyingReader
from stagemill.values import dataclass

_DEEPEST = 4
_IN_INDEX = media_types.CONFIGS | {media_types.EMPTY}  # beside an image there may be attestations


@dataclass(frozen=True, slots=True)
class LayoutBlobs:
    """The blobs of a layout; a BlobSource. `where` is for people."""

    bundle: Bundle
    where: str

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        with self.bundle.open(blob_path(descriptor.digest)) as reader:
            yield VerifyingReader(reader, descriptor, where=self.where)

    def read(self, descriptor: Descriptor) -> bytes:
        """A small blob, whole and verified. Raises ArchiveError where it is missing or not small."""
        name = blob_path(descriptor.digest)
        try:
            data = document(self.bundle, name)
            with self.open(descriptor) as reader:
                while reader.read(CHUNK):
                    pass
        except NotFoundError as error:
            raise ArchiveError(f"{self.where} lacks the blob {descriptor.digest}", hint=DAMAGED) from error
        except CorruptError as error:
            raise ArchiveError(error.message, hint=DAMAGED) from error
        return data


def read_layout(blobs: LayoutBlobs, platform: Platform | None) -> tuple[LoadedImage, ...]:
    """The images of a layout, in the order of its index.

    Where a name stands for several platforms, it is the one that fits `platform`; None takes the index, with those that
    are there. Raises ArchiveError, also for a name without such an image, and for an image that lacks a layer.
    """
    try:
        found: dict[Digest, LoadedImage] = {}
        for group in _groups(Index.parse(document(blobs.bundle, INDEX)).manifests):
            image = (platform is None and _whole(blobs, group)) or _image(blobs, _pick(blobs, group, platform))
            if image:
                before = found.get(image.digest, LoadedImage((), (), image))
                found[image.digest] = before.also(_name(group[0]), _tag(group[0]))
        return tuple(found.values())
    except ValueError as error:
        raise ArchiveError(f"{blobs.where} is no image layout that can be read: {error}", hint=DAMAGED) from error


def read_by_digest(blobs: LayoutBlobs, digest: Digest, platform: Platform | None) -> LoadedImage:
    """The image of a manifest, or of an index the one that fits the platform (None: the index); no name need lead to it.

    Raises NotFoundError.
    """
    size = blobs.bundle.size(blob_path(digest))
    if size is None:
        raise NotFoundError(f"{blobs.where} has no image {digest}", hint="its index.json lists what it has")
    try:
        named = Descriptor("", digest, size)
        is_index = "manifests" in json.parse_object(blobs.read(named), "image manifest")
        kind = media_types.INDEX if is_index else media_types.MANIFEST
        group = [replace(named, media_type=kind)]
        image = (platform is None and _whole(blobs, group)) or _image(blobs, _pick(blobs, group, platform))
    except ValueError as error:
        raise ArchiveError(f"{digest} in {blobs.where} is no image: {error}", hint=DAMAGED) from error
    if image is None:
        raise NotFoundError(f"{digest} in {blobs.where} is no image", hint="its index.json lists what it has")
    return LoadedImage((), (), image)


def _groups(manifests: Sequence[Descriptor]) -> list[list[Descriptor]]:
    """The entries of one name together; entries without a name each alone."""
    groups: dict[tuple[str, str], list[Descriptor]] = {}
    for manifest in candidates(manifests):
        key = (manifest.annotations.get(NAME, ""), manifest.annotations.get(TAG, ""))
        groups.setdefault(key if any(key) else ("", manifest.digest), []).append(manifest)
    return list(groups.values())


def _whole(blobs: LayoutBlobs, group: Sequence[Descriptor]) -> ImageIndex | None:
    """The index that a name stands for, if it is one of which an image is here."""
    if len(group) != 1 or group[0].media_type not in media_types.INDEXES:
        return None
    data = blobs.read(group[0])
    there = [entry for entry in Index.parse(data).manifests if _is_here(blobs, entry)]
    found = ImageIndex.parse(data, (image for entry in there if (image := _image(blobs, entry, known=_IN_INDEX))))
    return found if runnable(found) else None


def _is_here(blobs: LayoutBlobs, entry: Descriptor) -> bool:
    """Whether a manifest and all that it names are in the layout."""
    if entry.media_type not in media_types.MANIFESTS or blobs.bundle.size(blob_path(entry.digest)) is None:
        return False
    manifest = Manifest.parse(blobs.read(entry))
    return all(blobs.bundle.size(blob_path(blob.digest)) == blob.size for blob in (manifest.config, *manifest.layers))


def _pick(blobs: LayoutBlobs, group: Sequence[Descriptor], platform: Platform | None) -> Descriptor:
    if len(group) == 1 and group[0].media_type not in media_types.INDEXES:
        return group[0]
    there = [image for entry in group for image in _expand(blobs, entry, depth=_DEEPEST)]
    picked = choose(there, platform)
    if picked is None:
        name = _name(group[0]) or _tag(group[0]) or group[0].digest
        known = ", ".join(sorted({str(image.platform) for image in there if image.platform})) or "none"
        message = f"{name} in {blobs.where} has no image for {platform or Platform.local()}"
        raise ArchiveError(message, hint=f"the platforms in it: {known}")
    return picked


def _expand(blobs: LayoutBlobs, entry: Descriptor, *, depth: int) -> Iterator[Descriptor]:
    if entry.media_type not in media_types.INDEXES:
        yield entry
        return
    if not depth:
        raise ArchiveError(f"{blobs.where} has an index in an index in an index ...", hint=DAMAGED)
    for inner in candidates(Index.parse(blobs.read(entry)).manifests):
        yield from _expand(blobs, inner, depth=depth - 1)


def _image(blobs: LayoutBlobs, descriptor: Descriptor, *, known: frozenset[str] = media_types.CONFIGS) -> Image | None:
    """None for what is no image: a signature, a chart; `known` are the types of configs that images have."""
    if descriptor.media_type not in media_types.MANIFESTS:
        return None
    data = blobs.read(descriptor)
    manifest = Manifest.parse(data)
    if manifest.config.media_type not in known:
        return None
    image = Image.parse(data, blobs.read(manifest.config))
    for layer in manifest.layers:
        size = blobs.bundle.size(blob_path(layer.digest))
        if size != layer.size:
            state = "lacks" if size is None else f"has only {size} of {layer.size} bytes of"
            raise ArchiveError(f"{blobs.where} {state} the layer {layer.digest}", hint=DAMAGED)
    return image


def _name(entry: Descriptor) -> str:
    """A complete name; empty where the entry has only a tag, or none."""
    for text in (entry.annotations.get(NAME, ""), entry.annotations.get(TAG, "")):
        if "/" in text or ":" in text:
            try:
                return str(Reference.parse(text))
            except ValueError:
                continue
    return ""


def _tag(entry: Descriptor) -> str:
    text = entry.annotations.get(TAG, "")
    return text.rpartition("/")[2].partition("@")[0].rpartition(":")[2]

"""What is said of images, found where they are: in the index beside them, and in manifests that refer to them.

Source: BuildKit, docs/attestations/attestation-storage.md; OCI image-spec manifest.md, "Guidelines for Artifact Usage".
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import AbstractContextManager
from typing import Literal, Protocol

from stagemill.attest.manifest import OF, PREDICATE, TYPE
from stagemill.attest.statement import CYCLONEDX, PROVENANCE_02, PROVENANCE_1, SPDX
from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.oci import document as json
from stagemill.oci import media_types
from stagemill.oci.blobs import Reader, chunks
from stagemill.oci.choice import candidates
from stagemill.oci.config import ImageConfig
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.document import JsonObject
from stagemill.oci.image import NO_PLATFORM
from stagemill.oci.manifest import Index, Manifest
from stagemill.oci.platform import Platform
from stagemill.values import dataclass

TYPES = {"spdx": (SPDX,), "cyclonedx": (CYCLONEDX,), "provenance": (PROVENANCE_1, PROVENANCE_02)}
"""Short names of what statements say."""
_BARE = {"application/spdx+json": SPDX, "application/vnd.cyclonedx+json": CYCLONEDX}
_MOST_BYTES = 64 << 20


class Holder(Protocol):
    """Where an image is; a BlobSource."""

    def read(self, descriptor: Descriptor, /) -> bytes:
        """A manifest or an index. Raises NotFoundError, CorruptError."""
        ...

    def open(self, descriptor: Descriptor, /) -> AbstractContextManager[Reader]: ...

    def referrers(self, subject: Digest, /) -> tuple[Descriptor, ...]:
        """The manifests that say something of this one."""
        ...


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that is said of an image, `of`, which is for a `platform`. `type` is that of the predicate, or of the artifact
    where it is no statement; `blob` has it, `bare` without a statement around it, None where it cannot be read here.
    """

    of: Digest
    platform: Platform
    type: str
    place: Literal["index", "referrer"]
    blob: Descriptor | None
    bare: bool = False

    @property
    def kind(self) -> str:
        """The short name, where it has one."""
        return next((name for name, types in TYPES.items() if self.type in types), self.type)


def said(top: Descriptor, holder: Holder) -> Iterator[Said]:
    """All that is said of an image, or of those of an index. Raises StagemillError."""
    try:
        data = holder.read(top)
        if not _is_index(top, data):
            yield from _referring(top, _platform(Manifest.parse(data), holder), holder, known=set())
            return
        entries = Index.parse(data).manifests
        images = {image.digest: image.platform or NO_PLATFORM for image in candidates(entries)}
        for entry in entries:
            if entry.annotations.get(TYPE) == "attestation-manifest":
                yield from _beside(entry, images, holder)
        for image in candidates(entries):
            yield from _referring(image, images[image.digest], holder, known={entry.digest for entry in entries})
    except ValueError as error:
        raise StagemillError(
            f"what is said of the image cannot be read: {error}", hint="push the image again"
        ) from error


def _is_index(named: Descriptor, data: bytes) -> bool:
    """What is named by its digest alone is told by its shape."""
    kinds = media_types.INDEXES
    return named.media_type in kinds if named.media_type else "manifests" in json.parse_object(data, "the image")


def _platform(manifest: Manifest, holder: Holder) -> Platform:
    """That of an image that no index names."""
    if manifest.config.media_type not in media_types.CONFIGS:
        return NO_PLATFORM
    return ImageConfig.parse(_whole(manifest.config, holder)).platform


def _beside(entry: Descriptor, images: dict[Digest, Platform], holder: Holder) -> Iterator[Said]:
    of = Digest(entry.annotations.get(OF, ""))
    platform = images.get(of, NO_PLATFORM)
    for layer in Manifest.parse(holder.read(entry)).layers:
        yield Said(of, platform, layer.annotations.get(PREDICATE, layer.media_type), "index", _readable(layer))


def _referring(image: Descriptor, platform: Platform, holder: Holder, *, known: Container[Digest]) -> Iterator[Said]:
    """What is `known` stands in the index too, and names the image as its subject."""
    for entry in holder.referrers(image.digest):
        if entry.media_type not in media_types.MANIFESTS or entry.digest in known:
            continue
        layers = Manifest.parse(holder.read(entry)).layers
        readable = [layer for layer in layers if _readable(layer)]
        for layer in readable:
            bare = layer.media_type in _BARE
            kind = (
                _BARE.get(layer.media_type) or layer.annotations.get(PREDICATE) or entry.annotations.get(PREDICATE, "")
            )
            yield Said(image.digest, platform, kind or layer.media_type, "referrer", layer, bare)
        if not readable:
            yield Said(image.digest, platform, entry.artifact_type or entry.media_type, "referrer", None)


def _readable(layer: Descriptor) -> Descriptor | None:
    return layer if layer.media_type in {media_types.IN_TOTO, *_BARE} else None


def read(one: Said, holder: Holder) -> JsonObject:
    """The statement; what is bare is the predicate alone. Raises StagemillError, also for a statement of something else."""
    if one.blob is None:
        hint = "only in-toto statements and bare lists are read; oras pull and cosign read others"
        raise StagemillError(f"what is said is {one.type}, which is no statement", hint=hint)
    try:
        document = json.parse_object(_whole(one.blob, holder), "the statement")
        subjects = () if one.bare else json.objects(document, "subject")
        known = [json.string_map(subject, "digest").get("sha256") for subject in subjects]
    except ValueError as error:
        raise StagemillError(f"the statement cannot be read: {error}", hint="make it again") from error
    if not one.bare and one.of.hex not in known:
        told = ", ".join(f"sha256:{digest}" for digest in known if digest) or "nothing"
        hint = "somebody put it beside the wrong image, or wants you to believe it: do not trust it"
        raise StagemillError(f"the statement beside {one.of} is about {told}", hint=hint)
    return document


def _whole(blob: Descriptor, holder: Holder) -> bytes:
    if blob.size > _MOST_BYTES:
        raise StagemillError(f"{blob.digest} has {blob.size} bytes", hint=f"at most {_MOST_BYTES} are read")
    with holder.open(blob) as reader:
        return b"".join(chunks(reader))

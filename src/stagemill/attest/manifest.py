"""The manifests that carry an image's attestations: one beside the image in its index, or one for each as a referrer.

Source: BuildKit, docs/attestations/attestation-storage.md; OCI image-spec manifest.md, "Guidelines for Artifact Usage".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from stagemill.attest.statement import Attestation, Subject
from stagemill.digest import Digest
from stagemill.oci import media_types
from stagemill.oci.config import ImageConfig
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.document import Json
from stagemill.oci.image import NO_PLATFORM, Image
from stagemill.values import dataclass

_ARTIFACT = "application/vnd.docker.attestation.manifest.v1+json"
PREDICATE = "in-toto.io/predicate-type"
_EMPTY = b"{}"
TYPE = "vnd.docker.reference.type"
OF = "vnd.docker.reference.digest"


@dataclass(frozen=True, slots=True)
class Carrier:
    """The manifest as an image, and the statements that are its layers."""

    image: Image
    statements: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Referrer:
    """A manifest that says one thing of an image, as the list of its referrers has it (`entry`), and what it names."""

    entry: Descriptor
    manifest: bytes
    subject: Digest
    blobs: tuple[tuple[Descriptor, bytes], ...]


def carrier(
    of: Image, attestations: Sequence[Attestation], *, subjects: Iterable[Subject], artifact: bool = True
) -> Carrier:
    """The attestations of an image. As an `artifact` the manifest names it as its subject, else it has a config of its own."""
    about = tuple(subjects)
    statements = tuple(each.statement(about) for each in attestations)
    layers = [_layer(each, data) for each, data in zip(attestations, statements, strict=True)]
    if artifact:
        made = Image.parse(_artifact(of, layers, kind=_ARTIFACT), _EMPTY)
    else:
        made = Image.build(_config(layers), tuple(layers))
    annotations = ((OF, str(of.digest)), (TYPE, "attestation-manifest"))
    return Carrier(replace(made, annotations=annotations, platform=NO_PLATFORM), statements)


def referrer(of: Image, attestation: Attestation, *, subjects: Iterable[Subject]) -> Referrer:
    """One attestation by itself, of the artifact type of statements."""
    data = attestation.statement(subjects)
    layer = _layer(attestation, data)
    notes = {PREDICATE: attestation.type}
    manifest = _artifact(of, [layer], kind=media_types.IN_TOTO, annotations=notes)
    digest = Digest.of(manifest)
    entry = Descriptor(media_types.MANIFEST, digest, len(manifest), notes, artifact_type=media_types.IN_TOTO)
    return Referrer(entry, manifest, of.digest, ((layer, data), (_empty(), _EMPTY)))


def _layer(attestation: Attestation, data: bytes) -> Descriptor:
    return Descriptor(media_types.IN_TOTO, Digest.of(data), len(data), {PREDICATE: attestation.type})


def _config(layers: Iterable[Descriptor]) -> ImageConfig:
    return ImageConfig(NO_PLATFORM, diff_ids=tuple(layer.digest for layer in layers))


def _empty() -> Descriptor:
    return Descriptor(media_types.EMPTY, Digest.of(_EMPTY), len(_EMPTY))


def _artifact(
    of: Image, layers: Iterable[Descriptor], *, kind: str, annotations: Mapping[str, str] | None = None
) -> bytes:
    """A manifest that is no image, and says something of one."""
    subject = Descriptor(of.manifest.media_type, of.digest, len(of.manifest_bytes))
    document: dict[str, Json] = {
        "schemaVersion": 2,
        "mediaType": media_types.MANIFEST,
        "artifactType": kind,
        "config": {**_empty().to_json(), "data": "e30="},
        "layers": [layer.to_json() for layer in layers],
        "subject": subject.to_json(),
    }
    if annotations:
        document["annotations"] = dict(annotations)
    return json.dumps(document, indent=2).encode()

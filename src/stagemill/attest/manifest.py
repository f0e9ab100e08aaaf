"""The manifest that carries an image's attestations, beside the image in its index.

Source: BuildKit, docs/attestations/attestation-storage.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
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
_PREDICATE = "in-toto.io/predicate-type"
_TYPE = "vnd.docker.reference.type"
_OF = "vnd.docker.reference.digest"


@dataclass(frozen=True, slots=True)
class Carrier:
    """The manifest as an image, and the statements that are its layers."""

    image: Image
    statements: tuple[bytes, ...]


def carrier(
    of: Image, attestations: Sequence[Attestation], *, subjects: Iterable[Subject], artifact: bool = True
) -> Carrier:
    """The attestations of an image. As an `artifact` the manifest names it as its subject, else it has a config of its own."""
    about = tuple(subjects)
    statements = tuple(each.statement(about) for each in attestations)
    layers = [
        Descriptor(media_types.IN_TOTO, Digest.of(data), len(data), {_PREDICATE: each.type})
        for each, data in zip(attestations, statements, strict=True)
    ]
    made = _artifact(of, layers) if artifact else Image.build(_config(layers), tuple(layers))
    annotations = ((_OF, str(of.digest)), (_TYPE, "attestation-manifest"))
    return Carrier(replace(made, annotations=annotations, platform=NO_PLATFORM), statements)


def _config(layers: Iterable[Descriptor]) -> ImageConfig:
    return ImageConfig(NO_PLATFORM, diff_ids=tuple(layer.digest for layer in layers))


def _artifact(of: Image, layers: Iterable[Descriptor]) -> Image:
    """Source: OCI image-spec manifest.md, "Guidelines for Artifact Usage"."""
    subject = Descriptor(of.manifest.media_type, of.digest, len(of.manifest_bytes))
    empty = Descriptor(media_types.EMPTY, Digest.of(b"{}"), 2)
    document: dict[str, Json] = {
        "schemaVersion": 2,
        "mediaType": media_types.MANIFEST,
        "artifactType": _ARTIFACT,
        "config": {**empty.to_json(), "data": "e30="},
        "layers": [layer.to_json() for layer in layers],
        "subject": subject.to_json(),
    }
    return Image.parse(json.dumps(document, indent=2).encode(), b"{}")

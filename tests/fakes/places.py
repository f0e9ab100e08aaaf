"""Images as trees of documents, and a source of them in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fakes.blobs import MemoryBlobs, make_image
from stagemill.digest import Digest
from stagemill.oci import document, media_types
from stagemill.oci.blobs import Reader
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.platform import Platform
from stagemill.places import node
from stagemill.places.node import Node
from stagemill.places.rewriting import SUBJECT

AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64")


@dataclass
class MemorySource:
    """A Source whose top is what it was made with; `opened` are the blobs that were read."""

    entry: document.JsonObject
    blobs: MemoryBlobs
    opened: list[Digest] = field(default_factory=list)
    mounts: Sequence[str] = ()

    def top(self, _platform: Platform | None, /) -> document.JsonObject:
        return self.entry

    def read(self, descriptor: Descriptor, /) -> bytes:
        return self.blobs.read(descriptor.digest)

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        self.opened.append(descriptor.digest)
        with self.blobs.open(descriptor) as reader:
            yield reader

    def repositories(self, _blob: Digest, _registry: str, /) -> Iterable[str]:
        return self.mounts

    def node(self, platform: Platform | None = None) -> Node:
        return node.read(self.entry, self.read, platform=platform, where="memory")


def put(blobs: MemoryBlobs, value: dict[str, Any]) -> dict[str, Any]:
    """A document; its descriptor."""
    data = json.dumps(value).encode()
    return {"mediaType": value["mediaType"], "digest": str(blobs.put(data)), "size": len(data)}


def one(text: str = "a", *, platform: Platform = AMD64) -> MemorySource:
    """An image of one layer."""
    blobs = MemoryBlobs()
    image = make_image(blobs, {"file": text.encode()}, platform=platform)
    return MemorySource(Descriptor(image.manifest.media_type, image.digest, len(image.manifest_bytes)).to_json(), blobs)


def both(*platforms: Platform) -> MemorySource:
    """An index of images (amd64 and arm64), each with an attestation beside it, as BuildKit has them."""
    blobs = MemoryBlobs()
    entries: list[Any] = []
    about: list[Any] = []
    for platform in platforms or (AMD64, ARM64):
        image = make_image(blobs, {"file": str(platform).encode()}, platform=platform)
        entries.append(image.descriptor.to_json())
        about.append(_attestation(blobs, image.digest))
    index = {"schemaVersion": 2, "mediaType": media_types.INDEX, "manifests": [*entries, *about]}
    return MemorySource(put(blobs, index), blobs)


def _attestation(blobs: MemoryBlobs, subject: Digest) -> dict[str, Any]:
    statement, empty = json.dumps({"subject": subject, "predicate": {"by": "us"}}).encode(), b"{}"
    layer = {"mediaType": media_types.IN_TOTO, "digest": blobs.put(statement), "size": len(statement)}
    layer["annotations"] = {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v1"}
    config = {"mediaType": media_types.EMPTY, "digest": blobs.put(empty), "size": len(empty)}
    manifest = {"schemaVersion": 2, "mediaType": media_types.MANIFEST, "config": config, "layers": [layer]}
    return {
        **put(blobs, manifest),
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {"vnd.docker.reference.type": "attestation-manifest", SUBJECT: str(subject)},
    }

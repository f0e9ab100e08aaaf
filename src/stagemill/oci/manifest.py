"""`Manifest` and `Index`. Source: OCI image-spec manifest.md and image-index.md; Docker's schema 2 is read as well."""

from __future__ import annotations

import json as json_module
from collections.abc import Mapping
from dataclasses import field
from typing import Self

from stagemill.oci import document as json
from stagemill.oci import media_types
from stagemill.oci.descriptor import Descriptor
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Manifest:
    """An image of one platform: a config and layers, the lowest first."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    media_type: str = media_types.MANIFEST
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises MalformedError (a ValueError) for what is no manifest."""
        document = json.parse_object(data, "image manifest")
        if json.integer(document, "schemaVersion", 2) != 2:
            raise json.MalformedError("image manifest has schema version 1, which is no longer read")
        return cls(
            config=Descriptor.from_json(json.obj(document, "config")),
            layers=tuple(Descriptor.from_json(item) for item in json.objects(document, "layers")),
            media_type=json.text(document, "mediaType", media_types.MANIFEST),
            annotations=json.string_map(document, "annotations"),
        )

    def serialize(self) -> bytes:
        """JSON with two spaces of indent; the same bytes for the same value."""
        document: dict[str, json.Json] = {
            "schemaVersion": 2,
            "mediaType": self.media_type,
            "config": self.config.to_json(),
            "layers": [layer.to_json() for layer in self.layers],
        }
        if self.annotations:
            document["annotations"] = dict(sorted(self.annotations.items()))
        return json_module.dumps(document, indent=2).encode()


@dataclass(frozen=True, slots=True)
class Index:
    """Manifests to choose from, by platform or by name."""

    manifests: tuple[Descriptor, ...]
    media_type: str = media_types.INDEX
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises MalformedError (a ValueError) for what is no index."""
        document = json.parse_object(data, "image index")
        return cls(
            manifests=tuple(Descriptor.from_json(item) for item in json.objects(document, "manifests")),
            media_type=json.text(document, "mediaType", media_types.INDEX),
            annotations=json.string_map(document, "annotations"),
        )

    def serialize(self) -> bytes:
        document: dict[str, json.Json] = {
            "schemaVersion": 2,
            "mediaType": self.media_type,
            "manifests": [manifest.to_json() for manifest in self.manifests],
        }
        if self.annotations:
            document["annotations"] = dict(sorted(self.annotations.items()))
        return json_module.dumps(document, indent=2).encode()

"""`Descriptor` names a blob: media type, digest and size. Source: OCI image-spec descriptor.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Self

from stagemill.digest import Digest
from stagemill.oci import document as json
from stagemill.oci.platform import Platform
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A blob by its name; `size` is in bytes, `artifact_type` what a manifest that is no image is."""

    media_type: str
    digest: Digest
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    platform: Platform | None = None
    artifact_type: str = ""

    @classmethod
    def from_json(cls, document: json.JsonObject) -> Self:
        """Raises MalformedError (a ValueError) for what is no descriptor."""
        try:
            digest = Digest(json.text(document, "digest"))
        except json.MalformedError:
            raise
        except ValueError as error:
            raise json.MalformedError(str(error)) from error
        size = json.integer(document, "size")
        if size < 0:
            raise json.MalformedError(f"'size' is {size}")
        platform = Platform.from_json(json.obj(document, "platform")) if document.get("platform") else None
        annotations = json.string_map(document, "annotations")
        kind = json.text(document, "artifactType", "")
        return cls(json.text(document, "mediaType", ""), digest, size, annotations, platform, kind)

    def to_json(self) -> json.JsonObject:
        document: dict[str, json.Json] = {"mediaType": self.media_type, "digest": self.digest, "size": self.size}
        if self.annotations:
            document["annotations"] = dict(sorted(self.annotations.items()))
        if self.platform:
            document["platform"] = self.platform.to_json()
        if self.artifact_type:
            document["artifactType"] = self.artifact_type
        return document

"""`Seen`: what can be known of an image at its place without its layers: documents, configs, what statements there are."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterator
from typing import Literal

from stagemill.oci import document as json
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.platform import Platform
from stagemill.places.node import Node
from stagemill.places.rewriting import SUBJECT
from stagemill.places.source import Source, small
from stagemill.values import dataclass

PREDICATE = "in-toto.io/predicate-type"
_MOST_STATEMENT = 64 << 20
Kind = Literal["provenance", "sbom", "other"]


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody said of an image, by its in-toto predicate type; `blob` has it."""

    predicate: str
    blob: Descriptor

    @property
    def kind(self) -> Kind:
        if self.predicate.startswith("https://slsa.dev/provenance/"):
            return "provenance"
        return "sbom" if self.predicate.startswith(("https://spdx.dev/", "https://cyclonedx.org/")) else "other"


@dataclass(frozen=True, slots=True)
class SeenImage:
    """An image of one platform."""

    node: Node
    config_bytes: bytes
    statements: tuple[Statement, ...] = ()

    @property
    def config(self) -> json.JsonObject:
        return json.parse_object(self.config_bytes, "the config")

    @property
    def platform(self) -> Platform:
        """What an index says of it, else what it says itself."""
        return self.node.descriptor.platform or Platform.from_json(self.config)

    @property
    def layers(self) -> tuple[Descriptor, ...]:
        return self.node.blobs[:-1]

    @property
    def size(self) -> int:
        """Bytes of the layers as they are shipped, each once."""
        return sum({layer.digest: layer.size for layer in self.layers}.values())


@dataclass(frozen=True, slots=True)
class Seen:
    """An image or an index by its `name`; `source` has the rest of it."""

    name: str
    node: Node
    images: tuple[SeenImage, ...]
    source: Source

    @property
    def single(self) -> SeenImage | None:
        """The image, where there is one and not several."""
        return self.images[0] if len(self.images) == 1 else None

    def statement(self, statement: Statement) -> json.JsonObject:
        """The whole of it. Raises StagemillError."""
        return json.parse_object(small(self.source, statement.blob, limit=_MOST_STATEMENT), "the statement")


def look(name: str, node: Node, source: Source) -> Seen:
    """Reads configs, which are small. Raises StagemillError."""
    about = list(_statements(node))
    images = [
        SeenImage(
            image,
            small(source, image.config),
            tuple(statement for subject, statement in about if subject == image.digest),
        )
        for image in node.images()
    ]
    return Seen(name, node, tuple(images), source)


def _statements(node: Node) -> Iterator[tuple[str, Statement]]:
    """Each with the digest of what it is about."""
    for each in node.walk():
        subject = json.string_map(each.entry, "annotations").get(SUBJECT, "")
        for blob in each.blobs if subject else ():
            if predicate := blob.annotations.get(PREDICATE):
                yield subject, Statement(predicate, blob)


def facts(seen: Seen) -> dict[str, json.Json]:
    """For programs: sizes in bytes, layers the lowest first."""
    descriptor = seen.node.descriptor
    return {
        "name": seen.name,
        "digest": descriptor.digest,
        "mediaType": descriptor.media_type,
        "size": descriptor.size,
        "annotations": json.string_map(seen.node.document, "annotations"),
        "images": [_image_facts(image) for image in seen.images],
        "manifest": seen.node.document,
    }


def _image_facts(image: SeenImage) -> dict[str, json.Json]:
    return {
        "platform": str(image.platform),
        "digest": image.node.digest,
        "mediaType": image.node.media_type,
        "size": image.size,
        "created": json.text(image.config, "created", "") or None,
        "layers": [layer.to_json() for layer in image.layers],
        "config": image.config,
        "attestations": sorted({statement.predicate for statement in image.statements}),
    }


def as_json(seen: list[Seen]) -> str:
    return json_module.dumps([facts(each) for each in seen], indent=2, ensure_ascii=False)

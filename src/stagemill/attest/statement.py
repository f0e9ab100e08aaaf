"""`Attestation`, something that is said, and the in-toto statement that says of what. Source: in-toto, spec/v1/statement.md."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import field

from stagemill.attest import purl
from stagemill.digest import Digest
from stagemill.oci.document import Json, JsonObject, whole
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.values import dataclass

STATEMENT = "https://in-toto.io/Statement/v1"
SPDX = "https://spdx.dev/Document"
CYCLONEDX = "https://cyclonedx.org/bom"
PROVENANCE_1 = "https://slsa.dev/provenance/v1"
PROVENANCE_02 = "https://slsa.dev/provenance/v0.2"
UNNAMED = "_"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a statement is about."""

    name: str
    digest: Digest

    def to_json(self) -> JsonObject:
        return {"name": self.name, "digest": {"sha256": self.digest.hex}}


@dataclass(frozen=True, slots=True)
class Attestation:
    """A predicate of a type. `file` is its name where it becomes one; `inline_only` ones belong to images in a store only."""

    file: str
    type: str
    predicate: JsonObject = field(hash=False)
    inline_only: bool = False

    def statement(self, subjects: Iterable[Subject], *, indent: int | None = None) -> bytes:
        """JSON; the same bytes for the same value."""
        document: dict[str, Json] = {
            "_type": STATEMENT,
            "predicateType": self.type,
            "subject": [subject.to_json() for subject in subjects],
            "predicate": self.predicate,
        }
        separators = (",", ":") if indent is None else None
        return whole(json.dumps(document, indent=indent, separators=separators, ensure_ascii=False)).encode()


def subjects_of(names: Iterable[str], digest: Digest, platform: Platform) -> tuple[Subject, ...]:
    """An image by each of its full names; by none of them where it has none."""
    named = tuple(Subject(purl.of_image(Reference.parse(name), platform), digest) for name in dict.fromkeys(names))
    return named or (Subject(UNNAMED, digest),)

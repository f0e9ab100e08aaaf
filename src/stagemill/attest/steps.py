"""The steps of a build as a statement has them: numbered, with what each reads, where it stands, and which layers it became.

The form is that of BuildKit's llbDefinition (docs/attestations/slsa-definitions.md); what a step does is in our own words, the
canonical form of its operation.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from stagemill.digest import Digest
from stagemill.errors import redacted
from stagemill.graph.vertex import Vertex
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.document import Json, JsonObject
from stagemill.values import dataclass


def without_logins(value: Json) -> Json:
    """The same without the logins of the URLs in its texts."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {key: without_logins(item) for key, item in value.items()}
    return tuple(without_logins(item) for item in value) if isinstance(value, Sequence) else value


@dataclass(frozen=True, slots=True)
class Text:
    """A Dockerfile by its `name`, and as places in it call it (`file`). `ends` are the last lines of its instructions, by
    their first.
    """

    name: str
    file: str
    text: str
    ends: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Steps:
    """Vertices in an order in which each comes after what it reads."""

    vertices: Sequence[Vertex]

    @property
    def names(self) -> dict[Digest, str]:
        return {vertex.digest: f"step{number}" for number, vertex in enumerate(self.vertices)}

    def config(self) -> JsonObject:
        """What the steps are, and which one a vertex is."""
        names = self.names
        return {
            "llbDefinition": [
                {
                    "id": names[vertex.digest],
                    "op": without_logins(vertex.op.canonical()),
                    **_inputs([f"{names[edge.vertex.digest]}:0" for edge in vertex.inputs]),
                }
                for vertex in self.vertices
            ],
            "digestMapping": dict(sorted(names.items())),
        }

    def source(self, text: Text) -> JsonObject:
        """The Dockerfile, and where in it each step stands. Logins in its URLs are left out."""
        names = self.names
        data = base64.b64encode(redacted(text.text).encode("utf-8", "surrogateescape")).decode()
        return {
            "infos": [{"filename": text.name, "language": "Dockerfile", "data": data}],
            "locations": {
                names[vertex.digest]: {"locations": [{"ranges": [_range(vertex.label.at.line, text)]}]}
                for vertex in self.vertices
                if vertex.label.at and vertex.label.at.file == text.file
            },
        }

    def layers(self, of: Mapping[Digest, Sequence[Descriptor]]) -> JsonObject:
        """The layers of the image up to each step that gave it one."""
        names = self.names
        return {
            f"{names[vertex.digest]}:0": [[layer.to_json() for layer in of[vertex.digest]]]
            for vertex in self.vertices
            if of.get(vertex.digest)
        }


def _inputs(names: list[str]) -> dict[str, Json]:
    return {"inputs": names} if names else {}


def _range(line: int, text: Text) -> JsonObject:
    return {"start": {"line": line}, "end": {"line": text.ends.get(line, line)}}

"""Which layer of an image each thing in a list came with, in the words that others have for it.

Source: BuildKit, exporter/containerimage/attestations.go, for the files of SPDX: a comment `layerID: sha256:…`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from stagemill.attest.spdx import FOUND
from stagemill.attest.statement import CYCLONEDX, SPDX, Attestation
from stagemill.digest import Digest
from stagemill.files.paths import clean
from stagemill.oci.document import Json, JsonObject, MalformedError, objects

LayerOf: TypeAlias = Callable[[str], "Digest | None"]
"""The digest of the layer that a path of the tree is from, as it is shipped; None where it is from none."""
_WITHIN = "!/"
_PROPERTY = "stagemill:layer"


def layered(attestation: Attestation, layer_of: LayerOf) -> Attestation:
    """A list with the layers of what it has: of the files in it, and of those that told of its packages.

    What somebody commented already stays as it is, and so does a scanner's list that cannot be read.
    """
    predicate: dict[str, Json] = dict(attestation.predicate)
    try:
        for key, change in _FORMS.get(attestation.type, {}).items():
            if key in predicate:
                predicate[key] = [change(item, layer_of) for item in objects(predicate, key)]
    except MalformedError:
        return attestation
    return replace(attestation, predicate=predicate)


def _file(item: JsonObject, layer_of: LayerOf) -> JsonObject:
    return _commented(item, item.get("fileName"), layer_of)


def _package(item: JsonObject, layer_of: LayerOf) -> JsonObject:
    """One of a list of ours; others say in other words where they found it, if at all."""
    found = item.get("sourceInfo")
    told = isinstance(found, str) and found.startswith(FOUND)
    return _commented(item, found.removeprefix(FOUND) if told and isinstance(found, str) else None, layer_of)


def _commented(item: JsonObject, path: Json, layer_of: LayerOf) -> JsonObject:
    layer = _layer(path, layer_of)
    return item if layer is None or item.get("comment") else {**item, "comment": f"layerID: {layer}"}


def _component(item: JsonObject, layer_of: LayerOf) -> JsonObject:
    evidence = item.get("evidence")
    places = objects(evidence, "occurrences") if isinstance(evidence, Mapping) else ()
    layer = _layer(places[0].get("location"), layer_of) if places else None
    return item if layer is None else {**item, "properties": [{"name": _PROPERTY, "value": layer}]}


def _layer(path: Json, layer_of: LayerOf) -> Digest | None:
    return layer_of(clean(path.partition(_WITHIN)[0])) if isinstance(path, str) else None


_FORMS: Mapping[str, Mapping[str, Callable[[JsonObject, LayerOf], JsonObject]]] = {
    SPDX: {"files": _file, "packages": _package},
    CYCLONEDX: {"components": _component},
}

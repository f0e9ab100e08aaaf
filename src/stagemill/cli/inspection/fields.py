"""What a template knows of an image at its place, by the names that buildx gives it.

Source: buildx, util/imagetools/printers.go. Where there are several platforms, Image, Provenance and SBOM are maps by platform.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from stagemill.cli.inspection.seen import Seen, Statement
from stagemill.oci import document as json
from stagemill.template.values import Struct, Value

_MANIFEST = {"schemaVersion": "SchemaVersion", "manifests": "Manifests"}
_DESCRIPTOR = {
    "mediaType": "MediaType", "digest": "Digest", "size": "Size", "annotations": "Annotations", "platform": "Platform",
    "artifactType": "ArtifactType", "urls": "URLs", "data": "Data",
}  # fmt: skip
_PLATFORM = {
    "architecture": "Architecture", "os": "OS", "variant": "Variant", "os.version": "OSVersion",
    "os.features": "OSFeatures",
}  # fmt: skip
_IMAGE = {
    **_PLATFORM, "created": "Created", "author": "Author", "config": "Config", "rootfs": "RootFS", "history": "History",
}  # fmt: skip
_ROOTFS = {"type": "Type", "diff_ids": "DiffIDs"}
_HISTORY = {
    "created": "Created", "created_by": "CreatedBy", "author": "Author", "comment": "Comment",
    "empty_layer": "EmptyLayer",
}  # fmt: skip
_TOP = {"Name": "name", "Manifest": "manifest", "Image": "image", "Provenance": "provenance", "SBOM": "sbom"}
_ABSENT: Mapping[str, Value] = {"Variant": "", "Author": "", "Created": "", "OSVersion": ""}


def fields(seen: Seen, template: str) -> Struct:
    """`template` says what is needed: statements are fetched only where it has them. Raises StagemillError."""
    wanted = template == "json" or bool(re.search(r"Provenance|SBOM|\.\s*[})|]|\$", template))
    found: dict[str, Value] = {
        "Name": seen.name.removeprefix("docker://"),
        "Manifest": _manifest(seen),
        "Image": _each(seen, {image.node.digest: _image(image.config) for image in seen.images}),
        "Provenance": _each(seen, _statements(seen, "provenance") if wanted else {}),
        "SBOM": _each(seen, _statements(seen, "sbom") if wanted else {}),
    }
    return Struct(found, omitted=("Image", "Provenance", "SBOM"), spelt=_TOP)


def _each(seen: Seen, values: Mapping[str, Value]) -> Value:
    """By platform, or the only one's."""
    if seen.single:
        return values.get(seen.single.node.digest, {})
    return {str(image.platform): values[image.node.digest] for image in seen.images if image.node.digest in values}


def _manifest(seen: Seen) -> Struct:
    descriptor = _struct(seen.node.descriptor.to_json(), _DESCRIPTOR)
    entries = json.objects(seen.node.document, "manifests")
    own: dict[str, Value] = {"SchemaVersion": 2, **descriptor, "Manifests": [_descriptor(entry) for entry in entries]}
    spelt = {go: key for key, go in {**_MANIFEST, **_DESCRIPTOR}.items()}
    return Struct(own, omitted=("Manifests", "Platform", "Annotations"), spelt=spelt)


def _descriptor(entry: json.JsonObject) -> Struct:
    plain: dict[str, Value] = dict(_values(entry))
    platform = entry.get("platform")
    if isinstance(platform, Mapping):
        plain["platform"] = _struct(platform, _PLATFORM, absent={"Variant": "", "OSVersion": ""})
    return _struct(plain, _DESCRIPTOR, absent={"Annotations": {}, "Platform": {}})


def _image(config: json.JsonObject) -> Struct:
    plain: dict[str, Value] = dict(_values(config))
    rootfs, history = config.get("rootfs"), config.get("history")
    if isinstance(rootfs, Mapping):
        plain["rootfs"] = _struct(_values(rootfs), _ROOTFS)
    if isinstance(history, list):
        plain["history"] = [_struct(_values(each), _HISTORY) for each in json.objects(config, "history")]
    return _struct(plain, _IMAGE, absent=_ABSENT)


def _values(document: json.JsonObject) -> dict[str, Value]:
    return {key: _value(item) for key, item in document.items()}


def _value(item: json.Json) -> Value:
    if isinstance(item, Mapping):
        return _values(item)
    if isinstance(item, Sequence) and not isinstance(item, str):
        return [_value(each) for each in item]
    return item


def _struct(
    document: Mapping[str, Value], names: Mapping[str, str], absent: Mapping[str, Value] | None = None
) -> Struct:
    """A document with Go's names of its keys, in their order; JSON has its own again, and what is `absent` is not in it."""
    own = {names.get(key, key): value for key, value in document.items()}
    return Struct({**own, **{k: v for k, v in (absent or {}).items() if k not in own}}, omitted=absent or (),
                  spelt={go: key for key, go in names.items()})  # fmt: skip


def _statements(seen: Seen, kind: str) -> dict[str, Value]:
    """Of each image that has one, the predicate of its last statement of a kind."""
    found: dict[str, Value] = {}
    for image in seen.images:
        own: dict[str, Value] = {}
        for statement in image.statements:
            if statement.kind == kind:
                own[_name(statement)] = _value(seen.statement(statement).get("predicate"))
        if own:
            found[image.node.digest] = Struct(own)
    return found


def _name(statement: Statement) -> str:
    if statement.kind == "provenance":
        return "SLSA"
    return "SPDX" if "spdx" in statement.predicate else "CycloneDX"

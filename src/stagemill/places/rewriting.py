"""Changing documents: what names a changed one is changed too, up to the top. Layers and configs stay as they are."""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.oci import document as json
from stagemill.oci import media_types
from stagemill.places.node import Node

Change: TypeAlias = Callable[[Node, json.JsonObject], json.JsonObject | None]
"""A node with what is to become of it so far, to what it is then; None leaves it out of its index."""
Form: TypeAlias = Literal["oci", "docker"]

SUBJECT = "vnd.docker.reference.digest"
"""Where an index says which of its images an attestation is about. Source: BuildKit, docs/attestations/attestation-storage.md."""
_DOCKER = {
    media_types.INDEX: media_types.DOCKER_INDEX,
    media_types.MANIFEST: media_types.DOCKER_MANIFEST,
    media_types.CONFIG: media_types.DOCKER_CONFIG,
    media_types.LAYER: media_types.DOCKER_LAYER,
    media_types.LAYER_GZIP: media_types.DOCKER_LAYER_GZIP,
    "application/vnd.oci.image.layer.nondistributable.v1.tar": "application/vnd.docker.image.rootfs.foreign.diff.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip": (
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    ),
}
_OCI = {**{docker: oci for oci, docker in _DOCKER.items()}, media_types.DOCKER_LAYER_ZSTD: media_types.LAYER_ZSTD}


def serialize(document: json.JsonObject) -> bytes:
    return json_module.dumps(document, indent=2).encode()


def changed(node: Node, change: Change) -> Node | None:
    """The node after the change of all below and of itself; the same one where nothing changed."""
    document = node.document
    children: list[Node] = []
    if node.is_index:
        made = [(child, changed(child, change)) for child in node.children]
        digests = {old.digest: new.digest for old, new in made if new}
        children = [_about(new, digests) for _, new in made if new]
        if tuple(children) != node.children:
            document = {**document, "manifests": [child.entry for child in children]}
    new = change(node, document)
    if new is None:
        return None
    return renamed(node, new, tuple(children))


def renamed(node: Node, document: json.JsonObject, children: tuple[Node, ...]) -> Node:
    """A node with another document, and the entry that names it."""
    if document == node.document:
        return node
    data = serialize(document)
    kind = json.text(document, "mediaType", node.media_type)
    entry = {**node.entry, "mediaType": kind, "digest": Digest.of(data), "size": len(data)}
    return Node(entry, data, children)


def annotated(entry: json.JsonObject, more: Mapping[str, str]) -> json.JsonObject:
    """A document or descriptor with more annotations."""
    if not more:
        return entry
    return {**entry, "annotations": dict(sorted({**json.string_map(entry, "annotations"), **more}.items()))}


def _about(node: Node, digests: Mapping[Digest, Digest]) -> Node:
    """An attestation, whose entry names the image that it is about by its new digest."""
    for old, new in digests.items():
        if old != new and json.string_map(node.entry, "annotations").get(SUBJECT) == old:
            return Node(annotated(node.entry, {SUBJECT: new}), node.data, node.children)
    return node


def in_form(node: Node, form: Form, *, told: Callable[[str], None]) -> Node:
    """The image in OCI's media types, or in those of Docker's schema 2, which has no place for some things: they are `told`.

    Raises StagemillError where it cannot be.
    """
    made = changed(node, _as_oci if form == "oci" else _Docker(told).change)
    if made is None:
        raise StagemillError("only images can be in docker's format", hint="leave out --format docker")
    return made


def _as_oci(node: Node, document: json.JsonObject) -> json.JsonObject:
    return _typed(document, node.media_type, _OCI)


class _Docker:
    def __init__(self, told: Callable[[str], None]) -> None:
        self._told = told

    def change(self, node: Node, document: json.JsonObject) -> json.JsonObject | None:
        if not node.is_index and not node.is_image:
            self._told(
                f"{node.digest} is left out: docker's format has images only, and it is an attestation or the like"
            )
            return None
        if any(layer.media_type == media_types.LAYER_ZSTD for layer in node.blobs):
            hint = "leave out --format docker; stagemill push --compression-format gzip sends layers that it can have"
            raise StagemillError(f"docker's format has no layers in zstd, and {node.digest} has some", hint=hint)
        if annotations := json.string_map(document, "annotations"):
            what = f"the annotations of {node.digest} are left out: docker's format has none"
            self._told(f"{what} ({', '.join(sorted(annotations))})")
        kept = {key: value for key, value in document.items() if key not in {"annotations", "artifactType", "subject"}}
        if node.is_index:
            kept["manifests"] = [_plain(entry) for entry in json.objects(kept, "manifests")]
        return _typed(kept, node.media_type, _DOCKER)


def _plain(entry: json.JsonObject) -> json.JsonObject:
    """Docker's lists have neither annotations nor types of artifacts in their entries."""
    return {key: value for key, value in entry.items() if key in {"mediaType", "digest", "size", "platform"}}


def _typed(document: json.JsonObject, own: str, kinds: Mapping[str, str]) -> json.JsonObject:
    """A manifest or an index with other media types, where it has any that have another name."""
    kind = json.text(document, "mediaType", own)
    typed: dict[str, json.Json] = {**document}
    if kind in kinds:
        typed["mediaType"] = kinds[kind]
    if "config" in document:
        typed["config"] = _retyped(json.obj(document, "config"), kinds)
        typed["layers"] = [_retyped(layer, kinds) for layer in json.objects(document, "layers")]
    return typed


def _retyped(descriptor: json.JsonObject, kinds: Mapping[str, str]) -> json.JsonObject:
    kind = json.text(descriptor, "mediaType", "")
    return {**descriptor, "mediaType": kinds[kind]} if kind in kinds else descriptor

"""`ArchiveTarget`: a new archive, an OCI layout in a tar; in docker's form `docker load` reads it too.

Equal images with equal names make equal bytes.
"""

from __future__ import annotations

import json as json_module
from collections.abc import Iterable
from typing import BinaryIO

from stagemill.errors import StagemillError
from stagemill.execute.streams import Stopped
from stagemill.export import layout
from stagemill.export.archive import ArchiveWriter
from stagemill.export.docker import MANIFEST
from stagemill.oci import document as json
from stagemill.oci import media_types
from stagemill.oci.blobs import BlobSource, chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.reference import Reference
from stagemill.places.node import Node
from stagemill.places.target import How
from stagemill.store.locks import never


class ArchiveTarget:
    """Writes to `out` as things come. With `docker`, its part for docker names this machine's image, or the first.

    `tag` is what the layout calls it, `reference` what docker does.
    """

    parallel = 1
    registry = ""

    def __init__(self, out: BinaryIO, *, docker: bool, tag: str = "", reference: Reference | None = None) -> None:
        self._writer = ArchiveWriter(out)
        self._docker = docker
        self._tag = tag
        self._reference = reference
        self._begun = False

    def check(self, node: Node, /) -> None:
        if self._docker and not node.images():
            hint = "an OCI archive keeps everything: oci-archive:FILE"
            raise StagemillError("docker's archives keep images, and this is none", hint=hint)

    def knows(self, _node: Node, /) -> bool:
        return False

    def blob(self, blob: Descriptor, source: BlobSource, /, *, mounts: Iterable[str], stopped: Stopped = never) -> How:
        del mounts, stopped
        with source.open(blob) as reader:
            self._put(blob, chunks(reader))
        return "sent"

    def manifest(self, node: Node, /) -> None:
        self._put(node.descriptor, (node.data,))

    def name(self, node: Node, /) -> None:
        self.manifest(node)
        documents = {layout.INDEX: self._index(node), layout.LAYOUT: layout.LAYOUT_BYTES}
        if self._docker:
            documents[MANIFEST] = self._manifest(node)
        for name, data in sorted(documents.items()):
            self._writer.file(name, data)
        self._writer.close()

    def _put(self, blob: Descriptor, pieces: Iterable[bytes]) -> None:
        if not self._begun:
            self._begun = True
            self._writer.directory("blobs")
            self._writer.directory(layout.BLOBS)
        self._writer.stream(layout.blob_path(blob.digest), blob.size, pieces)

    def _index(self, node: Node) -> bytes:
        names: dict[str, str] = {}
        if self._reference:
            names[layout.NAME] = str(self._reference)
        if tag := self._tag or (self._reference.tag if self._reference else ""):
            names[layout.TAG] = tag
        annotations = {**json.string_map(node.entry, "annotations"), **names}
        entry = {**node.entry, "annotations": dict(sorted(annotations.items()))} if annotations else node.entry
        index = {"schemaVersion": 2, "mediaType": media_types.INDEX, "manifests": [entry]}
        return json_module.dumps(index, indent=2).encode()

    def _manifest(self, node: Node) -> bytes:
        image = node.pick(None) or node.images()[0]
        entry = {
            "Config": layout.blob_path(image.config.digest),
            "RepoTags": [self._reference.familiar] if self._reference and self._reference.tag else None,
            "Layers": [layout.blob_path(layer.digest) for layer in image.blobs[:-1]],
        }
        return json_module.dumps([entry], separators=(",", ":")).encode()

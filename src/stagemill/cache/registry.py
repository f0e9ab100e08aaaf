"""A cache in a registry's repository: a `Place` to read from, and a `Keep` to write to."""

from __future__ import annotations

from contextlib import AbstractContextManager

from stagemill.digest import Digest
from stagemill.oci.blobs import BlobSource, Reader
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.reference import Reference
from stagemill.registry.client import RegistryClient
from stagemill.registry.destination import Destination
from stagemill.registry.documents import Document
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class RegistryPlace:
    """What a name stands for, in its repository."""

    client: RegistryClient
    reference: Reference

    def document(self, digest: Digest | None, /) -> Document:
        return self.client.document(self.reference, digest)

    def open(self, descriptor: Descriptor, /) -> AbstractContextManager[Reader]:
        return self.client.blobs(self.reference).open(descriptor)


@dataclass(frozen=True, slots=True)
class RegistryKeep:
    """Writes under the destination's tag. Where one of the `mounts`, repositories of the registry, has a blob, it is not sent."""

    destination: Destination
    mounts: tuple[str, ...] = ()

    def send(self, descriptor: Descriptor, source: BlobSource, /) -> bool:
        return self.destination.send(descriptor, source, mounts=self.mounts) == "sent"

    def name(self, document: Document, /) -> None:
        tag = self.destination.reference.tag
        self.destination.put_manifest(document.data, media_type=document.media_type, name=tag)

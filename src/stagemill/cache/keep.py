"""`Keep`: where a cache is written to, blob by blob, and named when it is whole."""

from __future__ import annotations

from typing import Protocol

from stagemill.oci.blobs import BlobSource
from stagemill.oci.descriptor import Descriptor
from stagemill.registry.documents import Document


class Keep(Protocol):
    """Several threads may send; errors are StagemillError."""

    def send(self, descriptor: Descriptor, source: BlobSource, /) -> bool:
        """The blob is there afterwards. Whether its bytes had to be moved."""
        ...

    def name(self, document: Document, /) -> None:
        """Whoever reads the cache gets this document from now on. All blobs that it names have been sent."""
        ...

"""`Document`: a manifest or index, with the media type that says which."""

from __future__ import annotations

from typing import Protocol

from stagemill.digest import Digest
from stagemill.errors import RegistryError
from stagemill.oci import document as json
from stagemill.oci import media_types
from stagemill.oci.descriptor import Descriptor
from stagemill.values import dataclass

MOST_BYTES = 8 << 20
_KNOWN = media_types.INDEXES | media_types.MANIFESTS
ACCEPT = ", ".join(sorted(_KNOWN, reverse=True))


class Shelf(Protocol):
    """Where small documents are kept from one build to the next, by digest: the store's blobs."""

    def read(self, digest: Digest, /) -> bytes:
        """Raises NotFoundError where there is none."""
        ...

    def put(self, data: bytes, /) -> Digest: ...


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes with their media type: what the document says, else what the server said, else what its shape tells."""

    media_type: str
    data: bytes

    @classmethod
    def of(cls, data: bytes, *, content_type: str, what: str) -> Document:
        """Raises RegistryError where it is neither a manifest nor an index."""
        try:
            document = json.parse_object(data, "its manifest")
            said = json.text(document, "mediaType", "") or content_type.partition(";")[0].strip()
            version = json.integer(document, "schemaVersion", 2)
        except json.MalformedError as error:
            raise RegistryError(f"{what} cannot be read: {error}", hint="push the image again") from error
        if version != 2:
            message = f"{what} is in Docker's old format (schema {version}), which is no longer read"
            raise RegistryError(message, hint="pull and push the image with a tool of today")
        return cls(said if said in _KNOWN else _by_shape(document, said, what=what), data)

    @property
    def descriptor(self) -> Descriptor:
        return Descriptor(self.media_type, Digest.of(self.data), len(self.data))

    @property
    def is_index(self) -> bool:
        return self.media_type in media_types.INDEXES


def _by_shape(document: json.JsonObject, said: str, *, what: str) -> str:
    if "manifests" in document:
        return media_types.INDEX
    if "config" in document:
        return media_types.MANIFEST
    raise RegistryError(f"{what} is no image but of type {said!r}", hint="name an image")

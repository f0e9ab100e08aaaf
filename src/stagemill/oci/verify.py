"""`VerifyingReader`, a stream that cannot end well with other bytes than its descriptor names."""

from __future__ import annotations

import hashlib

from stagemill.errors import CorruptError
from stagemill.oci.blobs import Reader
from stagemill.oci.descriptor import Descriptor


class VerifyingReader:
    """Hands the bytes of `reader` on, and raises CorruptError instead of the last piece where they are not the blob's.

    `where` says for people where the bytes come from. Whoever reads up to the end, or exactly the descriptor's size,
    has the right bytes.
    """

    def __init__(self, reader: Reader, descriptor: Descriptor, *, where: str) -> None:
        self._reader = reader
        self._descriptor = descriptor
        self._where = where
        self._hash = hashlib.sha256()
        self._seen = 0

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; b"" after the last. Raises CorruptError where digest or size is wrong."""
        data = self._reader.read(size)
        self._seen += len(data)
        self._hash.update(data)
        wanted = self._descriptor.size
        if self._seen > wanted:
            raise self._corrupt(f"it is longer than {wanted} bytes")
        if not data and size and self._seen < wanted:
            raise self._corrupt(f"it ends after {self._seen} of {wanted} bytes")
        if self._seen == wanted and self._hash.hexdigest() != self._descriptor.digest.hex:
            raise self._corrupt(f"its bytes are sha256:{self._hash.hexdigest()}")
        return data

    def _corrupt(self, why: str) -> CorruptError:
        return CorruptError(
            f"blob {self._descriptor.digest} from {self._where} is not what its name says: {why}",
            hint="the bytes were changed on the way or on disk: fetch the image again, or from another place",
        )

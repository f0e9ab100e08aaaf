"""The bytes of a file in a tree, checked against the digest that the tree has of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

from stagemill.errors import CorruptError, StoreError
from stagemill.files.view import Entry, FileView
from stagemill.oci.blobs import CHUNK

_CHECK = "run `stagemill store check`, then build again"


def content(view: FileView, path: str, entry: Entry) -> Iterator[bytes]:
    """The file's bytes in pieces. Raises CorruptError at the end of wrong ones, StoreError where it cannot be read."""
    sha256, size = hashlib.sha256(), 0
    try:
        descriptor = os.open(view.real_path(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            while size <= entry.size and (data := os.read(descriptor, CHUNK)):
                sha256.update(data)
                size += len(data)
                yield data
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StoreError(f"cannot read {path!r} of the tree: {error.strerror}", hint=_CHECK) from error
    if size != entry.size or sha256.hexdigest() != view.digest(path).hex:
        raise CorruptError(f"the file {path!r} is not what the tree's index says", hint=_CHECK)

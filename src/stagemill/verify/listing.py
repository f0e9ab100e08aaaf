"""`Listing`: what a layer's blob holds, read from its tar: every path with its facts and the digest of its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from stagemill.digest import Digest
from stagemill.files.paths import clean
from stagemill.files.view import Entry
from stagemill.layer.compression import decompressed
from stagemill.layer.reader import TarReader
from stagemill.layer.stream import ByteStream
from stagemill.oci.blobs import BlobSource
from stagemill.oci.descriptor import Descriptor
from stagemill.values import dataclass

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Item:
    """One path. `link` is the path that a hard link names, `digest` that of a file's bytes."""

    entry: Entry
    link: str | None = None
    digest: Digest | None = None


def listing(blobs: BlobSource, layer: Descriptor) -> dict[str, Item]:
    """The paths in the order of the archive; of one that is there twice the last. Raises ArchiveError, StoreError, RegistryError."""
    found: dict[str, Item] = {}
    with blobs.open(layer) as reader:
        stream = ByteStream(decompressed(reader))
        archive = TarReader(stream)
        for member in archive:
            path = clean(member.name)
            is_file = member.entry.kind == "file" and member.link is None
            digest = _digest(archive) if is_file else None
            found.pop(path, None)
            found[path] = Item(member.entry, None if member.link is None else clean(member.link), digest)
        stream.drain()
    return found


def _digest(archive: TarReader) -> Digest:
    sha256 = hashlib.sha256()
    while data := archive.read(_CHUNK):
        sha256.update(data)
    return Digest.from_hex(sha256.hexdigest())


def extract(blobs: BlobSource, layer: Descriptor, wanted: Mapping[str, Path]) -> None:
    """Writes the bytes of some files of a layer to other places."""
    with blobs.open(layer) as reader:
        stream = ByteStream(decompressed(reader))
        archive = TarReader(stream)
        for member in archive:
            target = wanted.get(clean(member.name))
            if target is None or member.entry.kind != "file" or member.link is not None:
                continue
            with ExitStack() as stack:
                file = stack.enter_context(target.open("wb"))
                while data := archive.read(_CHUNK):
                    file.write(data)
        stream.drain()

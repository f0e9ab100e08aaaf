"""Packs a layer directory into the blob that images carry: a tar archive, compressed.

Entries are sorted, deletions are `.wh.` files, owners have no names: the same layer makes the same bytes every time.
Source: OCI image-spec layer.md, section "Representing Changes".
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from stagemill.digest import Digest
from stagemill.errors import ArchiveError, CorruptError, StoreError
from stagemill.files.view import Entry, Kind
from stagemill.layer import header as tar
from stagemill.layer.compression import USUAL, Compression, compressed
from stagemill.layer.disk import unhindered
from stagemill.layer.index import IndexEntry, LayerIndex
from stagemill.layer.stream import CHUNK, ahead, even
from stagemill.timings import measured
from stagemill.values import dataclass

WHITEOUT_PREFIX = b".wh."
OPAQUE_NAME = b".wh..wh..opq"

_TYPES: dict[Kind, bytes] = {
    "file": tar.FILE,
    "dir": tar.DIRECTORY,
    "symlink": tar.SYMLINK,
    "fifo": tar.FIFO,
    "char": tar.CHAR,
    "block": tar.BLOCK_DEVICE,
}
_CHECK = "run `stagemill store check`, then build again"


class BlobWriter(Protocol):
    """Takes the bytes of one blob and keeps it, named by its digest, when it is committed."""

    def write(self, data: bytes, /) -> object: ...
    def commit(self) -> tuple[Digest, int]: ...


@dataclass(frozen=True, slots=True)
class PackedLayer:
    """A layer as a blob: `diff_id` names the tar, `digest` and `size` (bytes) the compressed blob."""

    diff_id: Digest
    digest: Digest
    size: int


def pack(directory: Path, index: LayerIndex) -> Iterator[bytes]:
    """The layer as a tar, in pieces of exactly a mebibyte but for the last.

    Sockets are left out, and the root directory unless it says more than 0755 root. Raises CorruptError where a file is not
    what the index says, and ArchiveError for a name that would mean a deletion.
    """
    return even(_pieces(os.fspath(directory), index))


@measured("pack")
def pack_blob(
    directory: Path,
    index: LayerIndex,
    writer: BlobWriter,
    *,
    compression: Compression = USUAL,
    pause: Callable[[], None] = unhindered,
) -> PackedLayer:
    """Writes and commits the compressed tar. Raises as `pack` does, and what `pause` raises; nothing is committed then."""
    sha256 = hashlib.sha256()

    def hashed(pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            sha256.update(piece)
            pause()
            yield piece

    with ahead(pack(directory, index)) as pieces:
        for piece in compressed(hashed(pieces), compression):
            writer.write(piece)
    digest, size = writer.commit()
    return PackedLayer(Digest.from_hex(sha256.hexdigest()), digest, size)


def _pieces(root: str, index: LayerIndex) -> Iterator[bytes]:
    for item in index.entries:
        name = item.path.encode("utf-8", "surrogateescape")
        parent, slash, last = name.rpartition(b"/")
        if item.whiteout:
            yield tar.header(parent + slash + WHITEOUT_PREFIX + last, tar.FILE, mode=0)
            continue
        if last.startswith(WHITEOUT_PREFIX):
            raise ArchiveError(
                f"an image cannot carry the file {item.path!r}: names that begin with '.wh.' mean a deletion in its layers",
                hint="remove or rename it in the step that makes it",
            )
        match item.entry.kind:
            case "socket":
                continue
            case "dir":
                yield from _directory(name, item)
            case "file" if item.link is None:
                yield _header(name, item)
                yield from _content(f"{root}/{item.path}", item)
            case _:
                yield _header(name, item)
    yield tar.END


def _directory(name: bytes, item: IndexEntry) -> Iterator[bytes]:
    if name or not _is_plain(item.entry):
        yield _header(name + b"/" if name else b"./", item)
    if item.opaque:
        yield tar.header((name + b"/" if name else b"") + OPAQUE_NAME, tar.FILE, mode=0)


def _is_plain(root: Entry) -> bool:
    return (root.mode, root.uid, root.gid, root.xattrs) == (0o755, 0, 0, ())


def _header(name: bytes, item: IndexEntry) -> bytes:
    entry = item.entry
    link = entry.target if item.link is None else item.link
    return tar.header(
        name,
        _TYPES[entry.kind] if item.link is None else tar.LINK,
        mode=entry.mode,
        uid=entry.uid,
        gid=entry.gid,
        size=entry.size if item.link is None else 0,
        mtime_ns=entry.mtime_ns,
        link=link.encode("utf-8", "surrogateescape"),
        device=entry.device,
        xattrs=entry.xattrs,
    )


def _content(location: str, item: IndexEntry) -> Iterator[bytes]:
    sha256, size = hashlib.sha256(), 0
    try:
        descriptor = os.open(location, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            while size <= item.entry.size and (data := os.read(descriptor, CHUNK)):
                sha256.update(data)
                size += len(data)
                yield data
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StoreError(f"cannot read {location!r} of a layer: {error.strerror}", hint=_CHECK) from error
    if size != item.entry.size or sha256.hexdigest() != _hex(item):
        raise CorruptError(f"the file {item.path!r} of a layer is not what the layer's index says", hint=_CHECK)
    yield tar.padding(size)


def _hex(item: IndexEntry) -> str:
    assert item.digest is not None, "a file in an index has its digest"
    return item.digest.hex

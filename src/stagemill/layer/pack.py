"""Packs a layer directory into the blob that images carry: a tar archive, compressed.

Entries are sorted, and blocks are cut by what is in them: the same layer makes the same bytes every time, on any number of
processors. Each block is a member of gzip or a frame of zstd of its own, which readers put together again.
Source: RFC 1952, section 2.2, and RFC 8878, section 3.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import repeat
from pathlib import Path
from typing import Protocol

from stagemill.digest import Digest
from stagemill.layer.blocks import Block, cut, torn
from stagemill.layer.compression import USUAL, Compression, expanded, squeezed
from stagemill.layer.disk import unhindered
from stagemill.layer.hashed import Hashed
from stagemill.layer.index import MOST_HELD, IndexEntry, LayerIndex
from stagemill.layer.stream import behind, in_order
from stagemill.timings import measured
from stagemill.values import dataclass

_WORTH = 4  # blocks; fewer are read and compressed sooner than looked up


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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a compressed block lies in a blob: `size` bytes from `begin` on."""

    begin: int
    size: int


class Shelf(Protocol):
    """Compressed blocks of earlier blobs, by their keys."""

    def find(self, keys: Sequence[Digest], /) -> Mapping[Digest, Callable[[], bytes | None]]:
        """For those that are known what reads their bytes; None where they are gone, or their blob is not whole any more."""
        ...

    def keep(self, blob: Digest, places: Mapping[Digest, Place], /) -> None:
        """Afterwards `find` knows them."""
        ...


class _Nowhere:
    """A shelf with nothing on it."""

    def find(self, _keys: Sequence[Digest], /) -> Mapping[Digest, Callable[[], bytes | None]]:
        return {}

    def keep(self, _blob: Digest, _places: Mapping[Digest, Place], /) -> None:
        pass


NOWHERE: Shelf = _Nowhere()


def pack(directory: Path, index: LayerIndex) -> Iterator[bytes]:
    """The layer as a tar, in pieces. Raises CorruptError where a file is not what the index says, and ArchiveError for a
    name that would mean a deletion.
    """
    whole = _Whole()
    for block in cut(index):
        tar, part = block.read(os.fspath(directory))
        whole.check(_Made(block, tar, part, b"", None))
        yield tar


@measured("pack")
def pack_blob(
    directory: Path,
    index: LayerIndex,
    writer: BlobWriter,
    *,
    compression: Compression = USUAL,
    pause: Callable[[], None] = unhindered,
    shelf: Shelf = NOWHERE,
    hashed: Hashed | None = None,
) -> PackedLayer:
    """Writes and commits the compressed tar. Raises as `pack` does, and what `pause` raises; nothing is committed then.

    Blocks that the shelf has are taken from there, and all of this layer are there afterwards. Large files that were `hashed`
    by this process are not hashed again.
    """
    work = _Work(os.fspath(directory), compression, shelf, index, hashed=hashed or Hashed())
    sha256, whole, at = hashlib.sha256(), _Whole(), 0
    places: dict[Digest, Place] = {}

    def write(made: _Made) -> None:
        nonlocal at
        writer.write(made.packed)
        if made.key:
            places[made.key] = Place(at, len(made.packed))
        at += len(made.packed)

    workers = len(os.sched_getaffinity(0))
    with (
        # One digest cannot be made by several processors, but there are three of them.
        behind(write, work.count) as written,
        behind(whole.check, work.count) as checked,
        in_order(work.make, work.blocks(), workers=workers) as blocks,
    ):
        for made in blocks:
            pause()
            written(made)
            checked(made)
            sha256.update(made.tar)
    digest, size = writer.commit()
    if places:
        shelf.keep(digest, places)
    return PackedLayer(Digest.from_hex(sha256.hexdigest()), digest, size)


@dataclass(frozen=True, slots=True)
class _Made:
    """A block, read and compressed: `part` are bytes of a large file in it, none where the file is known to be right.

    `key` is what a shelf has it by, if it shall.
    """

    block: Block
    tar: bytes
    part: bytes
    packed: bytes
    key: Digest | None


class _Work:
    """Makes blocks, several at a time. Of an index that is not held they are cut twice: to know their keys, and when they are
    wanted. `count` says about how many there are.
    """

    def __init__(self, root: str, compression: Compression, shelf: Shelf, index: LayerIndex, *, hashed: Hashed) -> None:
        self._hashed = hashed
        self._root = root
        self._compression = compression
        self._index = index
        self._cut = [*cut(index)] if index.is_held else None
        self.count = MOST_HELD if self._cut is None else len(self._cut)
        kept = self.count >= _WORTH and compression.kind != "uncompressed"
        self._keys = [block.key(str(compression)) for block in self._cut or cut(index)] if kept else []
        self._found = shelf.find(self._keys) if kept else {}

    def blocks(self) -> Iterator[tuple[Block, Digest | None]]:
        """Each with its key, if it shall have one."""
        blocks = self._cut or cut(self._index)
        return zip(blocks, self._keys, strict=True) if self._keys else zip(blocks, repeat(None))

    def make(self, cut: tuple[Block, Digest | None]) -> _Made:
        block, key = cut
        read = self._found.get(key) if key else None
        packed = read() if read else None
        # To read many small files takes longer than to expand them; to read a large one does not.
        if packed is not None and not block.large:
            tar, part = expanded(packed, self._compression), b""
        else:
            tar, part = block.read(self._root)
            part = b"" if block.large and self._is_right(block.large) else part
        packed = squeezed(tar, self._compression) if packed is None else packed
        return _Made(block, tar, part, packed, key)

    def _is_right(self, item: IndexEntry) -> bool:
        """Asked when a part was read: who writes to the file meanwhile leaves parts that are checked, without the others."""
        assert item.digest is not None, "a file in an index has its digest"
        return self._hashed.has(f"{self._root}/{item.path}", item.digest)


class _Whole:
    """Checks large files, of which each block has a part."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()

    def check(self, made: _Made) -> None:
        """Takes the blocks in their order. Raises CorruptError."""
        block, part = made.block, made.part
        item = block.large
        if item is None or block.begin is None or not part:
            return
        if block.begin == 0:
            self._sha256 = hashlib.sha256()
        self._sha256.update(part)
        assert item.digest is not None, "a file in an index has its digest"
        if block.begin + len(part) == item.entry.size and self._sha256.hexdigest() != item.digest.hex:
            raise torn(item)

"""`Block`: a part of a layer's tar that is compressed by itself, so that several are at once, and none twice.

Where a layer is cut depends on nothing but its index: after paths that say so by their name, about half a mebibyte apart, so
that what is added or changed moves no cut but the next ones. Large files are cut every mebibyte from their own beginning. Equal blocks
have equal keys, and a block that was compressed for an earlier layer need be neither read from its files nor compressed again.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from stagemill.digest import Digest
from stagemill.errors import CorruptError, StoreError
from stagemill.layer import header as tar
from stagemill.layer.headers import has_any, headers
from stagemill.layer.index import IndexEntry, LayerIndex
from stagemill.layer.stream import CHUNK
from stagemill.timings import measured
from stagemill.values import dataclass

_VERSION = 2  # of how entries become a tar, and that a blob; part of the keys
_SMALL = CHUNK >> 4  # bytes that a block has at least, but for the last and what is beside a large file
_LARGE = CHUNK << 1  # and at most
_MEAN = CHUNK >> 1
_CHECK = "run `stagemill store check`, then build again"


@dataclass(frozen=True, slots=True)
class Block:
    """Entries whose tar is one block, or `CHUNK` bytes of a large file from `begin` on; `last` ends the archive."""

    entries: tuple[IndexEntry, ...]
    begin: int | None = None
    last: bool = False

    def key(self, form: str) -> Digest:
        """What its bytes in a form depend on: the entries, with the digests of their files."""
        rows = [_row(item) for item in self.entries]
        return Digest.of(
            "\0".join([f"{_VERSION} {form} {self.begin} {self.last}", *rows]).encode("utf-8", "surrogateescape")
        )

    @property
    def large(self) -> IndexEntry | None:
        """The file that this is a part of, and whose digest only all its parts have."""
        return None if self.begin is None else self.entries[0]

    @measured("tar")
    def read(self, root: str) -> tuple[bytes, bytes]:
        """Its tar, from the files in a directory, and the bytes of a large file in it, which the caller checks.

        Raises CorruptError where a file is not what the index says, ArchiveError as `headers` does.
        """
        if self.begin is not None:
            return self._part(root, self.begin)
        pieces: list[bytes] = []
        with _folder(root) as at:
            for item in self.entries:
                pieces += headers(item)
                if item.entry.kind == "file" and item.link is None and not item.whiteout:
                    size = item.entry.size
                    # One byte more is asked for, so that it is seen where a file has more.
                    data = _content(root, item, 0, size + 1, want=size, at=at)
                    assert item.digest is not None, "a file in an index has its digest"
                    if len(data) != size or hashlib.sha256(data).hexdigest() != item.digest.hex:
                        raise torn(item)
                    pieces += (data, tar.padding(size))
        if self.last:
            pieces.append(tar.END)
        return b"".join(pieces), b""

    def _part(self, root: str, begin: int) -> tuple[bytes, bytes]:
        (item,) = self.entries
        left = item.entry.size - begin
        head = headers(item) if begin == 0 else []
        data = _content(root, item, begin, min(CHUNK, left), want=min(CHUNK, left))
        if len(data) != min(CHUNK, left):
            raise torn(item)
        end = tar.padding(item.entry.size) if left <= CHUNK else b""
        pieces = [*head, data, end, tar.END if self.last else b""]
        return b"".join(filter(None, pieces)), data  # one piece alone is not copied


def torn(item: IndexEntry) -> CorruptError:
    return CorruptError(f"the file {item.path!r} of a layer is not what the layer's index says", hint=_CHECK)


def cut(index: LayerIndex) -> Iterator[Block]:
    """The blocks of a layer, in their order; at least one, whose last ends the archive."""
    latest: Block | None = None
    for block in _cut(index):
        if latest:
            yield latest
        latest = block
    yield replace(latest, last=True) if latest else Block((), last=True)


def _cut(entries: Iterable[IndexEntry]) -> Iterator[Block]:
    waiting: list[IndexEntry] = []
    held, ends = 0, False
    for item in filter(has_any, entries):
        size = item.entry.size if item.link is None and not item.whiteout else 0
        if waiting and (size >= CHUNK or held + size > _LARGE or (held >= _SMALL and ends)):
            yield Block(tuple(waiting))
            waiting, held = [], 0
        if size >= CHUNK:
            yield from (Block((item,), begin) for begin in range(0, size, CHUNK))
        else:
            waiting.append(item)
            held += tar.BLOCK + size
            ends = _ends(item.path, tar.BLOCK + size)
    if waiting:
        yield Block(tuple(waiting))


def _ends(path: str, size: int) -> bool:
    """Whether a path of this size may be the last of a block: its name decides, and one in `_MEAN` bytes may."""
    return zlib.crc32(path.encode("utf-8", "surrogateescape")) * _MEAN < size << 32


def _row(item: IndexEntry) -> str:
    """All that an entry's part of the tar is made of."""
    entry = item.entry
    facts = (entry.kind, entry.mode, entry.uid, entry.gid, entry.size, entry.mtime_ns, entry.device, entry.xattrs)
    marks = (item.digest and item.digest.hex, item.whiteout, item.opaque, item.link is not None)
    return f"{item.path}\0{item.link or entry.target}\0{facts}{marks}"


@contextmanager
def _folder(root: str) -> Iterator[int]:
    """A directory, open, so that paths begin there."""
    try:
        descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(root, error) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _content(root: str, item: IndexEntry, begin: int, size: int, *, want: int, at: int | None = None) -> bytes:
    """At most `size` bytes of a file below `root`, which may be open as `at`; as many as are wanted, where it has them."""
    try:
        location = item.path if at is not None else f"{root}/{item.path}"
        descriptor = os.open(location, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
        try:
            data = os.pread(descriptor, size, begin)
            while len(data) < want and (more := os.pread(descriptor, size - len(data), begin + len(data))):
                data += more
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unreadable(f"{root}/{item.path}", error) from error
    return data


def _unreadable(location: str, error: OSError) -> StoreError:
    return StoreError(f"cannot read {location!r} of a layer: {error.strerror}", hint=_CHECK)

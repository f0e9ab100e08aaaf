"""`Measure`: what each entry of a layer takes of its tar and of its blob, to the byte; read from the blob, once, as it streams.

Of the tar an entry has its headers, its content and the padding of both: all from the end of the entry before. What no entry
has is the end of the archive. The blob is shared out by what was consumed: at the end of each compressed member or frame, and
at least every 4 KiB of it, it is known how much of the tar the blob's bytes so far have become, and in between shares are in
proportion. Shares are the differences of one rising count that is rounded down, so they add up to the blob's size whatever
its form. Our own layers have a member for every block of about half a mebibyte: there, no entry pays for another block.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from stagemill.digest import Digest
from stagemill.files.paths import clean, join
from stagemill.files.view import Entry
from stagemill.layer import disk
from stagemill.layer.compression import decompressed
from stagemill.layer.header import BLOCK
from stagemill.layer.member import Member
from stagemill.layer.reader import TarReader
from stagemill.layer.stream import CHUNK, ByteStream
from stagemill.oci.blobs import Reader
from stagemill.values import dataclass

_BITE = 1 << 12
_WHITEOUT, _RESERVED, _OPAQUE = ".wh.", ".wh..wh.", ".wh..wh..opq"


@dataclass(frozen=True, slots=True)
class Part:
    """One entry of a layer: `tar` bytes of the archive, `blob` bytes of it as it is shipped.

    `path` is what it is about: of a whiteout what it takes away, and with `opaque` the directory all of whose earlier content
    it takes away. `link` is the path that a hard link names. `digest` is that of a file's bytes.
    """

    path: str
    entry: Entry
    tar: int
    blob: int
    digest: Digest | None = None
    link: str | None = None
    whiteout: bool = False
    opaque: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """The entries in the order of the archive; `rest_tar` and `rest_blob` are what the end of the archive takes."""

    parts: tuple[Part, ...]
    rest_tar: int
    rest_blob: int

    @property
    def tar(self) -> int:
        """Bytes of the tar: those of all parts, and the rest."""
        return self.rest_tar + sum(part.tar for part in self.parts)

    @property
    def blob(self) -> int:
        """Bytes of the blob: those of all parts, and the rest."""
        return self.rest_blob + sum(part.blob for part in self.parts)


Taker: TypeAlias = Callable[[bytes], None]
Interest: TypeAlias = Callable[[str, Entry], Taker | None]
"""Asked for each file, by its path; what it returns gets the file's bytes in pieces."""


def nobody(_path: str, _entry: Entry) -> None:
    """Wants the bytes of no file."""


def measure(reader: Reader, *, interest: Interest = nobody) -> Measure:
    """Reads a blob to its end; nothing of it is kept but the list. Raises ArchiveError for damage."""
    bites = _Bites(reader)
    shares = _Shares()
    stream = ByteStream(shares.counted(decompressed(bites, mark=shares.mark)))
    parts: list[tuple[Part, int]] = []
    archive, end = TarReader(stream), 0
    for member in archive:
        before, end = end, shares.made - stream.waiting
        end += member.entry.size + -member.entry.size % BLOCK
        parts.append((_part(member, archive, interest, tar=end - before), end))
    stream.drain()
    return Measure(*_shared(parts, shares, size=bites.read_so_far))


def _shared(parts: list[tuple[Part, int]], shares: _Shares, *, size: int) -> tuple[tuple[Part, ...], int, int]:
    """The parts with their shares of the blob, and what is left of the tar and of the blob."""
    found: list[Part] = []
    last = end = 0
    for part, end in parts:
        upto = shares.consumed(end, size)
        found.append(replace(part, blob=upto - last))
        last = upto
    return tuple(found), shares.made - end, size - last


def _part(member: Member, archive: TarReader, interest: Interest, *, tar: int) -> Part:
    path, entry, link = clean(member.name), member.entry, member.link
    directory, _, name = path.rpartition("/")
    if name == _OPAQUE:
        return Part(directory, entry, tar, 0, opaque=True)
    if name.startswith(_WHITEOUT) and not name.startswith(_RESERVED):
        return Part(join(directory, name.removeprefix(_WHITEOUT)), disk.WHITEOUT, tar, 0, whiteout=True)
    if entry.kind == "char" and entry.device == (0, 0):
        return Part(path, disk.WHITEOUT, tar, 0, whiteout=True)
    if link is not None:
        return Part(path, entry, tar, 0, link=clean(link))
    digest = _digest(archive, interest(path, entry)) if entry.kind == "file" else None
    return Part(path, entry, tar, 0, digest)


def _digest(archive: TarReader, taker: Taker | None) -> Digest:
    sha256 = hashlib.sha256()
    while data := archive.read(CHUNK):
        sha256.update(data)
        if taker:
            taker(data)
    return Digest.from_hex(sha256.hexdigest())


class _Bites:
    """A reader that gives little at a time, so that it is known often what became of it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.read_so_far = 0

    def read(self, size: int, /) -> bytes:
        data = self._reader.read(min(size, _BITE))
        self.read_so_far += len(data)
        return data


class _Shares:
    """How many bytes of the blob the first bytes of the tar were made of, wherever that is known."""

    def __init__(self) -> None:
        self.made = 0
        self._tar = array("Q", [0])
        self._blob = array("Q", [0])

    def counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.made += len(piece)
            yield piece

    def mark(self, consumed: int) -> None:
        """What became nothing by itself, as the head of a member, goes with what comes after it."""
        if self.made > self._tar[-1]:
            self._tar.append(self.made)
            self._blob.append(consumed)

    def consumed(self, tar: int, size: int) -> int:
        """The blob's bytes that the first `tar` bytes of the archive were made of; all are made of `size` bytes."""
        if tar >= self.made:
            return size
        number = bisect_right(self._tar, tar) - 1
        begin, before = self._tar[number], self._blob[number]
        known = number + 1 < len(self._tar)
        end, after = (self._tar[number + 1], self._blob[number + 1]) if known else (self.made, size)
        return before + (tar - begin) * (after - before) // (end - begin)

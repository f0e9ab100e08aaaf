"""Unpacks archives into directories: an image's layer into overlayfs' form, and an archive of the user's as it is.

Source: OCI image-spec layer.md, sections "Applying Changesets" and "Whiteouts".
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from stagemill.digest import Digest
from stagemill.errors import ArchiveError, CorruptError, StagemillError, StoreError
from stagemill.files.paths import clean, join, resolve
from stagemill.files.view import Entry, FileView, Kind
from stagemill.layer.attributes import OwnerError
from stagemill.layer.compression import decompressed
from stagemill.layer.header import BLOCK
from stagemill.layer.index import LayerIndex
from stagemill.layer.member import Member
from stagemill.layer.placement import Implied, Placement, default_directory
from stagemill.layer.reader import TarReader, is_header
from stagemill.layer.stream import ByteStream, ahead
from stagemill.oci.blobs import Reader, chunks

T = TypeVar("T")
WHITEOUT = ".wh."
RESERVED = ".wh..wh."
OPAQUE = ".wh..wh..opq"
_FULL = {errno.ENOSPC, errno.EDQUOT}
_DIRECTORY: Kind = "dir"
_DAMAGED = "the archive is damaged, or was made wrong; fetch or make it again"
_MEDIA_TYPES = (".tar", ".tar+gzip", ".tar.gzip", ".tar+zstd", ".tar.zstd")


def unpack(
    stream: Reader, *, media_type: str, into: Path, parent: FileView | None, diff_id: Digest | None
) -> LayerIndex:
    """Unpacks a layer's blob into an empty directory, in overlayfs' form; the index is of what is there afterwards.

    `parent` is what lies below the layer; it is asked for what the layer takes for granted: directories without an entry and
    targets of hard links. The compression is recognised by content. Raises ArchiveError for a broken or unknown archive, and
    CorruptError where the tar's digest is not `diff_id`.
    """
    return checked(
        stream,
        lambda archive: _Unpacking(archive, into=into, parent=parent).run(),
        media_type=media_type,
        diff_id=diff_id,
    )


def checked(stream: Reader, take: Callable[[ByteStream], T], *, media_type: str, diff_id: Digest | None) -> T:
    """What `take` makes of the tar in a layer's blob, all of which was read and is `diff_id` then. Raises as `unpack` does."""
    if not media_type.endswith(_MEDIA_TYPES):
        raise ArchiveError(
            f"layers of the media type {media_type!r} cannot be unpacked",
            hint=f"want one that ends in {', '.join(_MEDIA_TYPES)}",
        )
    sha256 = hashlib.sha256()

    def hashed(pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            sha256.update(piece)
            yield piece

    try:
        with ahead(hashed(decompressed(stream))) as pieces:
            archive = ByteStream(pieces)
            taken = take(archive)
            archive.drain()
    except ArchiveError:
        # A blob that is not what its name says is the better explanation, and its reader knows at the end.
        for _ in chunks(stream):
            pass
        raise
    found = Digest.from_hex(sha256.hexdigest())
    if diff_id not in {None, found}:
        raise CorruptError(f"a layer unpacks to {found}, want {diff_id}", hint="the image is damaged; get it again")
    return taken


def extract(stream_path: Path, into: Path, *, implied: Implied = default_directory) -> bool:
    """Unpacks a tar archive, compressed or not, into an empty directory; False where the file is no such archive.

    Owners, modes, times, links and xattrs are the archive's; `implied` says what directories are like that the archive has no
    entry for. Raises ArchiveError for an archive that is broken further on.
    """
    try:
        with open(stream_path, "rb", buffering=0) as file, ahead(decompressed(file)) as pieces:
            archive = ByteStream(pieces)
            if not _is_tar(archive):
                return False
            reader = TarReader(archive)
            placement = Placement(into, implied=implied)
            _place_all(reader, placement, lambda member: _put(placement, reader, member))
            archive.drain()
    except OSError as error:
        raise ArchiveError(f"cannot read the archive {stream_path.name!r}: {error.strerror}") from error
    return True


class _Unpacking:
    """Places the members of a layer: whiteouts in overlayfs' form, and what the layer takes for granted from its parent."""

    def __init__(self, archive: ByteStream, *, into: Path, parent: FileView | None) -> None:
        self._reader = TarReader(archive)
        self._parent = parent
        self._placement = Placement(into, implied=self._implied)
        self._copies: dict[str, str] = {}
        self._root_is_opaque = False

    def run(self) -> LayerIndex:
        return _place_all(self._reader, self._placement, self._put, last=self._hide_root)

    def _implied(self, path: str) -> Entry:
        entry = self._parent.lstat(path) if self._parent else None
        return entry if entry and entry.kind == "dir" else default_directory(path)

    def _put(self, member: Member) -> None:
        directory, _, name = clean(member.name).rpartition("/")
        if name.startswith(WHITEOUT):
            self._hide(directory, name)
        elif member.link is not None and self._placement.find(member.link) is None:
            self._copy_from_parent(member, member.link)
        elif is_whiteout(member.entry):
            self._placement.hide(self._placement.path_of(member.name))
        else:
            _put(self._placement, self._reader, member)

    def _hide(self, directory: str, name: str) -> None:
        hidden = name.removeprefix(WHITEOUT)
        if hidden in {"", ".", ".."}:
            raise ArchiveError(
                f"the layer has the whiteout {join(directory, name)!r}, which hides nothing", hint=_DAMAGED
            )
        if name == OPAQUE:
            real = self._placement.directory(directory)
            if real:
                self._placement.hide_below(real)
            else:
                self._root_is_opaque = True
        elif not name.startswith(RESERVED):
            self._placement.hide(join(self._placement.directory(directory), hidden))

    def _hide_root(self) -> None:
        """An opaque root means nothing to overlayfs, so all that the parent has there is hidden by name."""
        if self._root_is_opaque and self._parent:
            for name in self._parent.listdir(""):
                self._placement.hide(name)

    def _copy_from_parent(self, member: Member, link: str) -> None:
        """A hard link to a file that a lower layer has: a copy of it, and hard links to that copy from then on."""
        path = self._placement.path_of(member.name)
        target = resolve(self._parent, link, follow_last=False) if self._parent else ""
        entry = self._parent.lstat(target) if self._parent else None
        if self._parent is None or entry is None or entry.kind == "dir":
            raise ArchiveError(
                f"the layer has the hard link {member.name!r} to {link!r}, which does not exist", hint=_DAMAGED
            )
        if (copy := self._copies.get(target)) in self._placement.placed and copy is not None:
            self._placement.link(path, copy)
            return
        entry = replace(entry, node=None)
        if entry.kind != "file":
            self._placement.put(path, entry, _nothing)
        else:
            with open(self._parent.real_path(target), "rb", buffering=0) as file:
                self._placement.put(path, entry, file.read)
        self._copies[target] = path


def _place_all(
    reader: TarReader, placement: Placement, put: Callable[[Member], None], *, last: Callable[[], None] | None = None
) -> LayerIndex:
    name, kind = "the archive", _DIRECTORY
    try:
        for member in reader:
            name, kind = member.name, member.entry.kind
            put(member)
        name, kind = "the directories of the archive", _DIRECTORY
        if last:
            last()
        return placement.finish()
    except OSError as error:
        raise _explained(name, kind, error) from error


def _put(placement: Placement, reader: TarReader, member: Member) -> None:
    path = placement.path_of(member.name)
    if member.link is None:
        if is_whiteout(member.entry):
            raise ArchiveError(
                f"the archive has the device 0:0 at {member.name!r}, which means a deletion in layers",
                hint="make the archive without it",
            )
        placement.put(path, member.entry, reader.read)
        return
    target = placement.find(member.link)
    if target is None:
        raise ArchiveError(
            f"the archive has the hard link {member.name!r} to {member.link!r}, which does not exist", hint=_DAMAGED
        )
    placement.link(path, target)


def _is_tar(archive: ByteStream) -> bool:
    try:
        return is_header(archive.peek(BLOCK))
    except ArchiveError:
        return False


def is_whiteout(entry: Entry) -> bool:
    return entry.kind == "char" and entry.device == (0, 0)


def _nothing(_size: int) -> bytes:
    return b""


def _explained(name: str, kind: Kind, error: OSError) -> StagemillError:
    what = f"cannot unpack {name!r}: {error.strerror}"
    if isinstance(error, OwnerError):
        return ArchiveError(
            f"cannot unpack {name!r}: this user namespace has no owner {error.uid}:{error.gid}",
            hint=f"make the ranges of this user in /etc/subuid and /etc/subgid reach beyond {max(error.uid, error.gid)}, "
            "or build as root",
        )
    if error.errno in _FULL:
        return StoreError(what, hint="free some space, or put the store elsewhere with STAGEMILL_ROOT")
    if error.errno == errno.EPERM and kind in {"char", "block"}:
        return ArchiveError(
            f"cannot make the device node {name!r}: a user namespace may not make any", hint="build as root"
        )
    return ArchiveError(what)

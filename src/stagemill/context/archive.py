"""A context that comes as an archive on standard input: a tar, plain or compressed, told by its first bytes.

Nothing is written outside of the directory it is unpacked into: names are cleaned, and no member may lie below a symlink.
"""

from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import io
import lzma
import os
import stat
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from stagemill.errors import ArchiveError, StoreError
from stagemill.files.paths import clean
from stagemill.regex import regex

_BLOCK = 512
HEAD = _BLOCK
"""How many bytes of a stream `is_archive` needs."""

_CHUNK = 1 << 20
_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_MAX_TIME = (1 << 63) - 1
_SECONDS = regex(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?")
_XATTR = "SCHILY.xattr."
_BROKEN = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, ValueError, OverflowError)
_STUMBLES = (IndexError, TypeError, AttributeError)
"""What tarfile ends with at some headers that it should refuse."""
_FULL = {errno.ENOSPC, errno.EDQUOT}


class Readable(Protocol):
    """Something that bytes come from."""

    def read(self, size: int, /) -> bytes: ...


def is_archive(head: bytes) -> bool:
    """Whether a stream that begins with these bytes (512 are enough) is an archive, not a Dockerfile."""
    return _compression(head) is not None or _is_tar(head)


def unpack_context(stream: Readable, into: Path) -> None:
    """Unpacks an archive into a directory that exists. Owners are dropped: the files of a context are root's.

    Raises ArchiveError where it is no archive, broken, or leads out of the directory; StoreError for a full disk.
    """
    head = _fill(stream, _BLOCK)
    if not is_archive(head):
        raise ArchiveError(
            "the build context on standard input is not an archive",
            hint="send a tar, plain or compressed with gzip, bzip2, xz or zstd",
        )
    try:
        with _opened(_plain(_Whole(head, stream), head)) as archive:
            _Unpacking(into).unpack(archive)
    except _BROKEN as error:
        raise _broken(str(error)) from error
    except OSError as error:
        if error.errno is None:  # gzip and bzip2 say so when what they read is not theirs
            raise _broken(str(error)) from error
        hint = "make room on its disk" if error.errno in _FULL else "look at what the archive holds"
        raise StoreError(f"cannot unpack the build context: {error.strerror}", hint=hint) from error


def newest(path: Path) -> int | None:
    """The latest time of a file in an archive, in seconds since 1970; None where it is no archive, or has no file.

    An archive that breaks off is none. Raises StoreError where it cannot be read.
    """
    times: list[int] = []
    try:
        with path.open("rb") as file:
            head = _fill(file, _BLOCK)
            if not is_archive(head):
                return None
            with tarfile.open(fileobj=_plain(_Whole(head, file), head), mode="r|") as archive:
                times += (int(member.mtime) for member in archive if member.isfile())
    except _BROKEN:
        return None
    except OSError as error:
        if error.errno is None:  # as above
            return None
        raise StoreError(f"cannot read {path}: {error.strerror}", hint="look at the store's disk") from error
    return max(times, default=None)


def _broken(why: str) -> ArchiveError:
    return ArchiveError(f"the archive of the build context is broken: {why}", hint="send it again")


def _compression(head: bytes) -> str | None:
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)


def _is_tar(head: bytes) -> bool:
    """By the checksum of the first header, which every variant of tar has."""
    if len(head) < _BLOCK:
        return False
    if not any(head):  # a tar of nothing
        return True
    try:
        stored = int(head[148:156].strip(b" \0"), 8)
    except ValueError:
        return False
    return stored == sum(head[:148]) + 8 * ord(" ") + sum(head[156:_BLOCK])


def _fill(stream: Readable, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data


class _Whole(io.RawIOBase):
    """A stream from its beginning again, after its first bytes were read."""

    def __init__(self, head: bytes, rest: Readable) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = len(buffer)
        data = self._head[:size] or self._rest.read(size)
        self._head = self._head[size:]
        buffer[: len(data)] = data
        return len(data)


def _plain(whole: _Whole, head: bytes) -> BinaryIO:
    """The stream without its compression."""
    buffered = io.BufferedReader(whole, _CHUNK)
    plain: Readable
    match _compression(head):
        case "gzip":
            plain = gzip.GzipFile(fileobj=buffered, mode="rb")
        case "bzip2":
            plain = bz2.BZ2File(buffered)
        case "xz":
            plain = lzma.LZMAFile(buffered)  # noqa: SIM115  the caller reads on from it
        case "zstd":
            plain = zstandard.ZstdDecompressor().stream_reader(buffered, read_across_frames=True)
        case _:
            return buffered
    return io.BufferedReader(_Whole(b"", plain), _CHUNK)


class _Unpacking:
    """Writes members; the modes and times of directories come last, since what is put into them changes both."""

    def __init__(self, into: Path) -> None:
        self._into = os.fspath(into)
        self._directories: dict[str, tarfile.TarInfo] = {}

    def unpack(self, archive: tarfile.TarFile) -> None:
        for member in _members(archive):
            path = clean(member.name)
            if not path and not member.isdir():
                raise ArchiveError(f"the build context has a member named {member.name!r} that is no directory")
            self._make_parents(path)
            self._add(archive, member, path)
        for path in sorted(self._directories, reverse=True):
            self._finish(path, self._directories[path])

    def _place(self, path: str) -> str:
        return f"{self._into}/{path}" if path else self._into

    def _add(self, archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
        place = self._place(path)
        if member.isdir():
            if _kind(place) not in {0, stat.S_IFDIR}:
                os.unlink(place)
            with contextlib.suppress(FileExistsError):
                os.mkdir(place, 0o755)
            self._directories[path] = member
            return
        if _kind(place) == stat.S_IFDIR:
            raise ArchiveError(f"the build context has {path!r} both as a directory and as something else")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(place)
        if member.islnk():
            self._link(member, place)
            return
        _make(archive, member, place)
        self._finish(path, member)

    def _link(self, member: tarfile.TarInfo, place: str) -> None:
        source = clean(member.linkname)
        self._make_parents(source)
        if _kind(self._place(source)) in {0, stat.S_IFDIR}:
            raise ArchiveError(f"the build context has a hard link to {member.linkname!r}, which is not before it")
        os.link(self._place(source), place, follow_symlinks=False)

    def _make_parents(self, path: str) -> None:
        names = path.split("/")[:-1]
        for depth in range(1, len(names) + 1):
            parent = "/".join(names[:depth])
            kind = _kind(self._place(parent))
            if not kind:
                os.mkdir(self._place(parent), 0o755)
            elif kind != stat.S_IFDIR:
                raise ArchiveError(
                    f"the build context has {path!r} below {parent!r}, which is no directory",
                    hint="send an archive whose members lie in directories, not below links",
                )

    def _finish(self, path: str, member: tarfile.TarInfo) -> None:
        place = self._place(path)
        if not member.issym():
            os.chmod(place, member.mode & 0o7777)
            for name, value in member.pax_headers.items():
                if name.startswith(_XATTR):
                    _set_xattr(place, name.removeprefix(_XATTR), value)
        time_ns = _time(member)
        os.utime(place, ns=(time_ns, time_ns), follow_symlinks=False)


def _opened(stream: BinaryIO) -> tarfile.TarFile:
    """The archive, whose first header is read. ArchiveError also for one that tarfile stumbles over."""
    try:
        return tarfile.open(fileobj=stream, mode="r|")  # the caller closes it
    except _STUMBLES as error:
        raise _broken("a header of it is malformed") from error


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The members in order. ArchiveError also for headers that tarfile stumbles over."""
    while True:
        try:
            member = archive.next()
        except _STUMBLES as error:
            raise _broken("a header of it is malformed") from error
        if member is None:
            return
        yield member


def _time(member: tarfile.TarInfo) -> int:
    """Nanoseconds since 1970, as near to what the member says as a file can have."""
    text = str(member.pax_headers.get("mtime", member.mtime))
    if not _SECONDS.fullmatch(text):
        raise ArchiveError(f"the build context has the time {text!r} of {member.name!r}", hint="send it again")
    return max(-_MAX_TIME, min(int(Decimal(text) * 10**9), _MAX_TIME))


def _kind(place: str) -> int:
    """The type bits of what lies at a place, 0 for nothing."""
    try:
        return stat.S_IFMT(os.lstat(place).st_mode)
    except FileNotFoundError:
        return 0


def _make(archive: tarfile.TarFile, member: tarfile.TarInfo, place: str) -> None:
    if member.issym():
        os.symlink(member.linkname, place)
    elif member.isfifo():
        os.mkfifo(place, 0o600)
    elif member.ischr() or member.isblk():
        kind = stat.S_IFCHR if member.ischr() else stat.S_IFBLK
        os.mknod(place, kind | 0o600, os.makedev(member.devmajor, member.devminor))
    else:
        data = archive.extractfile(member)
        if not isinstance(data, io.BufferedReader):
            raise ArchiveError(f"the build context has {member.name!r} of a type that is not known")
        with open(place, "xb") as file:
            _fill_in(file, data.raw, member)


def _fill_in(file: BinaryIO, data: io.RawIOBase, member: tarfile.TarInfo) -> None:
    """Writes a member's content; what a sparse one has no bytes for becomes a hole, however large it is."""
    for start, length in _pieces(member):
        data.seek(start)
        file.seek(start)
        left = length
        while left and (chunk := data.read(min(left, _CHUNK))):
            file.write(chunk)
            left -= len(chunk)
    file.truncate(member.size)


def _pieces(member: tarfile.TarInfo) -> Sequence[tuple[int, int]]:
    """Where a member has bytes, in order: offset and length."""
    found: Sequence[tuple[int, int]] | None = getattr(member, "sparse", None)
    if found is None:
        return [(0, member.size)]
    ends = [start + length for start, length in found]
    starts = [start for start, _ in found]
    if any(start < end for start, end in zip(starts, [0, *ends], strict=False)) or max(ends, default=0) > member.size:
        raise _broken(f"the pieces of {member.name!r} overlap, or reach beyond its end")
    return found


def _set_xattr(place: str, name: str, value: str) -> None:
    """Sets an attribute that means the same on another machine."""
    if name == "security.capability" or (name.startswith("user.") and not name.startswith("user.overlay.")):
        os.setxattr(place, name, value.encode("utf-8", "surrogateescape"), follow_symlinks=False)

"""Archives in files: the same members with other times or in another order. What is compressed is looked into."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from stagemill.errors import ArchiveError
from stagemill.files.view import Entry
from stagemill.layer.reader import TarReader, is_header
from stagemill.layer.stream import ByteStream
from stagemill.verify.difference import Cause
from stagemill.verify.pair import Pair, common

_MAGIC = b"\x1f\x8b"
_LARGEST = 64 << 20
_AR = b"!<arch>\n"
_AR_HEADER = 60

_GZIP = Cause("the time in the header of a gzip file", "gzip -n leaves it out")
_ZIP_TIMES = Cause(
    "the times of the members of a zip or jar archive",
    "touch -d @$SOURCE_DATE_EPOCH the files before they are packed, and zip -X; jar --date=…; in Maven "
    "project.build.outputTimestamp, in Gradle preserveFileTimestamps = false",
)
_ZIP_ORDER = Cause(
    "the same members of a zip or jar archive in another order",
    "pass the names sorted: find . | LC_ALL=C sort | zip -X -@ FILE; in Gradle reproducibleFileOrder = true",
)
_TAR_TIMES = Cause(
    "the times of the members of a tar archive", "tar --mtime=@$SOURCE_DATE_EPOCH, after ARG SOURCE_DATE_EPOCH"
)
_TAR_ORDER = Cause("the same members of a tar archive in another order", "tar --sort=name, or pass the names sorted")
_TAR_OWNERS = Cause(
    "owners or modes of the members of a tar archive", "tar --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw,a-s"
)
_AR_TIMES = Cause(
    "the times, owners or modes of the members of a static library", "ar with D, ranlib -D; in make ARFLAGS=Dcr"
)
_AR_ORDER = Cause(
    "the same members of a static library in another order", "sort the object files: $(sort $(wildcard *.o)) in make"
)


def gzip(pair: Pair) -> Cause | None:
    """Source: RFC 1952: bytes 4 to 8 are a time. What is compressed is asked for its own cause."""
    if not (pair.one.startswith(_MAGIC) and pair.other.startswith(_MAGIC) and pair.whole):
        return None
    one, other = _unpacked(pair.one), _unpacked(pair.other)
    if one is None or other is None:
        return None
    if one == other:
        return _GZIP if pair.one[4:8] != pair.other[4:8] else None
    from stagemill.verify.causes import find  # noqa: PLC0415  it asks us

    return find(replace(pair, path="", one=one, other=other, first=common(one, other)))


def _unpacked(data: bytes) -> bytes | None:
    with suppress(zlib.error):
        return zlib.decompressobj(wbits=31).decompress(data, _LARGEST)
    return None


def zip_archive(pair: Pair) -> Cause | None:
    one, other = _zip(pair, pair.one), _zip(pair, pair.other)
    if not one or not other:
        return None
    names = [[member.filename for member in members] for members in (one, other)]
    if names[0] != names[1]:
        return _ZIP_ORDER if sorted(names[0]) == sorted(names[1]) else None
    return _ZIP_TIMES if [member.date_time for member in one] != [member.date_time for member in other] else None


def _zip(pair: Pair, data: bytes) -> Sequence[zipfile.ZipInfo]:
    if not (pair.whole and data.startswith(b"PK")):
        return ()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return ()


def tar(pair: Pair) -> Cause | None:
    if not pair.whole or not all(is_header(data[:512]) for data in (pair.one, pair.other)):
        return None
    try:
        one, other = (list(_members(data)) for data in (pair.one, pair.other))
    except ArchiveError:
        return None
    names = [[name for name, _ in members] for members in (one, other)]
    if names[0] != names[1]:
        return _TAR_ORDER if sorted(names[0]) == sorted(names[1]) else None
    if [_timeless(entry) for _, entry in one] == [_timeless(entry) for _, entry in other]:
        return _TAR_TIMES if one != other else None
    return _TAR_OWNERS if [entry.size for _, entry in one] == [entry.size for _, entry in other] else None


def _members(data: bytes) -> Iterator[tuple[str, Entry]]:
    return ((member.name, member.entry) for member in TarReader(ByteStream([data])))


def _timeless(entry: Entry) -> Entry:
    return replace(entry, mtime_ns=0)


def static_library(pair: Pair) -> Cause | None:
    """Source: ar(5): a header of 60 bytes before each member: name, time, owner, group, mode, size."""
    if not pair.whole or not (pair.one.startswith(_AR) and pair.other.startswith(_AR)):
        return None
    one, other = list(_objects(pair.one)), list(_objects(pair.other))
    if [name for name, _ in one] != [name for name, _ in other]:
        return _AR_ORDER if sorted(name for name, _ in one) == sorted(name for name, _ in other) else None
    return _AR_TIMES if one != other else None


def _objects(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name, and time, owner, group and mode, of each member."""
    at = len(_AR)
    while len(header := data[at : at + _AR_HEADER]) == _AR_HEADER:
        size = header[48:58].strip()
        if not size.isdigit():
            return
        yield header[:16], header[16:48]
        at += _AR_HEADER + int(size) + int(size) % 2

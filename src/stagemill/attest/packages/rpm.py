"""Packages of rpm, in the database that it has since 4.16. Source: rpm.org, "RPM V4 Package file format", Header; rpmtag.h."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from stagemill.attest.packages.package import Distribution, Package
from stagemill.attest.purl import package_url

PLACES = ("var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite", "usr/share/rpm/rpmdb.sqlite")
Find: TypeAlias = Callable[[str], "Path | None"]
"""Where a regular file of the tree lies; None where there is none."""
_NAME, _VERSION, _RELEASE, _EPOCH, _VENDOR, _LICENSE, _ARCH, _SOURCE = 1000, 1001, 1002, 1003, 1011, 1014, 1022, 1044
_INTEGER, _TEXTS = 4, (6, 8, 9)
_MOST_ENTRIES = 1 << 16
_MOST_BYTES = 64 << 20
_SLICE, _MOST_WORK = 1 << 16, 1 << 8  # of SQLite's instructions; a hundred thousand packages need a tenth of them


def packages(find: Find, distribution: Distribution) -> Iterator[Package]:
    """Those of the first database that there is; nothing where it is torn."""
    found = next(((place, path) for place in PLACES if (path := find(place))), None)
    if found is None:
        return
    place, path = found
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as database:
            _distrust(database)
            for (blob,) in database.execute("SELECT blob FROM Packages ORDER BY hnum"):
                if isinstance(blob, bytes) and (package := _package(blob, place, distribution)):
                    yield package
    except sqlite3.DatabaseError:
        return


def _distrust(database: sqlite3.Connection) -> None:
    """Whoever made the image wrote the database, and may have made a view of its table that never ends."""
    slices = iter(range(_MOST_WORK))
    database.set_progress_handler(lambda: next(slices, None) is None, _SLICE)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
    database.execute("PRAGMA trusted_schema = OFF")


def _package(blob: bytes, place: str, distribution: Distribution) -> Package | None:
    try:
        tags = _header(blob)
    except (struct.error, ValueError):
        return None
    name = tags.get(_NAME, "")
    version = "-".join(filter(None, (tags.get(_VERSION, ""), tags.get(_RELEASE, ""))))
    qualifiers = {
        "arch": tags.get(_ARCH, ""),
        "distro": str(distribution),
        "epoch": tags.get(_EPOCH, ""),
        "upstream": tags.get(_SOURCE, ""),
    }
    url = package_url("rpm", name, version, namespace=distribution.id or "rpm", qualifiers=qualifiers)
    return Package(name, version, url, place, tags.get(_LICENSE, ""), tags.get(_VENDOR, "")) if name else None


def _header(blob: bytes) -> dict[int, str]:
    """The tags that we want, the first value of each. Raises struct.error, ValueError."""
    count, size = struct.unpack_from(">II", blob)
    if count > _MOST_ENTRIES:
        raise ValueError(f"a header of {count} entries")
    start = 8 + 16 * count
    data = blob[start : start + size]
    wanted = {_NAME, _VERSION, _RELEASE, _EPOCH, _VENDOR, _LICENSE, _ARCH, _SOURCE}
    found: dict[int, str] = {}
    for number in range(count):
        tag, kind, offset, _ = struct.unpack_from(">IIII", blob, 8 + 16 * number)
        if tag in wanted and kind == _INTEGER:
            found[tag] = str(struct.unpack_from(">I", data, offset)[0])
        elif tag in wanted and kind in _TEXTS:
            found[tag] = data[offset : data.index(b"\0", offset)].decode("utf-8", "replace")
    return found

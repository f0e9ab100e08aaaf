"""Java's archives, as Maven marks them, also those within another one. Source: Maven Archiver, "pom.properties content"."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from stagemill.attest.packages.package import Package
from stagemill.attest.purl import package_url
from stagemill.regex import regex

_ARCHIVE = regex(r".+\.(?:jar|war|ear|jpi|hpi)")
_MARK = regex(r"META-INF/maven/[^/]+/[^/]+/pom\.properties")
_BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, NotImplementedError, RuntimeError, OSError, ValueError,
    OverflowError, EOFError,
)  # fmt: skip
_DEEPEST = 2
_MOST_MEMBERS = 1 << 17
_MOST_MARK = 1 << 16
_MOST_BYTES = 256 << 20


def is_one(path: str) -> bool:
    """Whether a path is that of an archive."""
    return _ARCHIVE.fullmatch(path) is not None


def packages(path: Path, name: str) -> Iterator[Package]:
    """What an archive says that it has; nothing for one that says nothing, or is none. `name` is its path in the tree."""
    try:
        file = path.open("rb")
    except OSError:
        return
    with file:
        yield from _within(file, name, deep=0)


def _within(file: BinaryIO, name: str, *, deep: int) -> Iterator[Package]:
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist()[:_MOST_MEMBERS]:
                if _MARK.fullmatch(member.filename):
                    yield from _marked(_read(archive, member, _MOST_MARK), name)
                elif is_one(member.filename) and deep < _DEEPEST:
                    inner = io.BytesIO(_read(archive, member, _MOST_BYTES))
                    yield from _within(inner, f"{name}!/{member.filename}", deep=deep + 1)
    except _BROKEN:
        return  # it is no archive, or not a whole one


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """The member, empty where it is larger."""
    if member.file_size > most:
        return b""
    with archive.open(member) as file:
        return file.read(most)


def _marked(data: bytes, name: str) -> Iterator[Package]:
    fields: dict[str, str] = {}
    for line in data.decode("utf-8", "replace").splitlines():
        key, equals, value = line.partition("=")
        if equals and not key.lstrip().startswith("#"):
            fields[key.strip()] = value.strip()
    group, artifact, version = (fields.get(key, "") for key in ("groupId", "artifactId", "version"))
    if group and artifact:
        url = package_url("maven", artifact, version, namespace=group)
        yield Package(f"{group}:{artifact}", version, url, name)

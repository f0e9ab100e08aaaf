"""`Listing`: what the blob of a layer holds, told without unpacking it, and some of its files, taken out as they pass by.

It knows the layer alone. What depends on those below it, or takes an archive that few tools would write, makes it unsure: a
path through a symlink of the same layer, a path that comes twice. Then the layer has to be unpacked.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from stagemill.digest import Digest
from stagemill.files.paths import clean, join, split
from stagemill.files.view import Entry
from stagemill.layer import attributes, disk
from stagemill.layer.index import IndexEntry
from stagemill.layer.member import Member
from stagemill.layer.placement import default_directory
from stagemill.layer.reader import TarReader
from stagemill.layer.stream import CHUNK, ByteStream
from stagemill.layer.unpack import OPAQUE, RESERVED, WHITEOUT, checked, is_whiteout
from stagemill.oci.blobs import Reader
from stagemill.values import dataclass

_SYMLINK_MODE = 0o777


class UnsureError(Exception):
    """What is in a layer cannot be told without unpacking it, or what was wanted of it is a whole directory."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A file of a layer that lies on this machine: `entry` is as it is there, at its path in the layer."""

    place: Path
    entry: Entry
    digest: Digest


@dataclass(frozen=True, slots=True)
class Listing:
    """The paths of a layer. Directories without an entry of their own are there, but what they are like is not known.

    `taken` are the wanted files. `borrowed` are hard links to what a lower layer has. With `opaque` the layer hides all below it.
    """

    by_path: Mapping[str, IndexEntry]
    taken: Mapping[str, Taken]
    borrowed: frozenset[str] = frozenset()
    opaque: bool = False


def scan(stream: Reader, *, media_type: str, diff_id: Digest | None, wanted: frozenset[str], into: Path) -> Listing:
    """Reads a layer's blob to its end; the wanted files are in the empty directory `into` then, by no name of theirs.

    Raises ArchiveError and CorruptError as `unpack` does, and UnsureError, as soon as a wanted path turns out to be a directory.
    """
    return checked(stream, lambda archive: _Scan(archive, wanted, into).run(), media_type=media_type, diff_id=diff_id)


class _Scan:
    def __init__(self, archive: ByteStream, wanted: frozenset[str], into: Path) -> None:
        self._reader = TarReader(archive)
        self._wanted = wanted
        self._into = os.fspath(into)
        self._found: dict[str, IndexEntry] = {"": IndexEntry("", default_directory(""))}
        self._taken: dict[str, Taken] = {}
        self._borrowed: set[str] = set()
        self._opaque = False

    def run(self) -> Listing:
        for member in self._reader:
            self._see(member)
        return Listing(self._found, self._taken, frozenset(self._borrowed), self._opaque)

    def _see(self, member: Member) -> None:
        path = clean(member.name)
        directory, name = split(path)
        self._enter(directory)
        if name.startswith(WHITEOUT):
            self._hide(directory, name)
        elif member.link is not None:
            self._link(path, clean(member.link))
        elif is_whiteout(member.entry):
            self._whiteout(path)
        elif member.entry.kind == "dir":
            self._directory(path, member.entry)
        else:
            self._put(path, member.entry)

    def _enter(self, directory: str) -> None:
        """The directory and those above it are there afterwards."""
        found = self._found.get(directory)
        if found and found.entry.kind == "dir":
            return
        names = directory.split("/")
        for depth in range(1, len(names) + 1):
            path = "/".join(names[:depth])
            if self._found.get(path) is None or self._found[path].whiteout:
                self._directory(path, default_directory(path))
            elif self._found[path].entry.kind != "dir":
                _unsure(f"{directory!r} leads through {path!r}")

    def _directory(self, path: str, entry: Entry) -> None:
        if path in self._wanted:
            _unsure(f"{path!r} is a directory")
        existing = self._found.get(path)
        if existing and not existing.whiteout and existing.entry.kind != "dir":
            _unsure(f"{path!r} comes twice")
        hides = existing is not None and (existing.whiteout or existing.opaque)
        self._found[path] = IndexEntry(path, entry, opaque=hides)

    def _put(self, path: str, entry: Entry) -> None:
        self._make_room(path)
        digest = None
        if entry.kind == "symlink":
            entry = replace(entry, mode=_SYMLINK_MODE)
        elif entry.kind == "file" and path in self._wanted:
            taken = self._taken[path] = self._take(entry)
            entry, digest = taken.entry, taken.digest
        self._found[path] = IndexEntry(path, entry, digest)

    def _link(self, path: str, target: str) -> None:
        original = self._found.get(target)
        if path == target and original and not original.whiteout:
            return
        self._make_room(path)
        if original is None or original.whiteout or target in self._borrowed:
            self._borrowed.add(path)
            self._found[path] = IndexEntry(path, Entry("file", 0, 0, 0, 0, 0))
            return
        if original.entry.kind == "dir":
            _unsure(f"{path!r} is a hard link to a directory")
        if original.entry.node is None:
            original = self._found[target] = replace(original, entry=replace(original.entry, node=target))
        self._found[path] = replace(original, path=path)
        if target in self._taken:
            self._taken[path] = self._taken[target]

    def _make_room(self, path: str) -> None:
        """What hides something below may be replaced; anything else that is there already is not worth to be understood."""
        existing = self._found.get(path)
        if existing and not existing.whiteout:
            _unsure(f"{path!r} comes twice")

    def _hide(self, directory: str, name: str) -> None:
        hidden = name.removeprefix(WHITEOUT)
        if hidden in {"", ".", ".."}:
            _unsure(f"{name!r} hides nothing")
        if name == OPAQUE:
            self._opaque = self._opaque or not directory
            self._found[directory] = replace(self._found[directory], opaque=True)
        elif not name.startswith(RESERVED):
            self._whiteout(join(directory, hidden))

    def _whiteout(self, path: str) -> None:
        existing = self._found.get(path)
        if existing is None:
            self._found[path] = IndexEntry(path, disk.WHITEOUT, whiteout=True)
        elif existing.entry.kind == "dir":
            self._found[path] = replace(existing, opaque=True)

    def _take(self, entry: Entry) -> Taken:
        """Writes the member's content; what the file system does not allow is told by whoever unpacks the layer."""
        place = f"{self._into}/{len(self._taken)}"
        sha256 = hashlib.sha256()
        try:
            with open(place, "xb", buffering=0) as file:
                while data := self._reader.read(CHUNK):
                    sha256.update(data)
                    _write(file.fileno(), data)
                made = attributes.apply(file.fileno(), entry)
        except OSError as error:
            raise UnsureError(str(error)) from error
        return Taken(Path(place), made, Digest.from_hex(sha256.hexdigest()))


def _write(descriptor: int, data: bytes) -> None:
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, data[written:])


def _unsure(why: str) -> NoReturn:
    raise UnsureError(why)

"""`LayerIndex`, the list of all that a layer holds: what can be asked of a layer without reading its files.

Serialized, it is what a layer is named by, so its form is for ever: the JSON of `[version, rows]` in ASCII, one row per
path, sorted by path components. A row is `[path, kind, mode, uid, gid, mtime_ns, size, detail]`, and goes on with
`[…, link, opaque, xattrs]` where one of them says something; values of xattrs are in hex. `detail` is a file's digest in
hex, a symlink's text or a device's `major:minor`. The row of a whiteout is `[path, "whiteout"]`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import Self, TypeAlias

from stagemill.digest import Digest
from stagemill.errors import CorruptError, StoreError
from stagemill.files.view import Entry
from stagemill.layer import disk, rows
from stagemill.layer.hashed import Hashed
from stagemill.layer.rows import order
from stagemill.layer.stream import in_order
from stagemill.timings import measured
from stagemill.values import dataclass

VERSION = 1
_LARGE = 1 << 30  # bytes of a file whose holes are worth a word
_APART = 4 << 20  # bytes of a file that is read beside others

_NO_EXTRA: tuple[str | None, bool, dict[str, str]] = (None, False, {})
Row: TypeAlias = "list[rows.Cell]"
MOST_HELD = 50_000
"""The index of a layer that has fewer paths is held as objects: to make them again would take time, and save little memory."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One path of a layer; the root is the path "".

    `digest` is set for files. `link` is the first path of this layer, in sorted order, that is the same file by hard
    link, and None for that first path itself; `entry.node` is that first path for all of them.
    """

    path: str
    entry: Entry
    digest: Digest | None = None
    whiteout: bool = False
    opaque: bool = False
    link: str | None = None


Known: TypeAlias = "Mapping[str, Digest | IndexEntry]"
"""What is known of files of a layer by their paths: the digest of one that need not be read, or all there is to be known of
one that need not even be looked at, because it is linked from a layer that has it.
"""
NOTHING: Known = MappingProxyType({})


class LayerIndex:
    """The entries of a layer, sorted; two indexes are equal when their entries are.

    One that is large may be held as the bytes that it is serialized to. Who goes through it then sees entries that nobody
    holds, and who asks for `entries` or `by_path` has all of them from then on.
    """

    def __init__(self, entries: Iterable[IndexEntry], *, data: bytes | None = None) -> None:
        """Takes entries in any order, one per path. Those of equal `entry.node` become hard links of each other."""
        self._data = data
        if data is None:
            self.entries = tuple(_linked(sorted(entries, key=lambda entry: order(entry.path))))

    @classmethod
    def of(cls, data: bytes) -> Self:
        """The index that was serialized, which is believed. Who goes through it meets CorruptError for anything else."""
        return cls((), data=data)

    @cached_property
    def entries(self) -> tuple[IndexEntry, ...]:
        return tuple(self)

    @property
    def is_held(self) -> bool:
        """Whether its entries are there as objects."""
        return "entries" in self.__dict__

    def __iter__(self) -> Iterator[IndexEntry]:
        return iter(self.entries) if self.is_held or self._data is None else _entries(self._data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LayerIndex) and self.entries == other.entries

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"<LayerIndex of {sum(1 for _ in self)} paths>"

    @cached_property
    def by_path(self) -> Mapping[str, IndexEntry]:
        return {entry.path: entry for entry in self.entries}

    @cached_property
    def digest(self) -> Digest:
        """What the layer is named by: the digest of the serialized index."""
        return Digest.of(self.serialize())

    @cached_property
    def size(self) -> int:
        """Bytes of all files; a file of several names counts once."""
        return sum(entry.entry.size for entry in self if entry.link is None)

    def serialize(self) -> bytes:
        """The same bytes for equal indexes, for ever."""
        return rows.write(VERSION, map(row, self.entries)) if self._data is None else self._data

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The index that was serialized. Raises CorruptError for anything else."""
        return cls(_entries(data))


@dataclass(frozen=True, slots=True)
class Watch:
    """Who looks on while a layer is read: `pause` is called often, and raises where the work is to be stopped.

    `sparse` gets the path of a large file that is mostly a hole, its size and the bytes it takes on disk, before it is read.
    `hashed` notes large files that were.
    """

    pause: Callable[[], None] = disk.unhindered
    sparse: Callable[[str, int, int], None] | None = None
    hashed: Hashed | None = None


_NOBODY = Watch()


@measured("index")
def build(directory: Path, *, known: Known = NOTHING, watch: Watch = _NOBODY) -> LayerIndex:
    """The index of a layer directory, by walking it. Raises StoreError."""
    root = os.fspath(directory)
    try:
        walked = _walk(root, known, watch)
        some = list(islice(walked, MOST_HELD))
        if len(some) < MOST_HELD:
            return LayerIndex(_digested(root, some, watch))
        return _serialized(root, chain(some, walked), watch)
    except OSError as error:
        raise StoreError(
            f"cannot read {error.filename or root!r} of a layer: {error.strerror}", hint="run `stagemill store check`"
        ) from error


def _serialized(root: str, items: Iterable[IndexEntry], watch: Watch) -> LayerIndex:
    """An index that is held as bytes, of sorted entries; of what is known only once all were seen, first a place is kept."""
    writer, numbers, late = rows.Writer(VERSION), [], []
    for number, item in enumerate(items):
        waits = item.entry.node is not None or (item.entry.kind == "file" and item.digest is None)
        if waits:
            numbers.append(number)
            late.append(item)
        writer.add([item.path] if waits else row(item))
    data = writer.end()
    if late:
        made = dict(zip(numbers, map(row, _linked(_digested(root, late, watch))), strict=True))
        data = rows.write(VERSION, (made.get(number, each) for number, each in enumerate(rows.each(VERSION, data))))
    return LayerIndex.of(data)


def _digested(root: str, items: Iterable[IndexEntry], watch: Watch) -> list[IndexEntry]:
    """All of them with the digests of files; those of large ones that have none are made of several files at once."""
    found = list(items)
    missing = [number for number, item in enumerate(found) if item.entry.kind == "file" and item.digest is None]

    def digest(number: int) -> Digest:
        location = f"{root}/{found[number].path}"
        before = watch.hashed.look(location) if watch.hashed else None
        made = disk.file_digest(location, pause=watch.pause)
        if watch.hashed:
            watch.hashed.note(location, before, made)
        return made

    with in_order(digest, missing, workers=len(os.sched_getaffinity(0))) as digests:
        for number, made in zip(missing, digests, strict=True):
            found[number] = replace(found[number], digest=made)
    return found


def _walk(root: str, known: Known, watch: Watch) -> Iterator[IndexEntry]:
    """All that there is, sorted. Large files that nothing is known of come without their digests."""
    yield _read(root, "", os.lstat(root))
    cut = len(root) + 1
    pending = _listed(f"{root}/")
    while pending:
        item = pending.pop()
        path = item.path[cut:]
        fact = known.get(path)
        if isinstance(fact, IndexEntry):
            yield fact
            continue
        status = item.stat(follow_symlinks=False)
        found = _read(item.path, path, status)
        if found.entry.kind == "file":
            if watch.sparse and status.st_size >= _LARGE and (held := status.st_blocks * 512) < status.st_size // 2:
                watch.sparse(path, status.st_size, held)
            if fact is None and status.st_size < _APART:
                fact = disk.file_digest(item.path, pause=watch.pause)
            found = replace(found, digest=fact)
        elif found.entry.kind == "dir":
            pending += _listed(item.path)
        yield found


def _listed(directory: str) -> list[os.DirEntry[str]]:
    """What is in a directory, by name, the last first."""
    with os.scandir(directory) as listing:
        return sorted(listing, key=lambda item: item.name, reverse=True)


def _read(location: str, path: str, status: os.stat_result) -> IndexEntry:
    if disk.is_whiteout(status):
        return IndexEntry(path, disk.WHITEOUT, whiteout=True)
    entry = disk.read(location, status)
    if entry.kind == "dir":
        return IndexEntry(path, entry, opaque=disk.is_opaque(location))
    if status.st_nlink > 1:
        entry = replace(entry, node=(status.st_dev, status.st_ino))
    return IndexEntry(path, entry)


def _linked(listed: list[IndexEntry]) -> list[IndexEntry]:
    """The same sorted entries, of which those of equal `entry.node` are hard links of each other."""
    groups: dict[Hashable, list[int]] = {}
    for position, item in enumerate(listed):
        if item.entry.node is not None:
            groups.setdefault(item.entry.node, []).append(position)
    for members in groups.values():
        _link(listed, members)
    return listed


def _link(listed: list[IndexEntry], members: list[int]) -> None:
    """Gives the paths of one file their first path; a file of one path in this layer is no hard link in it."""
    first = listed[members[0]].path if len(members) > 1 else None
    for position in members:
        item = listed[position]
        link = first if item.path != first else None
        if item.entry.node != first or item.link != link:
            listed[position] = replace(item, entry=replace(item.entry, node=first), link=link)


def row(item: IndexEntry) -> Row:
    """The row of one path, as it is serialized."""
    if item.whiteout:
        return [item.path, "whiteout"]
    entry = item.entry
    match entry.kind:
        case "file":
            assert item.digest is not None, "a file in an index has its digest"
            detail = item.digest.hex
        case "char" | "block":
            detail = f"{entry.device[0]}:{entry.device[1]}"
        case _:
            detail = entry.target
    found: Row = [item.path, entry.kind, entry.mode, entry.uid, entry.gid, entry.mtime_ns, entry.size, detail]
    if entry.node is not None or item.opaque or entry.xattrs:
        first = None if entry.node is None else item.link or item.path
        found += [first, item.opaque, {name: value.hex() for name, value in entry.xattrs}]
    return found


def _entries(data: bytes) -> Iterator[IndexEntry]:
    """The entries that were serialized. Raises CorruptError for anything else, once it comes to that."""
    try:
        for piece in rows.pieces(VERSION, data):
            for path, kind, *facts in json.loads(piece):
                if kind == "whiteout":
                    yield IndexEntry(path, disk.WHITEOUT, whiteout=True)
                    continue
                mode, uid, gid, mtime_ns, size, detail, *extra = facts
                first, opaque, values = extra or _NO_EXTRA
                entry = Entry(
                    kind,
                    mode,
                    uid,
                    gid,
                    size,
                    mtime_ns,
                    detail if kind == "symlink" else "",
                    _device(detail) if kind in {"char", "block"} else (0, 0),
                    tuple((name, bytes.fromhex(value)) for name, value in values.items()) if values else (),
                    first,
                )
                digest = Digest.from_hex(detail) if kind == "file" else None
                yield IndexEntry(path, entry, digest, opaque=opaque, link=None if first == path else first)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CorruptError(
            f"the index of a layer cannot be read: {error}", hint="run `stagemill store check`"
        ) from error


def _device(text: str) -> tuple[int, int]:
    major, minor = text.split(":")
    return int(major), int(minor)

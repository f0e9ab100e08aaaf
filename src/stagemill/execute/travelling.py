"""Cache mounts that travel: the directories of `RUN --mount=type=cache`, packed into blobs, and filled from them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from stagemill.cache.contents import CachedMount
from stagemill.digest import Digest
from stagemill.dockerfile.suggest import nearest
from stagemill.errors import ArchiveError, CacheError, CancelledError, CorruptError, RegistryError
from stagemill.events import Notice
from stagemill.execute.mounts import name_of
from stagemill.execute.progress import Progress
from stagemill.execute.services import Services
from stagemill.execute.streams import Counted, Stopped
from stagemill.execute.tree import Result, Tree
from stagemill.graph.mounts import CacheMount, reads_input
from stagemill.graph.operations import Run
from stagemill.graph.vertex import Vertex
from stagemill.layer.compression import Compression
from stagemill.layer.index import build
from stagemill.layer.pack import pack_blob
from stagemill.layer.unpack import unpack
from stagemill.oci.descriptor import Descriptor
from stagemill.solve.protocols import Cache
from stagemill.store.locks import never
from stagemill.store.removal import remove_tree
from stagemill.store.store import Store
from stagemill.store.usage import size_of
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.cache.imports import Imports

_SEED = " from sha256:"
PATIENCE = 30.0
"""Seconds to wait for other builds that use a cache which is to be packed."""


def shown(name: str) -> str:
    """What people call a cache: its id, or its target where it has none; without a namespace that it does not have."""
    return name.removeprefix("/")


def full_name(text: str) -> str:
    """The name of the cache without a namespace that people call so."""
    return f"/{text}"


def called(name: str) -> tuple[str, ...]:
    """What people may call a cache: with the seed that it began with, and without."""
    return tuple(dict.fromkeys((shown(name), shown(name).partition(_SEED)[0])))


@dataclass(frozen=True, slots=True)
class MountNames:
    """Which cache mounts are meant, by what people call them; `limit` is how many bytes of files they may have together."""

    names: frozenset[str] = frozenset()
    every: bool = False
    limit: int | None = None

    def __bool__(self) -> bool:
        return self.every or bool(self.names)

    def mean(self, name: str) -> bool:
        return self.every or not self.names.isdisjoint(called(name))


@dataclass(frozen=True, slots=True)
class NamedMount:
    """The cache of a step, by its full name; whether a process was in it during this build."""

    name: str
    used: bool


def mounts_of(vertices: Iterable[Vertex], cache: Cache[Result], ran: frozenset[Digest]) -> list[NamedMount]:
    """The cache mounts of a build's steps, each once, those that were used first."""
    found: dict[str, bool] = {}
    for vertex in vertices:
        if isinstance(vertex.op, Run):
            for name in _names(vertex, vertex.op, cache):
                found[name] = found.get(name, False) or vertex.digest in ran
    return sorted((NamedMount(name, used) for name, used in found.items()), key=lambda one: (not one.used, one.name))


def _names(vertex: Vertex, op: Run, cache: Cache[Result]) -> Iterator[str]:
    sources = iter(vertex.inputs[1:])
    for mount in op.mounts:
        source = next(sources) if reads_input(mount) else None
        if isinstance(mount, CacheMount):
            hit = cache.load(source.vertex.digest) if source else None
            seed = hit.result if hit else None
            if source is None or isinstance(seed, Tree):
                yield name_of(mount, seed if isinstance(seed, Tree) else None)


def restore(name: str, into: Path, services: Services, *, progress: Progress, stopped: Stopped) -> bool:
    """An empty directory holds what an imported cache has of this name; where that cannot be had it is empty, and False."""
    imports = services.imports
    found = imports.mount(name) if imports else None
    if imports is None or found is None:
        return False
    try:
        with imports.open(found.blob) as reader:
            part = f"cache mount {shown(name)}"
            counted = Counted(reader, descriptor=found.blob, part=part, progress=progress, stopped=stopped)
            unpack(counted, media_type=found.blob.media_type, into=into, parent=None, diff_id=found.diff_id)
    except (ArchiveError, CacheError, CorruptError, RegistryError) as error:
        for path in os.listdir(into):
            remove_tree(into / path)
        services.listener(Notice(f"the cache mount {shown(name)} begins empty: {error.message}", services.clock()))
        return False
    return True


@dataclass(frozen=True, slots=True)
class PackedMount:
    """A mount that goes with a cache; `path` is where its blob lies, None where an imported cache has it."""

    mount: CachedMount
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Packing:
    """Packs directories of caches into files of a scratch directory; `told` hears of those that are left out."""

    store: Store
    scratch: Path
    compression: Compression
    clock: Callable[[], float]
    told: Callable[[str], None]
    stopped: Stopped = never

    def all(self, mounts: Iterable[NamedMount], wanted: MountNames, imports: Imports | None) -> Iterator[PackedMount]:
        """Those that are meant and fit. What no process was in during this build stays as an imported cache has it."""
        known = list(mounts)
        left = wanted.limit
        for mount in known:
            if wanted.mean(mount.name):
                carried = imports.mount(mount.name) if imports else None
                found = self._one(mount, carried, left)
                if found:
                    left = None if left is None else left - found.mount.size
                    yield found
        for name in sorted(wanted.names - {name for mount in known for name in called(mount.name)}):
            near = nearest(name, {called(mount.name)[-1] for mount in known})
            hint = (
                f"did you mean {near}?" if near else "a cache is called by its id, or by its target where it has none"
            )
            self.told(f"no step of this build has a cache mount {name}\nhint: {hint}")

    def _one(self, mount: NamedMount, carried: CachedMount | None, left: int | None) -> PackedMount | None:
        fits = carried is not None and (left is None or carried.size <= left)
        if carried and fits and not mount.used:
            return PackedMount(carried)
        packed = self.pack(mount.name, limit=left)
        if carried and fits and (packed is None or packed.mount.blob.digest == carried.blob.digest):
            return PackedMount(carried)
        return packed

    def pack(self, name: str, *, limit: int | None = None) -> PackedMount | None:
        """None where there is no such directory, others use it, it is larger than the limit, or it cannot be packed."""
        with self.store.caches.alone(name, patience=PATIENCE) as place:
            if place is None or not place.is_dir():
                if place is None and any(one.name == name for one in self.store.caches.all()):
                    self._leave_out(name, "another build uses it")
                return None
            size = size_of(place)
            if limit is not None and size > limit:
                self._leave_out(name, f"it takes {size} bytes, and max-size leaves room for {limit}")
                return None
            try:
                return self._pack(name, place, size)
            except (ArchiveError, CorruptError) as error:
                self._leave_out(name, error.message)
                return None

    def _leave_out(self, name: str, why: str) -> None:
        self.told(f"the cache mount {shown(name)} is left out: {why}")

    def _pack(self, name: str, place: Path, size: int) -> PackedMount:
        def pause() -> None:
            if self.stopped():
                raise CancelledError("the build was stopped")

        path = self.scratch / f"mount-{len(os.listdir(self.scratch))}"
        index = build(place)
        with path.open("xb") as file:
            facts = pack_blob(place, index, _File(file), compression=self.compression, pause=pause)
        blob = Descriptor(self.compression.media_type, facts.digest, facts.size)
        return PackedMount(CachedMount(name, blob, facts.diff_id, size, int(self.clock())), path)


class _File:
    """A file that is named by what was written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes, /) -> object:
        self._hash.update(data)
        self._size += len(data)
        return self._file.write(data)

    def commit(self) -> tuple[Digest, int]:
        self._file.flush()
        return Digest.from_hex(self._hash.hexdigest()), self._size

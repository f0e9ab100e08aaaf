"""`usage`: how much of the disk a store takes, and `parts`: what for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from stagemill.digest import Digest
from stagemill.store.filters import Kind
from stagemill.store.references import LayersOf, References
from stagemill.store.store import Store
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes on the disk; a file that several layers share by hard link counts once."""

    blobs: int
    layers: int


def usage(store: Store) -> Usage:
    """What blobs and layers take; what vanishes meanwhile counts for nothing."""
    return Usage(
        blobs=sum(size for _, size in _files(store.root / "blobs")),
        layers=sum(dict(_files(store.root / "layers")).values()),
    )


def size_of(directory: Path) -> int:
    """What a directory takes with all that is in it; a file of several names counts once."""
    return sum(dict(_files(directory)).values())


def _files(directory: Path) -> Iterator[tuple[tuple[int, int], int]]:
    """Inodes with their bytes, of all that is below a directory."""
    for found in _walk(directory):
        yield (found.st_dev, found.st_ino), found.st_blocks * 512


def _walk(directory: Path) -> Iterator[os.stat_result]:
    waiting = [os.fspath(directory)]
    while waiting:
        with suppress(FileNotFoundError, PermissionError, NotADirectoryError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                try:
                    found = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # it vanished; the others are still there
                yield found
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)


@dataclass(frozen=True, slots=True)
class Part:
    """What one thing takes, in bytes: a step, the layers of a base, a cache mount, what only an image has, all the rest.

    A file that is in several layers by hard link counts in each of them by its share; those are `shared`. `used` is in
    seconds since the epoch, 0 where nobody knows; `id` is a step's canonical key, and of a mount or an image its own; `parents`
    are the keys of steps that a step stands on.
    """

    kind: Kind
    name: str
    size: int
    shared: int = 0
    used: float = 0.0
    id: str = ""
    parents: tuple[str, ...] = ()


def parts(store: Store, layers_of: LayersOf) -> list[Part]:
    """All that is on the disk: the sizes are together what the root directory takes, but for what is rounded."""
    found = list(_Parts(store, References.of(store, layers_of)).all())
    rest = size_of(store.root) - sum(part.size for part in found)
    return [*found, Part("other", "database, logs, and what nothing needs", max(rest, 0))]


class _Parts:
    def __init__(self, store: Store, references: References) -> None:
        self._store = store
        self._references = references
        self._taken: set[Digest] = set()  # blobs and directories, each of which counts once

    def all(self) -> Iterator[Part]:
        yield from self._steps()
        yield from self._bases()
        for one in self._store.caches.all():
            name = f"{one.name} ({one.number})" if one.number else one.name
            yield Part("mount", name, size_of(one.path), used=one.used, id=one.id)
        for name, blobs in self._references.images.items():
            yield Part("image", name, self._blobs(blobs), id=name)

    def _steps(self) -> Iterator[Part]:
        for step in self._references.steps:
            size = shared = 0
            for form, layer in step.layers:
                if form == "layer":
                    own, common = self._layer(layer)
                    size, shared = size + own, shared + common
            yield Part("step", step.name, size, shared, step.used, step.key, step.parents)

    def _bases(self) -> Iterator[Part]:
        found: dict[str, tuple[int, int]] = {}
        for base in self._store.links.bases():
            size, shared = self._directory(self._store.links.layer_of_chain(base.chain))
            size += self._blobs([base.descriptor.digest])
            before = found.get(base.reference, (0, 0))
            found[base.reference] = (before[0] + size, before[1] + shared)
        for reference, (size, shared) in found.items():
            if size:
                yield Part("base", reference or "images of this store", size, shared)

    def _layer(self, layer: Digest) -> tuple[int, int]:
        size, shared = self._directory(self._store.home(layer))
        return size + self._blobs(self._references.packed(layer)), shared

    def _directory(self, home: Digest | None) -> tuple[int, int]:
        """What a layer's directory takes, and how much of it is shared."""
        if home is None or home in self._taken:
            return 0, 0
        self._taken.add(home)
        size = shared = 0
        for found in _walk(self._store.layers.directory(home).parent):
            linked = found.st_nlink > 1 and not _is_directory(found)
            share = found.st_blocks * 512 // (found.st_nlink if linked else 1)
            size += share
            shared += share if linked else 0
        return size, shared

    def _blobs(self, blobs: Iterable[Digest]) -> int:
        size = 0
        for blob in blobs:
            if blob not in self._taken:
                self._taken.add(blob)
                with suppress(OSError):
                    size += self._store.blobs.path(blob).stat().st_blocks * 512
        return size


def _is_directory(found: os.stat_result) -> bool:
    return found.st_mode & 0o170000 == 0o040000

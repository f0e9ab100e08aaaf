"""`usage`: how much of the disk a store takes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stagemill.store.store import Store


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
    waiting = [os.fspath(directory)]
    while waiting:
        with suppress(FileNotFoundError, PermissionError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                found = entry.stat(follow_symlinks=False)
                yield (found.st_dev, found.st_ino), found.st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)

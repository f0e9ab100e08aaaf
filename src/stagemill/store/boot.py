"""The run of this machine: what is known of files only by their times, or was never written to the disk, ends with it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from stagemill.digest import Digest
from stagemill.store.layers import Layers

_NAME = "/proc/sys/kernel/random/boot_id"
_UNWRITTEN = 300.0
"""Seconds within which a kernel has written to the disk what it was given, and ten times what it is told to take."""


def name() -> bytes:
    """What this run of the machine is called; empty where it is not told. Source: random(4)."""
    try:
        with open(_NAME, "rb") as file:
            return file.read(64).strip()
    except OSError:
        return b""


class Boot:
    """Whether somebody has looked over a store since the machine was started."""

    def __init__(self, root: Path) -> None:
        self._path = root / "boot"

    def is_known(self) -> bool:
        try:
            return self._path.read_bytes() == name() != b""
        except OSError:
            return False

    def know(self) -> None:
        """Somebody has, now."""
        with suppress(OSError):
            self._path.write_bytes(name())


def doubtful(layers: Layers) -> list[Digest]:
    """Those that were made so shortly before the store was last used, in an earlier run of the machine, that files of theirs
    may never have come to the disk. If the machine went down later, that does no harm: it is only looked for.
    """
    made = {layer: _time(layers.directory(layer).parent) for layer in layers.all()}
    last = max((max(time, layers.used(layer)) for layer, time in made.items()), default=0.0)
    return [layer for layer, time in made.items() if time > last - _UNWRITTEN]


def _time(path: Path) -> float:
    """When a layer's directory got its index, which is when it was made: using it changes only the index's own time."""
    with suppress(OSError):
        return os.stat(path).st_mtime
    return 0.0

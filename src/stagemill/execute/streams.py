"""What stands between a stream and whoever reads it: one that keeps a copy, one that counts; and a tree that comes late."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from stagemill.digest import Digest
from stagemill.errors import CancelledError
from stagemill.execute.progress import Progress
from stagemill.files.view import Entry, FileView
from stagemill.oci.blobs import Reader
from stagemill.oci.descriptor import Descriptor
from stagemill.values import dataclass

Stopped: TypeAlias = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Kept:
    """A reader that hands what it reads to somebody else too."""

    reader: Reader
    keep: Callable[[bytes], object]

    def read(self, size: int, /) -> bytes:
        data = self.reader.read(size)
        if data:
            self.keep(data)
        return data


class Counted:
    """A reader that reports how far it is, and stops when the build is cancelled."""

    def __init__(
        self, reader: Reader, *, descriptor: Descriptor, part: str, progress: Progress, stopped: Stopped
    ) -> None:
        self._reader = reader
        self._total = descriptor.size
        self._part = part
        self._progress = progress
        self._stopped = stopped
        self._current = 0

    def read(self, size: int, /) -> bytes:
        if self._stopped():
            raise CancelledError("the build was stopped")
        data = self._reader.read(size)
        self._current += len(data)
        self._progress(self._part, self._current, self._total, done=not data)
        return data


class Waiting:
    """A tree that is made when it is first looked at."""

    def __init__(self, make: Callable[[], FileView]) -> None:
        self._make = make
        self._view: FileView | None = None

    def _ready(self) -> FileView:
        if self._view is None:
            self._view = self._make()
        return self._view

    def lstat(self, path: str) -> Entry | None:
        return self._ready().lstat(path)

    def listdir(self, path: str) -> list[str]:
        return self._ready().listdir(path)

    def digest(self, path: str) -> Digest:
        return self._ready().digest(path)

    def real_path(self, path: str) -> Path:
        return self._ready().real_path(path)

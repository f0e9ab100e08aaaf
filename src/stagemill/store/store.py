"""`Store`: all state on disk below one root directory, for any number of builds at once, any of which may be killed.

Source: DESIGN.md, section 5. Blobs and layers appear by rename and are checked when they are read; names and cache
records are in `state.sqlite`; what is unfinished lies in `tmp/` and is swept when its process is gone.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from stagemill.digest import Digest
from stagemill.store.blobs import Blobs
from stagemill.store.blocks import Blocks
from stagemill.store.builds import Builds
from stagemill.store.caches import Caches
from stagemill.store.database import Database
from stagemill.store.downloads import Downloads
from stagemill.store.durations import Durations
from stagemill.store.faults import explained, store_error
from stagemill.store.images import Images
from stagemill.store.layers import Layers
from stagemill.store.links import Links
from stagemill.store.living import Living
from stagemill.store.locks import Locks, never
from stagemill.store.marks import Marks
from stagemill.store.memo import Memo
from stagemill.store.partials import Partials
from stagemill.store.records import Records
from stagemill.store.stat_cache import MAGIC as STATS
from stagemill.store.stat_cache import StatCache
from stagemill.store.temporary import Temporary

# Layers hold other people's set-id programs and secrets: nobody else on this machine gets in.
_DIRECTORIES = {
    "": 0o700,
    "blobs/sha256": 0o755,
    "marks": 0o700,
    "partial": 0o700,
    "layers": 0o700,
    "caches": 0o700,
    "tmp": 0o700,
    "locks": 0o700,
    "living": 0o700,
    "logs": 0o700,
    "stats": 0o700,
}


def unheard(_text: str) -> None:
    """Nobody listens."""


class Store:
    """A store that is open; thread-safe. Also a context manager that closes it."""

    def __init__(self, root: Path, *, report: Callable[[str], None]) -> None:
        self.root = root
        self.locks = Locks(root / "locks")
        self.living = Living(root / "living")
        self.temporary = Temporary(root / "tmp")
        self.blobs = Blobs(root / "blobs" / "sha256", self.temporary, Marks(root / "marks"))
        self.partials = Partials(root / "partial", self.blobs)
        self.layers = Layers(root / "layers", self.temporary)
        self.caches = Caches(root / "caches", self.temporary, self.locks)
        self.database = Database(root / "state.sqlite", lock=lambda: self.locks.hold("state"), report=report)
        self.records = Records(self.database)
        self.durations = Durations(self.database)
        self.builds = Builds(self.database)
        self.images = Images(self.database)
        self.blocks = Blocks(self.database, self.blobs)
        self.links = Links(self.database)
        self.downloads = Downloads(self.database)

    @classmethod
    def open(cls, root: Path, *, report: Callable[[str], None] = unheard) -> Self:
        """The store at a root, made if there is none; what dead builds left is removed.

        `report` hears what was mended. Raises StoreError where the root cannot be written, or was made by a newer version.
        """
        _lay_out(root)
        Temporary(root / "tmp").sweep()
        Locks(root / "locks").sweep()
        return cls(root, report=report)

    def lock(self, name: str, cancelled: Callable[[], bool] = never) -> AbstractContextManager[None]:
        """Waits for the one lock of this name, among all threads of all processes, and holds it. Raises CancelledError."""
        return self.locks.hold(name, cancelled)

    def home(self, layer: Digest) -> Digest | None:
        """The directory in which a layer is here: of its own name, or of what its blob was unpacked to; None where in none."""
        if self.layers.has(layer):
            return layer
        found = self.links.layer_of_chain(layer)
        return found if found is not None and self.layers.has(found) else None

    def holds(self, layer: Digest) -> bool:
        """Whether a layer of a build is here, as a directory or as a blob."""
        if self.home(layer) is not None:
            return True
        packed = self.links.packed(layer)
        return packed is not None and self.blobs.has(packed.descriptor)

    def stat_cache(self, name: str) -> StatCache:
        """The remembered digests of one context, by a name such as its path."""
        return StatCache(self._memo(name, STATS))

    def seen(self, name: str) -> Memo:
        """What the latest build saw of one context, by such a name."""
        return self._memo(f"{name}\0seen", b"stagemill seen 1\n")

    def _memo(self, name: str, magic: bytes) -> Memo:
        file = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return Memo(self.root / "stats" / file, self.temporary, magic=magic)

    def scratch(self) -> AbstractContextManager[Path]:
        """An empty directory on the store's file system that is gone afterwards."""
        return self.temporary.scratch()

    def log_path(self, key: Digest) -> Path:
        """Where the full output of a step belongs."""
        return self.root / "logs" / f"{key.hex}.log"

    def close(self) -> None:
        """What was not committed is gone; the store must not be used any more."""
        self.database.close()
        self.temporary.close()
        self.living.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


def _lay_out(root: Path) -> None:
    for name, mode in _DIRECTORIES.items():
        path = root / name
        with explained("make the store", path):
            if not os.path.isdir(path):
                os.makedirs(path, mode, exist_ok=True)
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
            read_only = os.statvfs(path).f_flag & os.ST_RDONLY
            raise store_error(OSError(errno.EROFS if read_only else errno.EACCES, ""), "write to the store", path)

"""`Partials`: blobs of which only the beginning is here, for the next attempt to go on from, also after a kill -9.

What is kept is only believed when the whole blob has the right digest. A file is flock'ed by who writes to it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stagemill.errors import CorruptError
from stagemill.oci.descriptor import Descriptor
from stagemill.store.blobs import Blobs
from stagemill.store.faults import explained
from stagemill.store.locks import try_flock


class Partials:
    """One file for each blob that is not whole; any number of threads and processes may claim them."""

    def __init__(self, directory: Path, blobs: Blobs) -> None:
        self._directory = directory
        self._blobs = blobs

    @contextmanager
    def claim(self, descriptor: Descriptor) -> Iterator[Partial | None]:
        """What is here of a blob, to be gone on with; None where somebody else is at it.

        What was written stays, unless it was committed or discarded. Raises StoreError.
        """
        path = self._directory / descriptor.digest.hex
        file = self._opened(path)
        if file is None:
            yield None
            return
        try:
            yield Partial(file, path, descriptor, self._blobs)
        finally:
            with suppress(OSError):
                if not os.fstat(file).st_size and _is_still(file, path):
                    path.unlink()
            os.close(file)

    def _opened(self, path: Path) -> int | None:
        with explained("write", path):
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
            if try_flock(file) and _is_still(file, path):
                return file
            os.close(file)
            return None

    def sweep(self, *, before: float) -> int:
        """Removes what nobody has written to since a time, in seconds since the epoch; how many those were."""
        swept = 0
        with explained("list", self._directory):
            names = sorted(os.listdir(self._directory))
        for path in (self._directory / name for name in names):
            with suppress(OSError):
                file = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
                try:
                    if try_flock(file) and _is_still(file, path) and os.fstat(file).st_mtime < before:
                        path.unlink()
                        swept += 1
                finally:
                    os.close(file)
        return swept


class Partial:
    """`kept` bytes of a blob; `read` gives them, and `write` takes all of the blob, of which it keeps what is not here."""

    def __init__(self, file: int, path: Path, descriptor: Descriptor, blobs: Blobs) -> None:
        self._file = file
        self._path = path
        self._descriptor = descriptor
        self._blobs = blobs
        self._read = 0
        self._written = 0
        with explained("read", path):
            self.kept = os.fstat(file).st_size
            if self.kept > descriptor.size:
                self.discard()

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes of those that were kept; b"" after them."""
        with explained("read", self._path):
            data = os.pread(self._file, min(size, self.kept - self._read), self._read)
        self._read += len(data)
        return data

    def write(self, data: bytes, /) -> None:
        """The next bytes of the blob. Raises StoreError (the disk is full)."""
        fresh = memoryview(data)[max(0, self.kept - self._written) :]
        start = max(self._written, self.kept)
        with explained("write", self._path):
            while fresh:
                done = os.pwrite(self._file, fresh, start)
                fresh, start = fresh[done:], start + done
        self._written += len(data)

    def discard(self) -> None:
        """Nothing of it is here any more."""
        with explained("write", self._path):
            os.ftruncate(self._file, 0)
        self.kept = self._read = self._written = 0

    def commit(self) -> None:
        """The blob is in the store. The caller has seen that its bytes are right; here they are only counted."""
        digest, size = self._descriptor.digest, self._descriptor.size
        written = self._written
        if written != size or os.fstat(self._file).st_size != size:
            self.discard()
            raise CorruptError(f"blob {digest} should have {size} bytes, but {written} came")
        self._blobs.appear(self._file, self._path, digest)


def _is_still(file: int, path: Path) -> bool:
    """Whether the open file has that name; it is renamed when it is whole, and removed when nobody wants it."""
    try:
        found = os.fstat(file)
        return stat.S_ISREG(found.st_mode) and os.path.samestat(found, os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False

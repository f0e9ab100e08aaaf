"""Writes an archive again: of bytes that the receipt has, and of blobs of the store."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping

_CHUNK = 1 << 20
_SMALL = 1 << 16


class ChangedError(Exception):
    """Something is not what the receipt says."""


class Blobs:
    """The blobs of a receipt, open: nobody's pruning takes them away any more. Close them."""

    def __init__(self, folder: str, known: Mapping[str, list[int]], *, trusted: bool) -> None:
        """`known` is by digest in hex what the kernel said of each when it was checked: inode, size, times in nanoseconds.

        Without `trusted` that says nothing any more, and they are read. Raises ChangedError, OSError.
        """
        self._files: dict[str, int] = {}
        self.facts: dict[str, list[int]] = {}
        try:
            for name, facts in known.items():
                self._files[name] = os.open(f"{folder}/{name}", os.O_RDONLY | os.O_CLOEXEC)
                self.facts[name] = _checked(self._files[name], name, facts, trusted=trusted)
        except BaseException:
            self.close()
            raise

    def copy(self, name: str, out: int) -> None:
        """Appends a blob to a file. Raises OSError."""
        file, left = self._files[name], self.facts[name][1]
        os.lseek(file, 0, os.SEEK_SET)
        try:
            while left and (done := os.copy_file_range(file, out, left)):
                left -= done
        except OSError:
            pass  # not between these file systems: the rest is read and written
        while left and (data := os.read(file, _CHUNK)):
            _write(out, data)
            left -= len(data)
        if left:
            raise ChangedError(name)

    def read(self, name: str) -> bytes:
        return os.pread(self._files[name], self.facts[name][1], 0)

    def is_small(self, name: str) -> bool:
        return self.facts[name][1] <= _SMALL

    def close(self) -> None:
        for file in self._files.values():
            os.close(file)
        self._files.clear()


def facts_of(file: int) -> list[int]:
    """What the kernel says of an open file."""
    status = os.fstat(file)
    return [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _checked(file: int, name: str, known: list[int], *, trusted: bool) -> list[int]:
    """What the kernel says of a blob that is right. Raises ChangedError for one that is not."""
    seen = facts_of(file)
    if seen[1] != known[1] or (not (trusted and seen == known) and _digest(file) != name):
        raise ChangedError(name)
    return seen


def write(dest: str, pieces: Iterable[tuple[str, str]], blobs: Blobs) -> None:
    """The archive takes the place of what was at `dest` when it is whole. Raises OSError, ChangedError where that is no file."""
    if os.path.exists(dest) and not os.path.isfile(dest):
        raise ChangedError(dest)
    new = f"{os.path.dirname(dest)}/.{os.path.basename(dest)}.{os.urandom(4).hex()}"
    out = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            _write_all(out, pieces, blobs)
        finally:
            os.close(out)
        os.chmod(new, 0o644)
        os.replace(new, dest)
    except BaseException:
        os.unlink(new)
        raise


def _write_all(out: int, pieces: Iterable[tuple[str, str]], blobs: Blobs) -> None:
    waiting: list[bytes] = []
    for kind, text in pieces:
        if kind == "bytes":
            waiting.append(text.encode("latin-1"))
        elif blobs.is_small(text):
            waiting.append(blobs.read(text))
        else:
            _write(out, b"".join(waiting))
            waiting.clear()
            blobs.copy(text, out)
    _write(out, b"".join(waiting))


def _write(out: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(out, view) :]


def _digest(file: int) -> str:
    sha256 = hashlib.sha256()
    while data := os.read(file, _CHUNK):
        sha256.update(data)
    return sha256.hexdigest()

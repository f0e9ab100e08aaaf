"""`Blobs`: files named by the digest of what they hold; they appear by rename, whole, and are checked whenever read.

The bytes of a large one are checked once, and again when its file was touched or the machine was started since (`Marks`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError
from stagemill.oci.blobs import CHUNK, BlobSink, BlobSource
from stagemill.oci.descriptor import Descriptor
from stagemill.regex import regex
from stagemill.store.faults import explained
from stagemill.store.marks import WORTH, Marks, is_settled, same, settle
from stagemill.store.pouring import pour
from stagemill.store.temporary import Temporary

MADE_AGAIN = "it was thrown away; build or pull again, and it is made anew"
_HEX = regex(r"[0-9a-f]{64}")


class Blobs(BlobSource, BlobSink):
    """The blobs of a store; any number of threads and processes may read and write the same one."""

    def __init__(self, directory: Path, temporary: Temporary, marks: Marks) -> None:
        self._directory = directory
        self._temporary = temporary
        self._marks = marks

    def has(self, descriptor: Descriptor, /) -> bool:
        """Whether the blob is here with the right size; its bytes are checked when they are read. It counts as used now."""
        try:
            found = self.size(descriptor.digest) == descriptor.size
        except NotFoundError:
            return False
        self.touch(descriptor.digest)
        return found

    def touch(self, digest: Digest) -> None:
        """Marks a blob that is here as used now: nobody prunes it while a process lives that began before."""
        self._marks.touch(digest)

    def used(self, digest: Digest) -> float:
        """When it was marked last, or made; 0 where it is not here."""
        try:
            made = os.stat(self.path(digest)).st_mtime
        except FileNotFoundError:
            return 0.0
        marked = self._marks.used(digest)
        return made if marked is None else marked

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[VerifyingReader]:
        """The blob's bytes, checked: the read that reaches their end raises CorruptError where they are wrong.

        A torn blob is thrown away. A reader that stops early has checked nothing. Raises NotFoundError, StoreError.
        """
        with self._reader(descriptor.digest) as reader:
            if reader.size != descriptor.size:
                self.verify(descriptor.digest)
                found = f"blob {descriptor.digest} is {reader.size} bytes long"
                raise CorruptError(f"{found}, but is said to have {descriptor.size}")
            yield reader

    def write(self, descriptor: Descriptor, chunks: Iterable[bytes], /) -> None:
        """The blob is here afterwards, whole or not at all. Raises CorruptError for other bytes than the descriptor's."""
        with self.writer() as writer:
            for chunk in chunks:
                writer.write(chunk)
                if writer.size > descriptor.size:
                    raise CorruptError(f"blob {descriptor.digest} should have {descriptor.size} bytes, but more came")
            if writer.size != descriptor.size:
                wanted = f"blob {descriptor.digest} should have {descriptor.size} bytes"
                raise CorruptError(f"{wanted}, but {writer.size} came")
            writer.commit(descriptor.digest)

    @contextmanager
    def writer(self) -> Iterator[BlobWriter]:
        """Takes bytes whose name is not known yet; without a commit nothing stays."""
        path = self._temporary.new()
        with explained("write", path):
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            yield BlobWriter(file, path, self)
        finally:
            os.close(file)
            with suppress(FileNotFoundError):
                path.unlink()

    def put(self, data: bytes) -> Digest:
        """The name of some bytes, which are here afterwards."""
        digest = Digest.of(data)
        with suppress(NotFoundError, CorruptError):
            self.read(digest)
            return digest
        with self.writer() as writer:
            writer.write(data)
            writer.commit(digest)
        return digest

    def read(self, digest: Digest) -> bytes:
        """All bytes of a small blob, checked; it counts as used now. Raises NotFoundError, CorruptError."""
        with self._reader(digest) as reader:
            self.touch(digest)
            parts: list[bytes] = []
            while part := reader.read(CHUNK):
                parts.append(part)
        return b"".join(parts)

    def verify(self, digest: Digest, *, anew: bool = False) -> int:
        """The size of a whole blob; it counts as used now. Raises NotFoundError, CorruptError.

        It is read, unless it was checked before and not touched since; with `anew` in any case.
        """
        with self._reader(digest, anew=anew) as reader:
            self.touch(digest)
            if not reader.is_checked:
                while reader.read(CHUNK):
                    pass
            return reader.size

    def appear(self, file: int, path: Path, digest: Digest) -> None:
        """An open file of the same file system, whose bytes were checked, is the blob. Raises StoreError."""
        target = self.path(digest)
        with explained("write", target):
            settle(file)
            os.rename(path, target)
            self._marks.vouch(digest, os.fstat(file))

    def size(self, digest: Digest) -> int:
        """Bytes. Raises NotFoundError."""
        path = self.path(digest)
        with explained("read", path):
            try:
                return os.stat(path).st_size
            except FileNotFoundError:
                raise _missing(digest) from None

    def path(self, digest: Digest) -> Path:
        """Where the blob is if it is here; who reads it there has to check it."""
        return self._directory / digest.hex

    def prune(self, digest: Digest, *, before: float) -> None:
        """Removes a blob that was not used since a time. Who marks it at this very moment still has it, or finds it lost."""
        if not self.used(digest) or self.used(digest) >= before:
            return
        target, aside = self.path(digest), self._temporary.new()
        with explained("remove", target):
            try:
                os.rename(target, aside)
            except FileNotFoundError:
                return
            if (self._marks.used(digest) or 0.0) >= before:
                os.rename(aside, target)
            else:
                aside.unlink()
                self._marks.remove(digest)

    def remove(self, digest: Digest) -> None:
        """The blob is not here afterwards."""
        path = self.path(digest)
        with explained("remove", path), suppress(FileNotFoundError):
            path.unlink()
        self._marks.remove(digest)

    def forget(self) -> None:
        """Of blobs that are not here there is no mark afterwards."""
        here = set(self._names())
        for name in self._marks.names():
            if name not in here and _HEX.fullmatch(name):
                self._marks.remove(Digest.from_hex(name))

    def all(self) -> Iterator[Digest]:
        """The names of all blobs, sorted."""
        return (Digest.from_hex(name) for name in self._names() if _HEX.fullmatch(name))

    def strays(self) -> list[Path]:
        """What lies among the blobs and is none."""
        return [self._directory / name for name in self._names() if not _HEX.fullmatch(name)]

    def _names(self) -> list[str]:
        with explained("list", self._directory):
            return sorted(os.listdir(self._directory))

    @contextmanager
    def _reader(self, digest: Digest, *, anew: bool = False) -> Iterator[VerifyingReader]:
        path = self.path(digest)
        with explained("read", path):
            try:
                file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                raise _missing(digest) from None
        try:
            yield VerifyingReader(file, digest, path, self._marks, anew=anew)
        finally:
            os.close(file)


def _missing(digest: Digest) -> NotFoundError:
    return NotFoundError(
        f"blob {digest} is not in the store", hint="build or pull the image again, and it is made anew"
    )


class VerifyingReader:
    """Reads a file that is named by its digest; the read that comes to the end checks the name first.

    `is_checked` says that this was done: by an earlier reader of the untouched file, unless it shall be done `anew`.
    """

    def __init__(self, file: int, digest: Digest, path: Path, marks: Marks, *, anew: bool = False) -> None:
        self._file = file
        self._digest = digest
        self._path = path
        self._marks = marks
        self._hash = hashlib.sha256()
        self._status = os.fstat(file)
        self._settled = is_settled(self._status)
        self.size = self._status.st_size
        self._left = self.size
        self.is_checked = not anew and self.size >= WORTH and marks.vouches(digest, self._status)
        self._known = self.is_checked

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, b"" at the end. Raises CorruptError instead of the last bytes of a torn blob."""
        with explained("read", self._path):
            data = os.read(self._file, min(size, self._left)) if self._left else b""
        if not self._known:
            self._hash.update(data)
        self._left -= len(data)
        if size and (self._left == 0 or not data):
            self._end()
        return data

    def pour(self, target: int, /) -> int:
        """Writes what is left to another open file, in the kernel where nothing has to be checked; says how many bytes.

        Raises CorruptError at the end of wrong ones, StoreError where they cannot be read, OSError where not written.
        """
        before = self._left
        if self._known:
            self._left -= pour(self._file, target, self._left)
        while data := self.read(CHUNK):
            written = os.write(target, data)
            while written < len(data):
                written += os.write(target, memoryview(data)[written:])
        return before - self._left

    def _end(self) -> None:
        """All was read: it was right, or is not the blob."""
        status = os.fstat(self._file)
        if self._known:
            if same(status, self._status):
                return
            self._again()
        if not self.is_checked:
            self._check(Digest.from_hex(self._hash.hexdigest()))
            if self._settled and same(status, self._status):
                self._marks.vouch(self._digest, status)

    def _again(self) -> None:
        """Who believed a mark, and then finds the file touched, reads it after all."""
        self._known = self.is_checked = False
        with explained("read", self._path):
            os.lseek(self._file, 0, os.SEEK_SET)
            while data := os.read(self._file, CHUNK):
                self._hash.update(data)

    def _check(self, found: Digest) -> None:
        if found != self._digest:
            self._throw_away()
            raise CorruptError(f"blob {self._digest} is torn: its bytes are {found}", hint=MADE_AGAIN)
        self.is_checked = True

    def _throw_away(self) -> None:
        with suppress(OSError):
            if os.path.samestat(os.fstat(self._file), os.stat(self._path)):  # else somebody has made it again already
                os.unlink(self._path)


class BlobWriter:
    """Takes a blob's bytes in pieces; they are a blob once they are committed."""

    def __init__(self, file: int, path: Path, blobs: Blobs) -> None:
        self._file = file
        self._path = path
        self._blobs = blobs
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes, /) -> int:
        """Appends bytes; says how many. Raises StoreError (the disk is full)."""
        with explained("write", self._path):
            written = os.write(self._file, data)
            while written < len(data):
                written += os.write(self._file, memoryview(data)[written:])
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    @property
    def digest(self) -> Digest:
        """The digest of what was written so far."""
        return Digest.from_hex(self._hash.hexdigest())

    def commit(self, expected: Digest | None = None) -> tuple[Digest, int]:
        """The blob's name and size; it is in the store. Raises CorruptError where it is not the expected one."""
        digest = self.digest
        if expected is not None and digest != expected:
            raise CorruptError(f"blob {expected} came torn: its bytes are {digest}")
        self._blobs.appear(self._file, self._path, digest)
        return digest, self.size

"""`Bundle`: the files of an image layout or archive, by name, wherever they lie: in a directory or in a tar."""

from __future__ import annotations

import os
import posixpath
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from stagemill.errors import ArchiveError, NotFoundError
from stagemill.files.paths import clean
from stagemill.layer.compression import decompressed
from stagemill.oci.blobs import Reader

_MOST_LINKS = 8
_MOST_DOCUMENT = 64 << 20
_NO_ARCHIVE = "name what docker save, podman save, skopeo or stagemill save wrote"
DAMAGED = "the archive is damaged, or was cut short; fetch or make it again"


class Bundle(Protocol):
    """Files by name; names have `/` between their parts, and none leads out of the bundle."""

    def size(self, name: str) -> int | None:
        """In bytes; None where there is no such file."""
        ...

    def open(self, name: str) -> AbstractContextManager[Reader]:
        """Raises NotFoundError where there is no such file; several may be read at once, from several threads."""
        ...


class DirectoryBundle:
    """The files of a directory."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def size(self, name: str) -> int | None:
        status = _status(self._root / clean(name))
        return status.st_size if status and stat.S_ISREG(status.st_mode) else None

    @contextmanager
    def open(self, name: str) -> Iterator[Reader]:
        if self.size(name) is None:
            raise NotFoundError(f"there is no {name} in {self._root}", hint=DAMAGED)
        with _opened(self._root / clean(name)) as file:
            yield file


class TarBundle:
    """The files of an uncompressed tar archive. Symlinks and hard links in it are followed, as old images need.

    `origin` is the file that people know, where the archive is a copy of it.
    """

    def __init__(self, path: Path, *, origin: Path | None = None) -> None:
        self._path = path
        self._members = _members(path, origin or path)

    def size(self, name: str) -> int | None:
        member = self._find(name)
        return member.size if member else None

    @contextmanager
    def open(self, name: str) -> Iterator[Reader]:
        member = self._find(name)
        if member is None:
            raise NotFoundError(f"there is no {name} in {self._path}", hint=DAMAGED)
        with _opened(self._path) as file:
            file.seek(member.offset_data)
            yield _Slice(file, member.size, name=name)

    def _find(self, name: str) -> tarfile.TarInfo | None:
        name = clean(name)
        for _ in range(_MOST_LINKS):
            member = self._members.get(name)
            if member is None or member.isreg():
                return member
            if member.issym():
                name = clean(posixpath.join(posixpath.dirname(name), member.linkname))
            elif member.islnk():
                name = clean(member.linkname)
            else:
                return None
        return None


class _Slice:
    """A part of an open file; a file that ends before the part does is a damaged archive."""

    def __init__(self, file: BinaryIO, size: int, *, name: str) -> None:
        self._file = file
        self._left = size
        self._name = name

    def read(self, size: int, /) -> bytes:
        data = self._file.read(min(size, self._left))
        if not data and size and self._left:
            raise ArchiveError(f"the archive ends inside {self._name}", hint=DAMAGED)
        self._left -= len(data)
        return data


@contextmanager
def open_bundle(path: Path, *, scratch: Path | None) -> Iterator[Bundle]:
    """The files of a layout directory or an archive.

    An archive that is compressed, or comes through a pipe, is written to `scratch` first, which needs room for it;
    None is the system's place for temporary files. Raises ArchiveError.
    """
    status = _status(path)
    if status and stat.S_ISDIR(status.st_mode):
        yield DirectoryBundle(path)
    elif status and stat.S_ISREG(status.st_mode) and _is_tar(path):
        yield TarBundle(path)
    else:
        with _unpacked(path, scratch) as copy:
            yield TarBundle(copy, origin=path)


@contextmanager
def _unpacked(path: Path, scratch: Path | None) -> Iterator[Path]:
    """The archive without its compression, in a temporary file."""
    with ExitStack() as stack:
        try:
            copy = stack.enter_context(tempfile.NamedTemporaryFile(dir=scratch, prefix="stagemill-"))
            with _opened(path) as file:
                copy.writelines(decompressed(file))
            copy.flush()
        except OSError as error:
            hint = "unpacking needs room for temporary files"
            raise ArchiveError(f"cannot unpack {path}: {error.strerror or error}", hint=hint) from error
        yield Path(copy.name)


def _status(path: Path) -> os.stat_result | None:
    """None where there is nothing. Raises ArchiveError where that cannot be seen."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        raise ArchiveError(f"cannot read {path}: {error.strerror}", hint="check its permissions") from error


def document(bundle: Bundle, name: str) -> bytes:
    """A small file, whole. Raises NotFoundError, and ArchiveError where it is not small."""
    size = bundle.size(name) or 0
    if size > _MOST_DOCUMENT:
        raise ArchiveError(f"{name} has {size} bytes: at most {_MOST_DOCUMENT} are read", hint=DAMAGED)
    with bundle.open(name) as reader:
        return reader.read(max(size, 1))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise ArchiveError(f"there is no file {path}", hint="check the path") from error
    except OSError as error:
        raise ArchiveError(f"cannot read {path}: {error.strerror}", hint="check its permissions") from error
    with file:
        yield file


def _is_tar(path: Path) -> bool:
    with _opened(path) as file:
        return file.read(265)[257:262] == b"ustar"


def _members(path: Path, origin: Path) -> dict[str, tarfile.TarInfo]:
    broken = (tarfile.TarError, OSError, ValueError, EOFError)
    try:
        archive = tarfile.open(path, "r:")  # noqa: SIM115  two errors, of which the first says that it is none
    except broken as error:
        what = "is empty" if path.stat().st_size == 0 else "is no tar archive"
        raise ArchiveError(f"{origin} {what}", hint=_NO_ARCHIVE) from error
    try:
        with archive:
            return {clean(member.name): member for member in archive}
    except broken as error:
        raise ArchiveError(f"{origin} cannot be read to its end: {error}", hint=DAMAGED) from error

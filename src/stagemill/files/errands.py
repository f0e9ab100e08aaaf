"""Errands: what is done with many small files of one folder, in this process or in one beside it.

An errand goes through its files in their order, and ends before the first that is not as it was told, or cannot be had: who
gave it does the rest by the usual means, and hears there what the matter is. Nothing is loaded here but what that takes.
"""

from __future__ import annotations

import errno
import hashlib
import marshal
import os
import sys

TYPE_CHECKING = False  # for a type checker it is true; typing itself takes a while to load
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal, TypeAlias, TypeVar

    T = TypeVar("T")
    Facts: TypeAlias = tuple[bytes, int, int, int, int, int]
    """Of a file: name, device, inode, size in bytes, both times in nanoseconds."""
    Reading: TypeAlias = tuple[Literal["hash"], bytes, list[Facts]]
    """`hash`, the folder, its files."""
    Wanted: TypeAlias = tuple[bytes, bytes, int, bytes, int, int]
    """Of a copy: name in the source, name in the target, size in bytes, digest, mode, time in nanoseconds."""
    Copying: TypeAlias = tuple[Literal["copy"], bytes, bytes, tuple[int, int] | None, list[Wanted]]
    """`copy`, the folder of the sources, that of the targets, the owner if it is not that of the process, the files."""
    Linking: TypeAlias = tuple[Literal["link"], bytes, bytes, list[bytes]]
    """`link`, the folder where the files are, that where they are to be too, their names in both."""
    Errand: TypeAlias = Reading | Copying | Linking

CHUNK = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_XATTRS = (errno.ENOTSUP, errno.ENODATA)


def run(errand: Errand) -> bytes:
    """What came of it: of `hash` the digests of the first files, else a byte for each file that is there now."""
    if errand[0] == "hash":
        return _hashed(errand[1], errand[2])
    if errand[0] == "copy":
        return _copied(errand[1], errand[2], errand[3], errand[4])
    return _linked(errand[1], errand[2], errand[3])


def undo(errand: Errand) -> None:
    """Takes away what somebody may have left who died in the middle of it."""
    if errand[0] == "hash":
        return
    for name in errand[3] if errand[0] == "link" else [wanted[1] for wanted in errand[4]]:
        try:
            os.unlink(os.path.join(errand[2], name))
        except FileNotFoundError:
            continue


def _hashed(folder: bytes, files: list[Facts]) -> bytes:
    found = []
    try:
        at = os.open(folder, _FOLDER)
    except OSError:
        return b""
    try:
        for name, device, node, size, modified, changed in files:
            descriptor = os.open(name, _READ, dir_fd=at)
            try:
                digest = _digest(descriptor, size)
                status = os.fstat(descriptor)
            finally:
                os.close(descriptor)
            # What is of another size, type or owner has another time of change.
            if (status.st_ino, status.st_ctime_ns, status.st_mtime_ns) != (node, changed, modified):
                break
            if (status.st_dev, status.st_size) != (device, size):
                break
            found.append(digest)
    except OSError:
        pass
    finally:
        os.close(at)
    return b"".join(found)


def _digest(descriptor: int, size: int) -> bytes:
    """Of so many bytes at most; of a file that says it has none, of all that there are: some of the kernel's do."""
    if 0 < size <= CHUNK:
        data = os.read(descriptor, size)
        if len(data) == size:
            return hashlib.sha256(data).digest()
        os.lseek(descriptor, 0, os.SEEK_SET)
    sha256, left = hashlib.sha256(), size
    while (left or not size) and (data := os.read(descriptor, min(left or CHUNK, CHUNK))):
        sha256.update(data)
        left -= min(left, len(data))
    return sha256.digest()


def _copied(source: bytes, target: bytes, owner: tuple[int, int] | None, files: list[Wanted]) -> bytes:
    def copy(from_: int, into: int, wanted: Wanted, number: int) -> bool:
        return _copy(from_, into, wanted, owner=owner, first=number == 0)

    return _each(source, target, files, copy)


def _linked(source: bytes, target: bytes, names: list[bytes]) -> bytes:
    def link(from_: int, into: int, name: bytes, _number: int) -> bool:
        os.link(name, name, src_dir_fd=from_, dst_dir_fd=into, follow_symlinks=False)
        return True

    return _each(source, target, names, link)


def _each(source: bytes, target: bytes, items: list[T], do: Callable[[int, int, T, int], bool]) -> bytes:
    """A byte for each of the first items for which that was done, with both folders open, and with its number."""
    done = 0
    try:
        from_ = os.open(source, _FOLDER)
    except OSError:
        return b""
    try:
        into = os.open(target, _FOLDER)
        try:
            for item in items:
                if not do(from_, into, item, done):
                    break
                done += 1
        finally:
            os.close(into)
    except OSError:
        pass
    finally:
        os.close(from_)
    return b"\1" * done


def _copy(from_: int, into: int, wanted: Wanted, *, owner: tuple[int, int] | None, first: bool) -> bool:
    """Whether the file is there, and is as it is wanted; where it is not, nothing is left of it.

    What a file system makes of times and attributes is asked of the first file of an errand, and holds for the others.
    """
    name, new, size, digest, mode, time = wanted
    source = os.open(name, _READ, dir_fd=from_)
    try:
        target = os.open(new, _NEW, mode, dir_fd=into)
        right = False
        try:
            right = _fill(source, target, size) == digest
            if right:
                if owner:
                    os.fchown(target, *owner)
                if os.fstat(target).st_mode & 0o7777 != mode:
                    os.fchmod(target, mode)
                os.utime(target, ns=(time, time))
                right = not first or _is_plain(target, time)
        finally:
            os.close(target)
            if not right:
                os.unlink(new, dir_fd=into)
    finally:
        os.close(source)
    return right


def _fill(source: int, target: int, size: int) -> bytes:
    """Copies so many bytes, and all where none are said to be there; their digest."""
    if size <= CHUNK:
        data = os.read(source, size or CHUNK)
        if len(data) == size:
            if size and os.write(target, data) != size:
                return b""
            return hashlib.sha256(data).digest()
        os.lseek(source, 0, os.SEEK_SET)
    sha256, left = hashlib.sha256(), size
    while (left or not size) and (data := os.read(source, min(left or CHUNK, CHUNK))):
        sha256.update(data)
        if os.write(target, data) != len(data):
            return b""
        left -= min(left, len(data))
    return sha256.digest()


def _is_plain(target: int, time: int) -> bool:
    """Whether a file has the time that it was given, and no attributes that nobody gave it."""
    if os.fstat(target).st_mtime_ns != time:
        return False
    try:
        return not os.listxattr(target)
    except OSError as error:
        return error.errno in _NO_XATTRS


def serve() -> None:
    """Does one errand after the other that comes in; ends with whoever sends them, at the latest after the one it is at."""
    os.umask(0)
    come, go, caller = sys.stdin.buffer, sys.stdout.buffer, os.getppid()
    while (head := come.read(4)) and os.getppid() == caller:
        result = run(marshal.loads(come.read(int.from_bytes(head, "big"))))  # noqa: S302  a process of ours sent it
        go.write(len(result).to_bytes(4, "big") + result)
        go.flush()

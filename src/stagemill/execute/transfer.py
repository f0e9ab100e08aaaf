"""Bytes of a file that lies on this machine, on their way into a layer; no symlink is followed to reach them."""

from __future__ import annotations

import errno
import hashlib
import os

from stagemill.digest import Digest
from stagemill.errors import ContextError, CorruptError

_CHUNK = 1 << 20
_ENDLESS = 1 << 62  # bytes; a file of the kernel's says that it has none, whatever is in it
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def copy_hashed(source: str, target: int, *, size: int, expected: Digest, name: str) -> None:
    """Copies so many bytes of a file that might change at any time into an open one. ContextError where they are no longer
    the expected ones.
    """
    try:
        descriptor = os.open(source, _READ)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ELOOP}:
            raise changed(name) from error
        raise ContextError(
            f'cannot read "/{name}" of the build context: {error.strerror}', hint="make it readable, or leave it out"
        ) from error
    sha256 = hashlib.sha256()
    left = size or _ENDLESS
    try:
        while left and (data := os.read(descriptor, min(left, _CHUNK))):
            sha256.update(data)
            write(target, data)
            left -= len(data)
    finally:
        os.close(descriptor)
    if sha256.hexdigest() != expected.hex:
        raise changed(name)


def copy_fixed(source: str, target: int, *, size: int) -> None:
    """Copies a file that never changes into an open one, in the kernel where it can. CorruptError for another size."""
    descriptor = os.open(source, _READ)
    try:
        copied = _in_kernel(descriptor, target, size)
        while data := os.read(descriptor, _CHUNK):
            write(target, data)
            copied += len(data)
    finally:
        os.close(descriptor)
    if copied != size:
        raise CorruptError(
            f"{source} has {copied} bytes, its layer says {size}", hint="run `stagemill store check`, then build again"
        )


def changed(name: str) -> ContextError:
    """The error for a file that is another one than when its digest was taken."""
    return ContextError(f'"/{name}" of the build context changed while it was being copied', hint="build again")


def _in_kernel(source: int, target: int, size: int) -> int:
    """How many bytes were copied; file systems that cannot do it copy none."""
    copied = 0
    try:
        while copied < size and (count := os.copy_file_range(source, target, size - copied)):
            copied += count
    except OSError:
        if copied:
            raise
    return copied


def write(target: int, data: bytes) -> None:
    written = os.write(target, data)
    while written < len(data):
        written += os.write(target, data[written:])

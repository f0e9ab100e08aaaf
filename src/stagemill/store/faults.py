"""`explained`: what the system says about the store's files, in words for people and with what to do about it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from stagemill.errors import StoreError

SPACE_HINT = "free some space on that disk, or set STAGEMILL_ROOT to a directory on a larger one"
PERMISSION_HINT = "set STAGEMILL_ROOT to a directory that this user may write to"
READ_ONLY_HINT = "the file system is read-only; set STAGEMILL_ROOT to a directory that can be written to"
DISK_HINT = "the disk reports an error; see the kernel's log (dmesg)"
LOST_HINT = "the directory above it cannot be made, or was removed; set STAGEMILL_ROOT to another one"
_HINTS = {
    errno.ENOSPC: SPACE_HINT,
    errno.EDQUOT: SPACE_HINT,
    errno.EACCES: PERMISSION_HINT,
    errno.EPERM: PERMISSION_HINT,
    errno.EROFS: READ_ONLY_HINT,
    errno.ENOENT: LOST_HINT,
    errno.ENOTDIR: "something that is no directory lies at that path; move it away, or set STAGEMILL_ROOT to another one",
    errno.EEXIST: "something that is no directory lies at that path; move it away, or set STAGEMILL_ROOT to another one",
    errno.EMFILE: "raise the limit of open files (ulimit -n), or build with fewer steps at once",
    errno.ENFILE: "the whole machine has too many files open; end some programs",
    errno.EIO: DISK_HINT,
}


def store_error(error: OSError, doing: str, path: str | os.PathLike[str]) -> StoreError:
    """The error for people: `cannot <doing> <path>: <what the system says>`."""
    number = error.errno or 0
    said = os.strerror(number) if number else str(error)
    return StoreError(f"cannot {doing} {os.fspath(path)}: {said[:1].lower()}{said[1:]}", hint=_HINTS.get(number))


@contextmanager
def explained(doing: str, path: str | os.PathLike[str]) -> Iterator[None]:
    """Any OSError inside becomes a StoreError that names the path."""
    try:
        yield
    except OSError as error:
        raise store_error(error, doing, path) from error

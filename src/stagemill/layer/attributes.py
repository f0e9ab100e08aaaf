"""Owner, mode, extended attributes and time of one path, set as an entry says."""

from __future__ import annotations

import errno
import os
from dataclasses import replace

from stagemill.files.view import Entry

_CAPABILITY = "security.capability"
_SAFE_SECONDS = 1 << 31


class OwnerError(OSError):
    """A file cannot get its owner, because the user namespace lacks one of the ids."""

    def __init__(self, error: OSError, *, uid: int, gid: int) -> None:
        super().__init__(error.errno, error.strerror)
        self.uid = uid
        self.gid = gid


def apply(where: str | int, entry: Entry, *, owner: tuple[int, int] | None = None) -> Entry:
    """Gives a path, or an open file, what the entry says; returns what the file system made of it.

    `owner` are the user and group that it has, where that is known: as a rule those of this process. Raises OSError, and as
    one of them OwnerError.
    """
    follow = isinstance(where, int)
    if (entry.uid, entry.gid) != (owner or (os.geteuid(), os.getegid())):
        _own(where, entry, follow=follow)
    if entry.kind == "symlink":
        entry = replace(entry, mode=0o777)
    else:
        os.chmod(where, entry.mode)
    if entry.xattrs:
        kept = tuple(item for item in entry.xattrs if _set(where, item, follow=follow))
        entry = replace(entry, xattrs=kept)
    os.utime(where, ns=(entry.mtime_ns, entry.mtime_ns), follow_symlinks=follow)
    if not 0 <= entry.mtime_ns < _SAFE_SECONDS * 1_000_000_000:
        status = os.stat(where, follow_symlinks=follow)
        entry = replace(entry, mtime_ns=status.st_mtime_ns)
    return entry


def _own(where: str | int, entry: Entry, *, follow: bool) -> None:
    try:
        os.chown(where, entry.uid, entry.gid, follow_symlinks=follow)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.EPERM, errno.EOVERFLOW}:
            raise
        raise OwnerError(error, uid=entry.uid, gid=entry.gid) from error


def _set(where: str | int, item: tuple[str, bytes], *, follow: bool) -> bool:
    """Whether the attribute is there now; those that only the host's root may set are done without, capabilities not."""
    name, value = item
    try:
        os.setxattr(where, name, value, follow_symlinks=follow)
    except OSError as error:
        if name != _CAPABILITY and _may_be_missed(name, error.errno):
            return False
        raise
    return True


def _may_be_missed(name: str, code: int | None) -> bool:
    if code in {errno.ENOTSUP, errno.EOPNOTSUPP}:
        return True
    return code == errno.EPERM and name.startswith(("security.", "trusted."))

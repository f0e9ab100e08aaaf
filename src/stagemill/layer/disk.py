"""One path of a layer directory on disk, in overlayfs' form: whiteouts are devices 0:0, `user.overlay.*` is the kernel's.

Source: Linux, Documentation/filesystems/overlayfs.rst, sections "whiteouts and opaque directories" and "User xattr".
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Hashable

from stagemill.digest import Digest
from stagemill.files.view import Entry, Kind

OPAQUE = "user.overlay.opaque"
WHITEOUT = Entry(kind="char", mode=0, uid=0, gid=0, size=0, mtime_ns=0)

_PRIVATE = ("user.overlay.", "trusted.overlay.")
_KINDS: dict[int, Kind] = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "dir",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFCHR: "char",
    stat.S_IFBLK: "block",
    stat.S_IFSOCK: "socket",
}
_NO_XATTRS = (errno.ENOTSUP, errno.ENODATA)
_CHUNK = 1 << 20


def is_private(xattr: str) -> bool:
    """Whether an extended attribute is overlayfs' own, which no layer ships and no archive may set."""
    return xattr.startswith(_PRIVATE)


def is_whiteout(status: os.stat_result) -> bool:
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def is_opaque(directory: str) -> bool:
    """Whether a directory hides what lower layers have at its path."""
    try:
        return os.getxattr(directory, OPAQUE, follow_symlinks=False) == b"y"
    except OSError as error:
        if error.errno in _NO_XATTRS:
            return False
        raise


def make_whiteout(path: str) -> None:
    os.mknod(path, stat.S_IFCHR, os.makedev(0, 0))


def make_opaque(directory: str) -> None:
    os.setxattr(directory, OPAQUE, b"y", follow_symlinks=False)


def strip(path: str, *, keep_opaque: bool = False) -> None:
    """Removes overlayfs' own extended attributes from a file or directory."""
    for name in os.listxattr(path, follow_symlinks=False):
        if is_private(name) and not (keep_opaque and name == OPAQUE):
            os.removexattr(path, name, follow_symlinks=False)


def read(path: str, status: os.stat_result, *, node: Hashable = None) -> Entry:
    """The entry of a path whose `os.lstat` is known."""
    kind = _KINDS[stat.S_IFMT(status.st_mode)]
    return Entry(
        kind=kind,
        mode=status.st_mode & 0o7777,
        uid=status.st_uid,
        gid=status.st_gid,
        size=status.st_size if kind == "file" else 0,
        mtime_ns=status.st_mtime_ns,
        target=os.readlink(path) if kind == "symlink" else "",
        device=(os.major(status.st_rdev), os.minor(status.st_rdev)) if kind in {"char", "block"} else (0, 0),
        xattrs=xattrs(path),
        node=node,
    )


def read_open(descriptor: int) -> Entry:
    """The entry of a regular file that is open, and has one name."""
    status = os.fstat(descriptor)
    mode, uid, gid = status.st_mode & 0o7777, status.st_uid, status.st_gid
    return Entry("file", mode, uid, gid, status.st_size, status.st_mtime_ns, xattrs=xattrs(descriptor))


def xattrs(where: str | int) -> tuple[tuple[str, bytes], ...]:
    """The extended attributes of a path or an open file, sorted, without overlayfs' own; a symlink is not followed."""
    follow = isinstance(where, int)
    try:
        names = os.listxattr(where, follow_symlinks=follow)
        if not names:
            return ()
        kept = sorted(name for name in names if not is_private(name))
        return tuple((name, os.getxattr(where, name, follow_symlinks=follow)) for name in kept)
    except OSError as error:
        if error.errno in _NO_XATTRS:
            return ()
        raise


def unhindered() -> None:
    """The pause of who is not to be stopped."""


def file_digest(path: str, *, pause: Callable[[], None] = unhindered) -> Digest:
    """The digest of a regular file's bytes; `pause` is called often, and raises where it is to be stopped."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        sha256 = hashlib.sha256()
        while data := os.read(descriptor, _CHUNK):
            sha256.update(data)
            pause()
    finally:
        os.close(descriptor)
    return Digest.from_bytes(sha256.digest())

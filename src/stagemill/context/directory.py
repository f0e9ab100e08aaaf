"""`DirectoryContext`: a directory of the user's as a tree, without what its ignore rules leave out.

One scan per directory, when it is first asked for; after that everything is a look-up. Files belong to root, as in every
image that is built from a context. Digests are remembered between builds by what the kernel says of a file. That is not
believed of a file that changed since shortly before the scan, for it may change again within the same tick of the file
system's clock (git calls such an entry racily clean).
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from stagemill.context.ignore import IgnoreRules
from stagemill.digest import Digest
from stagemill.errors import ContextError
from stagemill.files.view import Entry, Kind
from stagemill.timings import measured

_COARSEST_CLOCK_NS = 2_000_000_000
_CHUNK = 1 << 20
_KINDS: dict[int, Kind] = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "dir",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFCHR: "char",
    stat.S_IFBLK: "block",
    stat.S_IFSOCK: "socket",
}


class StatCache(Protocol):
    """Digests of files by (device, inode, size, mtime, ctime), times in nanoseconds."""

    def get(self, key: tuple[int, ...]) -> Digest | None: ...

    def put(self, key: tuple[int, ...], digest: Digest) -> None: ...


class DirectoryContext:
    """A `FileView` of a directory. Paths that `ignore` leaves out do not exist.

    `started_ns` is when the build began, in nanoseconds since the epoch, `title` what people call the context. No symlink is followed, so nothing outside of
    the directory is ever seen. Reads raise ContextError.
    """

    def __init__(
        self,
        root: Path,
        *,
        ignore: IgnoreRules | None,
        stats: StatCache,
        started_ns: int,
        title: str = "the build context",
    ) -> None:
        self._title = title
        self._root = os.path.realpath(root)
        self._ignore = ignore
        self._stats = stats
        self._settled_before = started_ns - _COARSEST_CLOCK_NS
        self._entries: dict[str, Entry] = {}
        self._keys: dict[str, tuple[int, ...]] = {}
        self._digests: dict[str, Digest] = {}
        self._names: dict[str, list[str]] = {}
        self._hidden: set[str] = set()
        self._add("", self._root_status())

    def lstat(self, path: str) -> Entry | None:
        entry = self._entries.get(path)
        if entry is None and path:
            self._reach(path[: max(path.rfind("/"), 0)])
            entry = self._entries.get(path)
        return entry

    def listdir(self, path: str) -> list[str]:
        names = self._names.get(path)
        return self._reach(path) if names is None else names

    @property
    def root(self) -> str:
        """Where it is, without links."""
        return self._root

    @property
    def scanned(self) -> Mapping[str, Sequence[str]]:
        """The names in each directory that was looked into, without those that are left out."""
        return self._names

    @property
    def hidden(self) -> Collection[str]:
        """The paths in these directories that are left out."""
        return self._hidden

    def digest(self, path: str) -> Digest:
        known = self._digests.get(path)
        if known is None:
            known = self._digests[path] = self._remembered(path)
        return known

    def real_path(self, path: str) -> Path:
        return Path(self._root, path)

    def _remembered(self, path: str) -> Digest:
        entry = self.lstat(path)
        assert entry, f"{path!r} is not in the context"
        assert entry.kind == "file", f"{path!r} is a {entry.kind}"
        key = self._keys[path]
        settled = key[3] < self._settled_before and key[4] < self._settled_before
        digest = self._stats.get(key) if settled else None
        if digest is None:
            digest = self._hash(path, key)
            if settled:
                self._stats.put(key, digest)
        return digest

    @measured("hash")
    def _hash(self, path: str, key: tuple[int, ...]) -> Digest:
        sha256 = hashlib.sha256()
        try:
            descriptor = os.open(self._place(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                while data := os.read(descriptor, _CHUNK):
                    sha256.update(data)
                unchanged = _key(os.fstat(descriptor)) == key
            finally:
                os.close(descriptor)
        except OSError as error:
            if error.errno not in {errno.ENOENT, errno.ELOOP}:
                raise self._unreadable(path, error) from error
            unchanged = False
        if not unchanged:
            raise ContextError(f'"/{path}" of {self._title} changed while it was read', hint="build again")
        return Digest.from_hex(sha256.hexdigest())

    def _reach(self, directory: str) -> list[str]:
        """The names in a directory, after all above it were scanned too; none where it is no directory of the context."""
        names = directory.split("/") if directory else []
        for depth in range(len(names) + 1):
            path = "/".join(names[:depth])
            if path not in self._names:
                entry = self._entries.get(path)
                if entry is None or entry.kind != "dir":
                    return []
                self._scan(path)
        return self._names[directory]

    @measured("walk")
    def _scan(self, directory: str) -> bool:
        """Reads a directory; whether anything in it is kept."""
        prefix = f"{directory}/" if directory else ""
        kept: list[str] = []
        try:
            with os.scandir(self._place(directory)) as listing:
                items = [(item.name, item.stat(follow_symlinks=False)) for item in listing]
        except OSError as error:
            raise self._unreadable(directory, error) from error
        excluded = self._ignore.judge(directory) if self._ignore else None
        for name, status in items:
            path = prefix + name
            if excluded is None or not excluded(path) or self._has_exceptions(path, status):
                self._add(path, status)
                kept.append(name)
            else:
                self._hidden.add(path)
        kept.sort()
        self._names[directory] = kept
        return bool(kept)

    def _has_exceptions(self, path: str, status: os.stat_result) -> bool:
        """Whether a directory that is left out stays, for the sake of something in it."""
        if not stat.S_ISDIR(status.st_mode) or not self._ignore or not self._ignore.may_reinclude_below(path):
            return False
        try:
            return self._scan(path)
        except ContextError:
            return False  # nobody asked for it

    def _add(self, path: str, status: os.stat_result) -> None:
        kind = _KINDS[stat.S_IFMT(status.st_mode)]
        place = self._place(path)
        try:
            target = os.readlink(place) if kind == "symlink" else ""
            xattrs = () if kind == "symlink" else _xattrs(place)
        except OSError as error:
            raise self._unreadable(path, error) from error
        self._entries[path] = Entry(
            kind,
            status.st_mode & 0o7777,
            0,
            0,
            status.st_size if kind == "file" else 0,
            status.st_mtime_ns,
            target,
            (os.major(status.st_rdev), os.minor(status.st_rdev)) if kind in {"char", "block"} else (0, 0),
            xattrs,
            (status.st_dev, status.st_ino) if status.st_nlink > 1 and kind != "dir" else None,
        )
        if kind == "file":
            self._keys[path] = _key(status)

    def _place(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    def _unreadable(self, path: str, error: OSError) -> ContextError:
        return ContextError(
            f'cannot read "/{path}" of {self._title}: {error.strerror}',
            hint="make it readable, or leave it out with a line in .dockerignore",
        )

    def _root_status(self) -> os.stat_result:
        try:
            status = os.stat(self._root)
        except OSError as error:
            raise ContextError(
                f"cannot read {self._title} {self._root}: {error.strerror}",
                hint="name a directory that exists and that you may read",
            ) from error
        if not stat.S_ISDIR(status.st_mode):
            raise ContextError(
                f"{self._title} {self._root} is not a directory",
                hint="name the directory that holds the files; `-f` names the Dockerfile",
            )
        return status


def _key(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _xattrs(place: str) -> tuple[tuple[str, bytes], ...]:
    """The attributes that mean the same on another machine; labels of a security module and ACLs do not."""
    try:
        names = os.listxattr(place, follow_symlinks=False)
        if not names:
            return ()
        return tuple(
            (name, os.getxattr(place, name, follow_symlinks=False)) for name in sorted(names) if _travels(name)
        )
    except OSError as error:
        if error.errno in {errno.ENOTSUP, errno.ENODATA, errno.ENOENT}:
            return ()
        raise


def _travels(xattr: str) -> bool:
    return xattr == "security.capability" or (xattr.startswith("user.") and not xattr.startswith("user.overlay."))

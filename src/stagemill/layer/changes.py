"""Settles the upper directory of an overlay after a process has run on it, so that it holds changes and nothing else.

overlayfs leaves more behind than the process changed: notes of its own in xattrs, whiteouts of files that only came and
went, directories copied up because something below them was touched. Two runs that do the same would differ by them.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from stagemill.errors import StoreError
from stagemill.files.paths import join
from stagemill.files.view import Entry, FileView
from stagemill.layer import disk
from stagemill.timings import measured
from stagemill.values import dataclass


@measured("settle")
def settle(upper: Path, parent: FileView) -> None:
    """Afterwards `upper` is a layer on top of `parent`, the tree that the process saw; merged, both look as before.

    Gone are whiteouts and opaque flags that hide nothing, directories that differ in nothing from the parent's and have
    nothing in them, and the kernel's own xattrs but for `user.overlay.opaque`. Times of directories stay. Raises StoreError.
    """
    root = os.fspath(upper)
    try:
        _Settling(root, parent).run()
    except OSError as error:
        raise StoreError(
            f"cannot settle {error.filename or root!r} of a layer: {error.strerror}",
            hint="free some space, then build again",
        ) from error


@dataclass(slots=True)
class _Directory:
    """A directory of the upper tree. `hidden` is the parent's entry at its path, where the merged tree shows the parent."""

    path: str
    hidden: Entry | None
    mtime_ns: int
    opaque: bool = False
    children: int = 0
    touched: bool = False


class _Settling:
    def __init__(self, root: str, parent: FileView) -> None:
        self._root = root
        self._parent = parent
        self._found: dict[str, _Directory] = {}

    def run(self) -> None:
        self._visit("", self._parent.lstat(""))
        pending = [""]
        while pending:
            pending += self._enter(self._found[pending.pop()])
        for directory in reversed(self._found.values()):
            self._leave(directory)

    def _enter(self, directory: _Directory) -> list[str]:
        """Settles what is in a directory; returns the directories among it."""
        below: list[str] = []
        shows_parent = directory.hidden is not None and directory.hidden.kind == "dir" and not directory.opaque
        with os.scandir(self._location(directory.path)) as listing:
            items = list(listing)
        for item in items:
            path = join(directory.path, item.name)
            hidden = self._parent.lstat(path) if shows_parent else None
            status = item.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                self._visit(path, hidden)
                below.append(path)
            elif disk.is_whiteout(status) and hidden is None:
                os.unlink(item.path)
                directory.touched = True
                continue
            elif stat.S_ISREG(status.st_mode):
                disk.strip(item.path)
            directory.children += 1
        return below

    def _visit(self, path: str, hidden: Entry | None) -> None:
        location = self._location(path)
        opaque = disk.is_opaque(location) and self._hides_something(path, hidden)
        disk.strip(location, keep_opaque=opaque)
        self._found[path] = _Directory(path, hidden, os.lstat(location).st_mtime_ns, opaque=opaque)

    def _hides_something(self, path: str, hidden: Entry | None) -> bool:
        return hidden is not None and hidden.kind == "dir" and bool(self._parent.listdir(path))

    def _leave(self, directory: _Directory) -> None:
        """Comes after everything below the directory is settled."""
        location = self._location(directory.path)
        if directory.path and not directory.children and not directory.opaque and self._is_unchanged(directory):
            os.rmdir(location)
            above = self._found[directory.path.rpartition("/")[0]]
            above.children -= 1
            above.touched = True
        elif directory.touched:
            os.utime(location, ns=(directory.mtime_ns, directory.mtime_ns))

    def _is_unchanged(self, directory: _Directory) -> bool:
        before = directory.hidden
        if before is None or before.kind != "dir":
            return False
        location = self._location(directory.path)
        now = disk.read(location, os.lstat(location))
        return (now.mode, now.uid, now.gid, now.xattrs) == (before.mode, before.uid, before.gid, before.xattrs)

    def _location(self, path: str) -> str:
        return join(self._root, path)

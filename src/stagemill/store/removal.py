"""`remove_tree`: removing what a build step may have left, whatever its modes and however deep.

Overlayfs leaves directories of mode 000 in its work directory, and a step may leave read-only or very deep ones.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress

MAX_DEPTH = 48
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(path: str | os.PathLike[str]) -> None:
    """Nothing is at the path afterwards; no symlink is followed and no other file system entered.

    A missing path is fine. Raises OSError where something cannot be removed.
    """
    with suppress(FileNotFoundError):
        if not os.path.isdir(path) or os.path.islink(path):
            os.unlink(path)
            return
        top = open_directory(os.fspath(path), None)
        try:
            _Removal(top).run()
        finally:
            os.close(top)
        os.rmdir(path)


def remove_in(directory: int, name: str) -> None:
    """The same for a name in an open directory."""
    with suppress(FileNotFoundError):
        if not stat.S_ISDIR(os.lstat(name, dir_fd=directory).st_mode):
            os.unlink(name, dir_fd=directory)
            return
        top = open_directory(name, directory)
        try:
            if os.fstat(top).st_dev != os.fstat(directory).st_dev:
                raise OSError(errno.EBUSY, "another file system is mounted there", name)
            _Removal(top).run()
        finally:
            os.close(top)
        os.rmdir(name, dir_fd=directory)


def open_directory(name: str, parent: int | None) -> int:
    """The directory, open, and no symlink that leads to one; its owner may list and change it from now on."""
    try:
        directory = os.open(name, _DIRECTORY, dir_fd=parent)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=parent)
        directory = os.open(name, _DIRECTORY, dir_fd=parent)
    if os.fstat(directory).st_mode & 0o700 != 0o700:
        with suppress(PermissionError):
            os.fchmod(directory, 0o700)
    return directory


class _Removal:
    def __init__(self, top: int) -> None:
        self._top = top
        self._device = os.fstat(top).st_dev
        self._moved = 0

    def run(self) -> None:
        """Empties the top directory. What lies too deep is moved up into it, and needs another round."""
        before = -1
        while before != self._moved:
            before = self._moved
            self._empty(self._top, 0)

    def _empty(self, directory: int, depth: int) -> None:
        with os.scandir(directory) as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        for name, is_directory in found:
            with suppress(FileNotFoundError):
                if not is_directory:
                    os.unlink(name, dir_fd=directory)
                elif depth < MAX_DEPTH:
                    self._remove(name, directory, depth)
                else:
                    self._lift(name, directory)

    def _remove(self, name: str, parent: int, depth: int) -> None:
        directory = open_directory(name, parent)
        try:
            if os.fstat(directory).st_dev != self._device:
                raise OSError(errno.EBUSY, "another file system is mounted there", name)
            self._empty(directory, depth + 1)
        finally:
            os.close(directory)
        os.rmdir(name, dir_fd=parent)

    def _lift(self, name: str, parent: int) -> None:
        self._moved += 1
        lifted = f".lifted-{self._moved}-{os.urandom(4).hex()}"
        os.close(open_directory(name, parent))  # moving a directory writes to it
        os.rename(name, lifted, src_dir_fd=parent, dst_dir_fd=self._top)

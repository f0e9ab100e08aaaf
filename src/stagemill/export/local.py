"""Writes a file tree into a directory of the host, as files of whoever runs the program."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Hashable
from contextlib import suppress
from pathlib import Path

from stagemill.errors import StagemillError
from stagemill.export.content import content
from stagemill.export.mirror import cleared
from stagemill.export.tar import quiet
from stagemill.files.view import Entry, FileView
from stagemill.files.walk import walk

_LISTED = 3


def filesystem_directory(
    view: FileView, destination: Path, *, notice: Callable[[str], None] = quiet, mirror: bool = False
) -> None:
    """The destination has the tree's files afterwards, beside those that were there; it is made where it is missing.

    With `mirror` nothing else is there afterwards, and `notice` is told what was.
    Modes, times, symlinks and hard links are the tree's, owners the caller's. Files that were there are replaced, each
    at once; symlinks that were there are never followed. What a user cannot have (devices, sockets, some extended
    attributes) is left out, and `notice` is told. Raises StagemillError.
    """
    try:
        destination.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _failed(os.fspath(destination), error) from error
    if mirror and (gone := cleared(view, destination)):
        notice(f"removed from {destination} what the build does not have: {_some(gone)}")
    writer = _Writer(view, os.fspath(destination))
    for path, entry in walk(view):
        writer.write(path, entry)
    writer.finish()
    writer.report(notice)


class _Writer:
    def __init__(self, view: FileView, root: str) -> None:
        self._view = view
        self._root = root
        self._directories: list[tuple[str, Entry]] = []
        self._first: dict[Hashable, str] = {}
        self._left_out: list[str] = []
        self._without: dict[str, list[str]] = {}

    def write(self, path: str, entry: Entry) -> None:
        """One path of the tree, whose parent has been written."""
        target = f"{self._root}/{path}"
        if not path:
            return
        if entry.kind in {"char", "block", "socket"}:
            self._left_out.append(path)
            return
        try:
            if entry.kind == "dir":
                self._directory(target, entry)
            else:
                self._other(path, target, entry)
        except OSError as error:
            raise _failed(target, error) from error

    def finish(self) -> None:
        """Modes and times of directories, which writing into them would have changed; the deepest first."""
        for target, entry in reversed(self._directories):
            try:
                self._dress(target, entry)
            except OSError as error:
                raise _failed(target, error) from error

    def report(self, notice: Callable[[str], None]) -> None:
        if self._left_out:
            notice(f"left out {_some(self._left_out)}: devices and sockets are not written to a directory")
        for name, paths in sorted(self._without.items()):
            notice(f"written without the attribute {name}: {_some(paths)}")

    def _directory(self, target: str, entry: Entry) -> None:
        try:
            os.mkdir(target, 0o700)
        except FileExistsError:
            found = os.lstat(target)
            if stat.S_ISDIR(found.st_mode):
                os.chmod(target, stat.S_IMODE(found.st_mode) | 0o700)
            else:
                os.unlink(target)
                os.mkdir(target, 0o700)
        self._directories.append((target, entry))

    def _other(self, path: str, target: str, entry: Entry) -> None:
        """Made under its own name where that is free, else under another that then takes its place."""
        try:
            self._make(path, target, entry)
        except FileExistsError:
            temporary = f"{os.path.dirname(target)}/.stagemill-{os.urandom(6).hex()}"
            try:
                self._make(path, temporary, entry)
                _replace(temporary, target)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(temporary)
        if entry.node is not None:
            self._first.setdefault(entry.node, target)

    def _make(self, path: str, target: str, entry: Entry) -> None:
        """Raises FileExistsError before anything is done where the target exists."""
        first = self._first.get(entry.node) if entry.node is not None else None
        if first is not None:
            os.link(first, target, follow_symlinks=False)
        elif entry.kind == "symlink":
            os.symlink(entry.target, target)
            self._dress(target, entry)
        elif entry.kind == "fifo":
            os.mkfifo(target, 0o600)
            self._dress(target, entry)
        else:
            self._file(path, target, entry)

    def _file(self, path: str, target: str, entry: Entry) -> None:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "wb") as file:
                file.writelines(content(self._view, path, entry))
            self._dress(target, entry)
        except BaseException:
            os.unlink(target)
            raise

    def _dress(self, target: str, entry: Entry) -> None:
        for name, value in entry.xattrs:
            try:
                os.setxattr(target, name, value, follow_symlinks=False)
            except OSError as error:
                if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.EACCES, errno.EINVAL}:
                    raise
                self._without.setdefault(name, []).append(os.path.relpath(target, self._root))
        if entry.kind != "symlink":
            os.chmod(target, entry.mode)
        os.utime(target, ns=(entry.mtime_ns, entry.mtime_ns), follow_symlinks=False)


def _replace(temporary: str, target: str) -> None:
    try:
        os.replace(temporary, target)
    except IsADirectoryError:
        os.rmdir(target)
        os.replace(temporary, target)


def _some(paths: list[str]) -> str:
    more = f" and {len(paths) - _LISTED} more" if len(paths) > _LISTED else ""
    return ", ".join(paths[:_LISTED]) + more


def _failed(target: str, error: OSError) -> StagemillError:
    hint = "check the permissions of the destination and its free space"
    if error.errno == errno.ENOTEMPTY:
        return StagemillError(
            f"cannot write {target}: there is a directory with files in it", hint="remove it, or choose an empty place"
        )
    return StagemillError(f"cannot write {target}: {error.strerror or error}", hint=hint)

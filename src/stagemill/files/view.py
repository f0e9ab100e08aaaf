"""`FileView`, a file tree that can be read: a context, a directory, or layers stacked on each other.

Paths are relative to the tree's root, with `/` between names, never with a leading or trailing slash, `.` or `..`;
`""` is the root. Names that are no UTF-8 travel as lone surrogates (PEP 383).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from stagemill.digest import Digest
from stagemill.values import dataclass

Kind: TypeAlias = Literal["file", "dir", "symlink", "fifo", "char", "block", "socket"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one path. `mode` holds permission, set-id and sticky bits only (0o7777).

    `size` is in bytes for files, else 0. `mtime_ns` counts nanoseconds since the epoch. `target` is a symlink's text,
    `device` a device's (major, minor). `xattrs` are sorted by name and leave out what overlayfs keeps for itself.
    `node` is equal for two paths that are hard links of each other. One that no other path of the tree has says nothing: the
    second name may lie elsewhere, or there is none. It is None where there surely is none.
    """

    kind: Kind
    mode: int
    uid: int
    gid: int
    size: int
    mtime_ns: int
    target: str = ""
    device: tuple[int, int] = (0, 0)
    xattrs: tuple[tuple[str, bytes], ...] = ()
    node: Hashable = None


class FileView(Protocol):
    """A file tree that does not change while it is read."""

    def lstat(self, path: str) -> Entry | None:
        """The entry at a path, or None. No symlink is followed: below one there is nothing."""
        ...

    def listdir(self, path: str) -> list[str]:
        """The names in a directory, sorted; empty where there is none."""
        ...

    def digest(self, path: str) -> Digest:
        """The digest of a regular file's bytes."""
        ...

    def real_path(self, path: str) -> Path:
        """Where a path that exists lies on this machine's disk, to read it from there; never written to."""
        ...


class Foresight(Protocol):
    """Who has digests of files sooner that were asked for in time."""

    def expect(self, path: str, /) -> Digest | None:
        """The digest of a regular file, if it is known; else it will be asked for. Nothing is raised before that."""
        ...

    def digest(self, path: str, /) -> Digest:
        """As that of the view."""
        ...


@runtime_checkable
class Foreseeing(Protocol):
    """A view that can do so, in a block."""

    def foreseeing(self) -> AbstractContextManager[Foresight]: ...


@runtime_checkable
class Listing(Protocol):
    """A view that says what is in a folder sooner than by one path after the other."""

    def children(self, folder: str, /) -> Iterator[tuple[str, Entry]]:
        """The paths in it, sorted, with their entries; nothing where there is no folder."""
        ...

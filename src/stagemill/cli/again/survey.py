"""What the kernel says of a context's files: one digest over all of it, that of a context in which nothing has changed.

Of a file that is its inode, mode, size and times: who writes to a file changes its ctime, and nobody can set that.
Of a directory it is the names in it.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Collection, Iterable

TYPE_CHECKING = False  # for a type checker it is true; typing itself takes a while to load
if TYPE_CHECKING:
    from typing import TypeAlias

    Facts: TypeAlias = tuple[str, int, int, int, int, int]
    """Of a file by its name: mode, inode, size in bytes, and in nanoseconds the times of its content and of any change."""
    Known: TypeAlias = Callable[[str], tuple[Iterable[Facts], Iterable[str]]]
    """Of a directory: what is known of the files in it, and the names of those that are hidden."""

_COARSE_NS = 2_000_000_000
_FINE_NS = 100_000_000
_TICK_NS = 10_000_000


class Survey:
    """`digest` over the `directories` below a root, paths with slashes, "" for itself. The paths in `hidden` are in it by name only.

    It is settled before a time where no file changed since shortly before it: one
    that did could change again with none of its numbers changing.
    """

    def __init__(
        self, root: str, directories: Iterable[str], hidden: Collection[str], *, known: Known | None = None
    ) -> None:
        """What is `known` of files need not be asked again. Raises OSError."""
        self._latest: list[int] = []
        sha256 = hashlib.sha256()
        for directory in directories:
            path = f"{root}/{directory}" if directory else root
            lines = self._lines(path, directory, hidden) if known is None else self._told(*known(directory))
            lines.sort()
            sha256.update("\0".join((directory, _own(path), *lines, "")).encode("utf-8", "surrogateescape"))
        self.digest = sha256.hexdigest()

    def is_settled(self, began_ns: int) -> bool:
        """Whether nothing has changed since shortly before a time, in nanoseconds since the epoch.

        How exact a file system's clock is, is seen by its times: one that has single milliseconds changes within a tenth of a second.
        """
        return all(at < began_ns - (_FINE_NS if at % _TICK_NS else _COARSE_NS) for at in self._latest)

    def _lines(self, path: str, directory: str, hidden: Collection[str]) -> list[str]:
        prefix = f"{directory}/" if directory else ""
        lines = []
        latest = 0
        with os.scandir(path) as listing:
            for item in listing:
                name = item.name
                if prefix + name in hidden:
                    lines.append(name)
                    continue
                found = item.stat(follow_symlinks=False)
                mode, ctime = found.st_mode, found.st_ctime_ns
                if stat.S_ISDIR(mode):
                    lines.append(f"{name}/{mode}")
                    continue
                latest = max(latest, ctime)
                lines.append(f"{name}/{mode} {found.st_ino} {found.st_size} {found.st_mtime_ns} {ctime}")
        self._latest.append(latest)
        return lines

    def _told(self, facts: Iterable[Facts], hidden: Iterable[str]) -> list[str]:
        lines = list(hidden)
        latest = 0
        for name, mode, node, size, mtime, ctime in facts:
            if stat.S_ISDIR(mode):
                lines.append(f"{name}/{mode}")
                continue
            if ctime % _TICK_NS:
                latest = max(latest, ctime)
            else:
                self._latest.append(ctime)
            lines.append(f"{name}/{mode} {node} {size} {mtime} {ctime}")
        self._latest.append(latest)
        return lines


def _own(path: str) -> str:
    """What counts of a directory itself."""
    status = os.stat(path)
    attributes = [
        (name, os.getxattr(path, name, follow_symlinks=False))
        for name in sorted(os.listxattr(path, follow_symlinks=False))
    ]
    return f"{status.st_dev} {status.st_mode} {attributes}"

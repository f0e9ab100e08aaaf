"""What the kernel says of a context's files: one digest over all of it, that of a context in which nothing has changed.

Of a file that is its inode, mode, size and times: who writes to a file changes its ctime, and nobody can set that.
Of a directory it is the names in it.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterable, Iterator

_COARSE_NS = 2_000_000_000
_FINE_NS = 100_000_000
_TICK_NS = 10_000_000


class Survey:
    """`digest` over the `directories` below a root, paths with slashes, "" for itself. The paths in `hidden` are in it by name only.

    `names` are the others that it saw in each directory. It is settled before a time where no file changed since shortly before it: one
    that did could change again with none of its numbers changing.
    """

    def __init__(self, root: str, directories: Iterable[str], hidden: Collection[str]) -> None:
        """Raises OSError."""
        self.names: dict[str, set[str]] = {}
        self._latest: list[int] = []
        sha256 = hashlib.sha256()
        for directory in directories:
            path = f"{root}/{directory}" if directory else root
            self.names[directory] = set()
            sha256.update(
                "\0".join((directory, *self._lines(path, directory, hidden), "")).encode("utf-8", "surrogateescape")
            )
        self.digest = sha256.hexdigest()

    def is_settled(self, began_ns: int) -> bool:
        """Whether nothing has changed since shortly before a time, in nanoseconds since the epoch.

        How exact a file system's clock is, is seen by its times: one that has single milliseconds changes within a tenth of a second.
        """
        return all(at < began_ns - (_FINE_NS if at % _TICK_NS else _COARSE_NS) for at in self._latest)

    def _lines(self, path: str, directory: str, hidden: Collection[str]) -> Iterator[str]:
        status = os.stat(path)
        attributes = sorted(os.listxattr(path, follow_symlinks=False))
        yield f"{status.st_dev} {status.st_mode} {attributes}"
        prefix = f"{directory}/" if directory else ""
        names, lines = self.names[directory], []
        latest = 0
        with os.scandir(path) as listing:
            for item in listing:
                name = item.name
                if prefix + name in hidden:
                    lines.append(name)
                    continue
                names.add(name)
                found = item.stat(follow_symlinks=False)
                mode, ctime = found.st_mode, found.st_ctime_ns
                if stat.S_ISDIR(mode):
                    lines.append(f"{name}/{mode}")
                    continue
                latest = max(latest, ctime)
                lines.append(f"{name}/{mode} {found.st_ino} {found.st_size} {found.st_mtime_ns} {ctime}")
        lines.sort()
        self._latest.append(latest)
        yield from lines

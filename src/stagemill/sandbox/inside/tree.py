"""The tree of a sandbox, to look at before its root is mounted: `Shown`, a directory that shows it, and `Told`, what the caller
knows of the few paths that matter.

No link is followed. Paths are relative to the tree.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Protocol

    class Links(Protocol):
        def link(self, path: str) -> str | None:
            """The text of a symlink, None for anything else."""
            ...

    class Tree(Links, Protocol):
        def is_directory(self, path: str) -> bool | None:
            """None where there is nothing."""
            ...

        def dress(self, path: str, copy: str) -> None:
            """Gives a directory of this machine what the tree's has: owner, mode, xattrs and times."""
            ...


class Facts(NamedTuple):
    """What is known of one path: `link` is a symlink's text, and values of xattrs are in hex."""

    directory: bool
    link: str | None
    mode: int
    uid: int
    gid: int
    mtime_ns: int
    xattrs: list[tuple[str, str]]


class Told:
    """A tree of which all that is asked for is known; of what is not, it has nothing."""

    def __init__(self, known: Mapping[str, Facts]) -> None:
        self._known = {path: Facts(*facts) for path, facts in known.items()}

    def link(self, path: str) -> str | None:
        found = self._known.get(path)
        return found.link if found else None

    def is_directory(self, path: str) -> bool | None:
        found = self._known.get(path)
        return found.directory if found else None

    def dress(self, path: str, copy: str) -> None:
        facts = self._known[path]
        values = ((name, bytes.fromhex(value)) for name, value in facts.xattrs)
        _dress(copy, facts.uid, facts.gid, mode=facts.mode, xattrs=values, times=(facts.mtime_ns, facts.mtime_ns))


class Shown:
    """The tree as a directory has it."""

    def __init__(self, root: str) -> None:
        self._root = root

    def link(self, path: str) -> str | None:
        try:
            return os.readlink(f"{self._root}/{path}")
        except OSError:
            return None

    def is_directory(self, path: str) -> bool | None:
        try:
            return stat.S_ISDIR(os.lstat(f"{self._root}/{path}").st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def dress(self, path: str, copy: str) -> None:
        original = f"{self._root}/{path}"
        facts = os.stat(original)
        values: list[tuple[str, bytes]] = []
        with suppress(OSError):
            values = [(name, os.getxattr(original, name)) for name in os.listxattr(original)]
        times = (facts.st_atime_ns, facts.st_mtime_ns)
        _dress(copy, facts.st_uid, facts.st_gid, mode=stat.S_IMODE(facts.st_mode), xattrs=values, times=times)


def _dress(
    copy: str, uid: int, gid: int, *, mode: int, xattrs: Iterable[tuple[str, bytes]], times: tuple[int, int]
) -> None:
    with suppress(OSError):  # an owner that has no number in this user namespace
        os.chown(copy, uid, gid)
    os.chmod(copy, mode)
    with suppress(OSError):
        for name, value in xattrs:
            if not name.startswith(("user.overlay.", "trusted.")):
                os.setxattr(copy, name, value)
    os.utime(copy, ns=times)

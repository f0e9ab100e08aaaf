"""The control groups of this machine as this process finds them: one hierarchy of version 2, several of version 1, or both.

Source: cgroups(7), proc_pid_mountinfo(5).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """`top` is where it is mounted, `own` the group that this process is in. `unified` is version 2."""

    top: Path
    own: Path
    controllers: frozenset[str]
    unified: bool

    def parents(self) -> tuple[Path, ...]:
        """The own group and those around it, up to the top."""
        above = [self.own, *self.own.parents]
        return tuple(above[: above.index(self.top) + 1])


def hierarchies(process: Path = Path("/proc/self")) -> tuple[Hierarchy, ...]:
    """All that are mounted, each once. `process` is a process's directory in /proc; nothing where it cannot be read."""
    try:
        groups = dict(_groups((process / "cgroup").read_text()))
        mounts = list(_mounts((process / "mountinfo").read_text()))
    except OSError:
        return ()
    found: dict[frozenset[str], Hierarchy] = {}
    for top, root, kind, options in mounts:
        if kind == "cgroup2":
            controllers, path = _available(top), groups.get("")
        else:
            controllers = frozenset(groups).intersection(options)
            path = groups.get(next(iter(sorted(controllers)), "none"))
        if path is not None and os.path.isdir(top):
            own = _below(top, root, path)
            found.setdefault(controllers, Hierarchy(top, own, controllers, unified=kind == "cgroup2"))
    return tuple(found.values())


def _groups(text: str) -> Iterator[tuple[str, str]]:
    """`4:memory:/a` as memory → /a; the group of version 2 has no name."""
    for line in text.splitlines():
        _, names, path = line.split(":", 2)
        yield from ((name, path) for name in names.split(","))


def _mounts(text: str) -> Iterator[tuple[Path, str, str, list[str]]]:
    """Place, root in the file system, type and options of the mounts of control groups."""
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind in {"cgroup", "cgroup2"}:
            root, place = before.split(" ")[3:5]
            yield Path(_plain(place)), _plain(root), kind, options.split(",")


def _plain(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _available(top: Path) -> frozenset[str]:
    try:
        return frozenset((top / "cgroup.controllers").read_text().split())
    except OSError:
        return frozenset()


def _below(top: Path, root: str, path: str) -> Path:
    """The directory of a group; one that this mount does not show is taken for its top."""
    if root != "/":
        path = path.removeprefix(root) if path == root or path.startswith(f"{root}/") else "/"
    found = top / path.lstrip("/")
    return found if ".." not in found.parts and found.is_dir() else top

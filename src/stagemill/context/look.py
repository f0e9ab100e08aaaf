"""`Look`: one folder of a directory as it is now, and its mark, which is another one as soon as anything in it is.

What a mark is made of, by name:

- a file: mode, device, inode, number of names, size, and both times in nanoseconds; the time of change moves with mode,
  owner, attributes and content, whatever tools set the other one to;
- a symlink: the same and its text;
- a folder: its mode and attributes. Its times say nothing that its own mark does not, and move when something changes
  that is left out;
- what is left out: that it is there, and whether it is a folder.
"""

from __future__ import annotations

import errno
import hashlib
import marshal
import os
import stat
from collections.abc import Container, Mapping, Sequence
from operator import attrgetter
from typing import TypeAlias

from stagemill.values import dataclass

Row: TypeAlias = tuple[str, int, int, int, int, int, int, int, int]
"""Name, mode, device, inode, number of names, device that it stands for, size in bytes, time of its content, time of change."""
Xattrs: TypeAlias = tuple[tuple[str, bytes], ...]

_facts = attrgetter("st_mode", "st_dev", "st_ino", "st_nlink", "st_rdev", "st_size", "st_mtime_ns", "st_ctime_ns")
FORM = 2  # of marshal: the last in which equal values have equal bytes, whoever else holds them


def row(name: str, status: os.stat_result) -> Row:
    return (name, *_facts(status))


def key_of(found: Row) -> tuple[int, int, int, int, int]:
    """What the digest of a file is remembered by: device, inode, size and both times."""
    return (found[2], found[3], *found[6:])


@dataclass(frozen=True, slots=True)
class Look:
    """`rows` are what is kept, by name and sorted; `targets` the texts of symlinks, `xattrs` the attributes of folders that have any."""

    rows: dict[str, Row]
    targets: Mapping[str, str]
    xattrs: Mapping[str, Xattrs]
    mark: str


def look(place: str, items: Sequence[os.DirEntry[str]], hidden: Container[str]) -> Look:
    """What a folder holds whose names are `items`, less what is `hidden`. Raises OSError."""
    facts, rows = _facts, []
    marked: list[tuple[object, ...]] = []
    for item in items:
        name = item.name
        if name in hidden:
            marked.append((name, item.is_dir(follow_symlinks=False)))
        else:
            rows.append((name, *facts(item.stat(follow_symlinks=False))))
    rows.sort()
    targets: dict[str, str] = {}
    attributes: dict[str, Xattrs] = {}
    for found in rows:
        name, mode = found[:2]
        if stat.S_IFMT(mode) == stat.S_IFREG:
            marked.append(found)
        elif stat.S_ISDIR(mode):
            own = xattrs(f"{place}/{name}")
            if own:
                attributes[name] = own
            marked.append((name, mode, own))
        elif stat.S_ISLNK(mode):
            targets[name] = os.readlink(f"{place}/{name}")
            marked.append((*found, targets[name]))
        else:
            marked.append(found)
    marked.sort()
    mark = hashlib.sha256(marshal.dumps(marked, FORM)).hexdigest()[:32]
    return Look({found[0]: found for found in rows}, targets, attributes, mark)


def xattrs(place: str) -> Xattrs:
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

"""Paths within a tree: made plain, and followed through the symlinks of that tree and no other."""

from __future__ import annotations

from typing import Protocol

from stagemill.errors import ContextError
from stagemill.files.view import Entry

_MOST_LINKS = 255


class Entries(Protocol):
    """A tree of which single paths can be looked at; every FileView is one."""

    def lstat(self, path: str) -> Entry | None: ...


def clean(path: str) -> str:
    """The path below the root that the text means, without looking at any tree: `/a/../b/` is `b`, `../x` is `x`."""
    kept: list[str] = []
    for name in path.split("/"):
        if name == "..":
            del kept[-1:]
        elif name not in {"", "."}:
            kept.append(name)
    return "/".join(kept)


def join(directory: str, name: str) -> str:
    """The path of a name in a directory; either may be empty."""
    return f"{directory}/{name}" if directory and name else directory or name


def split(path: str) -> tuple[str, str]:
    """The directory a path is in, and its name there; the root is `("", "")`."""
    directory, _, name = path.rpartition("/")
    return directory, name


def resolve(view: Entries, path: str, *, follow_last: bool = True) -> str:
    """Where a path leads in the tree.

    Absolute symlinks start at the tree's root and `..` stops there. Components that do not exist are kept as they
    are. Raises ContextError where links go in a circle.
    """
    pending = [name for name in reversed(path.split("/")) if name not in {"", "."}]
    found: list[str] = []
    links = 0
    while pending:
        name = pending.pop()
        if name == "..":
            del found[-1:]
            continue
        found.append(name)
        entry = _symlink(view, "/".join(found)) if pending or follow_last else None
        if entry is None:
            continue
        links += 1
        if links > _MOST_LINKS:
            raise ContextError(
                f'the symbolic links of "/{clean(path)}" lead nowhere: more than {_MOST_LINKS} were followed',
                hint="look for links that point at each other in a circle",
            )
        found = [] if entry.target.startswith("/") else found[:-1]
        pending += [part for part in reversed(entry.target.split("/")) if part not in {"", "."}]
    return "/".join(found)


def _symlink(view: Entries, path: str) -> Entry | None:
    entry = view.lstat(path)
    return entry if entry and entry.kind == "symlink" else None

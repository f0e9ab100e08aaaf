"""The stub layer: mount points that the tree lacks, in a layer of their own on top of it, so that none gets into `upper`.

A directory of the tree that has stubs in it is in the stub layer too, with the tree's mode, owner, times and xattrs,
because in an overlay the topmost directory's are what is seen.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from stagemill.sandbox.inside.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stagemill.sandbox.inside.tree import Links, Tree

SYSTEM_DIRECTORIES = ("/proc", "/sys", "/dev")
SYSTEM_FILES = ("/etc/hosts", "/etc/resolv.conf")
MAX_LINKS = 40  # as the kernel's


class Point(NamedTuple):
    """A place where something will be mounted: a directory, or a file."""

    path: str
    directory: bool


def locate(tree: Links, path: str) -> str:
    """The path, relative to the tree, that a path names once symlinks are followed inside it; what is missing stays."""
    pending = path.split("/")[::-1]
    found: list[str] = []
    links = 0
    while pending:
        name = pending.pop()
        if name in {"", "."}:
            continue
        if name == "..":
            del found[-1:]
            continue
        text = tree.link("/".join((*found, name)))
        if text is None:
            found.append(name)
            continue
        links += 1
        if links > MAX_LINKS:
            raise Failure(f"cannot mount at {path}: too many symlinks on the way in the image")
        if text.startswith("/"):
            found.clear()
        pending.extend(text.split("/")[::-1])
    return "/".join(found)


def lay(stubs: str, tree: Tree, points: Iterable[Point]) -> None:
    """Makes in the directory `stubs` all that the tree lacks of some mount points."""
    made = {""}
    for point in points:
        place = locate(tree, point.path)
        if not place:
            raise Failure(f"cannot mount over {point.path}: that is the root of the tree")
        if not _is_there(tree, place, point):
            made |= _make(stubs, tree, place, directory=point.directory)
    for path in sorted(made, reverse=True):
        if tree.is_directory(path):
            tree.dress(path, f"{stubs}/{path}")
        else:
            os.utime(f"{stubs}/{path}", (0, 0))


def _is_there(tree: Tree, place: str, point: Point) -> bool:
    directory = tree.is_directory(place)
    if directory is None:
        return False
    if directory != point.directory:
        found, wanted = ("a file", "a directory") if point.directory else ("a directory", "a file")
        hint = "mount a directory over a directory, and a file over a file"
        raise Failure(f"cannot mount at {point.path}: found {found} in the image, wanted {wanted}", hint)
    return True


def _make(stubs: str, tree: Tree, place: str, *, directory: bool) -> set[str]:
    """Makes a mount point and what is missing above it; returns the paths of all that it made."""
    parts = place.split("/")
    above = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
    for path in sorted(above):
        if tree.is_directory(path) is False:
            hint = "mount somewhere else, or remove the file in a RUN before"
            raise Failure(f"cannot mount at /{place}: /{path} is no directory in the image", hint)
        _directory(f"{stubs}/{path}")
    if directory:
        _directory(f"{stubs}/{place}")
    else:
        with suppress(FileExistsError):
            os.close(os.open(f"{stubs}/{place}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
    return {*above, place}


def _directory(path: str) -> None:
    with suppress(FileExistsError):
        os.mkdir(path, 0o755)

"""The mounts that a request asks for: where each goes in the tree, and how it is made; what lies in another comes after it."""

from __future__ import annotations

import base64
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from stagemill.sandbox.inside import failure, mounts, overlay, stubs, syscalls
from stagemill.sandbox.inside.failure import Failure
from stagemill.sandbox.inside.stubs import Point
from stagemill.sandbox.inside.tree import Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stagemill.sandbox.inside.tree import Tree
    from stagemill.sandbox.inside.wire import BindRequest, DataRequest, MountRequest, StackRequest, TmpfsRequest


class Place(NamedTuple):
    """A mount and its place, absolute; the tree's symlinks on the way there are followed."""

    path: str
    mount: MountRequest


def places(requests: Iterable[MountRequest], tree: Tree) -> list[Place]:
    """Where mounts go, in the order in which they are made."""
    found = [Place("/" + stubs.locate(tree, item["target"]), item) for item in requests]
    for place in found:
        if _lies_in(place.path, "/proc"):
            raise Failure(f"cannot mount at {place.mount['target']}: /proc is the kernel's", "mount somewhere else")
    return sorted(found, key=lambda place: place.path.count("/"))


def points(found: Iterable[Place], *, covered: Iterable[str]) -> list[Point]:
    """The mount points that must be in the tree: all but those that lie in another mount."""
    above = list(covered)
    result = []
    for place in found:
        if not any(_lies_in(place.path, other) for other in above):
            result.append(Point(place.path, directory=place.mount["directory"]))
            above.append(place.path)
    return result


def attach(root: int, found: Sequence[Place], *, scratch: str) -> None:
    """Makes all mounts, at their places in the root."""
    for number, place in enumerate(found):
        what = _title(place.mount)
        inner = [other for other in found if other is not place and _enclosing(other, found) is place]
        try:
            mount = _make(place.mount, f"{scratch}/mount-{number}", nested=bool(inner))
            try:
                _complete(mount, place, inner)
            except OSError:
                os.close(mount)
                raise
        except FileNotFoundError as error:
            raise Failure(f"{what}: there is no such file or directory") from error
        except OSError as error:
            raise failure.of(what, error) from error
        if _lies_in(place.path, "/dev"):
            mounts.make_point(root, place.path, directory=place.mount["directory"])
        try:
            mounts.attach(mount, root, place.path)
        except (FileNotFoundError, NotADirectoryError) as error:
            hint = "mount a directory over a directory, a file over a file; in a read-only mount both must be there"
            raise failure.of(what, error, hint=hint) from error
        except OSError as error:
            raise failure.of(what, error) from error


def _enclosing(place: Place, found: Iterable[Place]) -> Place | None:
    """The innermost mount that another one lies in."""
    around = [other for other in found if other is not place and _lies_in(place.path, other.path)]
    return max(around, key=lambda other: len(other.path), default=None)


def _lies_in(path: str, directory: str) -> bool:
    return path == directory or path.startswith(f"{directory}/")


def _title(item: MountRequest) -> str:
    if item["kind"] == "bind":
        return f"cannot bind {'/'.join(filter(None, (item['source'], item['inside'])))} to {item['target']}"
    what = {"stack": "files", "tmpfs": "a tmpfs", "data": "a file"}[item["kind"]]
    return f"cannot mount {what} at {item['target']}"


def _make(item: MountRequest, at: str, *, nested: bool) -> int:
    """A detached mount, writable so far where the request allows it to be changed at all."""
    if item["kind"] == "bind":
        return _bind(item, at)
    if item["kind"] == "stack":
        return _stack(item, at, nested=nested)
    return _tmpfs(item) if item["kind"] == "tmpfs" else _data(item, at)


def _complete(mount: int, place: Place, inner: Iterable[Place]) -> None:
    """Mount points of others in a mount, and after that its being read-only."""
    read_only = place.mount["read_only"]
    if read_only and place.mount["kind"] == "bind":
        syscalls.mount_setattr(mount, syscalls.MOUNT_ATTR_RDONLY)
        return
    for other in inner:
        mounts.make_point(mount, other.path[len(place.path) :], directory=other.mount["directory"])
    if read_only:
        syscalls.mount_setattr(mount, syscalls.MOUNT_ATTR_RDONLY)


def _bind(item: BindRequest, at: str) -> int:
    source = item["source"]
    # A device is bound to be used; nothing else may carry one in, since there is no device cgroup (see overlay.py).
    mode = os.stat(source).st_mode
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        return mounts.copy(mounts.own_device(at, source))
    attributes = syscalls.MOUNT_ATTR_NODEV
    if not item["inside"]:
        return mounts.copy(source, attributes=attributes)
    with (
        mounts.opened(os.open(source, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)) as directory,
        mounts.opened(syscalls.open_beneath(directory, item["inside"])) as place,
    ):
        return mounts.copy(f"/proc/self/fd/{place}", attributes=attributes)


def _stack(item: StackRequest, at: str, *, nested: bool) -> int:
    empty = f"{at}.empty"
    for path in (at, empty):
        os.mkdir(path, 0o755)
    # As for the root: a tree may have a layer twice, and the upper one says it all.
    lower = list(dict.fromkeys(item["lower"][::-1]))
    upper = (item["upper"], item["work"]) if item["upper"] and item["work"] else None
    if nested and not upper:  # for the mount points in it
        upper = (f"{at}.upper", f"{at}.work")
        for path in upper:
            os.mkdir(path, 0o755)
    if upper and lower:
        Shown(lower[0]).dress("", upper[0])
    if upper or lower:
        overlay.stack(at, [*lower, empty], scratch=os.path.dirname(at), upper=upper)
    with mounts.opened(os.open(at, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)) as tree:
        return mounts.copy_inside(tree, item["path"] or ".", attributes=syscalls.MOUNT_ATTR_NODEV)


def _tmpfs(item: TmpfsRequest) -> int:
    options = [("mode", f"{item['mode']:04o}"), ("uid", str(item["uid"])), ("gid", str(item["gid"]))]
    if item["size"]:
        options.append(("size", str(item["size"])))
    attributes = syscalls.MOUNT_ATTR_NOSUID | syscalls.MOUNT_ATTR_NODEV
    if not item["executable"]:
        attributes |= syscalls.MOUNT_ATTR_NOEXEC
    return mounts.filesystem("tmpfs", options, attributes=attributes)


def _data(item: DataRequest, at: str) -> int:
    descriptor = os.open(at, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64decode(item["content"]))
        os.fchown(file.fileno(), item["uid"], item["gid"])
        os.fchmod(file.fileno(), item["mode"])
    return mounts.copy(at, attributes=mounts.PLAIN)

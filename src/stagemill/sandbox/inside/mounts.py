"""Mounts: made detached, attached to a place inside the new root, where no symlink can lead out."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from stagemill.sandbox.inside import syscalls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PLAIN = syscalls.MOUNT_ATTR_NOSUID | syscalls.MOUNT_ATTR_NODEV | syscalls.MOUNT_ATTR_NOEXEC


@contextmanager
def opened(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def filesystem(kind: str, options: Sequence[tuple[str, str]] = (), *, attributes: int = PLAIN) -> int:
    """A new, detached mount of a file system."""
    with opened(syscalls.fsopen(kind)) as context:
        for key, value in (("source", kind), *options):
            syscalls.fsconfig_string(context, key, value)
        syscalls.fsconfig_create(context)
        return syscalls.fsmount(context, attributes)


def copy(path: str, *, attributes: int = 0, recursive: bool = True) -> int:
    """A detached mount of what lies at a path of this machine."""
    mount = syscalls.open_tree(path, recursive=recursive)
    if attributes:
        try:
            syscalls.mount_setattr(mount, attributes)
        except OSError:
            os.close(mount)
            raise
    return mount


def copy_inside(root: int, path: str, *, attributes: int) -> int:
    """A detached mount of what lies at a path in the root."""
    with opened(syscalls.open_in_root(root, path)) as place:
        return copy(f"/proc/self/fd/{place}", attributes=attributes)


def own_device(path: str, original: str) -> str:
    """Where there is a device like the original that may be changed by whoever is in the sandbox: of the original, mode and
    owner would be the host's. A user can make none, and can change none of the host's either.
    """
    facts = os.stat(original)
    try:
        os.mknod(path, facts.st_mode, facts.st_rdev)
    except PermissionError:
        return original
    os.chown(path, facts.st_uid, facts.st_gid)
    os.chmod(path, stat.S_IMODE(facts.st_mode))
    return path


def attach(mount: int, root: int, path: str) -> None:
    """Moves a mount, detached or from another place, to a path in the root, and closes its descriptor."""
    with opened(mount), opened(syscalls.open_in_root(root, path)) as place:
        syscalls.move_mount(mount, place)


def reason(context: int) -> str:
    """What the kernel wrote into a file system context's log, as one line."""
    found = []
    with suppress(OSError):
        while line := os.read(context, 4096):
            found.append(line.decode(errors="replace").strip().removeprefix("e ").removeprefix("w "))
    return "; ".join(found)


def make_point(base: int, path: str, *, directory: bool) -> None:
    """Makes a place to mount at below an open directory, with what is missing above it; what is there stays.

    As everywhere, no symlink leads out. Raises OSError.
    """
    parts = path.strip("/").split("/")
    for depth, name in enumerate(parts):
        with opened(syscalls.open_in_root(base, "/".join(parts[:depth]) or ".")) as above, suppress(FileExistsError):
            if directory or depth < len(parts) - 1:
                os.mkdir(name, 0o755, dir_fd=above)
            else:
                os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644, dir_fd=above))

"""Mounts: made detached, attached to a place inside the new root, where no symlink can lead out."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from stagemill.sandbox.inside import failure, syscalls
from stagemill.sandbox.inside.failure import Failure

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


def attach(mount: int, root: int, path: str) -> None:
    """Moves a detached mount to a path in the root, and closes its descriptor."""
    with opened(mount), opened(syscalls.open_in_root(root, path)) as place:
        syscalls.move_mount(mount, place)


def reason(context: int) -> str:
    """What the kernel wrote into a file system context's log, as one line."""
    found = []
    with suppress(OSError):
        while line := os.read(context, 4096):
            found.append(line.decode(errors="replace").strip().removeprefix("e ").removeprefix("w "))
    return "; ".join(found)


def bind(root: int, source: str, target: str, *, read_only: bool) -> None:
    """Shows a file or directory of this machine at a path in the root."""
    try:
        # A device is bound to be used; nothing else may carry one in, since there is no device cgroup (see overlay.py).
        mode = os.stat(source).st_mode
        attributes = 0 if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else syscalls.MOUNT_ATTR_NODEV
        mount = copy(source, attributes=attributes | (syscalls.MOUNT_ATTR_RDONLY if read_only else 0))
    except FileNotFoundError as error:
        raise Failure(f"cannot bind {source} to {target}: there is no such file or directory") from error
    except OSError as error:
        raise failure.of(f"cannot bind {source} to {target}", error) from error
    try:
        attach(mount, root, target)
    except (FileNotFoundError, NotADirectoryError) as error:
        hint = "bind a directory over a directory, a file over a file"
        raise failure.of(f"cannot bind {source} to {target}", error, hint=hint) from error
    except OSError as error:
        raise failure.of(f"cannot bind {source} to {target}", error) from error

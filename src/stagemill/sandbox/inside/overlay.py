"""The overlay: layer directories stacked into one tree, with or without an upper directory to write to.

It is mounted `nodev`: there is no device cgroup around a sandbox, and root's CAP_MKNOD with an open disk would reach
the host. Device nodes can be made; those in /dev work, since each is a mount of its own.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from stagemill.sandbox.inside import failure, mounts, syscalls
from stagemill.sandbox.inside.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LIMIT = 500  # OVL_MAX_STACK in the kernel's fs/overlayfs/params.h


def stack(at: str, lower: Sequence[str], *, scratch: str, upper: tuple[str, str] | None = None) -> None:
    """Mounts layers (top first) at a path; `upper` is (upper directory, work directory).

    Above the kernel's limit the bottom layers become an overlay of their own, which counts as one layer.
    """
    if len(lower) > LIMIT:
        top, below = lower[: LIMIT - 1], lower[LIMIT - 1 :]
        if len(below) > LIMIT:
            raise Failure(
                f"a tree of {len(lower)} layers cannot be mounted: wanted at most {2 * LIMIT - 1}",
                "join RUN instructions, or COPY the result into a stage of its own",
            )
        bottom = f"{at}.below"
        os.makedirs(bottom, exist_ok=True)
        _stack(bottom, below, scratch=scratch, upper=None)
        lower = (*top, bottom)
    _stack(at, lower, scratch=scratch, upper=upper)


def _stack(at: str, lower: Sequence[str], *, scratch: str, upper: tuple[str, str] | None) -> None:
    if upper:
        _forget_volatile(upper[1])
    if not _modern(at, lower, upper=upper):
        _classic(at, lower, upper=upper, links=f"{scratch}/links-{os.path.basename(at)}")


def _forget_volatile(work: str) -> None:
    # The kernel leaves this mark so that nobody trusts an upper directory after a crash; layers are verified instead.
    with suppress(FileNotFoundError):
        os.unlink(f"{work}/work/incompat/volatile/dirty")
        os.rmdir(f"{work}/work/incompat/volatile")
        os.rmdir(f"{work}/work/incompat")


def _modern(at: str, lower: Sequence[str], *, upper: tuple[str, str] | None) -> bool:
    """Mounts by fsconfig, one call for each layer; False where the kernel (before 6.7) has no `lowerdir+`."""
    with mounts.opened(syscalls.fsopen("overlay")) as context:

        def place(key: str, path: str) -> None:
            # From there it is called `.`, which is short (the kernel takes 255 bytes), found in half the time of a path
            # below /proc/self/fd, and shows nothing of the host in /proc/mounts.
            os.chdir(path)
            syscalls.fsconfig_string(context, key, ".")

        try:
            if not _takes_layers(place, lower):
                return False
            if upper:
                place("upperdir", upper[0])
                place("workdir", upper[1])
                syscalls.fsconfig_flag(context, "volatile")
            syscalls.fsconfig_string(context, "source", "overlay")
            syscalls.fsconfig_flag(context, "userxattr")
            syscalls.fsconfig_string(context, "index", "off")
            syscalls.fsconfig_create(context)
            mount = syscalls.fsmount(context, syscalls.MOUNT_ATTR_NODEV)
        except OSError as error:
            raise _failure(error, mounts.reason(context)) from error
        finally:
            os.chdir("/")
    with mounts.opened(mount), mounts.opened(os.open(at, os.O_PATH | os.O_DIRECTORY)) as target:
        syscalls.move_mount(mount, target)
    return True


def _takes_layers(place: Callable[[str, str], None], lower: Sequence[str]) -> bool:
    for number, path in enumerate(lower):
        try:
            place("lowerdir+", path)
        except OSError as error:
            if number == 0 and error.errno == errno.EINVAL:
                return False
            raise
    return True


def _classic(at: str, lower: Sequence[str], *, upper: tuple[str, str] | None, links: str) -> None:
    """Mounts by mount(2), whose option string ends at one page: symlinks with short names stand for the layers."""
    os.mkdir(links)
    named = {str(number): path for number, path in enumerate(lower)}
    options = ["lowerdir=" + ":".join(named), "userxattr", "index=off"]
    if upper:
        named |= {"u": upper[0], "w": upper[1]}
        options += ["upperdir=u", "workdir=w", "volatile"]
    for name, path in named.items():
        os.symlink(path, f"{links}/{name}")
    os.chdir(links)
    try:
        syscalls.mount("overlay", at, kind="overlay", flags=syscalls.MS_NODEV, options=",".join(options))
    except OSError as error:
        raise _failure(error, "") from error
    finally:
        os.chdir("/")


def _failure(error: OSError, detail: str) -> Failure:
    hint = None
    if error.errno == errno.ENODEV:
        hint = "the kernel has no overlay file system; load it with `modprobe overlay`"
    elif error.errno in {errno.EINVAL, errno.EPERM}:
        hint = "the store must lie on a file system that overlay can write to, such as ext4, xfs or btrfs"
    return failure.of(f"cannot mount the tree's layers{f' ({detail})' if detail else ''}", error, hint=hint)

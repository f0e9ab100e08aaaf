"""Emulators for one sandbox: in a user namespace of its own it has a binfmt_misc of its own, which ends with it.

Source: the kernel's admin-guide/binfmt-misc.rst; since Linux 6.7 each user namespace may mount one. The interpreter is
opened when it is registered, so that nothing of it has to lie in the tree. What runs in the sandbox reaches it by
/proc/self/exe: it is opened through a read-only mount, or root of the sandbox could write to the machine's own program.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, NoReturn

from stagemill.sandbox.inside import failure, mounts, syscalls

if TYPE_CHECKING:
    from collections.abc import Sequence


def enter() -> bool:
    """Whether this process, which has no threads, is root of a new user namespace now, which has the same ids.

    Where the kernel does not let it, nothing has changed. Nothing must be registered then: it would be for others too.
    """
    parent = os.getppid()
    outer = os.readlink("/proc/self")
    ready, go = os.pipe()
    writer = os.fork()
    if writer == 0:
        os.close(go)
        _write_maps(outer, ready)
    os.close(ready)
    try:
        syscalls.unshare(syscalls.CLONE_NEWUSER)
        os.write(go, b"!")
    except OSError:
        return False
    finally:
        os.close(go)
        _, status = os.waitpid(writer, 0)
    if status:
        raise failure.of(
            "cannot make a user namespace for the emulator", OSError(os.waitstatus_to_exitcode(status), "")
        )
    syscalls.die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
    return True


def _write_maps(outer: str, ready: int) -> NoReturn:
    """A process that stayed outside writes the maps, for it has the rights there. Its status is the error's number."""
    status = 0
    try:
        if os.read(ready, 1):
            for name in ("uid_map", "gid_map"):
                _write_map(outer, name)
    except OSError as error:
        status = error.errno or 1
    finally:
        os._exit(status)


def _write_map(outer: str, name: str) -> None:
    with open(f"/proc/self/{name}", encoding="ascii") as file:
        rows = [line.split() for line in file]
    with open(f"/proc/{outer}/{name}", "w", encoding="ascii") as file:
        file.write("".join(f"{inside} {inside} {count}\n" for inside, _, count in rows))


def register(rules: Sequence[str]) -> int | None:
    """Tells the kernel of emulators for all processes of this user namespace, as long as the descriptor is open.

    The mount namespace must be this process's own. None where the kernel has no binfmt_misc for it: then those of the
    machine count.
    """
    try:
        mount = mounts.filesystem("binfmt_misc")
    except OSError:
        return None
    for rule in rules:
        program = rule.split(rule[0])[-2]
        try:
            _protect(program)
            _tell(mount, rule)
        except OSError as error:
            os.close(mount)
            raise failure.of(f"cannot register the emulator {program}", error) from error
    return mount


def _protect(program: str) -> None:
    """Covers a program by a read-only mount of itself, in this mount namespace only."""
    syscalls.mount("", "/", flags=syscalls.MS_REC | syscalls.MS_PRIVATE)
    attributes = syscalls.MOUNT_ATTR_RDONLY | syscalls.MOUNT_ATTR_NODEV
    with mounts.opened(os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)) as root:
        mounts.attach(mounts.copy(program, attributes=attributes, recursive=False), root, program)


def _tell(mount: int, rule: str) -> None:
    register = os.open("register", os.O_WRONLY | os.O_CLOEXEC, dir_fd=mount)
    with mounts.opened(register):
        os.write(register, os.fsencode(rule))

"""What a system has beside its files: /proc, /sys and /dev, with the parts of them hidden that belong to the host.

The lists of hidden and read-only paths are those of Docker's default profile (moby, oci/defaults.go).
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
import struct
from contextlib import suppress

from stagemill.sandbox.inside import failure, mounts, syscalls

MASKED = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
)
READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
DEVICES = ("full", "null", "random", "tty", "urandom", "zero")
LINKS = (
    ("core", "/proc/kcore"),
    ("fd", "/proc/self/fd"),
    ("ptmx", "pts/ptmx"),
    ("stderr", "/proc/self/fd/2"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
)

_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1


def populate(root: int) -> None:
    """Mounts proc, sys and dev in a root whose mount points exist."""
    _proc(root)
    _sys(root)
    _dev(root)
    for path in READ_ONLY:
        with suppress(FileNotFoundError):
            attributes = mounts.PLAIN | syscalls.MOUNT_ATTR_RDONLY
            mounts.attach(mounts.copy_inside(root, path, attributes=attributes), root, path)
    for path in MASKED:
        with suppress(FileNotFoundError):
            _mask(root, path)


def _proc(root: int) -> None:
    try:
        mounts.attach(mounts.filesystem("proc"), root, "/proc")
    except OSError as error:
        hint = None
        if error.errno == errno.EPERM:
            hint = "this machine hides parts of /proc; inside another container, start that one with --privileged"
        raise failure.of("cannot mount /proc for the sandbox", error, hint=hint) from error


def _sys(root: int) -> None:
    attributes = mounts.PLAIN | syscalls.MOUNT_ATTR_RDONLY
    try:
        mount = mounts.filesystem("sysfs", attributes=attributes)
    except OSError:
        # sysfs shows the network: only the owner of the network namespace may mount it, so a user shares the host's.
        mount = mounts.copy("/sys", attributes=attributes)
    mounts.attach(mount, root, "/sys")


def _dev(root: int) -> None:
    attributes = syscalls.MOUNT_ATTR_NOSUID | syscalls.MOUNT_ATTR_NODEV
    device_files = mounts.filesystem("tmpfs", [("mode", "0755"), ("size", "65536k")], attributes=attributes)
    mounts.attach(device_files, root, "/dev")
    with mounts.opened(syscalls.open_in_root(root, "/dev")) as dev:
        for name in ("pts", "shm", "mqueue"):
            os.mkdir(name, 0o755, dir_fd=dev)
        for name, target in LINKS:
            os.symlink(target, name, dir_fd=dev)
        for name in DEVICES:
            os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o666, dir_fd=dev))
            mounts.attach(mounts.copy(f"/dev/{name}"), dev, name)
        mounts.attach(_terminals(), dev, "pts")
        mounts.attach(mounts.filesystem("tmpfs", [("mode", "1777"), ("size", "65536k")]), dev, "shm")
        with suppress(OSError):  # a kernel without message queues
            mounts.attach(mounts.filesystem("mqueue"), dev, "mqueue")


def _terminals() -> int:
    """A devpts of its own. The group `tty` is 5 everywhere, but may have no number in a small user namespace."""
    attributes = syscalls.MOUNT_ATTR_NOSUID | syscalls.MOUNT_ATTR_NOEXEC
    options = [("ptmxmode", "0666"), ("mode", "0620")]
    try:
        return mounts.filesystem("devpts", [*options, ("gid", "5")], attributes=attributes)
    except OSError:
        return mounts.filesystem("devpts", options, attributes=attributes)


def _mask(root: int, path: str) -> None:
    with mounts.opened(syscalls.open_in_root(root, path)) as place:
        directory = stat.S_ISDIR(os.fstat(place).st_mode)
    if directory:
        attributes = mounts.PLAIN | syscalls.MOUNT_ATTR_RDONLY
        mounts.attach(mounts.filesystem("tmpfs", [("mode", "0755")], attributes=attributes), root, path)
    else:
        mounts.attach(mounts.copy("/dev/null"), root, path)


def make_device_point(root: int, path: str, *, directory: bool) -> None:
    """Makes a place to mount at below /dev, which is the sandbox's own."""
    *above, name = path.removeprefix("/dev/").split("/")
    with mounts.opened(syscalls.open_in_root(root, "/dev")) as dev:
        for depth in range(1, len(above) + 1):
            with suppress(FileExistsError):
                os.mkdir("/".join(above[:depth]), 0o755, dir_fd=dev)
        place = "/".join((*above, name))
        with suppress(FileExistsError):
            if directory:
                os.mkdir(place, 0o755, dir_fd=dev)
            else:
                os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644, dir_fd=dev))


def start_loopback() -> None:
    """Brings `lo` up, the only interface of a new network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        name = b"lo".ljust(16, b"\0")
        answer = fcntl.ioctl(control, _SIOCGIFFLAGS, name + bytes(24))
        (flags,) = struct.unpack_from("=H", answer, 16)
        fcntl.ioctl(control, _SIOCSIFFLAGS, name + struct.pack("=H", flags | _IFF_UP).ljust(24, b"\0"))

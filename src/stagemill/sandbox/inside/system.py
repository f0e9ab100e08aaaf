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
from typing import TYPE_CHECKING

from stagemill.sandbox.inside import failure, mounts, syscalls

if TYPE_CHECKING:
    from stagemill.sandbox.inside.ground import Ground

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
_OWN = ("pts", "shm", "mqueue", "hugepages")
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


def populate(root: int, ground: Ground) -> None:
    """Mounts proc, sys and dev in a root whose mount points exist. An insecure one has the host's devices, and all is open.

    The place of the sandbox's own tmpfs has an empty directory `nodes`.
    """
    devices = {name: mounts.own_device(f"{ground.mountpoint}/nodes/{name}", f"/dev/{name}") for name in DEVICES}
    _proc(root)
    _sys(root, read_only=not ground.insecure)
    _dev(root, devices, insecure=ground.insecure, shm_size=ground.shm_size)
    if ground.insecure:
        return
    for path in READ_ONLY:
        with suppress(FileNotFoundError):
            attributes = mounts.PLAIN | syscalls.MOUNT_ATTR_RDONLY
            mounts.attach(mounts.copy_inside(root, path, attributes=attributes), root, path)
    for path in MASKED:
        with suppress(FileNotFoundError):
            _mask(root, path, null=devices["null"])


def _proc(root: int) -> None:
    try:
        mounts.attach(mounts.filesystem("proc"), root, "/proc")
    except OSError as error:
        hint = None
        if error.errno == errno.EPERM:
            hint = "this machine hides parts of /proc; inside another container, start that one with --privileged"
        raise failure.of("cannot mount /proc for the sandbox", error, hint=hint) from error


def _sys(root: int, *, read_only: bool) -> None:
    attributes = mounts.PLAIN | (syscalls.MOUNT_ATTR_RDONLY if read_only else 0)
    try:
        mount = mounts.filesystem("sysfs", attributes=attributes)
    except OSError:
        # sysfs shows the network: only the owner of the network namespace may mount it, so a user shares the host's.
        mount = mounts.copy("/sys", attributes=attributes)
    mounts.attach(mount, root, "/sys")


def show_limits(root: int, groups: list[tuple[str, str]]) -> None:
    """The control groups that the sandbox is in, and no others: programs ask them how much memory there is."""
    if not groups:
        return
    place = "/sys/fs/cgroup"
    attributes = mounts.PLAIN | syscalls.MOUNT_ATTR_RDONLY
    with suppress(OSError):  # it is there to be looked at, no more
        if groups[0][0]:
            mounts.attach(mounts.filesystem("tmpfs", [("mode", "0755")]), root, place)
        for name, path in groups:
            if name:
                mounts.make_point(root, f"{place}/{name}", directory=True)
            mounts.attach(mounts.copy(path, attributes=attributes), root, f"{place}/{name}")


def _dev(root: int, devices: dict[str, str], *, insecure: bool, shm_size: int) -> None:
    attributes = syscalls.MOUNT_ATTR_NOSUID | (0 if insecure else syscalls.MOUNT_ATTR_NODEV)
    device_files = mounts.filesystem("tmpfs", [("mode", "0755"), ("size", "65536k")], attributes=attributes)
    mounts.attach(device_files, root, "/dev")
    with mounts.opened(syscalls.open_in_root(root, "/dev")) as dev:
        for name in ("pts", "shm", "mqueue"):
            os.mkdir(name, 0o755, dir_fd=dev)
        for name, target in LINKS:
            os.symlink(target, name, dir_fd=dev)
        for name, path in devices.items():
            os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o666, dir_fd=dev))
            mounts.attach(mounts.copy(path), dev, name)
        mounts.attach(_terminals(), dev, "pts")
        mounts.attach(mounts.filesystem("tmpfs", [("mode", "1777"), ("size", str(shm_size))]), dev, "shm")
        with suppress(OSError):  # a kernel without message queues
            mounts.attach(mounts.filesystem("mqueue"), dev, "mqueue")
        if insecure:
            _add_devices(dev, "")


def _add_devices(dev: int, folder: str) -> None:
    """All device nodes of the host that are not there yet, and the links between them."""
    with os.scandir(f"/dev/{folder}") as entries:
        found = sorted((entry.name, entry.stat(follow_symlinks=False)) for entry in entries)
    for name, facts in found:
        path = f"{folder}{name}"
        with suppress(FileExistsError):
            if stat.S_ISCHR(facts.st_mode) or stat.S_ISBLK(facts.st_mode):
                _add_device(dev, path, facts)
            elif stat.S_ISLNK(facts.st_mode):
                os.symlink(os.readlink(f"/dev/{path}"), path, dir_fd=dev)
            elif stat.S_ISDIR(facts.st_mode) and path not in _OWN:
                os.mkdir(path, 0o755, dir_fd=dev)
                _add_devices(dev, f"{path}/")


def _add_device(dev: int, path: str, facts: os.stat_result) -> None:
    try:
        os.mknod(path, facts.st_mode, facts.st_rdev, dir_fd=dev)
        os.chown(path, facts.st_uid, facts.st_gid, dir_fd=dev)
        os.chmod(path, stat.S_IMODE(facts.st_mode), dir_fd=dev)
    except PermissionError:  # in a user namespace
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o666, dir_fd=dev))
        mounts.attach(mounts.copy(f"/dev/{path}"), dev, path)


def _terminals() -> int:
    """A devpts of its own. The group `tty` is 5 everywhere, but may have no number in a small user namespace."""
    attributes = syscalls.MOUNT_ATTR_NOSUID | syscalls.MOUNT_ATTR_NOEXEC
    options = [("ptmxmode", "0666"), ("mode", "0620")]
    try:
        return mounts.filesystem("devpts", [*options, ("gid", "5")], attributes=attributes)
    except OSError:
        return mounts.filesystem("devpts", options, attributes=attributes)


def _mask(root: int, path: str, *, null: str) -> None:
    with mounts.opened(syscalls.open_in_root(root, path)) as place:
        directory = stat.S_ISDIR(os.fstat(place).st_mode)
    if directory:
        attributes = mounts.PLAIN | syscalls.MOUNT_ATTR_RDONLY
        mounts.attach(mounts.filesystem("tmpfs", [("mode", "0755")], attributes=attributes), root, path)
    else:
        mounts.attach(mounts.copy(null), root, path)


def start_loopback() -> None:
    """Brings `lo` up, the only interface of a new network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        name = b"lo".ljust(16, b"\0")
        answer = fcntl.ioctl(control, _SIOCGIFFLAGS, name + bytes(24))
        (flags,) = struct.unpack_from("=H", answer, 16)
        fcntl.ioctl(control, _SIOCSIFFLAGS, name + struct.pack("=H", flags | _IFF_UP).ljust(24, b"\0"))
